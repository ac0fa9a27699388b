"""What happens in the city: runs, two years of study, results that institutions report, rules, applications, transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cms.api import CoursePage, course_content, latest_version, quiz_of
from creditbank.api import (
    Application,
    LineDecision,
    NothingToRecognise,
    Programme,
    add_evidence,
    claim_application,
    clean_file,
    confirm_decision,
    decide_application,
    deposit_record,
    evidence_for,
    propose,
    request_information,
    start_application,
    submit_application,
)
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
from seeds.catalogue import read_yaml
from seeds.city import City
from seeds.papers import scanned_record

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
    user = User.objects.filter(email=email).first() or User.objects.create_user(name="校务管理员", email=email, is_demo=True)
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
    _deposit(record_history(histories))


def _stories(city: City, by_outcome: dict[str, CourseRun]) -> list[StudyHistory]:
    """What the people with a name in the demo studied."""
    wanted = [
        ("lin", "JLOU:ELD201", 150, True), ("lin", "JLOU:ELD202", 510, True), ("lin", "JLOU:ELD204", 690, True), ("lin", "YQE:CAL101", 300, True),
        ("lin", "JLUT:AI101", 90, True), ("lin", "JLOU:MED101", 6, False), ("wang", "YQE:CAL101", 60, True), ("chen", "JLUT:PY101", 30, True),
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


def _deposit(records: Sequence[LearningRecord]) -> None:
    rows = LearningRecord.objects.filter(pk__in=[record.pk for record in records]).select_related("learner", "institution", "credit_system")
    with transaction.atomic():
        for record in rows.order_by("earned_on", "id"):
            deposit_record(record, on=record.earned_on)


def report_results(city: City) -> None:
    """Results that institutions report: certificates, examinations, training at work; and what learners add themselves."""
    if LearningRecord.objects.filter(source=RecordSource.INSTITUTION_UPLOAD).exists():
        return
    outcomes = {row[0]: row for row in read_yaml("rulebook.yaml")["outcomes"]}
    lin = city.named("lin")
    rows = [
        _result(city, outcomes, lin, "JLHV:NUR101", 4100, score="82"),
        _result(city, outcomes, lin, "JLHV:NUR102", 3930, score="78"),
        _result(city, outcomes, lin, "JLHV:NUR103", 3740, score="71"),
        _result(city, outcomes, lin, "JLSA:CERT5", 3000, score="76"),
        _result(city, outcomes, lin, "JLSA:CERT4", 1500, score="81"),
        _result(city, outcomes, lin, "JLEM:AID101", 1480, score="90", valid_days=1095),
        _result(city, outcomes, lin, "JLLT:CET4", 400, score="431", scale="CET"),
        _result(city, outcomes, lin, "CHCARE:DEM", 60, score="88", hours="48", trust=Trust.VERIFIED),
        _result(city, outcomes, city.named("chen"), "JLLT:CET4", 150, score="452", scale="CET"),
    ]
    for number, learner in enumerate(city.learners[:160]):
        codes = city.chance.sample(["JLSA:CERT5", "JLSA:CERT4", "JLHV:NUR101", "JLHV:NUR102", "JLLT:CET4", "JLEM:AID101"], 1 + number % 3)
        for code in codes:
            score = str(city.chance.randint(390, 560)) if code == "JLLT:CET4" else str(city.chance.randint(55, 96))
            rows.append(
                _result(
                    city, outcomes, learner, code, city.chance.randint(30, 720), score=score, scale="CET" if code == "JLLT:CET4" else ""
                )
            )
    records = enter_records(rows, actor=city.named("feng"), at=city.at(20), announce_each=False)
    _deposit(records)
    enter_records([_own(city, lin)], actor=lin, at=city.at(10), announce_each=False)


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


def apply_for_recognition(city: City) -> None:
    """Applications in every state of the first journey, decided by the officers of the open university."""
    if Application.objects.exists():
        return
    nursing, care = Programme.objects.get(code="NUR-A-2026"), Programme.objects.get(code="CARE-A-2026")
    _start(nursing, city.named("lin"), city.at(3))
    done = 0
    for learner in city.learners:
        if done >= len(_ENDINGS):
            break
        programme = nursing if done % 2 else care
        if take_to_an_end(city, programme, learner, _ENDINGS[done], days_ago=30 - 2 * done):
            done += 1


def hand_in_evidence(application: Application, at: datetime) -> None:
    """Photographs of the papers that the rules ask for and no school has confirmed."""
    learner = application.learner
    proposal = propose(learner, application.programme, on=timezone.localdate(at))
    for item in evidence_for(proposal, application):
        if not item.is_done:
            rows = [
                ("Holder", f"Learner no. {learner.pk}"),
                ("Course", item.title_en or "Training"),
                ("Result", "passed"),
                ("Paper", f"No. {item.number}"),
            ]
            file = clean_file(scanned_record("TRAINING RECORD", rows), f"{item.item}.png")
            add_evidence(application, rule=item.rule, item=item.item, record=UUID(item.record), file=file, actor=learner, at=at)


def _start(programme: Programme, learner: User, at: datetime) -> Application:
    application = start_application(programme, learner=learner, at=at)
    hand_in_evidence(application, at)
    return submit_application(application, actor=learner, at=at)


_ENDINGS = ("posted", "posted", "second_review", "decided", "refused", "information_requested", "checking", "submitted", "draft", "posted")


@transaction.atomic
def take_to_an_end(city: City, programme: Programme, learner: User, ending: str, *, days_ago: int) -> bool:
    """Take one learner's application as far as its ending; False where nothing of the learner counts for this programme."""
    at = city.at(days_ago)
    application = start_application(programme, learner=learner, at=at)
    if ending == "draft":
        return True
    try:
        hand_in_evidence(application, at)
        application = submit_application(application, actor=learner, at=at)
    except NothingToRecognise:
        Application.objects.filter(pk=application.pk).delete()
        return False
    officer, second = city.named("zhou"), city.named("he")
    if ending == "submitted":
        return True
    application = claim_application(application, actor=officer, at=at + timedelta(hours=2))
    if ending == "information_requested":
        request_information(application, actor=officer, at=at + timedelta(hours=3), text="请补充成绩证明的清晰照片，能看到印章。")
    if ending in {"checking", "information_requested"}:
        return True
    decisions = {line.position: _decision(ending, line.position) for line in application.lines.all()}
    application = decide_application(
        application, decisions=decisions, actor=officer, at=at + timedelta(days=1), message=_MESSAGES.get(ending, "")
    )
    if ending != "second_review":
        confirm_decision(application, actor=second, at=at + timedelta(days=1, hours=4))
    return True


_MESSAGES = {"refused": "材料显示的内容与课程要求不符，欢迎补充后再申请。", "decided": "其中一项内容重合，按较少学分认定。"}


def _decision(ending: str, position: int) -> LineDecision:
    if ending == "refused":
        return LineDecision("refuse", reason="content")
    if ending == "decided" and position == 1:
        return LineDecision("change", amount=Decimal("1.0"), reason="overlap")
    return LineDecision("accept")
