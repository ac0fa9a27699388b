"""Drafts of rule books at the desk, over HTTP (session of the site, in the acting role): import, lint, publish, retire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Form, Router
from ninja.files import UploadedFile
from ninja.security import django_auth

from creditbank.agreements.actions import import_version, publish_rules, retire_version
from creditbank.agreements.checking import examples_of, findings_of
from creditbank.agreements.editions import edition_now
from creditbank.agreements.models import RuleBook, RuleBookVersion
from creditbank.agreements.problems import told
from creditbank.agreements.rest.books import tell_version, version_at
from creditbank.agreements.rest.schemas import FindingsOut, PublishIn, RetireIn, VersionOut
from creditbank.catalogue.uploads import LARGEST
from creditbank.rules.findings import Finding
from foundation.api import PRIVATE_PROBLEMS, WRITE_PROBLEMS, Problem, RetryKey, answer_again, as_stored, can

router = Router(tags=["credit bank: rules"], auth=django_auth)
MOST_FILES = 20


@router.post("/rulebooks/{book}/versions", response={201: VersionOut, **WRITE_PROBLEMS}, summary="Draft a version from files")
def create_version(
    request: Any, book: str, valid_from: Form[date], uploads: File[list[UploadedFile]], notes: Form[str] = "",
    idempotency_key: RetryKey = None,
) -> tuple[int, Any]:  # fmt: skip
    """Files of the documented layout (CSV named after their table, XLSX, JSON or ZIP; 20 files, 20 MB in all) become a draft, all or nothing.

    Otherwise every complaint is answered (422 ``bad_files``) with its file, row and column.
    """
    found = RuleBook.objects.select_related("institution").filter(code=book[:40]).first()
    if found is None:
        raise Http404
    if not can(request.user, "draft", found):
        raise PermissionDenied
    if len(uploads) > MOST_FILES or sum(file.size or 0 for file in uploads) > LARGEST:
        raise Problem(422, "too_large", _("At most 20 files, together at most 20 MB."))
    files = [(file.name or "file", file.read()) for file in uploads]
    said = {"valid_from": valid_from, "notes": notes, "files": [(name, sha256(content).hexdigest()) for name, content in files]}

    def work() -> tuple[int, Any]:
        with told():
            version = import_version(found, files, valid_from=valid_from, actor=request.user, notes=notes[:500])
        return 201, as_stored(VersionOut, tell_version(version))

    return answer_again(request, idempotency_key, said, work)


@router.get("/rulebooks/{book}/versions/{number}/findings", response={200: FindingsOut, **PRIVATE_PROBLEMS}, summary="Lint one version")
def read_findings(request: Any, book: str, number: int) -> dict[str, Any]:
    """What speaks against a version on the day from which it holds, with remedies; and its examples, run."""
    version = _version(request, book, number, to="examine")
    edition = edition_now(version)
    findings, examples = findings_of(version, edition), examples_of(version, edition)
    return {
        "number": version.number, "findings": [_finding(one) for one in findings],
        "blocked": any(one.severity == "E" for one in findings) or not all(one.passed for one in examples),
        "examples": [
            {"code": one.example.code, "title_zh": one.example.title_zh, "title_en": one.example.title_en, "passed": one.passed}
            for one in examples
        ],
    }  # fmt: skip


@router.post("/rulebooks/{book}/versions/{number}/publish", response={200: VersionOut, **WRITE_PROBLEMS}, summary="Publish a draft")
def publish(request: Any, book: str, number: int, body: PublishIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Another person than the author, with a word on every kind of warning; errors and failing examples block it."""
    version = _version(request, book, number, to="publish")
    work = lambda: publish_rules(version, actor=request.user, at=timezone.now(), acknowledged=body.acknowledged)  # noqa: E731
    return _step(request, work, key=idempotency_key, body=body)


@router.post("/rulebooks/{book}/versions/{number}/retire", response={200: VersionOut, **WRITE_PROBLEMS}, summary="Retire a version")
def retire(request: Any, book: str, number: int, body: RetireIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """It ends with a day, without another in its place; applications keep the version of their submission."""
    version = _version(request, book, number, to="publish")
    work = lambda: retire_version(version, last_day=body.last_day, actor=request.user, reason=body.reason)  # noqa: E731
    return _step(request, work, key=idempotency_key, body=body)


def _step(request: Any, work: Callable[[], RuleBookVersion], *, key: str | None, body: Any) -> tuple[int, Any]:
    def step() -> tuple[int, Any]:
        with told():
            done = work()
        return 200, as_stored(VersionOut, tell_version(RuleBookVersion.objects.select_related("book__institution").get(pk=done.pk)))

    return answer_again(request, key, body, step)


def _version(request: Any, book: str, number: int, *, to: str) -> RuleBookVersion:
    version = version_at(request, book, number)
    if not can(request.user, to, version):
        raise PermissionDenied
    return version


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "code": one.code, "severity": one.severity, "ids": list(one.ids), "place": one.place, "text_zh": one.text("zh-hans"),
        "text_en": one.text("en"), "remedy_zh": one.remedy("zh-hans"), "remedy_en": one.remedy("en"),
    }  # fmt: skip
