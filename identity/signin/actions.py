"""Changing one's settings and acting role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from foundation.api import record_audit_entry
from identity.people.holding import HeldRole
from identity.people.models import User


@transaction.atomic
def save_settings(person: User, *, changes: Mapping[str, Any], actor: User) -> User:
    """Store name, language and reading comfort; the audit entry names the fields, never their values."""
    for name, value in changes.items():
        setattr(person, name, value)
    person.save(update_fields=list(changes))
    record_audit_entry("people.change_settings", actor=actor, about=person, concerns=person.uuid, data={"fields": sorted(changes)})
    return person


@transaction.atomic
def choose_acting_role(person: User, *, held: HeldRole | None) -> None:
    """Write down which role a person acts in from now on."""
    data = {"role": held.role, "at": held.institution_code} if held else {}
    record_audit_entry("access.act_as", actor=person, about=person, concerns=person.uuid, data=data)
