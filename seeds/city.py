"""Building the demo city through the front doors that users' input takes, step by step; every step finds what is there already."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from cms.api import (
    CoursePage,
    InfoPage,
    KindOfEducation,
    QuestionFacts,
    Quiz,
    SchoolPage,
    SharingScope,
    SiteSettings,
    Subject,
    approve_for_school,
    approve_in_library,
    create_course,
    create_home,
    create_quiz,
    set_body,
    set_sharing,
    submit_to_school,
)
from foundation.api import CreditSystem, Level, LevelFramework
from identity.api import Alliance, Institution, Role, User, add_to_alliance, grant_membership, onboard_institution
from seeds.catalogue import CityCourse, city_courses, read_yaml
from seeds.content import WrittenUnit, stable_id
from seeds.people import DEMO_PEOPLE, GIVEN, PASSWORD, RARE, SURNAMES

SEED = 20_261_124
LEARNERS = 300
HOMES = ("JLOU", "JLMV", "JLOU", "PWC", "JLOU", "YQE", "JLOU", "JLHV", "JLUT")
"""Where every other of the learners is enrolled, in turn; the others learn as citizens."""


@dataclass
class City:
    """What has been built so far, for the steps that come after."""

    today: date
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    people: dict[str, User] = field(default_factory=dict)
    institutions: dict[str, Institution] = field(default_factory=dict)
    desks: dict[str, dict[str, User]] = field(default_factory=dict)
    courses: list[CityCourse] = field(default_factory=list)
    learners: list[User] = field(default_factory=list)

    def at(self, days_ago: int, hour: int = 10) -> datetime:
        """A moment so many days before the day of loading, in the city's time."""
        day = self.today - timedelta(days=days_ago)
        return datetime.combine(day, time(hour), tzinfo=timezone.get_current_timezone())

    def named(self, key: str) -> User:
        return self.people[f"{key}@demo.example"]


def build_terms(city: City) -> None:
    """Kinds, subjects, levels and units."""
    rows = read_yaml("terms.yaml")
    for order, (code, zh, en, note_zh, note_en) in enumerate(rows["kinds"]):
        KindOfEducation.objects.update_or_create(
            code=code, defaults={"name_zh": zh, "name_en": en, "note_zh": note_zh, "note_en": note_en, "order": order}
        )
    for order, (code, zh, en) in enumerate(rows["subjects"]):
        Subject.objects.update_or_create(code=code, defaults={"name_zh": zh, "name_en": en, "order": order})
    ladder, _made = LevelFramework.objects.get_or_create(code="JL", defaults={"name_zh": "江澜等级框架", "name_en": "Jianglan levels"})
    for code, rank, zh, en in rows["levels"]:
        Level.objects.get_or_create(framework=ladder, code=code, defaults={"rank": rank, "name_zh": zh, "name_en": en})
    for code, zh, en, category, low, nominal, high, step in rows["systems"]:
        CreditSystem.objects.get_or_create(
            code=code,
            defaults={
                "name_zh": zh, "name_en": en, "category": category, "hours_min": Decimal(low), "hours_nominal": Decimal(nominal),
                "hours_max": Decimal(high), "step": Decimal(step),
            },
        )  # fmt: skip


def build_site(city: City) -> None:
    """The home page and the pages of information."""
    home = create_home(title="江澜终身学习与学分银行")
    SiteSettings.objects.filter(pk=1).update(service_points=read_yaml("pages.yaml")["service_points"])
    for row in read_yaml("pages.yaml")["pages"]:
        if not InfoPage.objects.filter(slug=row["slug"]).exists():
            home.add_child(
                instance=InfoPage(
                    title=row["title"][0], title_en=row["title"][1], slug=row["slug"], intro_zh=row["intro"][0], intro_en=row["intro"][1],
                    body_zh=_paragraphs(row["body"][0]), body_en=_paragraphs(row["body"][1]), live=True,
                )
            )  # fmt: skip


def _paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def build_institutions(city: City) -> None:
    """Institutions with their pages and groups, and the alliances."""
    rows = read_yaml("institutions.yaml")
    for number, (code, kind, district, zh, en, text_zh, text_en, founded) in enumerate(rows):
        known = Institution.objects.filter(code=code).first()
        city.institutions[code] = known or onboard_institution(
            code=code, name_zh=zh, name_en=en, kind=kind, actor=None, district=district, description_zh=text_zh, description_en=text_en,
            founded_on=founded, phone=f"0000-{1000 + number:04d}", address=f"江澜市{district}学习路 {number + 8} 号",
        )  # fmt: skip
    for code, zh, en, members in read_yaml("terms.yaml")["alliances"]:
        alliance, _made = Alliance.objects.get_or_create(code=code, defaults={"name_zh": zh, "name_en": en})
        for member in members:
            add_to_alliance(alliance, city.institutions[member], actor=None, starts_on=city.today - timedelta(days=700))


def build_people(city: City) -> None:
    """The people one can be, the desks of every school, and three hundred learners."""
    password = make_password(PASSWORD)
    for person in DEMO_PEOPLE:
        user = User.objects.filter(email=person.email).first() or User.objects.create_user(
            name=person.name, email=person.email, phone=None, elder_mode=person.elder_mode, is_demo=True
        )
        User.objects.filter(pk=user.pk).update(password=password, phone=person.phone, phone_verified=bool(person.phone))
        city.people[person.email] = user
        for role, place in person.roles:
            grant_membership(user, city.institutions[place], role, actor=None, starts_on=city.today - timedelta(days=720))
    for code, institution in city.institutions.items():
        city.desks[code] = {role: _desk_person(city, institution, role) for role in (Role.EDITOR, Role.SCHOOL_APPROVER)}
    city.learners = _learners(city)


def _desk_person(city: City, institution: Institution, role: str) -> User:
    email = f"{role}.{institution.code.lower()}@demo.example"
    user = User.objects.filter(email=email).first() or User.objects.create_user(name=_name(city.chance), email=email, is_demo=True)
    grant_membership(user, institution, role, actor=None, starts_on=city.today - timedelta(days=720))
    return user


def _name(chance: random.Random) -> str:
    return chance.choice(SURNAMES) + chance.choice(GIVEN)


def _learners(city: City) -> list[User]:
    """Learners made once; their names come from the fixed seed, with the rare ones among them."""
    chance = random.Random(SEED + 1)
    names = RARE + [_name(chance) for _ in range(LEARNERS - len(RARE))]
    rows = [
        User(
            name=name,
            email=f"learner{number:03d}@demo.example",
            is_demo=True,
            password="!",
            language="zh-hans",
            uuid=stable_id("learner", number),
        )
        for number, name in enumerate(names)
    ]
    if not User.objects.filter(email=rows[-1].email).exists():
        User.objects.bulk_create(rows, ignore_conflicts=True)
    learners = list(User.objects.filter(email__startswith="learner", email__endswith="@demo.example").order_by("email"))
    for number, learner in enumerate(learners):
        school = city.institutions[HOMES[number % len(HOMES)]]
        if number % 2 == 0:
            grant_membership(learner, school, Role.LEARNER, actor=None, starts_on=city.today - timedelta(days=700))
    return learners


def build_courses(city: City) -> None:
    """Courses through drafting, review and publication, by the editors, approvers and reviewers of the city."""
    city.courses = city_courses()
    known = set(CoursePage.objects.values_list("code", flat=True))
    for course in city.courses:
        if course.facts.code not in known:
            with transaction.atomic():
                _publish(city, course)


def _publish(city: City, course: CityCourse) -> None:
    desk = city.desks[course.school]
    school = SchoolPage.objects.get(institution=city.institutions[course.school])
    page = create_course(school, facts=course.facts, actor=desk[Role.EDITOR])
    page = set_body(page, sections=[_section(city, course, at) for at in range(len(course.sections))], actor=desk[Role.EDITOR])
    scope = SharingScope[course.scope.upper()]
    alliance = Alliance.objects.get(code="CARE") if scope == SharingScope.ALLIANCE else None
    page = set_sharing(
        page, preview=scope, read=scope, download=SharingScope.OWN, adopt=_adoption(scope), alliance=alliance, actor=desk[Role.EDITOR]
    )
    page = submit_to_school(page, actor=desk[Role.EDITOR])
    page = approve_for_school(page, actor=desk[Role.SCHOOL_APPROVER])
    if page.review_state == "submitted":
        reviewer = city.named("qian") if course.school != "JLNU" else None
        approve_in_library(page, actor=reviewer)


def _adoption(scope: int) -> int:
    return min(scope, SharingScope.SIGNED_IN) if scope != SharingScope.ALLIANCE else scope


def _section(city: City, course: CityCourse, at: int) -> dict[str, Any]:
    section, code = course.sections[at], course.facts.code
    units = [
        {"type": "item", "id": str(stable_id(code, at, number)), "value": _unit(city, course, unit, at, number)}
        for number, unit in enumerate(section.units)
    ]
    value = {"title": section.title, "summary": section.summary, "units": units}
    return {"type": "section", "id": str(stable_id(code, at)), "value": value}


def _unit(city: City, course: CityCourse, unit: WrittenUnit, at: int, number: int) -> dict[str, Any]:
    code = course.facts.code
    content: list[dict[str, Any]] = []
    if unit.lines:
        content.append({"type": "text", "id": str(stable_id(code, at, number, "text")), "value": unit.html()})
    if unit.questions:
        quiz = _quiz(city, course, unit, stable_id(code, at, number, "quiz"))
        content.append({"type": "quiz", "id": str(stable_id(code, at, number, "quiz-block")), "value": quiz.pk})
    return {"title": unit.title, "minutes": unit.minutes, "required": True, "sample": unit.sample, "content": content}


def _quiz(city: City, course: CityCourse, unit: WrittenUnit, uuid: Any) -> Quiz:
    questions = [
        QuestionFacts(
            kind=question.kind, prompt=question.prompt, choices="\n".join(question.choices), answer=question.answer, tolerance=question.tolerance,
            feedback=question.feedback, points=question.points, uuid=stable_id(uuid, number),
        )
        for number, question in enumerate(unit.questions)
    ]  # fmt: skip
    return create_quiz(
        city.institutions[course.school], title_zh=f"{unit.title}：小测", title_en=f"{unit.title}: quiz", questions=questions,
        actor=city.desks[course.school][Role.EDITOR], uuid=uuid,
    )  # fmt: skip


@contextmanager
def without_search_index() -> Iterator[None]:
    """Index the courses once at the end instead of at every save; the setting holds for this process alone."""
    stock = settings.WAGTAILSEARCH_BACKENDS
    settings.WAGTAILSEARCH_BACKENDS = {"default": {**stock["default"], "AUTO_UPDATE": False}}
    try:
        yield
    finally:
        settings.WAGTAILSEARCH_BACKENDS = stock
