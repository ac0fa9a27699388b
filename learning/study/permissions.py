"""Who may do what in study; each predicate agrees with the queryset of its model."""

from __future__ import annotations

from typing import Any

from foundation.api import permission
from identity.api import Role
from learning.study.enums import EnrolmentState, RunKind, RunState
from learning.study.models import CLASS_ROLES, TEACHING_ROLES, ClassListEntry, CourseRun, Enrolment

OFFICE_ROLES = (Role.SCHOOL_ADMINISTRATOR, Role.CREDIT_OFFICER)


@permission(CourseRun, "view")
def can_view_run(user: Any, run: CourseRun) -> bool:
    """Open runs: everyone. Others: teachers of the school, enrolled learners, those on the class list once it is no draft."""
    if run.kind == RunKind.OPEN and run.state in (RunState.OPEN, RunState.CLOSED):
        return True
    if not user.is_authenticated:
        return False
    return is_of_the_school(user, run) or is_enrolled(user, run) or (run.state != RunState.DRAFT and is_listed(user, run))


@permission(CourseRun, "enrol")
def can_enrol(user: Any, run: CourseRun) -> bool:
    """A signed-in person in an open run, or somebody of the class list; dates are the action's to judge."""
    return bool(user.is_authenticated and run.state == RunState.OPEN and (run.kind == RunKind.OPEN or is_listed(user, run)))


@permission(CourseRun, "teach")
def can_teach(user: Any, run: CourseRun) -> bool:
    """See the class and its progress: instructors and administrators of the school, each while the role lasts."""
    return bool(user.is_authenticated and user.acts_as(*CLASS_ROLES, at=run.institution))


@permission(CourseRun, "manage")
def can_manage(user: Any, run: CourseRun) -> bool:
    """Change the class list, close the run: as for teaching."""
    return can_teach(user, run)


@permission(CourseRun, "approve_auto_deposit")
def can_approve_auto_deposit(user: Any, run: CourseRun) -> bool:
    """A second person of the school's office; that it is a second one, the action and the schema insist on."""
    return bool(user.is_authenticated and user.acts_as(*OFFICE_ROLES, at=run.institution))


@permission(Enrolment, "view")
def can_view_enrolment(user: Any, enrolment: Enrolment) -> bool:
    """The learner, and whoever teaches or administers at the school of the run."""
    if not user.is_authenticated:
        return False
    return enrolment.learner_id == user.pk or bool(user.acts_as(*CLASS_ROLES, at=enrolment.run.institution))


@permission(Enrolment, "study")
def can_study(user: Any, enrolment: Enrolment) -> bool:
    """Open units, answer quizzes: the learner alone, also after completing, not after leaving."""
    return bool(user.is_authenticated and enrolment.learner_id == user.pk and enrolment.state != EnrolmentState.LEFT)


@permission(Enrolment, "leave")
def can_leave(user: Any, enrolment: Enrolment) -> bool:
    """The learner alone."""
    return bool(user.is_authenticated and enrolment.learner_id == user.pk)


def is_of_the_school(user: Any, run: CourseRun) -> bool:
    """Whether the person teaches, edits or administers at the school of the run."""
    return bool(user.acts_as(*TEACHING_ROLES, at=run.institution))


def is_enrolled(user: Any, run: CourseRun) -> bool:
    """Whether the person is or was in the run. One query."""
    return Enrolment.objects.filter(run=run, learner_id=user.pk).exists()


def is_listed(user: Any, run: CourseRun) -> bool:
    """Whether the school put the person on the class list. One query."""
    return ClassListEntry.objects.filter(run=run, learner_id=user.pk).exists()
