"""Routes of the HTTP API about rule books and agreements. Public: rules that bind people can be read by everybody."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from creditbank.agreements.models import Agreement, RuleBookVersion
from creditbank.agreements.queries import limits_of, outcome_titles, rule_base
from creditbank.rules.sentences import limit_sentence, rule_sentence
from creditbank.rules.snapshot import plain
from foundation.api import READ_PROBLEMS, Problem, cursor_page, only_known, visible_to

router = Router(tags=["credit bank: rules"])


class VersionOut(Schema):
    """A published version of a rule book."""

    book: str
    number: int
    institution: str
    title_zh: str
    title_en: str
    status: str
    valid_from: date
    valid_to: date | None
    hash: str
    url: str


class VersionsOut(Schema):
    """A page of versions, newest first; ``next_cursor`` is null at the end."""

    items: list[VersionOut]
    next_cursor: str | None


class SentenceOut(Schema):
    """A rule or limit: its number, its sentence in both languages, and its typed form."""

    id: str
    sentence_zh: str
    sentence_en: str
    document: dict[str, Any]


class VersionDetailOut(VersionOut):
    """A version with all its rules and limits."""

    rules: list[SentenceOut]
    limits: list[SentenceOut]


class AgreementOut(Schema):
    """An agreement between institutions."""

    code: str
    title_zh: str
    title_en: str
    kind: str
    status: str
    starts_on: date
    ends_on: date | None
    parties: list[str]


class AgreementsOut(Schema):
    """A page of agreements."""

    items: list[AgreementOut]
    next_cursor: str | None


class VersionQuestion(Schema):
    """Which versions."""

    institution: str = Field("", max_length=20, description="Code of an institution.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Versions a page.")


class AgreementQuestion(Schema):
    """Which agreements."""

    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Agreements a page.")


@router.get("/rulebooks", response={200: VersionsOut, **READ_PROBLEMS}, summary="List published rule books")
def list_versions(request: HttpRequest, question: Query[VersionQuestion]) -> dict[str, Any]:
    """Published and retired versions, newest first, by cursor."""
    only_known(request, question)
    rows = visible_to(request.user, RuleBookVersion).exclude(status="draft").select_related("book__institution")
    if question.institution:
        rows = rows.filter(book__institution__code=question.institution.replace("\x00", ""))
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [_version(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/rulebooks/{book}/versions/{number}", response={200: VersionDetailOut, **READ_PROBLEMS}, summary="Read one version")
def read_version(request: HttpRequest, book: str, number: int) -> dict[str, Any]:
    """A version with every rule and limit, as sentences and as typed data."""
    rows = visible_to(request.user, RuleBookVersion).exclude(status="draft").select_related("book__institution")
    version = rows.filter(book__code=book.replace("\x00", "")[:40], number=max(0, min(number, 2**31 - 1))).first()
    if version is None:
        raise Problem(404, "not_found", "")
    titles = outcome_titles()
    rules = [
        {"id": rule.id, "sentence_zh": rule_sentence(rule, titles, "zh-hans"), "sentence_en": rule_sentence(rule, titles, "en"), "document": plain(rule)}
        for rule in rule_base(version).rules
    ]  # fmt: skip
    limits = [
        {"id": limit.id, "sentence_zh": limit_sentence(limit, "zh-hans"), "sentence_en": limit_sentence(limit, "en"), "document": plain(limit)}
        for limit in limits_of(version)
    ]  # fmt: skip
    return {**_version(version), "rules": rules, "limits": limits}


@router.get("/agreements", response={200: AgreementsOut, **READ_PROBLEMS}, summary="List agreements")
def list_agreements(request: HttpRequest, question: Query[AgreementQuestion]) -> dict[str, Any]:
    """Agreements that were signed, by cursor."""
    only_known(request, question)
    rows = Agreement.objects.exclude(status="draft").prefetch_related("parties")
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit, order=("pk",))
    names = ("code", "title_zh", "title_en", "kind", "status", "starts_on", "ends_on")
    items = [
        {**{name: getattr(row, name) for name in names}, "parties": sorted(party.code for party in row.parties.all())} for row in page.items
    ]
    return {"items": items, "next_cursor": page.next_cursor}


def _version(row: RuleBookVersion) -> dict[str, Any]:
    return {
        "book": row.book.code, "number": row.number, "institution": row.book.institution.code, "title_zh": row.book.title_zh,
        "title_en": row.book.title_en, "status": row.status, "valid_from": row.valid_from, "valid_to": row.valid_to, "hash": row.content_hash,
        "url": f"/rules/{row.book.code}/v{row.number}/",
    }  # fmt: skip
