"""One's own account over HTTP: balances as of a day, the statement page by page or as a file (session of the site)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.catalogue.rest import plain_amount
from creditbank.ledger.queries import balances, statement_outline
from creditbank.ledger.types import Balance
from creditbank.statements.queries import Entry, page_of_entries, purses
from creditbank.statements.rest.schemas import AccountOut, AccountQuestion, PeriodQuestion, ShownCodeOut, StatementOut, StatementQuestion
from creditbank.statements.showing import show_credit
from creditbank.statements.statement import statement_table
from foundation.api import PRIVATE_PROBLEMS, CreditSystem, Problem, csv_of, file_answer, file_content, only_known, xlsx_of

router = Router(tags=["credit bank: account"], auth=django_auth)
FORMS = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
PARTS = ("pending", "available", "held", "awarded", "used", "expired", "revoked")


@router.get("/me/account", response={200: AccountOut, **PRIVATE_PROBLEMS}, summary="Read one's own account")
def read_account(request: Any, question: Query[AccountQuestion]) -> dict[str, Any]:
    """Balances by unit, as of now or at the end of a day."""
    only_known(request, question)
    today = timezone.localdate()
    if question.on is not None:
        known = balances(request.user.uuid, on=question.on)
        systems = CreditSystem.objects.order_by("code").values_list("code", flat=True)
        rows = [_balance(known.get(code, Balance(code))) for code in systems]
        return {"as_of": question.on, "balances": rows}
    rows = [
        {**_balance(purse.balance), "unit": purse.system.code, "expiring": plain_amount(purse.expiring), "expires_on": purse.expires_on}
        for purse in purses(request.user, on=today)
    ]
    return {"as_of": today, "balances": rows}


def _balance(balance: Balance) -> dict[str, Any]:
    return {"unit": balance.unit, "expiring": None, "expires_on": None, **{name: plain_amount(getattr(balance, name)) for name in PARTS}}


@router.get("/me/account/code", response={200: ShownCodeOut, **PRIVATE_PROBLEMS}, summary="Show one's own balances by a code")
def make_code(request: Any) -> dict[str, Any]:
    """An address that shows the balances and a masked name to whoever opens it within five minutes."""
    code = show_credit(request.user, at=timezone.now())
    return {"address": code.address, "until": code.until}


@router.get("/me/account/{unit}/statement", response={200: StatementOut, **PRIVATE_PROBLEMS}, summary="Read one's own statement")
def read_statement(request: Any, unit: str, question: Query[StatementQuestion]) -> dict[str, Any]:
    """The account statement of a unit, newest first, by cursor; each line with the balance after it, whatever the period."""
    only_known(request, question)
    _in_order(question.since, question.until)
    if not CreditSystem.objects.filter(code=unit).exists():
        raise Problem(404, "not_found", _("There is nothing at this address."))
    steps = statement_outline(request.user.uuid, unit)
    first, last = question.since or date.min, question.until or date.max
    shown = [step for step in steps if first <= step.on <= last][::-1]
    opening = sum((step.change for step in steps if step.on < first), Decimal(0))
    start = _start(question.cursor)
    left = [step for step in shown if start is None or step.transaction_id < start]
    page = left[: question.limit]
    return {
        "unit": unit, "since": question.since, "until": question.until, "opening": plain_amount(opening),
        "closing": plain_amount(sum((step.change for step in shown), opening)),
        "lines": [_line(entry) for entry in page_of_entries(request.user, unit, page)],
        "next_cursor": str(page[-1].transaction_id) if len(left) > len(page) else None,
    }  # fmt: skip


def _start(cursor: str | None) -> int | None:
    """The number that a cursor names. Raises Problem 400 for a cursor that is none of ours."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal()):
        raise Problem(400, "bad_cursor", _("This page marker is not valid."), _("Start again from the first page."))
    return int(cursor)


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.line.transaction_id, "type": entry.line.type, "on": entry.line.on, "change": plain_amount(entry.line.change),
        "held": plain_amount(entry.line.held), "balance": plain_amount(entry.line.balance), "records": list(entry.line.lots),
        "application": entry.application.reference if entry.application else None,
    }  # fmt: skip


@router.get(
    "/me/account/file/{form}", response={200: None, **PRIVATE_PROBLEMS}, summary="Download one's own statement",
    openapi_extra=file_content(*FORMS.values()),
)  # fmt: skip
def download_statement(request: Any, form: Literal["csv", "xlsx"], question: Query[PeriodQuestion]) -> HttpResponse:
    """Every unit in the order of posting; no cell is a formula."""
    only_known(request, question)
    _in_order(question.since, question.until)
    table = statement_table(request.user, since=question.since, until=question.until)
    return file_answer(xlsx_of([table]) if form == "xlsx" else csv_of(table), FORMS[form], f"statement.{form}")


def _in_order(since: date | None, until: date | None) -> None:
    if since and until and since > until:
        raise Problem(422, "bad_period", _("The period ends before it begins."))
