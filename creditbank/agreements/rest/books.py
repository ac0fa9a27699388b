"""Rule books over HTTP: list, read, read as a file, what a version changed. Drafts exist for those who may see them, as on the pages."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from creditbank.agreements.changes import ChangeShown, changes_of, version_before
from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.files import FORMS, export_version
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, outcome_titles, rule_base
from creditbank.agreements.rest.schemas import ChangesOut, ChangesQuestion, VersionDetailOut, VersionQuestion, VersionsOut
from creditbank.rules.sentences import limit_sentence, rule_sentence
from creditbank.rules.snapshot import plain
from foundation.api import READ_PROBLEMS, UNCHANGED, Problem, cursor_page, file_answer, file_content, only_known, visible_to, with_etag

router = Router(tags=["credit bank: rules"])
LARGEST_NUMBER = 2**31 - 1


@router.get("/rulebooks", response={200: VersionsOut, **UNCHANGED, **READ_PROBLEMS}, summary="List rule books")
@with_etag
def list_versions(request: HttpRequest, question: Query[VersionQuestion]) -> dict[str, Any]:
    """Versions of rule books, newest first, by cursor; drafts only where they are asked for."""
    only_known(request, question)
    rows = visible_to(request.user, RuleBookVersion).select_related("book__institution")
    rows = rows.filter(status=question.status) if question.status else rows.exclude(status=VersionStatus.DRAFT)
    if question.institution:
        rows = rows.filter(book__institution__code=question.institution)
    if question.book:
        rows = rows.filter(book__code=question.book)
    if question.on:
        rows = rows.in_force(on=question.on)  # type: ignore[attr-defined]
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [tell_version(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get(
    "/rulebooks/{book}/versions/{number}", response={200: VersionDetailOut, **UNCHANGED, **READ_PROBLEMS}, summary="Read one version"
)
@with_etag
def read_version(request: HttpRequest, book: str, number: int) -> dict[str, Any]:
    """A version with every rule and limit, as sentences and as typed data."""
    return tell_whole_version(version_at(request, book, number))


@router.get(
    "/rulebooks/{book}/versions/{number}/file/{form}", response={200: None, **UNCHANGED, **READ_PROBLEMS}, summary="Download one version",
    openapi_extra=file_content(*FORMS.values()),
)  # fmt: skip
@with_etag
def download_version(request: HttpRequest, book: str, number: int, form: Literal["xlsx", "json", "zip"]) -> HttpResponse:
    """A version in the documented file layout (docs/RULES.md), with the reference tables that it is read against; it can be imported again."""
    version = version_at(request, book, number)
    return file_answer(export_version(version, form), FORMS[form], f"{version.book.code}-v{version.number}.{form}")


@router.get(
    "/rulebooks/{book}/versions/{number}/changes", response={200: ChangesOut, **UNCHANGED, **READ_PROBLEMS},
    summary="What one version changed",
)  # fmt: skip
@with_etag
def read_changes(request: HttpRequest, book: str, number: int, question: Query[ChangesQuestion]) -> dict[str, Any]:
    """Rules and limits that differ from an earlier version, in words."""
    only_known(request, question)
    version = version_at(request, book, number)
    before = version_at(request, book, question.against) if question.against is not None else version_before(version)
    if before is None:
        return {"number": version.number, "against": None, "changes": []}
    pairs = zip(changes_of(version, before, "zh-hans"), changes_of(version, before, "en"), strict=True)
    return {"number": version.number, "against": before.number, "changes": [_change(zh, en) for zh, en in pairs]}


def _change(zh: ChangeShown, en: ChangeShown) -> dict[str, Any]:
    columns = [
        {"title_zh": first[0], "title_en": second[0], "before": first[1], "after": first[2]}
        for first, second in zip(zh.columns, en.columns, strict=True)
    ]
    return {"what": zh.what_code, "id": zh.ident, "kind": zh.kind, "pieces_zh": zh.pieces, "pieces_en": en.pieces, "columns": columns}


def version_at(request: HttpRequest, book: str, number: int) -> RuleBookVersion:
    """The version of an address. Raises Problem 404 where it does not exist for the caller."""
    rows = visible_to(request.user, RuleBookVersion).select_related("book__institution")
    version = rows.filter(book__code=book[:40], number=max(0, min(number, LARGEST_NUMBER))).first()
    if version is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    return version


def tell_version(row: RuleBookVersion) -> dict[str, Any]:
    """A version without its content."""
    return {
        "book": row.book.code, "number": row.number, "institution": row.book.institution.code, "title_zh": row.book.title_zh,
        "title_en": row.book.title_en, "status": row.status, "valid_from": row.valid_from, "valid_to": row.valid_to, "hash": row.content_hash,
        "url": f"/rules/{row.book.code}/v{row.number}/",
    }  # fmt: skip


def tell_whole_version(version: RuleBookVersion) -> dict[str, Any]:
    """A version with its content."""
    titles = outcome_titles()
    rules = [
        {"id": rule.id, "sentence_zh": rule_sentence(rule, titles, "zh-hans"), "sentence_en": rule_sentence(rule, titles, "en"), "document": plain(rule)}
        for rule in rule_base(version).rules
    ]  # fmt: skip
    limits = [
        {"id": limit.id, "sentence_zh": limit_sentence(limit, "zh-hans"), "sentence_en": limit_sentence(limit, "en"), "document": plain(limit)}
        for limit in limits_of(version)
    ]  # fmt: skip
    return {**tell_version(version), "notes": version.notes, "rules": rules, "limits": limits}
