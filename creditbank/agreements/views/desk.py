"""The officers' view of rule books: drafts with what speaks against them, uploads, publication, retirement."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from creditbank.agreements.actions import import_version, publish_rules, retire_version
from creditbank.agreements.changes import changes_of, version_before
from creditbank.agreements.checking import examples_of, findings_of
from creditbank.agreements.editions import Edition, edition_now
from creditbank.agreements.exceptions import BadDay, ExamplesFail, LintErrors, NotAcknowledged, NotADraft, NotPublished, SamePerson
from creditbank.agreements.forms import PublishForm, RetireForm, UploadVersionForm
from creditbank.agreements.models import RuleBook, RuleBookVersion
from creditbank.agreements.views.books import version_of
from creditbank.catalogue.views import shown_problems
from creditbank.rules.files.cells import BadFiles
from creditbank.rules.findings import Finding
from foundation.api import can
from identity.api import Role, SignedInRequest

SEVERITIES = ("E", "W", "I")
MOST_SHOWN, MOST_PROBLEMS = 50, 500
DESK_ROLES = (Role.CREDIT_OFFICER, Role.REVIEWER)


View = Callable[..., HttpResponse]


def agreements_desk(view: View) -> View:
    """For officers and reviewers, and auditors who read."""

    @wraps(view)
    @login_required
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.acts_as(*DESK_ROLES, Role.AUDITOR):
            raise PermissionDenied(_("The desk is for credit officers, reviewers and auditors."))
        return view(request, *args, **kwargs)

    return guarded


@agreements_desk
def desk_rule_books(request: SignedInRequest) -> HttpResponse:
    """The rule books of one's institutions, drafts included, each newest version with what speaks against it."""
    books = RuleBook.objects.select_related("institution").prefetch_related("versions")
    if not request.user.acts_as(Role.AUDITOR):
        books = books.filter(institution__in=request.user.institutions_as(*DESK_ROLES))
    newest = {book.pk: max(book.versions.all(), key=lambda version: version.number, default=None) for book in books}
    edition = edition_now(*filter(None, newest.values()))
    rows = [_row(request, book, newest[book.pk], edition) for book in books]
    return render(request, "creditbank/desk_rules.html", {"rows": rows, "desk_nav": "rules"})


def _row(request: SignedInRequest, book: RuleBook, newest: RuleBookVersion | None, edition: Edition) -> dict[str, Any]:
    versions = sorted(book.versions.all(), key=lambda version: -version.number)
    if newest is not None:
        newest.book = book
    examples = examples_of(newest, edition) if newest else []
    return {
        "book": book, "versions": versions, "newest": newest, "groups": grouped(findings_of(newest, edition)) if newest else [],
        "examples": examples, "failed": sum(not result.passed for result in examples), "may_draft": can(request.user, "draft", book),
        "may_publish": newest is not None and newest.status == "draft" and can(request.user, "publish", newest),
        "is_author": newest is not None and newest.author_uuid == request.user.uuid,
    }  # fmt: skip


def grouped(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Findings by severity, then by kind with its remedy, in the reader's language."""
    language, groups = get_language() or "zh-hans", []
    for severity in SEVERITIES:
        kinds: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.severity == severity:
                kinds.setdefault(finding.code, []).append(finding)
        if kinds:
            listed = [
                {"code": code, "remedy": found[0].remedy(language), "count": len(found), "more": max(0, len(found) - MOST_SHOWN),
                 "rows": [{"ids": ", ".join(one.ids), "text": one.text(language)} for one in found[:MOST_SHOWN]]}
                for code, found in kinds.items()
            ]  # fmt: skip
            groups.append({"severity": severity, "kinds": listed, "count": sum(len(found) for found in kinds.values())})
    return groups


@agreements_desk
def upload_version(request: SignedInRequest, book: str) -> HttpResponse:
    """Files become a new draft, or a list of everything that is wrong in them."""
    found = _book(request, book)
    if not can(request.user, "draft", found):
        raise PermissionDenied
    form = UploadVersionForm(request.POST or None, request.FILES or None)
    problems: list[Any] = []
    if request.method == "POST" and form.is_valid():
        files = [(file.name, file.read()) for file in form.cleaned_data["uploads"]]
        try:
            version = import_version(
                found, files, valid_from=form.cleaned_data["valid_from"], actor=request.user, notes=form.cleaned_data["notes"]
            )
        except BadFiles as bad:
            problems = shown_problems(bad.problems)
        else:
            messages.success(request, _("Version %(n)s is drafted. Another person publishes it.") % {"n": version.number})
            return redirect("creditbank:rule_version", found.code, version.number)
    context = {"book": found, "form": form, "problems": problems[:MOST_PROBLEMS], "count": len(problems), "desk_nav": "rules"}
    return render(request, "creditbank/upload_version.html", context, status=400 if problems or form.errors else 200)


def _book(request: SignedInRequest, code: str) -> RuleBook:
    """A book of one's institutions; 404 for others."""
    rows = RuleBook.objects.select_related("institution")
    if not request.user.acts_as(Role.AUDITOR):
        rows = rows.filter(institution__in=request.user.institutions_as(*DESK_ROLES))
    return get_object_or_404(rows, code=code[:40])


@agreements_desk
def publish_version(request: SignedInRequest, book: str, number: int) -> HttpResponse:
    """What a draft would change and what speaks against it; another person than the author publishes it, with a word on every warning."""
    version = version_of(request, book, number)
    if not can(request.user, "publish", version):
        raise PermissionDenied
    language = get_language() or "zh-hans"
    before = version_before(version)
    edition = edition_now(version)
    findings, examples = findings_of(version, edition), examples_of(version, edition)
    warnings = {one.code: one.remedy(language) for one in findings if one.severity == "W"}
    form = PublishForm(request.POST or None, warnings=warnings)
    if request.method == "POST" and form.is_valid():
        done = _publish(request, version, form)
        if done is not None:
            return done
    context = {
        "version": version, "form": form, "groups": grouped(findings), "examples": examples, "before": before,
        "changes": changes_of(version, before, language, edition) if before else [], "is_author": version.author_uuid == request.user.uuid,
        "blocked": any(one.severity == "E" for one in findings) or not all(result.passed for result in examples), "desk_nav": "rules",
    }  # fmt: skip
    return render(request, "creditbank/publish_version.html", context, status=400 if form.errors else 200)


def _publish(request: SignedInRequest, version: RuleBookVersion, form: PublishForm) -> HttpResponse | None:
    try:
        publish_rules(version, actor=request.user, at=timezone.now(), acknowledged=form.cleaned_data)
    except SamePerson:
        form.add_error(None, _("You wrote this version; another person publishes it."))
    except NotADraft:
        form.add_error(None, _("This version is not a draft any more."))
    except ExamplesFail as failed:
        form.add_error(None, _("Examples come out otherwise: %(names)s") % {"names": ", ".join(failed.examples)})
    except LintErrors:
        form.add_error(None, _("There are errors that block publishing."))
    except NotAcknowledged as missing:
        form.add_error(None, _("Warnings without a note: %(names)s") % {"names": ", ".join(missing.codes)})
    else:
        messages.success(request, _("Published. It is in force from its first day."))
        return redirect("creditbank:rule_version", version.book.code, version.number)
    return None


@agreements_desk
def retire(request: SignedInRequest, book: str, number: int) -> HttpResponse:
    """End a published version with a day, without another in its place."""
    version = version_of(request, book, number)
    if not can(request.user, "publish", version):
        raise PermissionDenied
    form = RetireForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            retire_version(version, last_day=form.cleaned_data["last_day"], actor=request.user, reason=form.cleaned_data["reason"])
        except NotPublished:
            form.add_error(None, _("Only a published version can be retired."))
        except BadDay:
            form.add_error("last_day", _("This day lies outside of the version."))
        else:
            messages.success(request, _("The version ends on its last day; applications keep the version of their submission."))
            return redirect("creditbank:rule_version", version.book.code, version.number)
    context = {"version": version, "form": form, "desk_nav": "rules"}
    return render(request, "creditbank/retire_version.html", context, status=400 if form.errors else 200)
