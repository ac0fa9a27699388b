"""The account, and its statement as a file."""

from __future__ import annotations

import csv
import io
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from creditbank.ledger.enums import TransactionType
from creditbank.statements.queries import credit_years, entries, purses
from foundation.api import format_credits, in_language
from identity.api import SignedInRequest

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


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
def statement_csv(request: HttpRequest) -> HttpResponse:
    """The account statement of all units as CSV; no cell can become a formula."""
    person = cast("SignedInRequest", request).user
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([_("Unit"), _("Date"), _("Type"), _("Subject"), _("Change"), _("Balance")])
    for purse in purses(person, on=timezone.localdate()):
        for entry in reversed(entries(person, purse.system.code)):
            line, step = entry.line, purse.system.step
            subject = (
                entry.application.reference
                if entry.application
                else "; ".join(in_language(record.title_zh, record.title_en) for record in entry.records)
            )
            change = format_credits(line.change, step).replace("−", "-")
            writer.writerow(
                [
                    purse.system.code,
                    line.on.isoformat(),
                    TransactionType(line.type).label,
                    harmless(subject),
                    change,
                    format_credits(line.balance, step),
                ]
            )
    answer = HttpResponse("\ufeff" + buffer.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="statement.csv"'
    return answer


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text
