"""A learner's steps: progress and statements together, monotone, and the record in the same transaction."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from foundation.api import AuditEntry, Notice
from learning.api import (
    Enrolment,
    LearningRecord,
    QuizAttempt,
    Statement,
    UnitProgress,
    complete_unit,
    leave_run,
    open_unit,
    report_time,
    submit_quiz,
)
from learning.study import actions
from learning.study.exceptions import EnrolmentNotActive, UnitLocked, UnitNeedsQuiz, UnknownBlock
from learning.study.models import StudyDay
from tests.factories.learning import (
    HALF,
    NOON,
    QUESTION_ONE,
    QUIZ,
    READ,
    RIGHT,
    SAMPLE,
    TEST,
    CourseRunFactory,
    EnrolmentFactory,
    make_course,
    make_version,
    manifest,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def finish(enrolment: Enrolment) -> None:
    learner = enrolment.learner
    complete_unit(enrolment, SAMPLE, actor=learner, at=NOON)
    complete_unit(enrolment, READ, actor=learner, at=NOON + timedelta(minutes=30))
    submit_quiz(enrolment, QUIZ, RIGHT, actor=learner, at=LATER, key="once")


def test_last_required_unit_completes_the_run_and_enters_the_record():
    enrolment = EnrolmentFactory(run__institution__name_zh="江澜开放大学")

    finish(enrolment)

    enrolment.refresh_from_db()
    record = LearningRecord.objects.get()
    assert (enrolment.state, enrolment.completed_at, enrolment.score) == ("completed", LATER, Decimal(100))
    assert (record.learner, record.title_zh, record.credits, record.trust) == (enrolment.learner, "用药安全", Decimal(2), "institution")
    assert (record.source, record.enrolment_uuid, record.institution_zh, record.score) == (
        "run",
        enrolment.uuid,
        "江澜开放大学",
        Decimal(100),
    )
    assert record.category == "academic"
    assert record.earned_on.isoformat() == "2026-03-02"
    assert [entry.action for entry in AuditEntry.objects.filter(action__regex=r"^(study|archive)\.").order_by("id")] == [
        "study.submit_quiz",
        "study.complete",
        "archive.enter",
    ]
    assert Notice.objects.filter(recipient_uuid=enrolment.learner.uuid, code="study.completed").count() == 1


def test_statements_of_a_run_say_what_happened_without_a_name():
    enrolment = EnrolmentFactory(learner__name="林晓雯")

    finish(enrolment)

    verbs = [row.verb.rsplit("/", 1)[-1] for row in Statement.objects.order_by("seq")]
    assert verbs == [
        "completed", "progressed", "completed", "progressed", "attempted", "answered", "answered", "passed", "completed", "progressed", "completed",
        "passed",
    ]  # fmt: skip
    assert all("林晓雯" not in row.text and str(enrolment.learner.uuid) in row.text for row in Statement.objects.all())
    assert set(Statement.objects.values_list("registration", flat=True)) == {enrolment.uuid}


def test_a_statement_that_fails_takes_the_progress_with_it(monkeypatch):
    enrolment = EnrolmentFactory()

    def fail(drafts: Any) -> None:
        raise RuntimeError("store is gone")

    monkeypatch.setattr(actions.progress, "write_statements", fail)
    with pytest.raises(RuntimeError, match="store is gone"), transaction.atomic():
        complete_unit(enrolment, READ, actor=enrolment.learner, at=NOON)

    assert (UnitProgress.objects.count(), Statement.objects.count()) == (0, 0)


def test_a_record_that_fails_takes_the_completion_with_it(monkeypatch):
    enrolment = EnrolmentFactory()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("archive is gone")

    complete_unit(enrolment, SAMPLE, actor=enrolment.learner, at=NOON)
    complete_unit(enrolment, READ, actor=enrolment.learner, at=NOON)
    before = Statement.objects.count()
    monkeypatch.setattr(actions.progress, "enter_record", fail)
    with pytest.raises(RuntimeError, match="archive is gone"), transaction.atomic():
        submit_quiz(enrolment, QUIZ, RIGHT, actor=enrolment.learner, at=LATER)

    enrolment.refresh_from_db()
    assert (enrolment.state, QuizAttempt.objects.count(), Statement.objects.count()) == ("active", 0, before)


def steps(enrolment: Enrolment) -> list[Any]:
    """All steps of one learner through the course, each with its own moment."""
    learner = enrolment.learner
    return [
        lambda: open_unit(enrolment, SAMPLE, actor=learner, at=NOON),
        lambda: complete_unit(enrolment, SAMPLE, actor=learner, at=NOON + timedelta(minutes=5)),
        lambda: open_unit(enrolment, READ, actor=learner, at=NOON + timedelta(minutes=6)),
        lambda: report_time(enrolment, READ, seconds=240, position="y:40", actor=learner, at=NOON + timedelta(minutes=11)),
        lambda: complete_unit(enrolment, READ, actor=learner, at=NOON + timedelta(minutes=12)),
        lambda: open_unit(enrolment, TEST, actor=learner, at=NOON + timedelta(minutes=13)),
        lambda: submit_quiz(enrolment, QUIZ, HALF, actor=learner, at=NOON + timedelta(minutes=20), key="first"),
        lambda: submit_quiz(enrolment, QUIZ, RIGHT, actor=learner, at=NOON + timedelta(minutes=30), key="second"),
    ]


def outcome(enrolment: Enrolment) -> tuple[Any, ...]:
    enrolment.refresh_from_db()
    progress = [
        (row.unit_id, row.first_opened_at, row.last_opened_at, row.completed_at, row.seconds_active, row.position)
        for row in enrolment.progress.order_by("unit_id")
    ]
    said = sorted(
        (row.verb, row.object_iri) for row in Statement.objects.filter(registration=enrolment.uuid) if not row.verb.endswith("/progressed")
    )
    record = LearningRecord.objects.get(enrolment_uuid=enrolment.uuid)
    facts = (enrolment.state, enrolment.completed_at, enrolment.score, enrolment.last_unit, record.earned_on, record.score, record.credits)
    return (facts, progress, said, enrolment.attempts.count())


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_and_doubled_steps_leave_the_same_state(seed):
    run = CourseRunFactory()
    straight, shuffled = EnrolmentFactory(run=run), EnrolmentFactory(run=run)
    for step in steps(straight):
        step()

    doubled = steps(shuffled) * 2
    random.Random(seed).shuffle(doubled)
    for step in doubled:
        step()

    assert outcome(shuffled) == outcome(straight)


def test_the_same_submission_twice_is_one_attempt():
    enrolment = EnrolmentFactory()

    first = submit_quiz(enrolment, QUIZ, HALF, actor=enrolment.learner, at=NOON, key="k")
    again = submit_quiz(enrolment, QUIZ, RIGHT, actor=enrolment.learner, at=LATER, key="k")

    assert (first.pk, first.scaled, first.passed) == (again.pk, Decimal("0.5"), False)
    assert (QuizAttempt.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_answers_to_unknown_questions_are_dropped():
    enrolment = EnrolmentFactory()

    attempt = submit_quiz(enrolment, QUIZ, {**HALF, "nonsense": ["x"]}, actor=enrolment.learner, at=NOON)

    assert attempt.answers == HALF


def test_the_first_passed_attempt_finishes_the_unit_and_a_worse_one_later_takes_nothing_away():
    enrolment = EnrolmentFactory()
    submit_quiz(enrolment, QUIZ, RIGHT, actor=enrolment.learner, at=NOON, key="a")

    submit_quiz(enrolment, QUIZ, {QUESTION_ONE: ["a"]}, actor=enrolment.learner, at=LATER, key="b")

    enrolment.refresh_from_db()
    assert enrolment.score == Decimal(100)
    assert enrolment.progress.get(unit_id=TEST).completed_at == NOON


def test_a_unit_with_a_quiz_is_not_done_by_saying_so():
    enrolment = EnrolmentFactory()

    with pytest.raises(UnitNeedsQuiz):
        complete_unit(enrolment, TEST, actor=enrolment.learner, at=NOON)

    assert (UnitProgress.objects.count(), Statement.objects.count()) == (0, 0)


def test_a_unit_of_another_course_is_unknown():
    enrolment = EnrolmentFactory()

    for step, wanted in itertools.product((open_unit, complete_unit), ("", "no-such-unit", "\x00")):
        with pytest.raises(UnknownBlock):
            step(enrolment, wanted, actor=enrolment.learner, at=NOON)

    assert UnitProgress.objects.count() == 0


def test_nothing_is_studied_before_the_first_day():
    enrolment = EnrolmentFactory(run__starts_on=(NOON + timedelta(days=1)).date())

    with pytest.raises(UnitLocked):
        open_unit(enrolment, READ, actor=enrolment.learner, at=NOON)

    assert UnitProgress.objects.count() == 0


def test_nothing_is_studied_after_leaving():
    enrolment = EnrolmentFactory()
    leave_run(enrolment, actor=enrolment.learner, at=NOON)

    with pytest.raises(EnrolmentNotActive):
        open_unit(enrolment, READ, actor=enrolment.learner, at=LATER)


def test_time_counts_no_more_than_the_server_saw_pass():
    enrolment = EnrolmentFactory()
    open_unit(enrolment, READ, actor=enrolment.learner, at=NOON)

    row = report_time(enrolment, READ, seconds=99999, position="t:252", actor=enrolment.learner, at=NOON + timedelta(seconds=90))

    assert (row.seconds_active, row.position) == (90, "t:252")
    assert StudyDay.objects.get().seconds == 90


def test_a_lower_count_takes_no_time_away():
    enrolment = EnrolmentFactory()
    open_unit(enrolment, READ, actor=enrolment.learner, at=NOON)
    report_time(enrolment, READ, seconds=60, actor=enrolment.learner, at=NOON + timedelta(seconds=90))

    row = report_time(enrolment, READ, seconds=-5, actor=enrolment.learner, at=NOON + timedelta(seconds=95))

    assert row.seconds_active == 60
    assert StudyDay.objects.get().seconds == 60


def test_a_new_version_of_the_course_changes_nothing_for_learners_of_the_run():
    course = make_course()
    run = CourseRunFactory(course_version=make_version(course))
    enrolment = EnrolmentFactory(run=run)
    make_version(course, content=manifest("改版后的课程", units=3))

    finish(enrolment)

    enrolment.refresh_from_db()
    assert (enrolment.state, run.version_number) == ("completed", 1)
    assert LearningRecord.objects.get().course_version == 1


def test_an_attempt_cannot_be_changed_or_deleted():
    enrolment = EnrolmentFactory()
    attempt = submit_quiz(enrolment, QUIZ, HALF, actor=enrolment.learner, at=NOON)

    with pytest.raises(DatabaseError), transaction.atomic():
        QuizAttempt.objects.filter(pk=attempt.pk).update(points=2)
    with pytest.raises(DatabaseError), transaction.atomic():
        QuizAttempt.objects.filter(pk=attempt.pk).delete()


def test_one_person_is_in_a_run_once():
    enrolment = EnrolmentFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        EnrolmentFactory(run=enrolment.run, learner=enrolment.learner)
