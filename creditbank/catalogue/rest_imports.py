"""Files for the catalogue over HTTP: brought, read whole, and stored or put aside (session of the site, in the acting role)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Query, Router, Schema
from ninja.files import UploadedFile
from ninja.security import django_auth

from creditbank.catalogue.exceptions import MovedOn
from creditbank.catalogue.importing import bring_catalogue, confirm_import, put_aside
from creditbank.catalogue.imports import CatalogueImport
from creditbank.catalogue.uploads import LARGEST
from creditbank.rules.files.cells import BadFiles
from foundation.api import (
    PRIVATE_PROBLEMS,
    WRITE_PROBLEMS,
    Problem,
    Refusals,
    RetryKey,
    access,
    answer_again,
    as_stored,
    cursor_page,
    only_known,
    refusals_told,
    visible_to,
)
from identity.api import Institution, Role

router = Router(tags=["credit bank: catalogue"], auth=django_auth)
MOST_TOLD = 500


class ImportOut(Schema):
    """A file that was read without a complaint: what it would store, or has stored, by table. No institution: tables of the whole city."""

    uuid: UUID
    institution: str | None
    filename: str
    sha256: str
    state: str
    rows: dict[str, int]
    brought_at: datetime
    confirmed_at: datetime | None


class ImportsOut(Schema):
    """A page of files, newest first; ``next_cursor`` is null at the end."""

    items: list[ImportOut]
    next_cursor: str | None


class ImportQuestion(Schema):
    """Which stretch of the list."""

    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Files a page.")


@router.get("/desk/catalogue", response={200: ImportsOut, **PRIVATE_PROBLEMS}, summary="List files for the catalogue")
def list_imports(request: Any, question: Query[ImportQuestion]) -> dict[str, Any]:
    """Those that the caller may store, newest first, by cursor; all for auditors."""
    only_known(request, question)
    _require(request, Role.CREDIT_OFFICER, Role.OPERATOR, Role.AUDITOR)
    page = cursor_page(
        visible_to(request.user, CatalogueImport).select_related("institution"), cursor=question.cursor, limit=question.limit
    )
    return {"items": [_import(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/desk/catalogue/{import_uuid}", response={200: ImportOut, **PRIVATE_PROBLEMS}, summary="Read one file for the catalogue")
def read_import(request: Any, import_uuid: str) -> dict[str, Any]:
    """What it would store, or has stored."""
    return _import(_row(request, import_uuid, to="view"))


@router.post("/desk/catalogue", response={201: ImportOut, **WRITE_PROBLEMS}, summary="Bring a file for the catalogue")
def bring(request: Any, file: File[UploadedFile], institution: Form[str] = "", idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """For an institution where the caller is officer, or by an operator for the whole city (no ``institution``). Nothing is stored yet.

    Where something is wrong every complaint is answered (422 ``bad_files``) with its file, row and column, and the file is not kept.
    """
    place = _place(request, institution)
    if (file.size or 0) > LARGEST:
        raise Problem(422, "too_large", _("The file is larger than %(most)s MB.") % {"most": LARGEST // 1024 // 1024})
    content, name = file.read(), (file.name or "file")[-200:]

    def work() -> tuple[int, Any]:
        with _told():
            row = bring_catalogue(place, filename=name, content=content, actor=request.user, at=timezone.now())
        return 201, as_stored(ImportOut, _import(row))

    said = {"institution": institution, "name": name, "sha256": sha256(content).hexdigest()}
    return answer_again(request, idempotency_key, said, work)


@router.post("/desk/catalogue/{import_uuid}/confirm", response={200: ImportOut, **WRITE_PROBLEMS}, summary="Store a file in the catalogue")
def confirm(request: Any, import_uuid: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """All or nothing."""
    return _step(request, import_uuid, lambda row: confirm_import(row, actor=request.user, at=timezone.now()), key=idempotency_key)


@router.post("/desk/catalogue/{import_uuid}/put-aside", response={200: ImportOut, **WRITE_PROBLEMS}, summary="Put a file aside")
def aside(request: Any, import_uuid: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Nothing of it is stored."""
    return _step(request, import_uuid, lambda row: put_aside(row, actor=request.user), key=idempotency_key)


def _step(request: Any, ident: str, work: Callable[[CatalogueImport], object], *, key: str | None) -> tuple[int, Any]:
    row = _row(request, ident, to="confirm")

    def step() -> tuple[int, Any]:
        with _told():
            work(row)
        return 200, as_stored(ImportOut, _import(_row(request, ident, to="view")))

    return answer_again(request, key, None, step)


REFUSALS: Refusals = {
    BadFiles: (422, "bad_files", gettext_noop("The files cannot be taken; every complaint is listed.")),
    MovedOn: (409, "wrong_state", gettext_noop("The file was stored or put aside meanwhile; nothing was changed.")),
}


def _told() -> AbstractContextManager[None]:
    return refusals_told(REFUSALS, _more)


def _more(error: Any) -> dict[str, Any]:
    if isinstance(error, MovedOn):
        return {"state": error.state}
    language = get_language() or "zh-hans"
    return {
        "problems": [
            {"file": one.file, "row": one.row, "column": one.column, "message": one.text(language)} for one in error.problems[:MOST_TOLD]
        ]
    }


def _require(request: Any, *roles: str) -> None:
    if not request.user.acts_as(*roles):
        raise PermissionDenied(_("The catalogue is kept by credit officers and operators."))


def _place(request: Any, code: str) -> Institution | None:
    """For whom the file is. Raises PermissionDenied."""
    if not code:
        _require(request, Role.OPERATOR)
        return None
    places = request.user.institutions_as(Role.CREDIT_OFFICER)
    found = Institution.objects.filter(pk__in=places, code=code.replace("\x00", "")[:40]).first()
    if found is None:
        raise PermissionDenied(_("The catalogue is kept by credit officers and operators."))
    return found


def _row(request: Any, ident: str, *, to: str) -> CatalogueImport:
    return access(CatalogueImport.objects.select_related("institution"), ident, user=request.user, to=to)


def _import(row: CatalogueImport) -> dict[str, Any]:
    names = ("uuid", "filename", "sha256", "state", "brought_at", "confirmed_at")
    place = row.institution.code if row.institution else None
    return {**{name: getattr(row, name) for name in names}, "institution": place, "rows": row.counts}
