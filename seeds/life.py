"""What happens in the city: runs, two years of study, results that institutions report, rules, applications, transcripts."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cms.api import CoursePage, course_content, latest_version, quiz_of
from foundation.api import CreditSystem
from identity.api import Institution, Role, User, grant_membership
from learning.api import (
    AttemptHistory,
    CourseRun,
    LearningRecord,
    NewRecord,
    RecordSource,
    SourceType,
    StudyHistory,
    Trust,
    UnitHistory,
    approve_auto_deposit,
    enter_records,
    open_run,
    record_history,
)
from seeds.catalogue import rule_rows
from seeds.city import City
from seeds.clock import standing_at
from seeds.desks import desk_person
from seeds.people import GIVEN, SURNAMES

PER_LEARNER = 2


def open_runs(city: City) -> None:
    """One open run for every complete course, by its own school, with an automatic deposit that a second person approved."""
    complete = {course.facts.code: course for course in city.courses if course.is_complete}
    known = set(CourseRun.objects.values_list("outcome_code", flat=True))
    for page in CoursePage.objects.filter(code__in=complete).select_related("institution", "credit_system"):
        course = complete[page.code]
        version = latest_version(page)
        if course.outcome in known or version is None:
            continue
        desk = city.desks[course.school]
        run = open_run(
            version=version, institution=page.institution, actor=desk["editor"], at=city.at(720), starts_on=city.today - timedelta(days=719),
            credits=page.credits, credit_system=page.credit_system if page.credits else None, outcome_code=course.outcome,
        )  # fmt: skip
        approve_auto_deposit(run, actor=city.named("feng") if course.school == "JLOU" else _administrator(city, page.institution))


def _administrator(city: City, institution: Institution) -> User:
    email = f"administrator.{institution.code.lower()}@demo.example"
    user = User.objects.filter(email=email).first()
    if user is None:
        chance = random.Random(email)
        user = User.objects.create_user(name=chance.choice(SURNAMES) + chance.choice(GIVEN), email=email, is_demo=True)
    grant_membership(user, institution, Role.SCHOOL_ADMINISTRATOR, actor=None, starts_on=city.today - timedelta(days=720))
    return User.objects.get(pk=user.pk)


def study(city: City) -> None:
    """Two years of study: every learner in some runs, most of them finished, by the batch form of the actions."""
    runs = list(CourseRun.objects.select_related("course_version", "institution", "credit_system").order_by("id"))
    if not runs or LearningRecord.objects.filter(source=RecordSource.RUN).exists():
        return
    histories = [
        _history(city, run, learner, days_ago=city.chance.randint(40, 700))
        for learner in city.learners
        for run in city.chance.sample(runs, min(len(runs), city.chance.randint(1, PER_LEARNER)))
    ]
    histories += _stories(city, {run.outcome_code: run for run in runs})
    record_history(histories)


def _stories(city: City, by_outcome: dict[str, CourseRun]) -> list[StudyHistory]:
    """What the people with a name in the demo studied."""
    wanted = [
        ("lin", "JLOU:ELD201", 150, True), ("lin", "JLOU:ELD202", 510, True), ("lin", "JLOU:ELD204", 690, True), ("lin", "YQE:CAL101", 300, True),
        ("lin", "JLUT:AI101", 90, True), ("lin", "JLOU:MED101", 6, False), ("wang", "YQE:CAL101", 60, True), ("wang", "PWC:PHN101", 110, True),
        ("chen", "JLUT:PY101", 60, True), ("chen", "JLUT:AI101", 12, False), ("du", "YQE:CAL101", 420, True), ("du", "PWC:GAR101", 300, True),
        ("du", "PWC:PHN101", 220, True),
    ]  # fmt: skip
    return [
        _history(city, by_outcome[outcome], city.named(key), days_ago=days, finishes=finishes)
        for key, outcome, days, finishes in wanted
        if outcome in by_outcome
    ]


def _history(city: City, run: CourseRun, learner: User, *, days_ago: int, finishes: bool | None = None) -> StudyHistory:
    content = course_content(run.course_version)
    ends = city.chance.random() < 0.8 if finishes is None else finishes  # noqa: PLR2004  four of five finish
    begun = city.at(days_ago, hour=19)
    units, attempts = [], []
    all_units = content.units()
    reached = len(all_units) if ends else max(1, len(all_units) // 2)
    for number, unit in enumerate(all_units[:reached]):
        moment = begun + timedelta(days=number, minutes=city.chance.randint(0, 90))
        quizzes = unit.quizzes()
        done = None if quizzes else moment + timedelta(minutes=unit.minutes)
        units.append(UnitHistory(unit.id, moment, done, seconds=unit.minutes * city.chance.randint(35, 70)))
        for quiz in quizzes:
            answers = _answers(city, run, quiz.id, careful=finishes is True)
            attempts.append(
                AttemptHistory(quiz.id, answers, moment + timedelta(minutes=unit.minutes), key=f"{run.uuid}:{learner.uuid}:{quiz.id}"[:64])
            )
    return StudyHistory(run=run, learner=learner, enrolled_at=begun - timedelta(hours=1), units=tuple(units), attempts=tuple(attempts))


def _answers(city: City, run: CourseRun, block_id: str, *, careful: bool) -> dict[str, list[str]]:
    quiz = quiz_of(run.course_version, block_id)
    given = {}
    for question in quiz.questions if quiz else ():
        knows = careful or city.chance.random() < 0.86  # noqa: PLR2004  what people know after reading
        if question.kind in {"single", "true_false"} and not knows:
            given[question.id] = [city.chance.choice([ident for ident, _text in question.choices] or ["true", "false"])]
        else:
            given[question.id] = list(question.key) if question.kind == "multiple" else [question.key[0]]
    return given


def report_results(city: City) -> None:
    """Results that institutions report: certificates, examinations, training at work; and what learners add themselves."""
    if LearningRecord.objects.filter(source=RecordSource.INSTITUTION_UPLOAD).exists():
        return
    outcomes = {row[0]: row for row in rule_rows()["outcomes"]}
    rows = defaultdict[tuple[str, int], list[NewRecord]](list)
    for key, code, days_ago, told in PERSONAL:
        rows[code.split(":")[0], min(days_ago, OLDEST_REPORT)].append(_result(city, outcomes, city.named(key), code, days_ago, **told))
    for number, learner in enumerate(city.learners[:160]):
        for code in city.chance.sample(REPORTED, 1 + number % 3):
            days_ago = city.chance.randint(30, 720)
            on_scale = code == "JLLT:CET4"
            score = str(city.chance.randint(390, 560) if on_scale else city.chance.randint(55, 96))
            told = {"score": score} | ({"scale": "CET"} if on_scale else {}) | ({"valid_days": 1095} if code == "JLEM:AID101" else {})
            # once a quarter an institution reports what was earned in it
            rows[code.split(":")[0], max(QUARTER * (days_ago // QUARTER), 15)].append(
                _result(city, outcomes, learner, code, days_ago, **told)
            )
    for (place, days_ago), news in sorted(rows.items(), key=lambda one: (-one[0][1], one[0][0])):
        with standing_at(city.at(days_ago, hour=16)):
            officer = desk_person(city, city.institutions[place], Role.CREDIT_OFFICER)
            enter_records(news, actor=officer, at=city.at(days_ago, hour=16), announce_each=False)
    with standing_at(city.at(10)):
        enter_records([_own(city, city.named("lin"))], actor=city.named("lin"), at=city.at(10), announce_each=False)


QUARTER = 90
OLDEST_REPORT = 590
"""What was earned before the platform began was entered when it began."""
REPORTED = ("JLSA:CERT5", "JLSA:CERT4", "JLHV:NUR101", "JLHV:NUR102", "JLLT:CET4", "JLEM:AID101")
PERSONAL: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
    ("lin", "JLHV:NUR101", 4100, {"score": "82"}), ("lin", "JLHV:NUR102", 3930, {"score": "78"}), ("lin", "JLHV:NUR103", 3740, {"score": "71"}),
    ("lin", "JLSA:CERT5", 3000, {"score": "76"}), ("lin", "JLSA:CERT4", 1500, {"score": "81"}),
    ("lin", "JLEM:AID101", 1480, {"score": "90", "valid_days": 1095}), ("lin", "JLEM:AED102", 706, {"score": "92", "valid_days": 730}),
    ("lin", "JLLT:CET4", 396, {"score": "431", "scale": "CET"}),
    ("lin", "CHCARE:DEM", 60, {"score": "88", "hours": "48", "trust": Trust.VERIFIED}),
    ("chen", "JLLT:CET4", 150, {"score": "452", "scale": "CET"}), ("chen", "JLSV:WEB101", 200, {"score": "86"}),
    ("chen", "JLSV:OFF101", 230, {"score": "91"}), ("du", "JLEM:AID101", 330, {"score": "74", "valid_days": 1095}),
)  # fmt: skip
"""Results of the people with a name: who, what, how many days ago, and what else is said of it."""


def _result(
    city: City, outcomes: dict[str, Any], learner: User, code: str, days_ago: int, *, score: str, hours: str = "", valid_days: int = 0,
    scale: str = "", trust: str = Trust.INSTITUTION,
) -> NewRecord:  # fmt: skip
    _code, zh, en, credits, system, category, source_type, _subjects = outcomes[code]
    earned = city.today - timedelta(days=days_ago)
    on_scale = scale == "CET"
    return NewRecord(
        learner=learner, title_zh=zh, title_en=en, source=RecordSource.INSTITUTION_UPLOAD, trust=trust, kind_of_education="vocational",
        earned_on=earned, institution=city.institutions[code.split(":", maxsplit=1)[0]], outcome_code=code,
        score=None if on_scale else Decimal(score), grade=score if on_scale else "", grade_scale=scale,
        credits=Decimal(credits), credit_system=CreditSystem.objects.get(code=system), notional_hours=Decimal(hours) if hours else None,
        category=category, source_type=source_type, valid_until=earned + timedelta(days=valid_days) if valid_days else None,
        external_id=f"{code}:{learner.uuid}",
    )  # fmt: skip


def _own(city: City, learner: User) -> NewRecord:
    return NewRecord(
        learner=learner, title_zh="社区志愿者：重阳节义诊", title_en="Volunteer at a neighbourhood health day", source=RecordSource.LEARNER_UPLOAD, trust=Trust.SELF,
        kind_of_education="community", earned_on=city.today - timedelta(days=45), institution_zh="浦湾区红枫居委会", notional_hours=Decimal(8),
        source_type=SourceType.VOLUNTEERING,
    )  # fmt: skip
