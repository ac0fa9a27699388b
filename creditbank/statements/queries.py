"""What account pages and papers show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.ledger.models import Posting, Transaction
from creditbank.ledger.queries import account_ids, balances, live_lots, statement_lines
from creditbank.ledger.types import Balance, StatementLine, StatementStep
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.models import CASE_ROLES, Application
from creditbank.recognition.presenting import LineShown
from creditbank.recognition.views.shared import shown_application
from creditbank.statements.checking import clean_code
from creditbank.statements.models import Certificate
from foundation.api import CreditSystem, begins_with
from identity.api import Role
from learning.api import LearningRecord

EXPIRING_DAYS = 365


@dataclass(frozen=True)
class Purse:
    """One unit of a person's account: the unit, its balance, and what of it ends within a year."""

    system: CreditSystem
    balance: Balance
    expiring: Decimal
    expires_on: date | None

    @property
    def has_any(self) -> bool:
        """Whether anything lies there, or ever did."""
        have = self.balance
        return bool(have.total or have.pending or have.expired or have.revoked or have.used)


@dataclass(frozen=True)
class Entry:
    """A line of the account statement with the records and the application it is about."""

    line: StatementLine
    records: tuple[LearningRecord, ...]
    application: Application | None


def purses(person: Any, *, on: date) -> list[Purse]:
    """All units in which the person has or had anything, by code. Seven queries."""
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
    """The account statement of a unit, newest first, each line with what it is about. Six queries."""
    return _entries(person, statement_lines(person.uuid, unit))


def page_of_entries(person: Any, unit: str, page: Sequence[StatementStep]) -> list[Entry]:
    """The same for the steps of one page. Four queries, however long the statement is."""
    steps = sorted(page, key=lambda step: step.transaction_id)
    return _entries(person, statement_lines(person.uuid, unit, steps=steps)) if steps else []


def _entries(person: Any, lines: Sequence[StatementLine]) -> list[Entry]:
    records = LearningRecord.objects.in_bulk({lot for line in lines for lot in line.lots}, field_name="uuid")
    applications = (
        Application.objects.filter(learner=person)
        .select_related("programme")
        .in_bulk({line.application for line in lines if line.application}, field_name="uuid")
    )
    return [
        Entry(
            line,
            tuple(records[lot] for lot in line.lots if lot in records),
            applications.get(line.application) if line.application else None,
        )
        for line in reversed(lines)
    ]


@dataclass(frozen=True)
class Reason:
    """Why one transaction was posted: its postings, the records whose credit moved, the case and the lines of its decision."""

    entry: Transaction
    postings: tuple[Posting, ...]
    records: tuple[LearningRecord, ...]
    application: Application | None
    lines: tuple[LineShown, ...]
    reverses: Transaction | None
    reversed_by: Transaction | None


def reason_of(entry: Transaction) -> Reason:
    """From a transaction to the rule and the evidence behind it. Six queries."""
    postings = tuple(entry.postings.select_related("source__unit", "destination__unit").order_by("id"))
    lots = {posting.lot_uuid for posting in postings}
    records = tuple(LearningRecord.objects.filter(uuid__in=lots).select_related("institution").order_by("id"))
    rows = Application.objects.select_related("programme", "institution", "rules__book", "first_officer", "second_officer", "learner")
    application = rows.filter(uuid=entry.application_uuid).first() if entry.application_uuid else None
    lines: tuple[LineShown, ...] = ()
    shown = shown_application(application) if application else None
    if application is not None and shown is not None:
        used = {line.position for line in application.lines.all() if lots & {UUID(ident) for ident in line.records}}
        lines = tuple(line for line in shown.lines if line.position in used)
    reversal = Transaction.objects.filter(reverses=entry).first()
    return Reason(entry, postings, records, application, lines, entry.reverses, reversal)


def credit_years(person: Any) -> list[dict[str, Any]]:
    """Credit in and out by year and unit, for the ribbon: [{"year", "in": {unit: amount}, "out": {unit: amount}}]. Two queries."""
    years: dict[int, dict[str, dict[str, Decimal]]] = defaultdict(lambda: {"in": defaultdict(Decimal), "out": defaultdict(Decimal)})
    accounts = account_ids(person.uuid)
    postings = Posting.objects.filter(Q(destination__in=accounts) | Q(source__in=accounts))
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


def to_certify(person: Any) -> QuerySet[Application]:
    """The person's credited applications for which no certificate was ever issued, newest first. One query."""
    issued = Certificate.objects.filter(learner=person).values("application")
    rows = Application.objects.filter(learner=person, state=ApplicationState.POSTED, decided_credits__gt=0).exclude(pk__in=issued)
    return rows.select_related("programme__institution", "programme__system").order_by("-id")


def certificates_at(user: Any, *, search: str = "") -> QuerySet[Certificate]:
    """Certificates that a desk may look at, newest first; ``search`` is how a number or a reference number begins, or a code."""
    rows = Certificate.objects.exclude(learner=user).select_related("application__programme", "learner")
    if not user.acts_as(Role.AUDITOR):
        rows = rows.filter(application__institution__in=user.institutions_as(*CASE_ROLES))
    rows = rows.defer("application__snapshot", "application__proposal")
    if search:
        words = search[:40].upper()
        cases = Application.objects.filter(begins_with("reference", words)).values("pk")
        rows = rows.filter(begins_with("number", words) | Q(application__in=cases) | Q(short_code=clean_code(search)))
    return rows.order_by("-id")
