"""A learner's steps: each writes its progress row and its statement in one transaction, and looks whether the run is complete now.

Every row is monotone, so a step that arrives twice, late or out of order leaves the same state.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cms.api import quiz_of, score_quiz
from foundation.api import notify, record_audit_entry
from identity.api import User
from learning.archive.actions import enter_record
from learning.archive.enums import RecordSource, Trust
from learning.archive.models import LearningRecord
from learning.archive.types import NewRecord
from learning.study import statements
from learning.study.completion import judge, passed_at, unit_done_at
from learning.study.enums import EnrolmentState
from learning.study.exceptions import EnrolmentNotActive, UnitLocked, UnitNeedsQuiz
from learning.study.models import Enrolment, QuizAttempt, StudyDay, UnitProgress
from learning.study.outline import Place, RunContent
from learning.study.types import Standing
from learning.xapi.actions import write_statements

LONGEST_REPORT_SECONDS = 24 * 3600


@dataclass
class Step:
    """One learner in one run, locked, with what is known of both."""

    enrolment: Enrolment
    content: RunContent
    at: datetime


@transaction.atomic
def open_unit(enrolment: Enrolment, unit_id: str, *, actor: User, at: datetime) -> UnitProgress:
    """Note that a unit was opened; the learner goes on from here. Raises EnrolmentNotActive, UnitLocked, UnknownBlock."""
    step = begin(enrolment, at)
    place = step.content.place(unit_id)
    progress = touch(step, place)
    _remember_place(step, place)
    write_statements([statements.opened(step.enrolment, place, at)])
    return progress


@transaction.atomic
def report_time(enrolment: Enrolment, unit_id: str, *, seconds: int, position: str = "", actor: User, at: datetime) -> UnitProgress:
    """Take the player's count of active seconds in a unit (all visits together) and the place in it.

    The count only grows; what is believed of it is capped by the time the server saw pass. Raises EnrolmentNotActive, UnitLocked,
    UnknownBlock.
    """
    step = begin(enrolment, at)
    place = step.content.place(unit_id)
    progress = touch(step, place, seconds=min(max(seconds, 0), LONGEST_REPORT_SECONDS), position=position)
    _remember_place(step, place)
    return progress


@transaction.atomic
def complete_unit(enrolment: Enrolment, unit_id: str, *, actor: User, at: datetime) -> Enrolment:
    """Note that a unit without a quiz was worked through; the last one completes the run.

    Raises EnrolmentNotActive, UnitLocked, UnknownBlock, UnitNeedsQuiz.
    """
    step = begin(enrolment, at)
    place = step.content.place(unit_id)
    if place.quiz_ids:
        raise UnitNeedsQuiz(unit_id)
    progress = touch(step, place)
    _remember_place(step, place)
    _mark_done(step, place, progress, at)
    return settle(step)


@transaction.atomic
def submit_quiz(
    enrolment: Enrolment, block_id: str, answers: dict[str, list[str]], *, actor: User, at: datetime, key: str = "", seed: int = 0
) -> QuizAttempt:
    """Score the answers on the server and keep the attempt; a passed one may finish its unit and the run.

    ``key`` names the submission: the same key again returns the first attempt and changes nothing. Answers to unknown questions are
    dropped. Attempt, audit entry, statements, progress, completion. Raises EnrolmentNotActive, UnitLocked, UnknownBlock.
    """
    step = begin(enrolment, at)
    place = step.content.place_of_quiz(block_id)
    key = key or uuid.uuid4().hex
    known = QuizAttempt.objects.filter(enrolment=step.enrolment, block_id=block_id, key=key).first()
    if known is not None:
        return known
    attempt = scored_attempt(step.enrolment, place, block_id, answers, at=at, key=key, seed=seed)
    attempt.save(force_insert=True)
    record_audit_entry("study.submit_quiz", actor=actor, about=attempt, concerns=step.enrolment.learner.uuid)
    progress = touch(step, place)
    _remember_place(step, place)
    write_statements(statements.answered(step.enrolment, place, attempt))
    done_at = unit_done_at(place, None, passed_at(QuizAttempt.objects.filter(enrolment=step.enrolment, unit_id=place.unit_id)))
    if done_at is not None:
        _mark_done(step, place, progress, done_at)
    settle(step)
    return attempt


def begin(enrolment: Enrolment, at: datetime) -> Step:
    """Lock the enrolment for one step. Raises EnrolmentNotActive after leaving, UnitLocked before the run's first day."""
    row = Enrolment.objects.select_for_update(of=("self",)).select_related("run", "learner", "run__course_version").get(pk=enrolment.pk)
    if row.state == EnrolmentState.LEFT:
        raise EnrolmentNotActive(str(row.uuid))
    if not row.run.has_begun(timezone.localdate(at)):
        raise UnitLocked(str(row.run.starts_on))
    return Step(row, RunContent(row.run.course_version), at)


def touch(step: Step, place: Place, *, seconds: int = 0, position: str = "") -> UnitProgress:
    """Bring the unit's row up to this moment; the day's total grows by what is newly believed."""
    row, created = UnitProgress.objects.get_or_create(
        enrolment=step.enrolment, unit_id=place.unit_id, defaults={"first_opened_at": step.at, "last_opened_at": step.at}
    )
    before = 0 if created else row.seconds_active
    if position and (row.position_at is None or step.at >= row.position_at):
        row.position, row.position_at = position[:120], step.at
    row.first_opened_at = min(row.first_opened_at, step.at)
    row.last_opened_at = max(row.last_opened_at, step.at)
    row.seconds_reported = max(row.seconds_reported, seconds)
    row.save()
    _add_to_day(step, row.seconds_active - before)
    return row


def scored_attempt(
    enrolment: Enrolment,
    place: Place,
    block_id: str,
    answers: dict[str, list[str]],
    *,
    at: datetime,
    key: str,
    seed: int = 0,
    quiz: Any = None,
) -> QuizAttempt:
    """An attempt with its points, not stored yet. One read of the quiz with its keys, on the server only."""
    version = enrolment.run.course_version
    quiz = quiz if quiz is not None else quiz_of(version, block_id)
    score = score_quiz(quiz, answers)
    items = [
        {"id": item.question_id, "correct": item.correct, "points": str(item.points), "max": str(item.max_points)} for item in score.items
    ]
    asked = {item["id"] for item in items}
    return QuizAttempt(
        enrolment=enrolment,
        block_id=block_id,
        unit_id=place.unit_id,
        key=key,
        answers={question: list(given) for question, given in answers.items() if question in asked},
        items=items,
        points=score.points,
        max_points=score.max_points,
        scaled=score.scaled,
        passed=score.scaled * 100 >= quiz.pass_mark,
        seed=seed,
        question_hash=sha256(f"{version.content_hash}:{block_id}".encode()).hexdigest(),
        submitted_at=at,
    )


def settle(step: Step) -> Enrolment:
    """Judge the completion condition; when it has just come true, the record enters the archive in this very transaction."""
    enrolment = step.enrolment
    standing = judge(step.content, enrolment.progress.all(), enrolment.attempts.all(), pass_mark=enrolment.run.pass_mark)
    if enrolment.is_completed:
        return enrolment
    enrolment.score = standing.score
    fields = ["score"]
    if standing.is_complete:
        enrolment.state = EnrolmentState.COMPLETED
        enrolment.completed_at = standing.completed_at
        fields += ["state", "completed_at"]
    enrolment.save(update_fields=fields)
    if standing.is_complete:
        _complete(enrolment, standing, at=step.at)
    elif standing.done:
        write_statements([statements.progressed(enrolment, standing, step.at)])
    return enrolment


def record_of(enrolment: Enrolment, standing: Standing) -> NewRecord:
    """What a completed run says in the archive, with names and worth as the run has them."""
    run = enrolment.run
    earned_on = timezone.localdate(standing.completed_at)
    return NewRecord(
        learner=enrolment.learner,
        title_zh=run.title_zh,
        title_en=run.title_en,
        source=RecordSource.RUN,
        trust=Trust.INSTITUTION,
        kind_of_education=run.kind_of_education,
        institution=run.institution,
        outcome_code=run.outcome_code,
        level=run.level,
        learning_aims=run.learning_aims,
        score=standing.score,
        credits=run.credits,
        credit_system=run.credit_system,
        notional_hours=run.notional_hours or None,
        earned_on=earned_on,
        issued_on=earned_on,
        enrolment=enrolment.uuid,
        course_uuid=run.course_uuid,
        course_version=run.version_number,
        auto_deposit=run.auto_deposit,
    )


def _complete(enrolment: Enrolment, standing: Standing, *, at: datetime) -> LearningRecord:
    write_statements([statements.progressed(enrolment, standing, at), *statements.completed(enrolment, standing)])
    record_audit_entry(
        "study.complete", actor=None, about=enrolment, concerns=enrolment.learner.uuid, data={"version": enrolment.run.version_number}
    )
    record = enter_record(record_of(enrolment, standing), actor=None, at=at)
    title = {"zh": record.title_zh, "en": record.title_en}
    notify(enrolment.learner.uuid, "study.completed", url=f"/my/archive/{record.uuid}/", data={"title": title})
    return record


def _mark_done(step: Step, place: Place, progress: UnitProgress, done_at: datetime) -> None:
    progress.completed_at = done_at if progress.completed_at is None else min(progress.completed_at, done_at)
    progress.save(update_fields=["completed_at"])
    write_statements([statements.unit_done(step.enrolment, place, done_at, progress.seconds_active)])


def _remember_place(step: Step, place: Place) -> None:
    """Where to go on: the unit of the latest step."""
    enrolment = step.enrolment
    if enrolment.last_active_at is None or step.at >= enrolment.last_active_at:
        enrolment.last_unit = place.unit_id
        enrolment.last_active_at = step.at
        enrolment.save(update_fields=["last_unit", "last_active_at"])


def _add_to_day(step: Step, seconds: int) -> None:
    if seconds <= 0:
        return
    day, _created = StudyDay.objects.get_or_create(learner=step.enrolment.learner, day=timezone.localdate(step.at))
    StudyDay.objects.filter(pk=day.pk).update(seconds=F("seconds") + seconds)
