"""What study says to the statement store: one function per event, each giving drafts with a key of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from learning.study.models import CourseRun, Enrolment, QuizAttempt
from learning.study.outline import Place
from learning.study.types import Standing
from learning.xapi.profile import (
    ANSWERED,
    ASSESSMENT,
    ATTEMPTED,
    COMPLETED,
    COURSE,
    EXPERIENCED,
    FAILED,
    INTERACTION,
    LEFT,
    LESSON,
    PASSED,
    PROGRESS_EXTENSION,
    PROGRESSED,
    REGISTERED,
    Term,
)
from learning.xapi.types import Activity, Result, Score, StatementDraft, iso_duration

LONGEST_RESPONSE = 500


def course_activity(run: CourseRun) -> Activity:
    """The course, whichever run of it."""
    return Activity(f"/id/course/{run.course_uuid}", COURSE, run.title_zh, run.title_en)


def run_activity(run: CourseRun) -> Activity:
    """This run of the course."""
    return Activity(f"/id/run/{run.uuid}", COURSE, f"{run.title_zh}({run.code})", f"{run.title_en or run.title_zh} ({run.code})")


def unit_activity(run: CourseRun, place: Place) -> Activity:
    """A unit, in the language of the course."""
    return Activity(f"/id/course/{run.course_uuid}/unit/{place.unit_id}", LESSON, place.unit.title)


def quiz_activity(block_id: str, place: Place) -> Activity:
    """A quiz, named by its unit."""
    return Activity(f"/id/quiz/{block_id}", ASSESSMENT, place.unit.title)


def enrolled(enrolment: Enrolment) -> StatementDraft:
    """Once per time of enrolling."""
    return _draft(enrolment, REGISTERED, course_activity(enrolment.run), at=enrolment.enrolled_at, occasion=_moment(enrolment.enrolled_at))


def left(enrolment: Enrolment, at: datetime) -> StatementDraft:
    """Once per time of enrolling."""
    return _draft(enrolment, LEFT, course_activity(enrolment.run), at=at, occasion=_moment(enrolment.enrolled_at))


def opened(enrolment: Enrolment, place: Place, at: datetime) -> StatementDraft:
    """Once per unit and day."""
    day = timezone.localdate(at).isoformat()
    return _draft(enrolment, EXPERIENCED, unit_activity(enrolment.run, place), at=at, occasion=day, parent=_section(enrolment.run, place))


def unit_done(enrolment: Enrolment, place: Place, at: datetime, seconds: int) -> StatementDraft:
    """Once per unit, with the active time so far."""
    result = Result(completion=True, duration=iso_duration(seconds))
    return _draft(enrolment, COMPLETED, unit_activity(enrolment.run, place), at=at, result=result, parent=_section(enrolment.run, place))


def progressed(enrolment: Enrolment, standing: Standing, at: datetime) -> StatementDraft:
    """Once per number of required units done."""
    result = Result(extensions={PROGRESS_EXTENSION: standing.percent})
    return _draft(enrolment, PROGRESSED, course_activity(enrolment.run), at=at, occasion=str(standing.done), result=result)


def answered(enrolment: Enrolment, place: Place, attempt: QuizAttempt) -> list[StatementDraft]:
    """The attempt, each answer with whether it was right, and the outcome. What would have been right is in none of them."""
    quiz = quiz_activity(attempt.block_id, place)
    unit = unit_activity(enrolment.run, place)
    drafts = [_draft(enrolment, ATTEMPTED, quiz, at=attempt.submitted_at, occasion=attempt.key, parent=unit)]
    for item in attempt.items:
        question = Activity(f"{quiz.path}/item/{item['id']}", INTERACTION, interaction="other")
        response = "[,]".join(attempt.answers.get(item["id"], []))[:LONGEST_RESPONSE]
        result = Result(success=bool(item["correct"]), response=response)
        drafts.append(_draft(enrolment, ANSWERED, question, at=attempt.submitted_at, occasion=attempt.key, result=result, parent=quiz))
    score = Score(scaled=_number(attempt.scaled), raw=_number(attempt.points), min=0, max=_number(attempt.max_points))
    verb = PASSED if attempt.passed else FAILED
    result = Result(score=score, success=attempt.passed)
    drafts.append(_draft(enrolment, verb, quiz, at=attempt.submitted_at, occasion=attempt.key, result=result, parent=unit))
    return drafts


def completed(enrolment: Enrolment, standing: Standing) -> list[StatementDraft]:
    """The run is done, and passed where it has a score. Once per enrolment."""
    at = standing.completed_at or enrolment.enrolled_at
    course = course_activity(enrolment.run)
    drafts = [_draft(enrolment, COMPLETED, course, at=at, result=Result(completion=True))]
    if standing.score is not None:
        score = Score(scaled=_number(standing.score / 100), raw=_number(standing.score), min=0, max=100)
        drafts.append(_draft(enrolment, PASSED, course, at=at, result=Result(score=score, success=True)))
    return drafts


def _moment(at: datetime) -> str:
    """A moment as part of a key: the same for one moment in every time zone."""
    return at.astimezone(UTC).isoformat()


def _number(value: Decimal) -> float:
    """The standard's JSON number; amounts of credit never pass here."""
    return float(value)


def _section(run: CourseRun, place: Place) -> Activity:
    return Activity(f"/id/course/{run.course_uuid}/section/{place.section.id}", LESSON, place.section.title)


def _draft(
    enrolment: Enrolment,
    verb: Term,
    activity: Activity,
    *,
    at: datetime,
    occasion: str = "",
    result: Result | None = None,
    parent: Any = None,
) -> StatementDraft:
    run = enrolment.run
    return StatementDraft(
        key=(verb.iri, activity.path, str(enrolment.registration), occasion),
        actor_uuid=enrolment.learner.uuid,
        verb=verb,
        activity=activity,
        at=at,
        institution_id=run.institution_id,
        registration=enrolment.registration,
        parent=parent,
        grouping=(course_activity(run), run_activity(run)),
        result=result,
        revision=str(run.version_number),
    )
