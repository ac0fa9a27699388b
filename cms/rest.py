"""Routes of the HTTP API that the library answers: what the caller may preview, by the one policy."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from cms.library.content import content_of
from cms.library.models import CoursePage
from cms.library.queries import courses_visible_to, latest_version
from cms.search.catalogue import found_ids
from foundation.api import READ_PROBLEMS, Problem, access, cursor_page, only_known
from identity.api import Institution, InstitutionKind

router = Router(tags=["library"])


class CourseOut(Schema):
    """What a course says about itself, in both languages; ``credits`` is text, because amounts are exact."""

    uuid: UUID
    code: str
    title_zh: str
    title_en: str
    summary_zh: str
    summary_en: str
    school: str
    subject: str | None
    level: str | None
    language: str
    format: str
    licence: str
    notional_hours: str
    credits: str | None
    credit_system: str | None
    url: str


class UnitOut(Schema):
    """One unit of the outline."""

    id: str
    title: str
    minutes: int
    required: bool
    sample: bool


class SectionOut(Schema):
    """One chapter of the outline."""

    id: str
    title: str
    units: list[UnitOut]


class CourseDetailOut(CourseOut):
    """A course with its aims, its newest version and its outline; never its quizzes."""

    aims_zh: list[str]
    aims_en: list[str]
    teacher_names: str
    version: int | None
    published_at: datetime | None
    outline: list[SectionOut]


class CoursesOut(Schema):
    """A page of courses; ``next_cursor`` is null at the end."""

    items: list[CourseOut]
    next_cursor: str | None


class SchoolOut(Schema):
    """An institution."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    district: str


class SchoolsOut(Schema):
    """A page of institutions."""

    items: list[SchoolOut]
    next_cursor: str | None


class CourseQuestion(Schema):
    """What to look for; unknown parameters are refused."""

    q: str = Field("", max_length=255, description="Words, also Chinese ones inside a clause.", examples=["护理"])
    kind: str = Field("", max_length=30, description="Code of a kind of education.", examples=["elderly"])
    subject: str = Field("", max_length=30, description="Code of a subject.")
    school: str = Field("", max_length=20, description="Code of an institution.", examples=["JLOU"])
    level: str = Field("", max_length=12, description="Code of a level.")
    language: str = Field("", max_length=10, description="zh-hans or en.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Courses a page.")


class SchoolQuestion(Schema):
    """Which institutions."""

    kind: str = Field("", max_length=20, description="Kind of institution.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Institutions a page.")


FILTERS = {"subject": "subject__code", "school": "institution__code", "level": "level__code", "language": "language"}


@router.get("/courses", response={200: CoursesOut, **READ_PROBLEMS}, summary="Search the shared library")
def list_courses(request: HttpRequest, question: Query[CourseQuestion]) -> dict[str, Any]:
    """Published courses that the caller may preview, oldest first, by cursor."""
    only_known(request, question)
    rows = courses_visible_to(request.user).filter(live=True).select_related("institution", "subject", "level", "credit_system")
    for name, column in FILTERS.items():
        if value := getattr(question, name):
            rows = rows.filter(**{column: value})
    if question.kind:
        rows = rows.filter(Q(pk__in=CoursePage.kinds.through.objects.filter(kindofeducation__code=question.kind).values("coursepage_id")))
    ids = found_ids(question.q)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit, order=("pk",))
    return {"items": [_course(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/courses/{course_uuid}", response={200: CourseDetailOut, **READ_PROBLEMS}, summary="Read one course")
def read_course(request: HttpRequest, course_uuid: UUID) -> dict[str, Any]:
    """A course with its outline; what is outside of the caller's scope does not exist."""
    rows = CoursePage.objects.select_related("institution", "subject", "level", "credit_system")
    course = access(rows, course_uuid, user=request.user)
    version = latest_version(course)
    content = content_of(version.manifest) if version else None
    outline = [
        {"id": section.id, "title": section.title, "units": [_unit(unit) for unit in section.units]}
        for section in (content.sections if content else ())
    ]
    return {
        **_course(course), "aims_zh": course.aims_zh.splitlines(), "aims_en": course.aims_en.splitlines(), "teacher_names": course.teacher_names,
        "version": version.number if version else None, "published_at": version.created_at if version else None, "outline": outline,
    }  # fmt: skip


@router.get("/schools", response={200: SchoolsOut, **READ_PROBLEMS}, summary="List institutions")
def list_schools(request: HttpRequest, question: Query[SchoolQuestion]) -> dict[str, Any]:
    """Active institutions, oldest first, by cursor."""
    only_known(request, question)
    rows = Institution.objects.active().visible_to(request.user)
    if question.kind:
        if question.kind not in InstitutionKind.values:
            raise Problem(422, "invalid", _("Some values are not valid."), kind=list(InstitutionKind.values))
        rows = rows.filter(kind=question.kind)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit, order=("pk",))
    names = ("code", "name_zh", "name_en", "kind", "district")
    return {"items": [{name: getattr(row, name) for name in names} for row in page.items], "next_cursor": page.next_cursor}


def _course(course: CoursePage) -> dict[str, Any]:
    names = ("uuid", "code", "title_zh", "title_en", "summary_zh", "summary_en", "language", "format", "licence")
    return {
        **{name: getattr(course, name) for name in names},
        "school": course.institution.code,
        "subject": course.subject.code if course.subject else None,
        "level": course.level.code if course.level else None,
        "notional_hours": _plain(course.notional_hours),
        "credits": _plain(course.credits) if course.credits is not None else None,
        "credit_system": course.credit_system.code if course.credit_system else None,
        "url": f"/c/{course.uuid}/",
    }


def _unit(unit: Any) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in ("id", "title", "minutes", "required", "sample")}


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
