"""The account, and its statement as a file."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from creditbank.statements.forms import PeriodForm
from creditbank.statements.queries import credit_years, entries, purses
from creditbank.statements.statement import statement_table
from foundation.api import csv_of, xlsx_of
from identity.api import SignedInRequest

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Balances by unit, the years, and the account statement of one unit with its running balance."""
    person = cast("SignedInRequest", request).user
    now = timezone.now()
    rows = purses(person, on=timezone.localdate(now))
    shown = [purse for purse in rows if purse.balance.total or purse.balance.pending or purse.balance.expired]
    unit = request.GET.get("unit", "")
    current = next((purse for purse in rows if purse.system.code == unit), shown[0] if shown else None)
    context = {
        "purses": shown, "current": current, "entries": entries(person, current.system.code) if current else [],
        "years": credit_years(person), "now": now, "nav": "credits",
    }  # fmt: skip
    return render(request, "creditbank/account.html", context)


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
