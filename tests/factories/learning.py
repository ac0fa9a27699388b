"""The smallest valid runs, enrolments and records; a small course with two reading units and one quiz."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from wagtail.models import Page

from cms.api import CoursePage, CourseVersion, KindOfEducation, SharingScope
from foundation.api import CreditSystem
from identity.api import Institution, User
from learning.api import (
    ClassListEntry,
    CourseRun,
    Enrolment,
    Evidence,
    LearningRecord,
    NewRecord,
    QuizAttempt,
    RecordSource,
    Trust,
    UnitProgress,
    enter_record,
)
from tests.factories.identity import InstitutionFactory, UserFactory

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
KEYS = ("KEY-ALPHA-SECRET", "KEY-BETA-SECRET")
_numbers = itertools.count(1)


def block_id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


READ, SAMPLE, TEST, QUIZ = block_id("read"), block_id("sample"), block_id("test"), block_id("quiz")
QUESTION_ONE, QUESTION_TWO = block_id("question one"), block_id("question two")


def _question(ident: str, **facts: Any) -> dict[str, Any]:
    plain = {"kind": "single", "prompt": "哪一项对？", "choices": [], "key": [], "tolerance": "0", "feedback": "", "points": "1"}
    return {"id": ident, **plain, **facts}


def quiz_value() -> dict[str, Any]:
    choice = _question(QUESTION_ONE, choices=[["a", "甲"], ["b", "乙"]], key=["b"], feedback="因为乙在后。")
    text = _question(QUESTION_TWO, kind="text", prompt="写出暗号。", key=list(KEYS))
    return {"uuid": block_id("quiz uuid"), "title": "单元测验", "pass_mark": "60", "questions": [choice, text]}


RIGHT = {QUESTION_ONE: ["b"], QUESTION_TWO: [KEYS[0]]}
HALF = {QUESTION_ONE: ["b"], QUESTION_TWO: ["不知道"]}


def manifest(title: str = "用药安全", *, units: int = 0) -> dict[str, Any]:
    """Two reading units (one of them a sample) and a unit with a quiz; ``units`` adds further reading units."""

    def unit(ident: str, name: str, blocks: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
        return {"id": ident, "title": name, "minutes": 20, "required": True, "sample": False, "blocks": blocks, **facts}

    def text(name: str) -> dict[str, Any]:
        return {"id": block_id(f"text {name}"), "type": "text", "value": {"html": f"<p>{name}的正文</p>"}}

    quiz = {"id": QUIZ, "type": "quiz", "value": quiz_value()}
    more = [unit(block_id(f"more {number}"), f"补充{number}", [text(f"补充{number}")]) for number in range(units)]
    first = {
        "id": block_id("section one"),
        "title": "基础",
        "summary": "",
        "units": [unit(SAMPLE, "三查", [text("三查")], sample=True), unit(READ, "八对", [text("八对")]), *more],
    }
    second = {"id": block_id("section two"), "title": "考核", "summary": "", "units": [unit(TEST, "综合考核", [quiz])]}
    return {"title": title, "sections": [first, second]}


def make_course(institution: Institution | None = None, *, title: str = "用药安全", **facts: Any) -> CoursePage:
    """A live public course below the root of the page tree."""
    number = next(_numbers)
    scopes = dict.fromkeys(("preview_scope", "read_scope", "download_scope", "adopt_scope"), SharingScope.PUBLIC)
    course = CoursePage(
        title=title,
        title_en="Safe medication",
        slug=f"course-{number}",
        code=f"TEST-{number:04d}",
        institution=institution or InstitutionFactory(),
        review_state="live",
        aims_zh="能做三查\n能做八对",
        aims_en="Check three times\nCheck eight items",
        notional_hours=Decimal(32),
        live=True,
        **{**scopes, **facts},
    )
    Page.get_first_root_node().add_child(instance=course)
    return course


def make_version(course: CoursePage | None = None, *, content: dict[str, Any] | None = None) -> CourseVersion:
    """The next version of a course."""
    course = course or make_course()
    number = course.versions.count() + 1
    revision = course.save_revision(clean=False)
    return CourseVersion.objects.create(
        course=course, number=number, revision=revision, manifest=content or manifest(course.title), content_hash=f"{number:064d}"
    )


def credit_system(code: str = "A") -> CreditSystem:
    """Academic, vocational or culture credits with a step of a half."""
    names = {"A": ("学历学分", "academic"), "V": ("职业学分", "vocational"), "C": ("文化学分", "culture_leisure")}
    name, category = names[code]
    facts = {"name_zh": name, "name_en": f"{category} credits", "category": category, "step": Decimal("0.5")}
    hours = {"hours_min": Decimal(14), "hours_nominal": Decimal(16), "hours_max": Decimal(18)}
    return CreditSystem.objects.get_or_create(code=code, defaults={**facts, **hours})[0]


def kind_of_education(code: str = "continuing") -> KindOfEducation:
    return KindOfEducation.objects.get_or_create(code=code, defaults={"name_zh": "继续教育", "name_en": "Continuing education"})[0]


class CourseRunFactory(DjangoModelFactory):
    class Meta:
        model = CourseRun
        exclude = ("course",)

    course_version = factory.LazyFunction(make_version)
    course_uuid = factory.LazyAttribute(lambda run: run.course_version.course.uuid)
    version_number = factory.LazyAttribute(lambda run: run.course_version.number)
    institution = factory.SubFactory(InstitutionFactory)
    code = factory.Sequence(lambda number: f"2026-{number:03d}")
    title_zh = "用药安全"
    title_en = "Safe medication"
    kind_of_education = "continuing"
    credits = Decimal("2.0")
    credit_system = factory.LazyFunction(credit_system)
    notional_hours = Decimal(32)
    opened_by_uuid = factory.LazyFunction(lambda: UserFactory().uuid)
    created_at = NOON


class EnrolmentFactory(DjangoModelFactory):
    class Meta:
        model = Enrolment

    run = factory.SubFactory(CourseRunFactory)
    learner = factory.SubFactory(UserFactory)
    enrolled_at = NOON


class ClassListEntryFactory(DjangoModelFactory):
    class Meta:
        model = ClassListEntry

    run = factory.SubFactory(CourseRunFactory, kind="closed")
    learner = factory.SubFactory(UserFactory)
    added_at = NOON


class UnitProgressFactory(DjangoModelFactory):
    class Meta:
        model = UnitProgress

    enrolment = factory.SubFactory(EnrolmentFactory)
    unit_id = READ
    first_opened_at = NOON
    last_opened_at = NOON


class QuizAttemptFactory(DjangoModelFactory):
    class Meta:
        model = QuizAttempt

    enrolment = factory.SubFactory(EnrolmentFactory)
    block_id = QUIZ
    unit_id = TEST
    key = factory.Sequence(str)
    points = Decimal(2)
    max_points = Decimal(2)
    scaled = Decimal(1)
    passed = True
    question_hash = "0" * 64
    submitted_at = NOON


class EvidenceFactory(DjangoModelFactory):
    class Meta:
        model = Evidence

    record = factory.LazyFunction(lambda: make_record())  # noqa: PLW0108  defined below
    filename = "证书.pdf"
    media_type = "application/pdf"
    size = 5
    sha256 = factory.Sequence(lambda number: f"{number:064d}")
    uploaded_by_uuid = factory.LazyAttribute(lambda evidence: evidence.record.learner.uuid)
    uploaded_at = NOON


def new_record(learner: User | None = None, **facts: Any) -> NewRecord:
    """A result that an institution stands for."""
    given = {
        "learner": learner or UserFactory(),
        "title_zh": "社区护理学",
        "title_en": "Community nursing",
        "source": RecordSource.INSTITUTION_UPLOAD,
        "trust": Trust.INSTITUTION,
        "kind_of_education": "continuing",
        "earned_on": date(2025, 7, 4),
        "credits": Decimal("3.0"),
        "credit_system": credit_system(),
        "notional_hours": Decimal(48),
        "score": Decimal(86),
    }
    given.update(facts)
    if "institution" not in given and given["trust"] == Trust.INSTITUTION:
        given["institution"] = InstitutionFactory()
    return NewRecord(**given)


def make_record(learner: User | None = None, **facts: Any) -> LearningRecord:
    """A stored record, entered through the archive's own action."""
    return enter_record(new_record(learner, **facts), actor=None, at=facts.pop("at", timezone.now()))
