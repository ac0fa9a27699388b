"""Routes of the HTTP API about one's own account, and the public check of papers."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.security import django_auth

from creditbank.catalogue.rest import plain_amount
from creditbank.statements.queries import entries, purses
from foundation.api import PRIVATE_PROBLEMS, CreditSystem, Problem

router = Router(tags=["credit bank: account"])


class BalanceOut(Schema):
    """What a person has of one unit, as text, as of now; what expires within a year, and when the first of it does."""

    unit: str
    pending: str
    available: str
    held: str
    awarded: str
    expired: str
    expiring: str
    expires_on: date | None


class AccountOut(Schema):
    """The account by unit, with the day for which it holds."""

    as_of: date
    balances: list[BalanceOut]


class LineOut(Schema):
    """One line of an account statement; ``change`` is signed, ``held`` what was reserved or given back."""

    number: int
    type: str
    on: date
    change: str
    held: str
    balance: str
    records: list[UUID]
    application: str | None


class StatementOut(Schema):
    """The account statement of one unit, newest first."""

    unit: str
    lines: list[LineOut]


@router.get("/me/account", response={200: AccountOut, **PRIVATE_PROBLEMS}, auth=django_auth, summary="Read one's own account")
def read_account(request: HttpRequest) -> dict[str, Any]:
    """Balances by unit."""
    today = timezone.localdate()
    rows = [
        {
            "unit": purse.system.code, "expiring": plain_amount(purse.expiring), "expires_on": purse.expires_on,
            **{name: plain_amount(getattr(purse.balance, name)) for name in ("pending", "available", "held", "awarded", "expired")},
        }
        for purse in purses(request.user, on=today)
    ]  # fmt: skip
    return {"as_of": today, "balances": rows}


@router.get(
    "/me/account/{unit}/statement", response={200: StatementOut, **PRIVATE_PROBLEMS}, auth=django_auth, summary="Read one's own statement"
)
def read_statement(request: HttpRequest, unit: str) -> dict[str, Any]:
    """Every line of the account statement of a unit, with the balance after it."""
    if not CreditSystem.objects.filter(code=unit.replace("\x00", "")).exists():
        raise Problem(404, "not_found", _("There is nothing at this address."))
    lines = [
        {
            "number": entry.line.transaction_id, "type": entry.line.type, "on": entry.line.on, "change": plain_amount(entry.line.change),
            "held": plain_amount(entry.line.held), "balance": plain_amount(entry.line.balance), "records": list(entry.line.lots),
            "application": entry.application.reference if entry.application else None,
        }
        for entry in entries(request.user, unit)
    ]  # fmt: skip
    return {"unit": unit, "lines": lines}
