"""Asking to be erased, answering it, and carrying it out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from foundation.api import notify, record_audit_entry
from identity.people.enums import ErasureState
from identity.people.erasing import prospect_of, registered_erasers
from identity.people.exceptions import ErasureBlocked, OwnErasure, WrongErasureState
from identity.people.models import ErasureRequest, User

logger = logging.getLogger(__name__)
ERASED_NAME = "已注销"
"""The name of everybody who was erased: history still has somebody at the place, and nobody knows whom."""


@transaction.atomic
def ask_for_erasure(person: User, *, reason: str, at: datetime) -> ErasureRequest:
    """Ask to be erased; an open wish is found again. Raises ErasureBlocked with what has to end before."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    known = ErasureRequest.objects.filter(person_uuid=person.uuid, state=ErasureState.ASKED).first()
    if known is not None:
        return known
    _require_nothing_open(person)
    row = ErasureRequest.objects.create(person_uuid=person.uuid, code=secrets.token_hex(16), reason=reason, asked_at=at)
    record_audit_entry("people.ask_erasure", actor=person, about=row, concerns=person.uuid)
    return row


def _require_nothing_open(person: User) -> None:
    obstacles = prospect_of(person).obstacles
    if obstacles:
        raise ErasureBlocked(obstacles)


def _locked(row: ErasureRequest) -> ErasureRequest:
    row = ErasureRequest.objects.select_for_update().get(pk=row.pk)
    if row.state != ErasureState.ASKED:
        raise WrongErasureState(row.state)
    return row


@transaction.atomic
def withdraw_erasure(row: ErasureRequest, *, actor: Any, at: datetime) -> ErasureRequest:
    """The person thinks better of it. Raises WrongErasureState once it was answered."""
    row = _locked(row)
    row.state = ErasureState.WITHDRAWN
    row.save(update_fields=["state"])
    record_audit_entry("people.withdraw_erasure", actor=actor, about=row, concerns=row.person_uuid)
    return row


@transaction.atomic
def refuse_erasure(row: ErasureRequest, *, answer: str, actor: Any, at: datetime) -> ErasureRequest:
    """Say why it cannot be, in words that the person reads. Raises WrongErasureState, OwnErasure."""
    row = _decided(_locked(row), ErasureState.REFUSED, actor=actor, at=at)
    row.answer = answer
    row.save(update_fields=["state", "decided_by_uuid", "decided_at", "answer"])
    record_audit_entry("people.refuse_erasure", actor=actor, about=row, concerns=row.person_uuid, reason=answer)
    notify(row.person_uuid, "people.erasure_refused", url=reverse("identity:erasure"))
    return row


def _decided(row: ErasureRequest, state: str, *, actor: Any, at: datetime) -> ErasureRequest:
    if actor.uuid == row.person_uuid:
        raise OwnErasure
    row.state, row.decided_by_uuid, row.decided_at = state, actor.uuid, at
    return row


@transaction.atomic
def carry_out_erasure(row: ErasureRequest, *, actor: Any, at: datetime) -> ErasureRequest:
    """Erase the person in every part, all in one transaction, and send the receipt to the address that is forgotten with it.

    Raises WrongErasureState, OwnErasure; ErasureBlocked where something was begun meanwhile.
    """
    row = _decided(_locked(row), ErasureState.DONE, actor=actor, at=at)
    person = User.objects.select_for_update(no_key=True).get(uuid=row.person_uuid)
    _require_nothing_open(person)
    address, language = person.email, person.language
    row.receipt = erase_person(person, at=at)
    row.save(update_fields=["state", "decided_by_uuid", "decided_at", "receipt"])
    record_audit_entry("people.erase", actor=actor, about=row, concerns=row.person_uuid, data=row.receipt)
    if address:
        transaction.on_commit(lambda: _send_receipt(address, language, row.code))
    return row


def erase_person(person: User, *, at: datetime) -> dict[str, int]:
    """What every part does, from the top down; how much of what was taken away. Doing it again takes away what came since."""
    taken: dict[str, int] = {}
    for eraser in registered_erasers():
        for name, number in eraser.erase(person, at).items():
            if number:
                taken[name] = taken.get(name, 0) + number
    return taken


@transaction.atomic
def erase_again(pseudonyms: Iterable[UUID], *, at: datetime) -> int:
    """After a backup was restored: erase everybody of a list who was erased since it was made; how many were found."""
    people = list(User.objects.filter(uuid__in=list(pseudonyms)).exclude(name=ERASED_NAME, is_active=False).order_by("pk"))
    for person in people:
        data = erase_person(person, at=at)
        record_audit_entry("people.erase_again", actor=None, about=person, concerns=person.uuid, data=data)
    return len(people)


def _send_receipt(address: str, language: str, code: str) -> None:
    """Not by the queue: its rows would keep the address."""
    with translation.override(language):
        url = f"{settings.SITE_URL}{reverse('identity:erasure_receipt', args=[code])}"
        text = _("Your account was erased as you asked. The receipt says what was taken away and what stays: %(url)s") % {"url": url}
        try:
            send_mail(_("Your account was erased"), text, None, [address])
        except OSError:
            logger.exception("The receipt of an erasure could not be sent")
