"""Opening and closing runs: a school adopts a course by reference."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from cms.api import CourseVersion
from foundation.api import CreditSystem, announce, can, record_audit_entry
from identity.api import Institution, User
from learning.study.enums import RunKind, RunState
from learning.study.exceptions import DatesOutOfOrder, NotAdoptable, SamePerson
from learning.study.models import TEACHING_ROLES, CourseRun
from learning.study.types import RunOpened


@transaction.atomic
def open_run(
    *,
    version: CourseVersion,
    institution: Institution,
    actor: User,
    at: datetime,
    code: str = "",
    kind: RunKind | str = RunKind.OPEN,
    starts_on: date | None = None,
    ends_on: date | None = None,
    instructors: Iterable[User] = (),
    credits: Decimal | None = None,  # noqa: A002  the word of the glossary
    credit_system: CreditSystem | None = None,
    notional_hours: Decimal | None = None,
    pass_mark: Decimal = Decimal(60),
    outcome_code: str = "",
    state: RunState | str = RunState.OPEN,
) -> CourseRun:
    """A school offers one pinned version of a course, its own or one shared with it.

    In this order: refuse a course this school may not adopt, and dates out of order; store the run with title, kind and level as the
    course has them now; instructors; audit entry; RunOpened. Without ``code`` it gets the next free number of the school and year.

    Raises NotAdoptable, DatesOutOfOrder.
    """
    course = version.course
    if not (actor.acts_as(*TEACHING_ROLES, at=institution) and (course.institution_id == institution.pk or can(actor, "adopt", course))):
        raise NotAdoptable(str(course.uuid))
    if starts_on and ends_on and ends_on < starts_on:
        raise DatesOutOfOrder
    run = CourseRun.objects.create(
        course_version=version,
        course_uuid=course.uuid,
        version_number=version.number,
        institution=institution,
        code=code or _next_code(institution, at),
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        credits=credits,
        credit_system=credit_system,
        notional_hours=notional_hours if notional_hours is not None else course.notional_hours,
        pass_mark=pass_mark,
        outcome_code=outcome_code or course.outcome_code,
        opened_by_uuid=actor.uuid,
        state=state,
        created_at=at,
        **_snapshot(course),
    )
    run.instructors.set(instructors)
    record_audit_entry("study.open_run", actor=actor, about=run, data={"course": str(course.uuid), "version": version.number})
    announce(RunOpened(run_id=run.pk))
    return run


@transaction.atomic
def approve_auto_deposit(run: CourseRun, *, actor: User) -> CourseRun:
    """A second person agrees that completing this run deposits its credits at once.

    Raises SamePerson where it is the one who opened the run.
    """
    run = CourseRun.objects.select_for_update().get(pk=run.pk)
    if actor.uuid == run.opened_by_uuid:
        raise SamePerson
    if run.auto_deposit:
        return run
    run.auto_deposit = True
    run.auto_deposit_approved_by_uuid = actor.uuid
    run.save(update_fields=["auto_deposit", "auto_deposit_approved_by_uuid"])
    record_audit_entry("study.approve_auto_deposit", actor=actor, about=run)
    return run


@transaction.atomic
def close_run(run: CourseRun, *, actor: User) -> CourseRun:
    """Take no more learners; those in it go on."""
    run = CourseRun.objects.select_for_update().get(pk=run.pk)
    if run.state == RunState.CLOSED:
        return run
    run.state = RunState.CLOSED
    run.save(update_fields=["state"])
    record_audit_entry("study.close_run", actor=actor, about=run)
    return run


def _snapshot(course: Any) -> dict[str, Any]:
    """What a run keeps of its course as it is named today."""
    kind = course.kinds.order_by("pk").first()
    return {
        "title_zh": course.title,
        "title_en": course.title_en,
        "kind_of_education": kind.code if kind else "",
        "level": course.level,
        "learning_aims": {"zh": _lines(course.aims_zh), "en": _lines(course.aims_en)},
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _next_code(institution: Institution, at: datetime) -> str:
    """Year and running number, unique in the school."""
    taken = set(CourseRun.objects.filter(institution=institution, code__startswith=f"{at.year}-").values_list("code", flat=True))
    number = len(taken) + 1
    while f"{at.year}-{number:03d}" in taken:
        number += 1
    return f"{at.year}-{number:03d}"
