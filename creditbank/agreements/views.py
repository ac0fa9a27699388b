"""Public pages of rule books, and the officers' view of them with lint."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from creditbank.agreements.checking import findings_of
from creditbank.agreements.models import Agreement, RuleBook, RuleBookVersion
from creditbank.agreements.queries import limits_of, outcome_titles, rule_base
from creditbank.rules.sentences import limit_sentence, rule_sentence
from foundation.api import visible_to
from identity.api import Role


def rule_books(request: HttpRequest) -> HttpResponse:
    """All rule books with their published versions, and the agreements behind them."""
    versions = (
        visible_to(request.user, RuleBookVersion)
        .exclude(status="draft")
        .select_related("book__institution")
        .order_by("book__code", "-number")
    )
    agreements = Agreement.objects.prefetch_related("parties")
    return render(request, "creditbank/rules.html", {"versions": versions, "agreements": agreements, "nav": "convert"})


def rule_version(request: HttpRequest, book: str, number: int) -> HttpResponse:
    """One version: every rule as a sentence, with its source, and the limits."""
    rows = visible_to(request.user, RuleBookVersion).select_related("book__institution")
    version = get_object_or_404(rows, book__code=book[:40], number=min(number, 2**31 - 1))
    language, titles, base = get_language() or "zh-hans", outcome_titles(), rule_base(version)
    rules = [{"rule": rule, "sentence": rule_sentence(rule, titles, language)} for rule in base.rules]
    sources = {row.code: row.source for row in version.limits.all()}
    limits = [{"limit": limit, "sentence": limit_sentence(limit, language), "source": sources[limit.id]} for limit in limits_of(version)]
    return render(request, "creditbank/rule_version.html", {"version": version, "rules": rules, "limits": limits, "nav": "convert"})


@login_required
def desk_rule_books(request: HttpRequest) -> HttpResponse:
    """The rule books of one's institutions, drafts included, each newest version with its lint."""
    if not request.user.acts_as(Role.CREDIT_OFFICER, Role.REVIEWER, Role.AUDITOR):  # type: ignore[union-attr]
        raise PermissionDenied(_("The desk is for credit officers, reviewers and auditors."))
    language = get_language() or "zh-hans"
    books = RuleBook.objects.select_related("institution")
    if not request.user.acts_as(Role.AUDITOR):  # type: ignore[union-attr]
        books = books.filter(institution__in=request.user.institutions_as(Role.CREDIT_OFFICER, Role.REVIEWER))  # type: ignore[union-attr]
    rows = []
    for book in books:
        versions = list(book.versions.order_by("-number"))
        findings = [(finding.severity, finding.code, finding.text(language)) for finding in findings_of(versions[0])] if versions else []
        rows.append({"book": book, "versions": versions, "findings": findings})
    return render(request, "creditbank/desk_rules.html", {"rows": rows, "desk_nav": "rules"})
