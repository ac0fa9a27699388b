"""By which numbers institutions know people: linking, unlinking, looking up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from foundation.api import announce, notify, record_audit_entry, register_notice
from identity.institutions.actions import grant_membership
from identity.institutions.enums import Role
from identity.institutions.events import LearnerNumberLinked, LearnerNumberUnlinked
from identity.institutions.exceptions import LearnerNumberTaken, MembershipRefused
from identity.institutions.models import Institution, LearnerNumber, Membership
from identity.institutions.permissions import can_link_numbers, can_unlink_number
from identity.people.models import User

register_notice(
    "institutions.number_linked",
    zh=("{institution}把学号 {number} 与您对应", "该学校系统里的学习活动会显示在您的档案中。如果这不是您的学号，请在“设置”中解除。"),
    en=(
        "{institution} says that the learner number {number} is yours",
        "Activities from the school's own systems appear in your archive. If the number is not yours, undo this in your settings.",
    ),
)


@transaction.atomic
def link_learner_number(person: User, institution: Institution, number: str, *, actor: User | None, at: datetime) -> LearnerNumber:
    """Say that an institution's number stands for a person, who is told and may contradict.

    In this order: the person belongs to the institution (as a learner, where nothing else says so); the row; the event by which
    waiting statements find their owner; a notice. The same link twice is one, and looks again for what waits.

    Raises MembershipRefused where the actor does not administer the institution or names the own person, LearnerNumberTaken where the
    number is another person's.
    """
    if actor is not None and not can_link_numbers(actor, institution):
        raise MembershipRefused("not_allowed")
    if actor is not None and actor.pk == person.pk:
        raise MembershipRefused("own_person")
    row, created = LearnerNumber.objects.get_or_create(
        institution=institution,
        number=number,
        defaults={"person": person, "linked_by_uuid": actor.uuid if actor else None, "linked_at": at},
    )
    if row.person_id != person.pk:
        raise LearnerNumberTaken(number)
    announce(LearnerNumberLinked(institution_id=institution.pk, number=number, person_uuid=person.uuid))
    if not created:
        return row
    if not Membership.objects.active(on=at.date()).filter(person=person, institution=institution).exists():
        grant_membership(person, institution, Role.LEARNER, actor=actor)
    record_audit_entry("institutions.link_number", actor=actor, about=row, concerns=person.uuid, data={"at": institution.code})
    names = {"zh": institution.name_zh, "en": institution.name_en}
    notify(person.uuid, "institutions.number_linked", url="/my/settings/", data={"institution": names, "number": number})
    return row


@transaction.atomic
def unlink_learner_number(row: LearnerNumber, *, actor: User) -> None:
    """Say that a number does not stand for this person: the person or the institution's administrator. Statements wait again.

    Raises MembershipRefused for anybody else.
    """
    if not can_unlink_number(actor, row):
        raise MembershipRefused("not_allowed")
    record_audit_entry("institutions.unlink_number", actor=actor, about=row, concerns=row.person.uuid, data={"at": row.institution.code})
    announce(LearnerNumberUnlinked(institution_id=row.institution_id, number=row.number))
    row.delete()


def people_by_number(institution_id: int, numbers: Iterable[str]) -> dict[str, UUID]:
    """The person behind each known number of an institution. One query."""
    rows = LearnerNumber.objects.filter(institution_id=institution_id, number__in=set(numbers))
    return dict(rows.values_list("number", "person__uuid"))
