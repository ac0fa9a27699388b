"""Steps of one learner from two devices at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from learning.api import Enrolment, LearningRecord, QuizAttempt, Statement, complete_unit, enrol, submit_quiz
from tests.factories.identity import UserFactory
from tests.factories.learning import NOON, QUIZ, READ, RIGHT, SAMPLE, CourseRunFactory


@pytest.mark.postgres
def test_two_devices_finish_the_course_at_once_and_one_record_enters(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        run, learner = CourseRunFactory(), UserFactory()
        enrolment = enrol(run, learner=learner, actor=learner, at=NOON)
        complete_unit(enrolment, SAMPLE, actor=learner, at=NOON)
        complete_unit(enrolment, READ, actor=learner, at=NOON)

        def finish(number: int) -> None:
            submit_quiz(enrolment, QUIZ, RIGHT, actor=learner, at=NOON + timedelta(minutes=number), key=f"device {number % 2}")
            connection.close()

        with ThreadPoolExecutor(8) as devices:
            list(devices.map(finish, range(8)))

        assert (QuizAttempt.objects.count(), LearningRecord.objects.count()) == (2, 1)
        assert Statement.objects.filter(verb__endswith="/passed", object_iri__contains="/id/course/").count() == 1


@pytest.mark.postgres
def test_enrolling_from_two_devices_at_once_is_enrolling_once(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        run, learner = CourseRunFactory(), UserFactory()

        def come(number: int) -> None:
            enrol(run, learner=learner, actor=learner, at=NOON + timedelta(seconds=number))
            connection.close()

        with ThreadPoolExecutor(8) as devices:
            list(devices.map(come, range(8)))

        assert Enrolment.objects.count() == 1
        assert Statement.objects.count() == 1
