"""What is visible is what may be viewed, and nothing else, for every kind of person and row."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from cms.api import CoursePage, SharingScope, courses_visible_to
from foundation.api import can, visible_to
from identity.api import Role
from learning.api import CourseRun, Enrolment, Evidence, LearningRecord, Statement, enrol, leave_run
from tests.factories.identity import InstitutionFactory, UserFactory, person_as
from tests.factories.learning import (
    NOON,
    ClassListEntryFactory,
    CourseRunFactory,
    EnrolmentFactory,
    EvidenceFactory,
    make_course,
    make_record,
    make_version,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """Two schools, runs of every kind, people of every role."""
    here, there = InstitutionFactory(), InstitutionFactory()
    version = make_version()
    runs = [
        CourseRunFactory(course_version=version, institution=school, kind=kind, state=state)
        for school in (here, there)
        for kind in ("open", "closed")
        for state in ("draft", "open", "closed")
    ]
    people = [person_as(role, here) for role in Role.values] + [AnonymousUser(), UserFactory(is_active=False)]
    learner = UserFactory()
    for run in runs[::4]:
        EnrolmentFactory(run=run, learner=learner)
    for run in runs[1::3]:
        ClassListEntryFactory(run=run, learner=learner)
    listed_run = CourseRunFactory(course_version=version)
    enrol(listed_run, learner=learner, actor=learner, at=NOON)
    EvidenceFactory(record=make_record(learner))
    return [*people, learner]


@pytest.mark.parametrize("model", [CourseRun, Enrolment, LearningRecord, Evidence, Statement])
def test_visible_rows_are_exactly_those_that_may_be_viewed(world, model):
    rows = list(model._base_manager.all())
    assert rows

    for person in world:
        visible = set(visible_to(person, model).values_list("pk", flat=True))
        assert visible == {row.pk for row in rows if can(person, "view", row)}, person


def test_only_teachers_of_the_school_see_a_class():
    run = CourseRunFactory()
    allowed = {role for role in Role.values if can(person_as(role, run.institution), "teach", run)}

    assert allowed == {Role.INSTRUCTOR, Role.SCHOOL_ADMINISTRATOR}
    assert not can(person_as(Role.INSTRUCTOR), "teach", run)
    assert not can(AnonymousUser(), "teach", run)


def test_only_the_learner_studies_in_an_enrolment():
    enrolment = EnrolmentFactory()

    assert can(enrolment.learner, "study", enrolment)
    assert not can(person_as(Role.INSTRUCTOR, enrolment.run.institution), "study", enrolment)
    assert not can(AnonymousUser(), "study", enrolment)


def test_enrolled_learners_read_the_course_whatever_its_scope_is_now():
    course = make_course(**dict.fromkeys(("preview_scope", "read_scope", "download_scope", "adopt_scope"), SharingScope.OWN))
    run = CourseRunFactory(course_version=make_version(course))
    learner = UserFactory()
    assert not can(learner, "read", course)

    enrolment = enrol(run, learner=learner, actor=learner, at=NOON)

    assert can(learner, "read", CoursePage.objects.get(pk=course.pk))
    assert course in courses_visible_to(learner, "read")
    leave_run(enrolment, actor=learner, at=NOON)
    assert not can(learner, "read", course)
    assert course not in courses_visible_to(learner, "read")
