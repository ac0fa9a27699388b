"""The batch forms of the actions, for loading years of study in seconds: what they write is what the single actions write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cms.api import quiz_of
from foundation.api import AuditEntry, announce, build_audit_entry, record_audit_entries
from identity.api import User
from learning.archive.actions import enter_records
from learning.archive.models import LearningRecord
from learning.archive.types import NewRecord
from learning.study import statements
from learning.study.actions.enrolling import check_admission
from learning.study.actions.progress import record_of, scored_attempt
from learning.study.completion import judge, passed_at, unit_done_at
from learning.study.enums import EnrolmentState
from learning.study.models import CourseRun, Enrolment, QuizAttempt, StudyDay, UnitProgress
from learning.study.outline import RunContent
from learning.study.types import Enrolled, Standing, StudyHistory, UnitHistory
from learning.xapi.actions import store_statements
from learning.xapi.types import StatementDraft

BATCH_SIZE = 500


@dataclass
class Batch:
    """Rows that are stored together."""

    enrolments: list[Enrolment] = field(default_factory=list)
    progress: list[UnitProgress] = field(default_factory=list)
    attempts: list[QuizAttempt] = field(default_factory=list)
    drafts: list[StatementDraft] = field(default_factory=list)
    entries: list[AuditEntry] = field(default_factory=list)
    records: list[NewRecord] = field(default_factory=list)
    seconds: dict[tuple[int, date], int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class KnownRun:
    """A run with its content and quizzes, read once for the whole batch."""

    run: CourseRun
    content: RunContent
    quizzes: dict[str, Any] = field(default_factory=dict)

    def quiz(self, block_id: str) -> Any:
        if block_id not in self.quizzes:
            self.quizzes[block_id] = quiz_of(self.run.course_version, block_id)
        return self.quizzes[block_id]


@transaction.atomic
def enrol_many(run: CourseRun, learners: Iterable[User], *, actor: User, at: datetime) -> list[Enrolment]:
    """Enrol many learners in one run, as ``enrol`` does with each; who is enrolled already is left out. Returns the new enrolments.

    One audit entry, one statement and one Enrolled per learner. Raises RunNotOpen, NotOnClassList; then nobody was enrolled.
    """
    known = set(Enrolment.objects.filter(run=run).values_list("learner_id", flat=True))
    people = {learner.pk: learner for learner in learners if learner.pk not in known}
    rows = [Enrolment(run=run, learner=learner, enrolled_at=at) for learner in people.values()]
    for row in rows:
        check_admission(run, row.learner, on=timezone.localdate(at))
    Enrolment.objects.bulk_create(rows, batch_size=BATCH_SIZE)
    store_statements([statements.enrolled(row) for row in rows])
    record_audit_entries([_enrol_entry(row, actor) for row in rows])
    for row in rows:
        announce(Enrolled(enrolment_id=row.pk))
    return rows


@transaction.atomic
def record_history(histories: Sequence[StudyHistory], *, actor: User | None = None, announce_each: bool = False) -> list[LearningRecord]:
    """Load what many learners did in many runs: enrolments, units, quiz attempts, completions. Returns the records of the completed ones.

    For the loader of the demo city and for moving a school's past in. Give one ``StudyHistory`` per learner and run:

        record_history([
            StudyHistory(
                run=run, learner=learner, enrolled_at=…,
                units=(UnitHistory(unit_id, opened_at, done_at, seconds=900), …),           # ids from course_content(run.course_version)
                attempts=(AttemptHistory(quiz_block_id, {question_id: [option_id]}, at, key="1"), …),
            ), …
        ])

    Writes the same enrolments, progress, attempts, statements, records and audit entries as ``enrol``, ``open_unit``, ``report_time`` (with
    ``seconds``), ``complete_unit`` and ``submit_quiz`` would one by one (a test compares them), scored by the same code against the
    same keys; it
    sends no messages. Whether a run took learners on that day is not asked: it is the past. All moments are aware datetimes. Whoever
    is in a run
    already is left out, so a second load changes nothing. With ``announce_each=False`` no RecordEntered is announced: ask the bank to
    deposit the returned records in one batch. Some 40 queries whatever the number of learners, plus one per 500 rows and table.
    """
    batch = Batch()
    runs: dict[int, KnownRun] = {}
    known = set(Enrolment.objects.filter(run__in={history.run.pk for history in histories}).values_list("run_id", "learner_id"))
    for history in histories:
        if (history.run.pk, history.learner.pk) in known:
            continue
        known.add((history.run.pk, history.learner.pk))
        if history.run.pk not in runs:
            runs[history.run.pk] = KnownRun(history.run, RunContent(history.run.course_version))
        _add(batch, runs[history.run.pk], history, actor)
    return _store(batch, announce_each=announce_each)


@dataclass
class Past:
    """One learner in one run, as it is being put together."""

    known: KnownRun
    history: StudyHistory
    enrolment: Enrolment
    attempts: list[QuizAttempt] = field(default_factory=list)
    progress: list[UnitProgress] = field(default_factory=list)

    @property
    def person(self) -> UUID:
        return self.history.learner.uuid  # type: ignore[no-any-return]


def _add(batch: Batch, known: KnownRun, history: StudyHistory, actor: User | None) -> None:
    """One learner in one run, in the order in which the single actions would have written it."""
    enrolment = Enrolment(run=known.run, learner=history.learner, enrolled_at=history.enrolled_at, left_at=history.left_at)
    past = Past(known, history, enrolment)
    past.attempts = _attempts(past)
    past.progress = _progress(past)
    batch.enrolments.append(enrolment)
    batch.drafts.append(statements.enrolled(enrolment))
    batch.entries.append(_enrol_entry(enrolment, actor or history.learner))
    batch.attempts += past.attempts
    batch.progress += past.progress
    for row in past.progress:
        batch.seconds[history.learner.pk, timezone.localdate(row.last_opened_at)] += row.seconds_active
    _say(batch, past)
    _settle(batch, past)


def _attempts(past: Past) -> list[QuizAttempt]:
    rows = []
    for attempt in sorted(past.history.attempts, key=lambda given: given.at):
        place = past.known.content.place_of_quiz(attempt.block_id)
        quiz = past.known.quiz(attempt.block_id)
        row = scored_attempt(past.enrolment, place, attempt.block_id, attempt.answers, at=attempt.at, key=attempt.key, quiz=quiz)
        rows.append(row)
    return rows


def _progress(past: Past) -> list[UnitProgress]:
    """A row per unit that was opened, also for units in which only a quiz was handed in."""
    passed = passed_at(past.attempts)
    listed = {unit.unit_id for unit in past.history.units}
    unlisted = {row.unit_id: row.submitted_at for row in reversed(past.attempts) if row.unit_id not in listed}
    units = [*past.history.units, *(UnitHistory(unit_id, at) for unit_id, at in unlisted.items())]
    return [_progress_row(past, unit, passed) for unit in units]


def _progress_row(past: Past, unit: UnitHistory, passed: dict[str, datetime]) -> UnitProgress:
    place = past.known.content.place(unit.unit_id)
    handed_in = [row.submitted_at for row in past.attempts if row.unit_id == unit.unit_id]
    moments = [unit.opened_at, *handed_in, *([unit.done_at] if unit.done_at else [])]
    return UnitProgress(
        enrolment=past.enrolment,
        unit_id=place.unit_id,
        first_opened_at=min(moments),
        last_opened_at=max(moments),
        completed_at=unit_done_at(place, unit.done_at, passed),
        seconds_reported=unit.seconds,
    )


def _say(batch: Batch, past: Past) -> None:
    """Statements and audit entries of the steps before completion."""
    content, learner = past.known.content, past.history.learner
    for unit in past.history.units:
        batch.drafts.append(statements.opened(past.enrolment, content.place(unit.unit_id), unit.opened_at))
    for attempt in past.attempts:
        batch.drafts += statements.answered(past.enrolment, content.place(attempt.unit_id), attempt)
        batch.entries.append(build_audit_entry("study.submit_quiz", actor=learner, about=attempt, concerns=past.person))
    for row in past.progress:
        if row.completed_at is not None:
            batch.drafts.append(statements.unit_done(past.enrolment, content.place(row.unit_id), row.completed_at, row.seconds_active))
    batch.drafts += _progressed(past)


def _settle(batch: Batch, past: Past) -> None:
    """The state in which all this leaves the enrolment; a completed one gives its record."""
    enrolment = past.enrolment
    standing = judge(past.known.content, past.progress, past.attempts, pass_mark=past.known.run.pass_mark)
    enrolment.score = standing.score if past.attempts or any(row.completed_at for row in past.progress) else None
    steps = sorted([(row.last_opened_at, row.unit_id) for row in past.progress])
    if steps:
        enrolment.last_active_at, enrolment.last_unit = steps[-1]
    if standing.is_complete:
        enrolment.state = EnrolmentState.COMPLETED
        enrolment.completed_at = standing.completed_at
        batch.drafts += statements.completed(enrolment, standing)
        data = {"version": past.known.run.version_number}
        batch.entries.append(build_audit_entry("study.complete", actor=None, about=enrolment, concerns=past.person, data=data))
        batch.records.append(record_of(enrolment, standing))
    elif past.history.left_at is not None:
        enrolment.state = EnrolmentState.LEFT
        batch.drafts.append(statements.left(enrolment, past.history.left_at))
        batch.entries.append(build_audit_entry("study.leave", actor=past.history.learner, about=enrolment, concerns=past.person))


def _progressed(past: Past) -> list[StatementDraft]:
    """One statement per required unit done, at the moment of it."""
    known = past.known
    required = {place.unit_id for place in known.content.required()} or set(known.content.by_unit)
    moments = sorted(row.completed_at for row in past.progress if row.completed_at is not None and row.unit_id in required)
    standings = [Standing(done, len(required), None, known.run.pass_mark, None, frozenset()) for done in range(1, len(moments) + 1)]
    return [statements.progressed(past.enrolment, standing, moment) for standing, moment in zip(standings, moments, strict=True)]


def _store(batch: Batch, *, announce_each: bool) -> list[LearningRecord]:
    Enrolment.objects.bulk_create(batch.enrolments, batch_size=BATCH_SIZE)
    UnitProgress.objects.bulk_create(batch.progress, batch_size=BATCH_SIZE)
    QuizAttempt.objects.bulk_create(batch.attempts, batch_size=BATCH_SIZE)
    store_statements(batch.drafts)
    record_audit_entries(batch.entries)
    _store_days(batch.seconds)
    for row in batch.enrolments:
        announce(Enrolled(enrolment_id=row.pk))
    by_moment: dict[datetime, list[NewRecord]] = defaultdict(list)
    completed = {row.uuid: row.completed_at for row in batch.enrolments}
    for new in batch.records:
        by_moment[completed[new.enrolment]].append(new)  # type: ignore[index]
    return _enter(by_moment, announce_each=announce_each)


def _enter(by_moment: dict[datetime, list[NewRecord]], *, announce_each: bool) -> list[LearningRecord]:
    """Records carry the moment in which they entered; those of a history entered when the run was completed."""
    return [record for at in sorted(by_moment) for record in enter_records(by_moment[at], actor=None, at=at, announce_each=announce_each)]


def _store_days(seconds: dict[tuple[int, date], int]) -> None:
    days = {key: value for key, value in seconds.items() if value > 0}
    learners = {learner_id for learner_id, _day in days}
    rows = {(row.learner_id, row.day): row for row in StudyDay.objects.filter(learner__in=learners)}
    new = [
        StudyDay(learner_id=learner_id, day=day, seconds=value)
        for (learner_id, day), value in days.items()
        if (learner_id, day) not in rows
    ]
    old = [rows[key] for key in days if key in rows]
    for row in old:
        row.seconds += days[row.learner_id, row.day]
    StudyDay.objects.bulk_create(new, batch_size=BATCH_SIZE)
    StudyDay.objects.bulk_update(old, ["seconds"], batch_size=BATCH_SIZE)


def _enrol_entry(row: Enrolment, actor: Any) -> AuditEntry:
    return build_audit_entry("study.enrol", actor=actor, about=row, concerns=row.learner.uuid, data={"run": str(row.run.uuid)})
