"""What account pages and papers show."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.ledger.models import Posting
from creditbank.ledger.queries import balances, live_lots, statement_lines
from creditbank.ledger.types import Balance, StatementLine
from creditbank.recognition.models import Application
from creditbank.statements.models import Transcript
from foundation.api import CreditSystem
from learning.api import LearningRecord

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No letters or digits that look like others: people type these codes from paper."""
SHORT_LENGTH = 12
EXPIRING_DAYS = 365


@dataclass(frozen=True)
class Purse:
    """One unit of a person's account: the unit, its balance, and what of it ends within a year."""

    system: CreditSystem
    balance: Balance
    expiring: Decimal
    expires_on: date | None


@dataclass(frozen=True)
class Entry:
    """A line of the account statement with the records and the application it is about."""

    line: StatementLine
    records: tuple[LearningRecord, ...]
    application: Application | None


def purses(person: Any, *, on: date) -> list[Purse]:
    """All units in which the person has or had anything, by code. Five queries."""
    known = balances(person.uuid)
    ending: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    lots = live_lots(person.uuid)
    for record in LearningRecord.objects.filter(uuid__in=lots, valid_until__isnull=False, valid_until__gte=on):
        if record.valid_until and (record.valid_until - on).days <= EXPIRING_DAYS:
            unit, amount = lots[record.uuid]
            ending[unit].append((record.valid_until, amount))
    return [
        Purse(
            system, known.get(system.code, Balance(system.code)), sum((amount for _day, amount in ending[system.code]), Decimal(0)),
            min((day for day, _amount in ending[system.code]), default=None),
        )
        for system in CreditSystem.objects.order_by("code")
    ]  # fmt: skip


def entries(person: Any, unit: str) -> list[Entry]:
    """The account statement of a unit, newest first, each line with what it is about. Three queries."""
    lines = statement_lines(person.uuid, unit)
    records = LearningRecord.objects.in_bulk({lot for line in lines for lot in line.lots}, field_name="uuid")
    applications = Application.objects.select_related("programme").in_bulk(
        {line.application for line in lines if line.application}, field_name="uuid"
    )
    return [
        Entry(
            line,
            tuple(records[lot] for lot in line.lots if lot in records),
            applications.get(line.application) if line.application else None,
        )
        for line in reversed(lines)
    ]


def credit_years(person: Any) -> list[dict[str, Any]]:
    """Credit in and out by year and unit, for the ribbon: [{"year", "in": {unit: amount}, "out": {unit: amount}}]. One query."""
    years: dict[int, dict[str, dict[str, Decimal]]] = defaultdict(lambda: {"in": defaultdict(Decimal), "out": defaultdict(Decimal)})
    postings = Posting.objects.filter(destination__owner_uuid=person.uuid) | Posting.objects.filter(source__owner_uuid=person.uuid)
    for posting in postings.select_related("transaction", "source__unit", "destination__unit"):
        entry = posting.transaction
        if entry.type == TransactionType.REVERSE:
            continue
        year = entry.effective_on.year
        if (
            posting.destination.kind == AccountKind.AVAILABLE and posting.source.kind == AccountKind.PENDING
        ) or posting.destination.kind == AccountKind.AWARD:
            years[year]["in"][posting.destination.unit.code] += posting.amount
        elif (
            posting.source.kind == AccountKind.HELD and posting.destination.kind == AccountKind.BRIDGE
        ) or posting.destination.kind == AccountKind.EXPIRED:
            years[year]["out"][posting.source.unit.code] += posting.amount
    return [{"year": year, **years[year]} for year in sorted(years)]


def transcript_content(person: Any, *, on: date) -> dict[str, Any]:
    """What a transcript says: balances by unit, and every awarded and deposited item, with decimals as text."""
    systems = {system.code: system for system in CreditSystem.objects.all()}
    units = []
    for code, balance in sorted(balances(person.uuid).items()):
        rows = [_transcript_row(entry) for entry in reversed(entries(person, code)) if entry.line.change]
        if rows:
            units.append(
                {
                    "unit": code,
                    "name_zh": systems[code].name_zh,
                    "name_en": systems[code].name_en,
                    "total": str(balance.total),
                    "rows": rows,
                }
            )
    return {"name": person.name, "on": on.isoformat(), "units": units}


def _transcript_row(entry: Entry) -> dict[str, Any]:
    record = entry.records[0] if entry.records else None
    programme = entry.application.programme if entry.application else None
    return {
        "on": entry.line.on.isoformat(),
        "type": entry.line.type,
        "title_zh": programme.title_zh if programme else (record.title_zh if record else entry.line.note_zh),
        "title_en": (programme.title_en or programme.title_zh)
        if programme
        else (record.title_en or record.title_zh if record else entry.line.note_en),
        "institution_zh": record.institution_zh if record and not programme else (programme.institution.name_zh if programme else ""),
        "institution_en": record.institution_en if record and not programme else (programme.institution.name_en if programme else ""),
        "change": str(entry.line.change),
        "balance": str(entry.line.balance),
    }


def clean_code(text: str) -> str:
    """A typed code: any case, blanks and hyphens ignored, full width understood."""
    return re.sub(r"[\s\-·_]+", "", unicodedata.normalize("NFKC", text[:80])).upper()


def find_transcript(text: str) -> Transcript | None:
    """A transcript by its long or its short code. One query, found or not."""
    code = clean_code(text)
    return (
        Transcript.objects.filter(code=code.lower()).first()
        if len(code) > SHORT_LENGTH
        else Transcript.objects.filter(short_code=code).first()
    )
