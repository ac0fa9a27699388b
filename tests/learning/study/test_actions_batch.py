"""The batch forms write what the single actions write."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.forms.models import model_to_dict

from foundation.api import AuditEntry
from learning.api import (
    AttemptHistory,
    CourseRun,
    Enrolment,
    LearningRecord,
    QuizAttempt,
    Statement,
    StudyHistory,
    UnitHistory,
    UnitProgress,
    complete_unit,
    enrol,
    enrol_many,
    leave_run,
    open_unit,
    record_history,
    report_time,
    submit_quiz,
)
from learning.study.models import StudyDay
from tests.factories.identity import UserFactory
from tests.factories.learning import HALF, NOON, QUIZ, READ, RIGHT, SAMPLE, TEST, ClassListEntryFactory, CourseRunFactory

pytestmark = pytest.mark.django_db


def at(minutes: int) -> Any:
    return NOON + timedelta(minutes=minutes)


def history(run: CourseRun, learner: Any, **facts: Any) -> StudyHistory:
    """Through the whole course, with a failed attempt before the passed one."""
    units = (
        UnitHistory(SAMPLE, at(1), at(6), seconds=200),
        UnitHistory(READ, at(7), at(15), seconds=9999),
        UnitHistory(TEST, at(16)),
    )
    attempts = (AttemptHistory(QUIZ, HALF | {"nonsense": ["x"]}, at(20), "a"), AttemptHistory(QUIZ, RIGHT, at(30), "b"))
    return StudyHistory(run=run, learner=learner, enrolled_at=NOON, units=units, attempts=attempts, **facts)


def one_by_one(run: CourseRun, learner: Any) -> None:
    enrolment = enrol(run, learner=learner, actor=learner, at=NOON)
    for unit_id, opened, done, seconds in ((SAMPLE, 1, 6, 200), (READ, 7, 15, 9999)):
        open_unit(enrolment, unit_id, actor=learner, at=at(opened))
        report_time(enrolment, unit_id, seconds=seconds, actor=learner, at=at(done))
        complete_unit(enrolment, unit_id, actor=learner, at=at(done))
    open_unit(enrolment, TEST, actor=learner, at=at(16))
    submit_quiz(enrolment, QUIZ, HALF | {"nonsense": ["x"]}, actor=learner, at=at(20), key="a")
    submit_quiz(enrolment, QUIZ, RIGHT, actor=learner, at=at(30), key="b")


def rows_about(learner: Any) -> dict[str, list[Any]]:
    """Every row about a person, without ids and names that differ between two people."""
    enrolment = Enrolment.objects.get(learner=learner)
    hidden = {
        "id",
        "uuid",
        "learner",
        "enrolment",
        "enrolment_uuid",
        "content_hash",
        "seq",
        "stored",
        "statement_id",
        "text",
        "actor_hash",
        "actor_uuid",
    }

    def plain(row: Any) -> dict[str, Any]:
        return {name: value for name, value in model_to_dict(row).items() if name not in hidden | {"registration"}}

    return {
        "enrolments": [plain(enrolment)],
        "progress": [plain(row) for row in UnitProgress.objects.filter(enrolment=enrolment).order_by("unit_id")],
        "attempts": [plain(row) for row in QuizAttempt.objects.filter(enrolment=enrolment)],
        "records": [plain(row) for row in LearningRecord.objects.filter(learner=learner)],
        "days": [(row.day, row.seconds) for row in StudyDay.objects.filter(learner=learner)],
        "statements": sorted(
            row.text.replace(str(learner.uuid), "learner").replace(str(enrolment.uuid), "enrolment").partition(',"actor"')[2]
            for row in Statement.objects.filter(actor_uuid=learner.uuid)
        ),
        "audit": sorted(
            (entry.action, str(entry.data), entry.object_type, entry.actor_uuid == learner.uuid)
            for entry in AuditEntry.objects.filter(person_uuid=learner.uuid, action__regex=r"^(study|archive)\.")
        ),
    }


def test_history_writes_what_the_single_steps_write():
    run = CourseRunFactory()
    by_steps, by_batch = UserFactory(), UserFactory()

    one_by_one(run, by_steps)
    records = record_history([history(run, by_batch)])

    assert [record.learner for record in records] == [by_batch]
    expected = rows_about(by_steps)
    found = rows_about(by_batch)
    for table, rows in expected.items():
        assert found[table] == rows, table


def test_a_second_load_of_the_same_history_changes_nothing():
    run = CourseRunFactory()
    learner = UserFactory()
    record_history([history(run, learner), history(run, learner)])
    before = (Enrolment.objects.count(), Statement.objects.count(), AuditEntry.objects.count(), LearningRecord.objects.count())

    assert record_history([history(run, learner)]) == []

    assert (Enrolment.objects.count(), Statement.objects.count(), AuditEntry.objects.count(), LearningRecord.objects.count()) == before
    assert before[0] == before[3] == 1


def test_history_of_who_left_equals_leaving():
    run = CourseRunFactory()
    by_steps, by_batch = UserFactory(), UserFactory()
    enrolment = enrol(run, learner=by_steps, actor=by_steps, at=NOON)
    leave_run(enrolment, actor=by_steps, at=at(60))

    record_history([StudyHistory(run=run, learner=by_batch, enrolled_at=NOON, left_at=at(60))])

    assert rows_about(by_batch) == rows_about(by_steps)


def test_many_histories_take_as_many_queries_as_one(django_assert_max_num_queries):
    run = CourseRunFactory()
    people = UserFactory.create_batch(40)

    with django_assert_max_num_queries(44):
        records = record_history([history(run, person) for person in people])

    assert len(records) == 40


def test_enrolling_many_equals_enrolling_each():
    run = CourseRunFactory()
    by_steps, by_batch, actor = UserFactory(), UserFactory(), UserFactory()

    enrol(run, learner=by_steps, actor=actor, at=NOON)
    rows = enrol_many(run, [by_steps, by_batch, by_batch], actor=actor, at=NOON)

    assert [row.learner for row in rows] == [by_batch]
    assert rows_about(by_batch) == rows_about(by_steps)


def test_enrolling_many_in_a_closed_run_takes_nobody_when_one_is_not_on_the_list():
    listed = ClassListEntryFactory()

    with pytest.raises(Exception, match=str(listed.run.uuid)):
        enrol_many(listed.run, [listed.learner, UserFactory()], actor=listed.learner, at=NOON)

    assert (Enrolment.objects.count(), Statement.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)
