"""The number of a person's identity card: given and taken back by the person, read for a submission file (docs/adr/0037)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from foundation.api import bring_keys, keep_key, keys_at_hand, record_audit_entry
from identity.people.models import CivilNumber, User
from identity.people.validators import CIVIL_NUMBER, clean_civil_number

MOST_AT_ONCE = 2000


@transaction.atomic
def give_civil_number(person: User, number: str, *, actor: Any, at: datetime) -> CivilNumber:
    """Keep the number of a person's identity card, in the place of one given before. The audit entry says that, and not which.

    Raises ValidationError for what cannot be one; nothing is changed then.
    """
    number = clean_civil_number(number, on=timezone.localdate(at))
    keep_key(person.uuid)
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    row = CivilNumber.objects.filter(person_uuid=person.uuid).first() or CivilNumber(person_uuid=person.uuid)
    data = {"again": row.pk is not None}
    row.number, row.given_at = number, at
    row.save()
    record_audit_entry("people.give_civil_number", actor=actor, about=person, concerns=person.uuid, data=data)
    return row


@transaction.atomic
def forget_civil_number(person: User, *, actor: Any) -> bool:
    """The person takes the number back; whether there was one. Files that were handed out keep it."""
    taken, _models = CivilNumber.objects.filter(person_uuid=person.uuid).delete()
    if taken:
        record_audit_entry("people.forget_civil_number", actor=actor, about=person, concerns=person.uuid)
    return bool(taken)


def civil_number_of(person: User) -> str:
    """The number that the person has given, for that person; empty where there is none."""
    row = CivilNumber.objects.filter(person_uuid=person.uuid).first()
    return row.number if row is not None and CIVIL_NUMBER.fullmatch(row.number) else ""


def civil_numbers(people: Iterable[UUID]) -> dict[UUID, str]:
    """The numbers of those who have given one, by pseudonym. Two queries for two thousand people.

    Writes nothing: whoever hands the numbers on writes down that they did.
    """
    found: dict[UUID, str] = {}
    for some in _parts(people):
        rows = list(CivilNumber.objects.filter(person_uuid__in=some))
        with keys_at_hand():
            bring_keys(row.person_uuid for row in rows)
            found |= {row.person_uuid: row.number for row in rows if CIVIL_NUMBER.fullmatch(row.number)}
    return found


def people_with_civil_number(people: Iterable[UUID]) -> set[UUID]:
    """Those who have given their number. Reads none of them."""
    found: set[UUID] = set()
    for some in _parts(people):
        found |= set(CivilNumber.objects.filter(person_uuid__in=some).values_list("person_uuid", flat=True))
    return found


def _parts(people: Iterable[UUID]) -> Iterator[list[UUID]]:
    """So many at once as a statement names on either database."""
    wanted = sorted(set(people))
    for start in range(0, len(wanted), MOST_AT_ONCE):
        yield wanted[start : start + MOST_AT_ONCE]
