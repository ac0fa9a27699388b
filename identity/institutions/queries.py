"""What others ask about institutions and memberships."""

from __future__ import annotations

from datetime import date
from typing import Any

from identity.institutions.models import AllianceMember, Institution, Membership
from identity.people.holding import HeldRole


def roles_held(person: Any, on: date) -> tuple[HeldRole, ...]:
    """Active memberships of a person in a stable order. One query."""
    rows = (
        Membership.objects.active(on=on)
        .filter(person=person)
        .order_by("institution__code", "role", "id")
        .values_list("id", "institution_id", "institution__code", "role")
    )
    return tuple(HeldRole(*row) for row in rows)


def alliance_ids(institution_ids: tuple[int, ...], on: date) -> tuple[int, ...]:
    """Alliances that any of the institutions belongs to on a day, sorted. One query."""
    members = AllianceMember.objects.active(on=on).filter(institution__in=institution_ids)
    return tuple(sorted(set(members.values_list("alliance_id", flat=True))))


def institution_by_code(code: str) -> Institution | None:
    """The institution of a code, or None. One query."""
    return Institution.objects.filter(code=code).first()
