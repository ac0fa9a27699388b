"""The rule editor: the newest version of a book, one thing changed at a time, each change a draft of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.agreements.actions import (
    drop_example,
    drop_limit,
    drop_rule,
    put_example,
    put_limit,
    put_rule,
    revise_version,
)
from creditbank.agreements.checking import examples_of, findings_of
from creditbank.agreements.editions import Edition, edition_now
from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.examples import read_example
from creditbank.agreements.exceptions import Overtaken, UnknownPart
from creditbank.agreements.models import RuleBook, RuleBookVersion
from creditbank.agreements.queries import limits_of, outcome_titles, rule_base, version_in_force
from creditbank.rules.differences import differences
from creditbank.rules.exceptions import BadRule
from creditbank.rules.reading import limit_document
from creditbank.rules.sentences import limit_sentence, rule_sentence
from creditbank.rules.types import Rule
from creditbank.simulation.editing import fits_form, initial_of, plain_document
from creditbank.simulation.forms import DocumentForm, DraftForm, ExampleForm, LimitForm, RuleForm
from creditbank.simulation.queries import runs_of
from foundation.api import can
from identity.api import Role, SignedInRequest

EDITOR_ROLES = (Role.CREDIT_OFFICER, Role.REVIEWER, Role.AUDITOR)
View = Callable[..., HttpResponse]


def _language() -> str:
    return get_language() or "zh-hans"


def of_book(view: View) -> View:
    """Fetches the book of the address for those who may look at its drafts, and its newest version."""

    @wraps(view)
    @login_required
    def guarded(request: SignedInRequest, book: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.acts_as(*EDITOR_ROLES):
            raise PermissionDenied(_("The desk is for credit officers, reviewers and auditors."))
        row = RuleBook.objects.select_related("institution").filter(code=book.replace("\x00", "")[:40]).first()
        version = row.versions.select_related("book__institution").order_by("-number").first() if row else None
        if (
            row is None
            or version is None
            or not (request.user.acts_as(Role.AUDITOR) or request.user.acts_as(*EDITOR_ROLES, at=row.institution_id))
        ):
            raise Http404
        return view(request, row, version, *args, **kwargs)

    return guarded


def drafting(view: View) -> View:
    """For those who may draft in the book of the address; everybody else who sees it is told so."""

    @of_book
    @wraps(view)
    def guarded(request: SignedInRequest, book: RuleBook, version: RuleBookVersion, *args: Any, **kwargs: Any) -> HttpResponse:
        if not can(request.user, "draft", book):
            raise PermissionDenied(_("Rules are drafted by the institution's credit officers."))
        return view(request, book, version, *args, **kwargs)

    return guarded


@of_book
def editor(request: SignedInRequest, book: RuleBook, version: RuleBookVersion) -> HttpResponse:
    """The newest version: its rules as sentences, limits, examples and how they come out, lint, and what it changes."""
    in_force = version_in_force(book.institution, on=timezone.localdate())
    edition, language = edition_now(version), _language()
    titles, base, limits = outcome_titles(edition), rule_base(version, edition), limits_of(version, edition)
    words = request.GET.get("q", "").strip()[:60]
    said = [(rule, rule_sentence(rule, titles, language)) for rule in base.rules]
    rules = [{"rule": rule, "sentence": text} for rule, text in said if words.casefold() in f"{rule.id} {text}".casefold()]
    context = {
        "book": book, "version": version, "rules": rules[:200], "rules_more": max(0, len(rules) - 200), "words": words,
        "limits": [{"limit": limit, "sentence": limit_sentence(limit, language)} for limit in limits],
        "examples": examples_of(version, edition), "in_force": in_force, "may_draft": can(request.user, "draft", book),
        "findings": [{"finding": one, "text": one.text(language)} for one in findings_of(version, edition)],
        "runs": runs_of(version, user=request.user)[:3], "may_simulate": can(request.user, "simulate", version),
        "changes": _changes(in_force, version, language, edition), "is_draft": version.status == VersionStatus.DRAFT,
        "form": DraftForm(initial={"valid_from": version.valid_from, "notes": version.notes}), "desk_nav": "rules",
    }  # fmt: skip
    return render(request, "creditbank/editor.html", context)


def _changes(before: RuleBookVersion | None, after: RuleBookVersion, language: str, edition: Edition) -> list[dict[str, Any]]:
    """What the version changes against the one in force, in words; nothing where it is that one."""
    if before is None or before.pk == after.pk:
        return []
    titles = outcome_titles(edition)
    old, new = ((rule_base(one, edition), limits_of(one, edition)) for one in (before, after))
    found = differences(*old, *new, tables=False)
    return [{"one": one, "pieces": one.pieces(titles, language), "sentence": "".join(one.sentences(titles, language))} for one in found]


@drafting
def edit_rule(request: SignedInRequest, book: RuleBook, version: RuleBookVersion, code: str = "") -> HttpResponse:
    """One rule in a form, or as typed data where the form does not fit; its sentence in both languages before it is saved."""
    rules = {rule.id: rule for rule in rule_base(version).rules}
    known = rules.get(code)
    if code and known is None:
        raise Http404
    as_document = (known is not None and not fits_form(known)) or "document" in request.GET
    form = _rule_form(request, book, version, known, as_document=as_document)
    rule: Rule | None = form.rule if form.is_bound and form.is_valid() else None
    if rule is not None and not code and rule.id in rules:
        form.add_error("id" if not as_document else "document", _("There is a rule of this number already."))
        rule = None
    if rule is not None and request.POST.get("step") == "save":
        return _saved(request, book, form, lambda: put_rule(version, rule, actor=request.user, notes=version.notes))
    context = {
        "book": book, "version": version, "code": code, "form": form, "as_document": as_document, "desk_nav": "rules",
        "sentences": _sentences(rule or (known if not form.is_bound else None)), "can_be_form": known is None or fits_form(known),
        "outcomes": list(outcome_titles().items())[:2000],
    }  # fmt: skip
    return render(request, "creditbank/edit_rule.html", context, status=400 if form.errors else 200)


def _rule_form(request: HttpRequest, book: RuleBook, version: RuleBookVersion, known: Rule | None, *, as_document: bool) -> Any:
    posted = request.POST if request.method == "POST" else None
    if as_document:
        text = json.dumps(plain_document(known), ensure_ascii=False, indent=2) if known else ""
        return DocumentForm(posted, number=version.number + 1, code=known.id if known else "", initial={"document": text})
    initial = (
        initial_of(known)
        if known
        else {"priority": 100, "route": "review", "window_date": "earned", "together": "all", "offer": "all", "k": 1}
    )
    return RuleForm(posted, initial=initial, book=book, number=version.number + 1, is_new=known is None)


def _sentences(rule: Rule | None) -> list[tuple[str, str]]:
    titles = outcome_titles()
    return [] if rule is None else [(language, rule_sentence(rule, titles, language)) for language in ("zh-hans", "en")]


def _saved(request: SignedInRequest, book: RuleBook, form: Any, work: Callable[[], RuleBookVersion]) -> HttpResponse:
    """Do it and go back to the editor; a newer draft of somebody else, or what cannot be, is told, and nothing is saved."""
    try:
        draft = work()
    except Overtaken as error:
        messages.error(
            request,
            _("Somebody saved draft %(number)s meanwhile. Nothing of yours was saved; please look at it first.") % {"number": error.number},
        )
    except (BadRule, UnknownPart) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved as draft %(number)s.") % {"number": draft.number})
    return redirect("creditbank:editor", book.code)


@drafting
@require_POST
def remove_rule(request: SignedInRequest, book: RuleBook, version: RuleBookVersion, code: str) -> HttpResponse:
    """A draft without this rule."""
    return _saved(request, book, None, lambda: drop_rule(version, code, actor=request.user, notes=version.notes))


@drafting
def edit_limit(request: SignedInRequest, book: RuleBook, version: RuleBookVersion, code: str = "") -> HttpResponse:
    """One limit in a form."""
    known = {limit.id: limit for limit in limits_of(version)}
    if code and code not in known:
        raise Http404
    form = LimitForm(request.POST if request.method == "POST" else None, initial=_limit_initial(version, known.get(code)), is_new=not code)
    if form.is_bound and form.is_valid() and form.limit is not None:
        limit, source = form.limit, form.cleaned_data["source"]
        if not code and limit.id in known:
            form.add_error("id", _("There is a limit of this number already."))
        else:
            return _saved(request, book, form, lambda: put_limit(version, limit, source=source, actor=request.user, notes=version.notes))
    return _form_page(request, book, version, form, _("Limit %(code)s") % {"code": code} if code else _("A new limit"))


def _limit_initial(version: RuleBookVersion, limit: Any) -> dict[str, Any]:
    if limit is None:
        return {"measure": "credits", "op": "<=", "per": "none", "overflow": "reject_whole"}
    document = limit_document(limit)
    row = version.limits.filter(code=limit.id).first()
    names = ("id", "measure", "op", "bound", "per", "overflow")
    return {
        **{name: getattr(limit, name) for name in names}, "share": str(limit.share) if limit.share else "",
        "source_type": document.get("selector", {}).get("source_type", []), "source": row.source if row else "",
    }  # fmt: skip


@drafting
@require_POST
def remove_limit(request: SignedInRequest, book: RuleBook, version: RuleBookVersion, code: str) -> HttpResponse:
    """A draft without this limit."""
    return _saved(request, book, None, lambda: drop_limit(version, code, actor=request.user, notes=version.notes))


@drafting
def new_example(request: SignedInRequest, book: RuleBook, version: RuleBookVersion) -> HttpResponse:
    """An example that the version must pass before it is published."""
    today = timezone.localdate()
    form = ExampleForm(request.POST if request.method == "POST" else None, book=book, initial={"reviewed_on": today, "earned_on": today})
    if form.is_bound and form.is_valid():
        example = read_example(form.document())
        return _saved(request, book, form, lambda: put_example(version, example, actor=request.user, notes=version.notes))
    return _form_page(request, book, version, form, _("A new example"))


@drafting
@require_POST
def remove_example(request: SignedInRequest, book: RuleBook, version: RuleBookVersion, code: str) -> HttpResponse:
    """A draft without this example."""
    return _saved(request, book, None, lambda: drop_example(version, code, actor=request.user, notes=version.notes))


@drafting
@require_POST
def change_draft(request: SignedInRequest, book: RuleBook, version: RuleBookVersion) -> HttpResponse:
    """From when the draft is to hold, and what it changes."""
    form = DraftForm(request.POST)
    if not form.is_valid():
        return _form_page(request, book, version, form, _("From when it holds"))
    typed = form.cleaned_data
    return _saved(
        request, book, form, lambda: revise_version(version, actor=request.user, valid_from=typed["valid_from"], notes=typed["notes"])
    )


def _form_page(request: SignedInRequest, book: RuleBook, version: RuleBookVersion, form: Any, title: str) -> HttpResponse:
    context = {"book": book, "version": version, "form": form, "title": title, "desk_nav": "rules"}
    return render(request, "creditbank/editor_form.html", context, status=400 if form.errors else 200)
