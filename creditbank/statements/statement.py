"""The account statement of a period as a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from creditbank.ledger.enums import TransactionType
from creditbank.statements.queries import Entry, entries
from foundation.api import CellKind, CreditSystem, Figure, Heading, Row, Table, in_language


def statement_table(person: Any, *, since: date | None = None, until: date | None = None) -> Table:
    """Every line of the account from one day to another (both counted), unit by unit, in the order of posting.

    A unit whose first day is asked for begins with what stood there before; each balance is that figure and all changes down to its line,
    so the last one is the balance at the end of the period. Three queries a unit.
    """
    headings = (
        Heading(_("Kind of credit")), Heading(_("Date"), CellKind.DATE), Heading(_("Type")), Heading(_("What and why")), Heading(_("Application")),
        Heading(_("Change"), CellKind.NUMBER), Heading(_("Balance"), CellKind.NUMBER),
    )  # fmt: skip
    rows = [row for system in CreditSystem.objects.order_by("code") for row in _unit_rows(person, system, since, until)]
    return Table(_("Account statement"), headings, tuple(rows))


def _unit_rows(person: Any, system: CreditSystem, since: date | None, until: date | None) -> Iterator[Row]:
    lines = list(reversed(entries(person, system.code)))
    balance = sum((entry.line.change for entry in lines if since is not None and entry.line.on < since), Decimal(0))
    if since is not None and lines:
        yield (system.code, since, _("Opening balance"), "", "", None, Figure(balance, system.step))
    for entry in lines:
        line = entry.line
        if (since is not None and line.on < since) or (until is not None and line.on > until):
            continue
        balance += line.change
        yield (
            system.code, line.on, str(TransactionType(line.type).label), _subject(entry),
            entry.application.reference if entry.application else "", Figure(line.change, system.step), Figure(balance, system.step),
        )  # fmt: skip


def _subject(entry: Entry) -> str:
    if entry.application is not None:
        return str(entry.application.programme.title)
    return "; ".join(in_language(record.title_zh, record.title_en) for record in entry.records)
