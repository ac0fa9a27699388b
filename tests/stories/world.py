"""A small city for stories: three institutions, the people of the journey, and one course written through the editor's own form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from cms.api import CoursePage, KindOfEducation, QuestionFacts, SchoolPage, Subject, create_home, create_quiz
from creditbank.api import (
    Outcome,
    Programme,
    Rate,
    Requirement,
    RuleBook,
    Terms,
    draft_agreement,
    draft_policy,
    draft_version,
    hash_of_text,
    publish_policy,
    publish_rules,
    sign_agreement,
)
from foundation.api import CreditSystem, Level, LevelFramework
from identity.api import Institution, Role, User, grant_membership, onboard_institution


@dataclass
class World:
    """Who is there; ``client_of`` signs somebody in."""

    people: dict[str, User] = field(default_factory=dict)
    places: dict[str, Institution] = field(default_factory=dict)

    def client_of(self, key: str) -> Client:
        client = Client()
        client.force_login(self.people[key])
        return client


ROLES = {
    "editor": (Role.EDITOR, "AAA"), "approver": (Role.SCHOOL_APPROVER, "AAA"), "reviewer": (Role.LIBRARY_REVIEWER, "CCC"),
    "teacher": (Role.INSTRUCTOR, "BBB"), "head": (Role.SCHOOL_ADMINISTRATOR, "BBB"), "learner": (Role.LEARNER, "BBB"),
    "desk": (Role.CREDIT_OFFICER, "BBB"), "officer": (Role.CREDIT_OFFICER, "CCC"), "second": (Role.REVIEWER, "CCC"),
    "author": (Role.CREDIT_OFFICER, "CCC"),
}  # fmt: skip


def build_world() -> World:
    """Everything that stands before the journey begins."""
    world = World()
    create_home(title="江澜")
    for code, name in (("AAA", "甲学院"), ("BBB", "乙学校"), ("CCC", "丙大学")):
        world.places[code] = onboard_institution(code=code, name_zh=name, name_en=f"Institution {code}", kind="higher", actor=None)
    for key, (role, place) in ROLES.items():
        world.people[key] = User.objects.create_user(name=f"人物{key}", email=f"{key}@example.org")
        grant_membership(world.people[key], world.places[place], role, actor=None, starts_on=timezone.localdate() - timedelta(days=9))
    world.people = {key: User.objects.get(pk=person.pk) for key, person in world.people.items()}
    KindOfEducation.objects.create(code="higher", name_zh="高等教育", name_en="Higher education")
    Subject.objects.create(code="health", name_zh="健康", name_en="Health")
    ladder = LevelFramework.objects.create(code="JL", name_zh="等级", name_en="Levels")
    Level.objects.create(framework=ladder, code="L5", rank=5, name_zh="专科", name_en="Associate")
    for code, category in (("A", "academic"), ("V", "vocational")):
        CreditSystem.objects.create(
            code=code,
            name_zh=f"{code}学分",
            name_en=f"{code} credit",
            category=category,
            hours_min=16,
            hours_nominal=16,
            hours_max=18,
            step=Decimal("0.5"),
        )
    return world


def write_rules(world: World, *, min_score: str = "60") -> None:
    """The college's rule book: 3 vocational credits of the course become academic ones by a rate of 5/8, rounded down to 1.5."""
    Rate.objects.create(source=CreditSystem.objects.get(code="V"), target=CreditSystem.objects.get(code="A"), num=5, den=8)
    owner = world.places["AAA"]
    Outcome.objects.create(code="AAA:CARE", owner=owner, title_zh="照护课", title_en="Care", category="vocational", credits=3)
    Outcome.objects.create(code="CCC:NUR", owner=world.places["CCC"], title_zh="护理导论", title_en="Nursing", credits=4)
    programme = Programme.objects.create(
        code="NUR",
        institution=world.places["CCC"],
        title_zh="护理学",
        title_en="Nursing",
        system=CreditSystem.objects.get(code="A"),
        total=80,
    )
    Requirement.objects.create(
        programme=programme, path="1", title_zh="专业基础", title_en="Foundations", outcomes=["CCC:NUR"], need_credits=4
    )
    agreement = draft_agreement(
        code="AGR", kind="bilateral", parties={world.places["AAA"]: "send", world.places["CCC"]: "receive"}, title_zh="协议",
        starts_on=date(2024, 1, 1), actor=world.people["author"], at=timezone.now(), by=world.places["CCC"],
    )  # fmt: skip
    for place, who in (("AAA", "approver"), ("CCC", "officer")):
        sign_agreement(
            agreement, institution=world.places[place], actor=world.people[who], at=timezone.now(), shown_hash=hash_of_text(agreement)
        )
    book = RuleBook.objects.create(code="CCC", institution=world.places["CCC"], title_zh="丙大学规则", title_en="Rules of CCC")
    rule = {
        "id": "C-1", "agreement": "AGR", "lhs": {"outcome": "AAA:CARE", "min_score": min_score, "trust": "institution"},
        "grants": [{"kind": "course", "outcome": "CCC:NUR", "credits": "rate"}], "reason_zh": "折算", "reason_en": "By rate",
    }  # fmt: skip
    version = draft_version(
        book, rules=[rule], limits=[], valid_from=timezone.localdate() - timedelta(days=3), actor=world.people["author"]
    )
    publish_rules(version, actor=world.people["second"], at=timezone.now() - timedelta(days=3))
    policy = draft_policy(
        world.places["CCC"], Terms(people_for_review=2), valid_from=timezone.localdate() - timedelta(days=3), actor=world.people["author"]
    )
    publish_policy(policy, actor=world.people["second"], at=timezone.now() - timedelta(days=3))


def write_course(world: World) -> CoursePage:
    """The editor writes a course in Wagtail's own form, as a browser would send it."""
    quiz = create_quiz(
        world.places["AAA"], title_zh="小测", actor=world.people["editor"],
        questions=[
            QuestionFacts(kind="single", prompt="先做什么？", choices="*洗手\n戴手套", feedback="先洗手，再戴手套。"),
            QuestionFacts(kind="numeric", prompt="60 ÷ 4 = ?", answer="15"),
            QuestionFacts(kind="true_false", prompt="手套可以代替洗手。", answer="false"),
            QuestionFacts(kind="text", prompt="三查的第一查？", answer="操作前查|操作前"),
        ],
    )  # fmt: skip
    first = {
        "title": "洗手",
        "minutes": 10,
        "required": "on",
        "sample": "on",
        "content": streamfield([("text", rich_text("<p>七步洗手法。</p>"))]),
    }
    last = {
        "title": "核对",
        "minutes": 15,
        "required": "on",
        "sample": "",
        "content": streamfield([("text", rich_text("<p>三查八对。</p>")), ("quiz", str(quiz.pk))]),
    }
    units = {"count": "2", "0": _item(0, first), "1": _item(1, last)}
    section = {"title": "第一章", "summary": "", "units": units}
    data = nested_form_data(
        {
            "title": "照护入门", "title_en": "Care for beginners", "slug": "aaa-care", "summary_zh": "从洗手开始。", "summary_en": "Begin with your hands.",
            "aims_zh": "会洗手", "aims_en": "Wash hands", "code": "AAA-CARE",
            "subject": str(Subject.objects.get().pk), "level": str(Level.objects.get().pk), "language": "zh-hans", "format": "text",
            "notional_hours": "48", "credits": "3", "credit_system": str(CreditSystem.objects.get(code="V").pk), "licence": "cc-by",
            "teacher_names": "沈静", "keywords": "", "prerequisites_zh": "", "prerequisites_en": "",
            "body": streamfield([("section", section)]), "comments": inline_formset([]),
        }
    )  # fmt: skip
    data["kinds"] = [str(KindOfEducation.objects.get().pk)]
    parent = SchoolPage.objects.get(institution=world.places["AAA"])
    client = world.client_of("editor")
    answer = client.post(reverse("wagtailadmin_pages:add", args=["cms", "coursepage", parent.pk]), data)
    assert answer.status_code == 302, _errors(answer)
    return CoursePage.objects.get(code="AAA-CARE")


def _item(order: int, value: dict[str, Any]) -> dict[str, Any]:
    return {"deleted": "", "order": str(order), "id": str(uuid4()), "value": value, "type": ""}


def _errors(answer: Any) -> str:
    form = answer.context["form"] if answer.context and "form" in answer.context else None
    return str(form.errors.as_data() if form is not None else answer.status_code)
