"""The account, and its statement as a file."""

from __future__ import annotations

from decimal import Decimal
from typing import cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from creditbank.ledger.models import Transaction
from creditbank.ledger.queries import statement_outline
from creditbank.statements.forms import PeriodForm, StatementForm
from creditbank.statements.queries import credit_years, page_of_entries, purses, reason_of
from creditbank.statements.statement import statement_table
from foundation.api import access, csv_of, xlsx_of
from identity.api import SignedInRequest

PAGE_SIZE = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Balances by unit, the years, and the account statement of one unit and period, page by page, with its running balance."""
    person = cast("SignedInRequest", request).user
    now = timezone.now()
    rows = purses(person, on=timezone.localdate(now))
    shown = [purse for purse in rows if purse.has_any]
    unit = request.GET.get("unit", "")
    current = next((purse for purse in rows if purse.system.code == unit), shown[0] if shown else None)
    form = StatementForm(request.GET) if {"since", "until"} & request.GET.keys() else StatementForm()
    steps = [step for step in statement_outline(person.uuid, current.system.code) if form.covers(step.on)] if current else []
    page = Paginator(steps[::-1], PAGE_SIZE).get_page(request.GET.get("page"))
    chosen = {"unit": current.system.code if current else "", **form.chosen()}
    context = {
        "purses": shown, "current": current, "form": form, "page": page, "query": urlencode(chosen) + "&", "filtered": bool(form.chosen()),
        "entries": page_of_entries(person, current.system.code, list(page.object_list)) if current else [],
        "total": sum((step.change for step in steps), Decimal(0)), "first": steps[0] if steps else None, "last": steps[-1] if steps else None,
        "years": credit_years(person), "now": now, "nav": "credits",
    }  # fmt: skip
    return render(request, "creditbank/account.html", context, status=400 if form.errors else 200)


@login_required
@require_safe
def entry(request: HttpRequest, transaction_uuid: str) -> HttpResponse:
    """Why one transaction was posted: its postings, the case, the rule and its version, the evidence."""
    row = access(Transaction, transaction_uuid, user=request.user)
    reason = reason_of(row)
    mine = any(request.user.pk == record.learner_id for record in reason.records)
    return render(request, "creditbank/entry.html", {"reason": reason, "entry": row, "is_owner": mine, "nav": "credits" if mine else ""})


@login_required
@require_safe
def statement(request: HttpRequest) -> HttpResponse:
    """Choose a period and a kind of file; the file comes at once."""
    form = PeriodForm(request.GET) if "kind" in request.GET else PeriodForm()
    if form.is_bound and form.is_valid():
        return _statement_file(request, form.cleaned_data["kind"], form)
    return render(request, "creditbank/statement.html", {"form": form, "nav": "credits"}, status=400 if form.errors else 200)


@login_required
@require_safe
def statement_csv(request: HttpRequest) -> HttpResponse:
    """The whole account statement as CSV."""
    return _statement_file(request, "csv")


def _statement_file(request: HttpRequest, kind: str, form: PeriodForm | None = None) -> HttpResponse:
    period = {"since": form.cleaned_data["since"], "until": form.cleaned_data["until"]} if form else {}
    table = statement_table(cast("SignedInRequest", request).user, **period)
    if kind == "xlsx":
        answer = HttpResponse(xlsx_of([table]), content_type=XLSX)
    else:
        answer = HttpResponse(csv_of(table), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="statement.{kind}"'
    return answer
