"""Routes of the HTTP API about what the bank knows: outcomes, and what programmes require. Public."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from creditbank.catalogue.models import Outcome, Programme
from foundation.api import READ_PROBLEMS, UNCHANGED, Problem, access, cursor_page, only_known, with_etag

router = Router(tags=["credit bank: catalogue"])


class OutcomeOut(Schema):
    """An item that rules refer to; amounts are text, because they are exact."""

    code: str
    owner: str
    title_zh: str
    title_en: str
    credits: str | None
    credit_system: str | None
    hours: str | None
    category: str
    source_type: str
    subjects: list[str]


class OutcomesOut(Schema):
    """A page of outcomes; ``next_cursor`` is null at the end."""

    items: list[OutcomeOut]
    next_cursor: str | None


class RequirementOut(Schema):
    """One requirement of a programme."""

    path: str
    title_zh: str
    title_en: str
    outcomes: list[str]
    subjects: list[str]
    need_credits: str | None
    need_courses: int | None
    elective: bool


class ProgrammeOut(Schema):
    """A programme of one cohort."""

    code: str
    institution: str
    title_zh: str
    title_en: str
    cohort: str
    credit_system: str
    total: str
    takes_applications: bool


class ProgrammeDetailOut(ProgrammeOut):
    """A programme with what it requires."""

    requirements: list[RequirementOut]


class ProgrammesOut(Schema):
    """A page of programmes."""

    items: list[ProgrammeOut]
    next_cursor: str | None


class OutcomeQuestion(Schema):
    """Which outcomes."""

    q: str = Field("", max_length=60, description="Words of the title, the code or its owner.")
    owner: str = Field("", max_length=20, description="Code of an institution.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Outcomes a page.")


class ProgrammeQuestion(Schema):
    """Which programmes."""

    institution: str = Field("", max_length=20, description="Code of an institution.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Programmes a page.")


@router.get("/outcomes", response={200: OutcomesOut, **UNCHANGED, **READ_PROBLEMS}, summary="Find outcomes")
@with_etag
def list_outcomes(request: HttpRequest, question: Query[OutcomeQuestion]) -> dict[str, Any]:
    """Outcomes of the bank's catalogue, by cursor."""
    only_known(request, question)
    rows = Outcome.objects.select_related("owner", "system")
    for word in question.q.split():
        rows = rows.filter(title_zh__icontains=word) | rows.filter(title_en__icontains=word) | rows.filter(code__icontains=word)
    if question.owner:
        rows = rows.filter(owner__code=question.owner)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit, order=("pk",))
    return {"items": [_outcome(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/outcomes/{code}", response={200: OutcomeOut, **UNCHANGED, **READ_PROBLEMS}, summary="Read one outcome")
@with_etag
def read_outcome(request: HttpRequest, code: str) -> dict[str, Any]:
    """An outcome of the bank's catalogue, as it is now."""
    row = Outcome.objects.select_related("owner", "system").filter(code=code[:60]).first()
    if row is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    return _outcome(row)


@router.get("/programmes", response={200: ProgrammesOut, **UNCHANGED, **READ_PROBLEMS}, summary="List programmes")
@with_etag
def list_programmes(request: HttpRequest, question: Query[ProgrammeQuestion]) -> dict[str, Any]:
    """Programmes, by cursor."""
    only_known(request, question)
    rows = Programme.objects.select_related("institution", "system")
    if question.institution:
        rows = rows.filter(institution__code=question.institution)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit, order=("pk",))
    return {"items": [_programme(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/programmes/{code}", response={200: ProgrammeDetailOut, **UNCHANGED, **READ_PROBLEMS}, summary="Read one programme")
@with_etag
def read_programme(request: HttpRequest, code: str) -> dict[str, Any]:
    """A programme with its requirements in the order of their positions."""
    row = access(Programme.objects.select_related("institution", "system"), code, user=request.user, field="code")
    names = ("path", "title_zh", "title_en", "outcomes", "subjects", "need_courses", "elective")
    leaves = [
        {**{name: getattr(leaf, name) for name in names}, "need_credits": plain_amount(leaf.need_credits)}
        for leaf in row.requirements.order_by("path")
    ]
    return {**_programme(row), "requirements": leaves}


def _outcome(row: Outcome) -> dict[str, Any]:
    names = ("code", "title_zh", "title_en", "category", "source_type", "subjects")
    return {
        **{name: getattr(row, name) for name in names}, "owner": row.owner.code, "credits": plain_amount(row.credits),
        "credit_system": row.system.code if row.system else None, "hours": plain_amount(row.hours),
    }  # fmt: skip


def _programme(row: Programme) -> dict[str, Any]:
    names = ("code", "title_zh", "title_en", "cohort")
    return {
        **{name: getattr(row, name) for name in names}, "institution": row.institution.code, "credit_system": row.system.code,
        "total": plain_amount(row.total), "takes_applications": row.is_open,
    }  # fmt: skip


def plain_amount(amount: Any) -> str | None:
    """An exact amount as text without needless zeros."""
    return None if amount is None else format(amount.normalize(), "f")
