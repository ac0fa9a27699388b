"""Public pages of rule books: all of them, one version with its rules, what it changed, and its files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from creditbank.agreements.changes import changes_of, version_before
from creditbank.agreements.checking import written_examples
from creditbank.agreements.contracts import Agreement
from creditbank.agreements.files import FORMS, export_version
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, outcome_titles, rule_base
from creditbank.rules.sentences import limit_sentence, rule_sentence
from foundation.api import visible_to

LARGEST_NUMBER = 2**31 - 1


def version_of(request: HttpRequest, book: str, number: int) -> RuleBookVersion:
    """The version of an address; 404 where it does not exist for the reader."""
    rows = visible_to(request.user, RuleBookVersion).select_related("book__institution")
    return get_object_or_404(rows, book__code=book[:40], number=min(number, LARGEST_NUMBER))


@require_safe
def rule_books(request: HttpRequest) -> HttpResponse:
    """All rule books with their published versions, and the agreements behind them."""
    versions = (
        visible_to(request.user, RuleBookVersion)
        .exclude(status="draft")
        .select_related("book__institution")
        .order_by("book__code", "-number")
    )
    agreements = visible_to(request.user, Agreement).exclude(status="draft").prefetch_related("parties")
    return render(request, "creditbank/rules.html", {"versions": versions, "agreements": agreements, "nav": "convert"})


@require_safe
def rule_version(request: HttpRequest, book: str, number: int) -> HttpResponse:
    """One version: every rule as a sentence, with its source, the limits, the examples, and the other versions."""
    version = version_of(request, book, number)
    language, titles, base = get_language() or "zh-hans", outcome_titles(), rule_base(version)
    rules = [{"rule": rule, "sentence": rule_sentence(rule, titles, language)} for rule in base.rules]
    sources = {row.code: row.source for row in version.limits.all()}
    limits = [{"limit": limit, "sentence": limit_sentence(limit, language), "source": sources[limit.id]} for limit in limits_of(version)]
    context = {
        "version": version, "rules": rules, "limits": limits, "examples": written_examples(version), "forms": FORMS,
        "versions": visible_to(request.user, RuleBookVersion).filter(book=version.book).order_by("-number"),
        "has_changes": version_before(version) is not None, "acknowledgements": version.acknowledgements.order_by("code"), "nav": "convert",
    }  # fmt: skip
    return render(request, "creditbank/rule_version.html", context)


@require_safe
def rule_changes(request: HttpRequest, book: str, number: int) -> HttpResponse:
    """What a version changed against the one before it, in words."""
    version = version_of(request, book, number)
    before = version_before(version)
    found = changes_of(version, before, get_language() or "zh-hans") if before else []
    context = {"version": version, "before": before, "changes": found, "nav": "convert"}
    return render(request, "creditbank/rule_changes.html", context)


@require_safe
def download_version(request: HttpRequest, book: str, number: int, form: str) -> HttpResponse:
    """A version as a file of the documented layout."""
    version = version_of(request, book, number)
    if form not in FORMS:
        raise Http404
    return HttpResponse(
        export_version(version, form),
        content_type=FORMS[form],
        headers={"Content-Disposition": f'attachment; filename="{version.book.code}-v{version.number}.{form}"'},
    )
