"""Opening runs of shared courses, and who comes into them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from cms.api import SharingScope
from foundation.api import AuditEntry
from identity.api import Role
from learning.api import (
    CourseRun,
    Enrolment,
    LearningRecord,
    Statement,
    add_to_class_list,
    approve_auto_deposit,
    close_run,
    enrol,
    leave_run,
    open_run,
)
from learning.study.exceptions import CompletedIsFinal, DatesOutOfOrder, NotAdoptable, NotOnClassList, RunNotOpen, SamePerson
from tests.factories.identity import InstitutionFactory, UserFactory, person_as
from tests.factories.learning import NOON, CourseRunFactory, EnrolmentFactory, credit_system, make_course, make_version

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
SCOPES = ("preview_scope", "read_scope", "download_scope", "adopt_scope")


def test_a_school_adopts_a_shared_course_as_a_run_of_one_version():
    version = make_version()
    school = InstitutionFactory()
    teacher = person_as(Role.INSTRUCTOR, school)

    run = open_run(
        version=version,
        institution=school,
        actor=teacher,
        at=NOON,
        instructors=[teacher],
        credits=Decimal(2),
        credit_system=credit_system(),
    )

    assert (run.course_version, run.version_number, run.title_zh, run.title_en) == (version, 1, "用药安全", "Safe medication")
    assert (run.code, run.notional_hours, list(run.instructors.all())) == ("2026-001", Decimal(32), [teacher])
    assert run.learning_aims == {"zh": ["能做三查", "能做八对"], "en": ["Check three times", "Check eight items"]}
    assert [entry.action for entry in AuditEntry.objects.all()] == ["study.open_run"]


def test_a_course_that_is_not_shared_for_adoption_is_refused():
    course = make_course(adopt_scope=SharingScope.OWN)
    teacher = person_as(Role.INSTRUCTOR)

    with pytest.raises(NotAdoptable):
        open_run(version=make_version(course), institution=teacher.memberships.get().institution, actor=teacher, at=NOON)

    assert (CourseRun.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_nobody_opens_a_run_for_another_school():
    teacher = person_as(Role.INSTRUCTOR)

    with pytest.raises(NotAdoptable):
        open_run(version=make_version(), institution=InstitutionFactory(), actor=teacher, at=NOON)


def test_a_run_does_not_end_before_it_begins():
    school = InstitutionFactory()

    with pytest.raises(DatesOutOfOrder):
        open_run(
            version=make_version(),
            institution=school,
            actor=person_as(Role.EDITOR, school),
            at=NOON,
            starts_on=TODAY,
            ends_on=TODAY - timedelta(days=1),
        )


def test_a_version_that_a_run_pins_cannot_be_deleted():
    run = CourseRunFactory()

    with pytest.raises(ProtectedError):
        run.course_version.course.delete()


def test_automatic_deposit_takes_a_second_person():
    opener, second = UserFactory(), UserFactory()
    run = CourseRunFactory(opened_by_uuid=opener.uuid)

    with pytest.raises(SamePerson):
        approve_auto_deposit(run, actor=opener)
    assert AuditEntry.objects.count() == 0
    approve_auto_deposit(run, actor=second)

    run.refresh_from_db()
    assert (run.auto_deposit, run.auto_deposit_approved_by_uuid) == (True, second.uuid)


def test_the_schema_knows_the_second_person_too():
    opener = UserFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        CourseRunFactory(opened_by_uuid=opener.uuid, auto_deposit=True, auto_deposit_approved_by_uuid=opener.uuid)


def test_enrolling_twice_is_enrolling_once():
    run = CourseRunFactory()
    learner = UserFactory()

    first = enrol(run, learner=learner, actor=learner, at=NOON)
    again = enrol(run, learner=learner, actor=learner, at=NOON + timedelta(minutes=1))

    assert (first.pk, first.enrolled_at) == (again.pk, NOON)
    assert (Enrolment.objects.count(), Statement.objects.count(), AuditEntry.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("facts", [{"state": "draft"}, {"state": "closed"}, {"ends_on": TODAY - timedelta(days=1)}])
def test_a_run_that_takes_nobody_takes_nobody(facts):
    run = CourseRunFactory(**facts)
    learner = UserFactory()

    with pytest.raises(RunNotOpen):
        enrol(run, learner=learner, actor=learner, at=NOON)

    assert (Enrolment.objects.count(), Statement.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)


def test_a_closed_run_takes_who_is_on_its_list():
    run = CourseRunFactory(kind="closed")
    listed, stranger, teacher = UserFactory(), UserFactory(), UserFactory()
    assert add_to_class_list(run, [listed, listed], actor=teacher, at=NOON) == 1
    assert add_to_class_list(run, [listed], actor=teacher, at=NOON) == 0

    enrol(run, learner=listed, actor=listed, at=NOON)
    with pytest.raises(NotOnClassList):
        enrol(run, learner=stranger, actor=stranger, at=NOON)

    assert Enrolment.objects.get().learner == listed


def test_who_left_comes_back_to_the_same_place():
    enrolment = EnrolmentFactory(last_unit="here")
    leave_run(enrolment, actor=enrolment.learner, at=NOON)
    leave_run(enrolment, actor=enrolment.learner, at=NOON)

    back = enrol(enrolment.run, learner=enrolment.learner, actor=enrolment.learner, at=NOON + timedelta(days=1))

    assert (back.pk, back.state, back.last_unit, back.left_at) == (enrolment.pk, "active", "here", None)
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["study.leave", "study.enrol"]


def test_a_completed_run_is_not_left():
    enrolment = EnrolmentFactory(state="completed", completed_at=NOON)

    with pytest.raises(CompletedIsFinal):
        leave_run(enrolment, actor=enrolment.learner, at=NOON)

    assert (Enrolment.objects.get().state, LearningRecord.objects.count(), AuditEntry.objects.count()) == ("completed", 0, 0)


def test_closing_a_run_keeps_its_learners():
    enrolment = EnrolmentFactory()

    close_run(enrolment.run, actor=UserFactory())

    enrolment.refresh_from_db()
    assert (enrolment.run.state, enrolment.state) == ("closed", "active")
