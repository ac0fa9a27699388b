"""Reading study: where somebody stands, what to go on with, who is in a class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Q

from cms.api import quiz_of
from foundation.api import visible_to
from identity.api import User, clean_phone, names_of
from learning.archive.models import LearningRecord
from learning.study.completion import best_shares, judge, passed_at
from learning.study.enums import EnrolmentState, RunKind, RunState
from learning.study.models import CourseRun, Enrolment, QuizAttempt, StudyDay, UnitProgress
from learning.study.outline import Place, RunContent, content_of
from learning.study.types import OutlineSection, OutlineUnit, RunCard, Standing, StudyWeek

DEADLINE_DAYS = 45


@dataclass(frozen=True)
class ClassRow:
    """One person of a class with how far that person is."""

    name: str
    enrolment: Enrolment
    standing: Standing


@dataclass(frozen=True)
class Suggestion:
    """A run one could go on with, and the record that makes us think so."""

    run: CourseRun
    because: LearningRecord


@dataclass(frozen=True)
class QuizState:
    """What a learner did with one quiz: attempts newest first, the best in per cent, whether it is passed."""

    attempts: tuple[QuizAttempt, ...]
    best_percent: Any
    passed: bool


def runs_of_course(course: Any, user: Any, *, on: date) -> list[CourseRun]:
    """Runs of a course that one can enrol in on that day, those open to everyone first. One query."""
    runs = visible_to(user, CourseRun).filter(course_uuid=course.uuid).taking_learners(on)  # type: ignore[attr-defined]
    return list(runs.select_related("institution", "credit_system").order_by("-kind", "starts_on", "id"))


def standing_of(enrolment: Enrolment, content: RunContent | None = None) -> Standing:
    """Where an enrolment stands now. Two queries, or none where progress and attempts are prefetched."""
    content = content or content_of(enrolment.run.course_version)
    return judge(content, enrolment.progress.all(), enrolment.attempts.all(), pass_mark=enrolment.run.pass_mark)


def enrolment_in(run: CourseRun, user: Any) -> Enrolment | None:
    """The reader's own enrolment in a run. One query."""
    if not user.is_authenticated:
        return None
    return Enrolment.objects.filter(run=run, learner_id=user.pk).first()


def outline_of(enrolment: Enrolment, content: RunContent, standing: Standing, *, on: date) -> tuple[OutlineSection, ...]:
    """The outline with the state of each unit. No query where progress is prefetched."""
    begun = {row.unit_id for row in enrolment.progress.all()}
    locked = not enrolment.run.has_begun(on)
    sections = []
    for number, section in enumerate(content.sections, start=1):
        places = [place for place in content.places if place.section is section]
        units = tuple(_outline_unit(place, standing, begun, locked=locked) for place in places)
        sections.append(OutlineSection(str(section.id), section.title, number, units))
    return tuple(sections)


def _outline_unit(place: Place, standing: Standing, begun: set[str], *, locked: bool) -> OutlineUnit:
    if locked:
        state = "locked"
    elif place.unit_id in standing.done_units:
        state = "done"
    else:
        state = "begun" if place.unit_id in begun else "open"
    unit = place.unit
    return OutlineUnit(place.unit_id, unit.title, unit.minutes or 0, unit.required, state, bool(place.quiz_ids), place.number)


def studied_with(user: Any, states: Iterable[str]) -> models.QuerySet[Enrolment]:
    """The reader's own enrolments in these states, the last studied first, with all that a card needs. Three queries when read."""
    rows = visible_to(user, Enrolment).filter(learner_id=user.pk, state__in=list(states)).with_run()  # type: ignore[attr-defined]
    latest = models.F("last_active_at").desc(nulls_last=True)
    return rows.prefetch_related("progress", "attempts").order_by(latest, "-enrolled_at", "-id")


def cards_of(user: Any) -> list[RunCard]:
    """The runs in which the reader studies, with the place to go on. Three queries."""
    return [card_of(enrolment) for enrolment in studied_with(user, [EnrolmentState.ACTIVE])]


def first_card(cards: list[RunCard]) -> RunCard | None:
    """The card to go on with: the run studied last, else the one enrolled in last. No query."""
    started = [card for card in cards if card.enrolment.last_active_at]
    return next(iter(started or cards), None)


def card_of(enrolment: Enrolment) -> RunCard:
    """One card. No query where progress and attempts are prefetched."""
    content = content_of(enrolment.run.course_version)
    standing = standing_of(enrolment, content)
    place = next_place(enrolment, content, standing)
    begun = {row.unit_id: row for row in enrolment.progress.all()}
    unit = _outline_unit(place, standing, set(begun), locked=False) if place else None
    position = begun[place.unit_id].position if place and place.unit_id in begun else ""
    return RunCard(enrolment, enrolment.run, standing, unit, position, enrolment.run.ends_on)


def next_place(enrolment: Enrolment, content: RunContent, standing: Standing) -> Place | None:
    """Where to go on: the unit of the last step if it is not done, else the first one after it that is not, else any that is not."""
    last = content.by_unit.get(enrolment.last_unit)
    start = last.number - 1 if last else 0
    in_order = [*content.places[start:], *content.places[:start]]
    undone = [place for place in in_order if place.unit_id not in standing.done_units]
    return undone[0] if undone else last or (content.places[0] if content.places else None)


def deadlines(cards: Iterable[RunCard], *, on: date) -> list[tuple[date, str, RunCard]]:
    """What is due in the next weeks: a run's first day or its last, soonest first. No query."""
    until = on + timedelta(days=DEADLINE_DAYS)
    dates = [(card.run.starts_on, "starts", card) for card in cards] + [(card.run.ends_on, "ends", card) for card in cards]
    return sorted([entry for entry in dates if entry[0] and on <= entry[0] <= until], key=lambda entry: (entry[0], entry[1]))[:5]


def study_week(user: Any, *, on: date) -> StudyWeek:
    """Minutes of the last seven days, today last. One query."""
    first = on - timedelta(days=6)
    seconds = dict(StudyDay.objects.filter(learner_id=user.pk, day__gte=first, day__lte=on).values_list("day", "seconds"))
    days = [first + timedelta(days=number) for number in range(7)]
    return StudyWeek(tuple((day, -(-seconds.get(day, 0) // 60)) for day in days))


def suggestions_for(user: Any, *, on: date, number: int = 3) -> list[Suggestion]:
    """Open runs of the kind of education of the reader's latest record, which the reader has not begun. Two queries."""
    latest = visible_to(user, LearningRecord).exclude(kind_of_education="").order_by("-earned_on", "-id").first()
    if latest is None:
        return []
    known = Enrolment.objects.filter(learner_id=user.pk).values("run__course_uuid")
    runs = (
        CourseRun.objects.filter(kind=RunKind.OPEN, kind_of_education=latest.kind_of_education)
        .taking_learners(on)
        .exclude(course_uuid__in=known)
    )
    seen: dict[Any, CourseRun] = {}
    for run in runs.select_related("institution", "credit_system", "course_version__course").order_by("-id")[: number * 4]:
        seen.setdefault(run.course_uuid, run)
    return [Suggestion(run, latest) for run in list(seen.values())[:number]]


def quiz_states(enrolment: Enrolment, quiz_ids: Iterable[str]) -> dict[str, QuizState]:
    """What was done with some quizzes. One query."""
    wanted = list(quiz_ids)
    attempts = list(QuizAttempt.objects.filter(enrolment=enrolment, block_id__in=wanted).order_by("-submitted_at", "-id")) if wanted else []
    best, passed = best_shares(attempts), passed_at(attempts)
    states = {}
    for quiz_id in wanted:
        own = tuple(attempt for attempt in attempts if attempt.block_id == quiz_id)
        percent = (best[quiz_id] * 100).quantize(1) if own else None
        states[quiz_id] = QuizState(own, percent, quiz_id in passed)
    return states


def progress_in(enrolment: Enrolment, unit_id: str) -> UnitProgress | None:
    """The row of one unit, if it was opened. One query."""
    return UnitProgress.objects.filter(enrolment=enrolment, unit_id=unit_id).first()


def runs_taught(user: Any) -> models.QuerySet[CourseRun]:
    """Runs of the reader's schools with how many study and how many completed, newest first. One query when read."""
    return (
        CourseRun.objects.taught_by(user)
        .select_related("institution", "credit_system")
        .annotate(
            studying=Count("enrolments", filter=Q(enrolments__state=EnrolmentState.ACTIVE)),
            finished=Count("enrolments", filter=Q(enrolments__state=EnrolmentState.COMPLETED)),
        )
        .order_by(models.Case(models.When(state=RunState.CLOSED, then=1), default=0), "-created_at", "-id")
    )


def class_of(run: CourseRun, enrolments: Iterable[Enrolment]) -> list[ClassRow]:
    """Some enrolments of one run with names and standing. One query for the names; progress and attempts are to be prefetched."""
    rows = list(enrolments)
    names = names_of([row.learner.uuid for row in rows])
    content = content_of(run.course_version)
    return [ClassRow(names.get(row.learner.uuid, ""), row, standing_of(row, content)) for row in rows]


def waiting_names(run: CourseRun) -> list[str]:
    """Names of those on the class list who have not enrolled yet. Two queries."""
    enrolled = run.enrolments.values("learner")
    uuids = list(run.class_list.exclude(learner__in=enrolled).values_list("learner__uuid", flat=True))
    names = names_of(uuids)
    return sorted(names[uuid] for uuid in uuids if uuid in names)


def unit_counts(rows: Iterable[ClassRow]) -> Counter[str]:
    """How many of these people have done each unit. No query."""
    return Counter(unit_id for row in rows for unit_id in row.standing.done_units)


def people_at(institution: Any, *, on: date) -> models.QuerySet[User]:
    """Who may teach at a school that day, by name."""
    return User.objects.filter(
        memberships__institution=institution, memberships__role__in=["instructor", "teacher"], memberships__starts_on__lte=on
    ).filter(Q(memberships__ends_on__isnull=True) | Q(memberships__ends_on__gte=on)).distinct().order_by("name")  # fmt: skip


def people_by_contact(lines: Iterable[str]) -> tuple[list[User], list[str]]:
    """People by e-mail address or phone number, and the lines for which there is nobody. One query."""
    wanted = {line: _contact(line) for line in lines}
    values = set(wanted.values())
    rows = User.objects.filter(Q(email__in=values) | Q(phone__in=values), is_active=True)
    by_contact = {contact: person for person in rows for contact in (person.email, person.phone) if contact}
    found = {person.pk: person for contact in values if (person := by_contact.get(contact))}
    return list(found.values()), [line for line, contact in wanted.items() if contact not in by_contact]


def _contact(line: str) -> str:
    """An address in lower case, a number in the form in which numbers are kept."""
    if "@" in line:
        return line.lower()
    try:
        return clean_phone(line)
    except ValidationError:
        return line


def feedback_for(version: Any, block_id: str, attempt: QuizAttempt) -> dict[str, str]:
    """The explanations of the questions that this attempt answered rightly; of the others they would give the key away. No query."""
    quiz = quiz_of(version, block_id)
    right = {item["id"] for item in attempt.items if item["correct"]}
    return {question.id: question.feedback for question in quiz.questions if question.id in right} if quiz else {}
