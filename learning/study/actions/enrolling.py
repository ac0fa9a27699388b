"""Coming into a run and leaving it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from foundation.api import announce, record_audit_entry
from identity.api import User
from learning.study import statements
from learning.study.enums import EnrolmentState, RunKind
from learning.study.exceptions import CompletedIsFinal, NotOnClassList, RunNotOpen
from learning.study.models import ClassListEntry, CourseRun, Enrolment
from learning.study.types import Enrolled
from learning.xapi.actions import write_statement


@transaction.atomic
def enrol(run: CourseRun, *, learner: User, actor: User, at: datetime) -> Enrolment:
    """Put a learner into a run; whoever left comes back to where they were, whoever is in it already changes nothing.

    Enrolment, statement, audit entry, Enrolled. Raises RunNotOpen, NotOnClassList.
    """
    run = CourseRun.objects.select_for_update().get(pk=run.pk)
    enrolment = Enrolment.objects.filter(run=run, learner=learner).first()
    if enrolment is not None and enrolment.state != EnrolmentState.LEFT:
        return enrolment
    check_admission(run, learner, on=timezone.localdate(at))
    if enrolment is None:
        enrolment = Enrolment(run=run, learner=learner)
    enrolment.state = EnrolmentState.ACTIVE
    enrolment.enrolled_at = at
    enrolment.left_at = None
    enrolment.save()
    write_statement(statements.enrolled(enrolment))
    record_audit_entry("study.enrol", actor=actor, about=enrolment, concerns=learner.uuid, data={"run": str(run.uuid)})
    announce(Enrolled(enrolment_id=enrolment.pk))
    return enrolment


@transaction.atomic
def leave_run(enrolment: Enrolment, *, actor: User, at: datetime) -> Enrolment:
    """Leave a run; what was done in it stays and counts again on coming back. Raises CompletedIsFinal."""
    enrolment = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
    if enrolment.is_completed:
        raise CompletedIsFinal
    if enrolment.state == EnrolmentState.LEFT:
        return enrolment
    enrolment.state = EnrolmentState.LEFT
    enrolment.left_at = at
    enrolment.save(update_fields=["state", "left_at"])
    write_statement(statements.left(enrolment, at))
    record_audit_entry("study.leave", actor=actor, about=enrolment, concerns=enrolment.learner.uuid)
    return enrolment


@transaction.atomic
def add_to_class_list(run: CourseRun, learners: Iterable[User], *, actor: User, at: datetime) -> int:
    """Put people on the list of a closed run; returns how many are new on it. One audit entry per new person."""
    people = {learner.pk: learner for learner in learners}
    known = set(ClassListEntry.objects.filter(run=run, learner__in=people).values_list("learner_id", flat=True))
    new = [learner for key, learner in people.items() if key not in known]
    ClassListEntry.objects.bulk_create([ClassListEntry(run=run, learner=learner, added_at=at) for learner in new])
    for learner in new:
        record_audit_entry("study.list", actor=actor, about=run, concerns=learner.uuid)
    return len(new)


def check_admission(run: CourseRun, learner: User, *, on: date) -> None:
    """Raises RunNotOpen, NotOnClassList."""
    if not run.takes_learners(on):
        raise RunNotOpen(str(run.uuid))
    if run.kind == RunKind.CLOSED and not ClassListEntry.objects.filter(run=run, learner=learner).exists():
        raise NotOnClassList(str(run.uuid))
