"""Questions to the ledger: balances, account statements, and whether the books are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum

from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.ledger.models import Account, BookCheck, LedgerFreeze, Posting
from creditbank.ledger.types import Balance, Lot, StatementLine, StatementStep

COUNTED = (AccountKind.AVAILABLE, AccountKind.HELD, AccountKind.AWARD)
LIVE = (
    AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.HELD, AccountKind.CONVERTED, AccountKind.AWARD, AccountKind.EXPIRED,
    AccountKind.REVOKED,
)  # fmt: skip
KINDS_THAT_FOLLOW = (AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.EXPIRED, AccountKind.REVOKED)
"""What moves where two accounts are merged; what is held or awarded stays."""
AT_ONCE = 5000
"""So many values go into one query."""
BALANCE_FIELDS = {
    AccountKind.PENDING: "pending",
    AccountKind.AVAILABLE: "available",
    AccountKind.HELD: "held",
    AccountKind.AWARD: "awarded",
    AccountKind.EXPIRED: "expired",
    AccountKind.REVOKED: "revoked",
}


def balances(owner: UUID, *, on: date | None = None) -> dict[str, Balance]:
    """What a person has, by unit code; as of the end of a day if one is given. Three queries (four with a day)."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    if on is None:
        rows = (
            Account.objects.filter(owner_uuid=owner, kind__in=BALANCE_FIELDS)
            .values_list("unit__code", "kind")
            .annotate(total=Sum("balance"))
        )
        for unit, kind, total in rows.order_by("unit__code", "kind"):
            sums[unit][BALANCE_FIELDS[AccountKind(kind)]] += total
    else:
        for side, sign in (("destination", 1), ("source", -1)):
            moved = Posting.objects.filter(
                **{f"{side}__owner_uuid": owner, f"{side}__kind__in": list(BALANCE_FIELDS)}, transaction__effective_on__lte=on
            ).values_list(f"{side}__unit__code", f"{side}__kind").annotate(total=Sum("amount"))  # fmt: skip
            for unit, kind, total in moved.order_by():
                sums[unit][BALANCE_FIELDS[AccountKind(kind)]] += sign * total
    for unit, total in _used(owner, on).items():
        sums[unit]["used"] = total
    return {unit: Balance(unit, **parts) for unit, parts in sums.items()}


def _used(owner: UUID, on: date | None) -> dict[str, Decimal]:
    """What went over a bridge, by unit, less what came back to the account that had held it. Two queries."""
    held = account_ids(owner, kind=AccountKind.HELD)
    over, back = Q(source__in=held, destination__kind=AccountKind.BRIDGE), Q(destination__in=held, source__kind=AccountKind.BRIDGE)
    rows = Posting.objects.filter(Q(source__in=held) | Q(destination__in=held)).filter(over | back)
    rows = rows.filter(**({} if on is None else {"transaction__effective_on__lte": on}))
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for unit, kind, total in rows.values_list("source__unit__code", "source__kind").annotate(total=Sum("amount")).order_by():
        totals[unit] += total if kind == AccountKind.HELD else -total
    return totals


def statement_outline(owner: UUID, unit: str) -> list[StatementStep]:
    """What every transaction changed in one unit of a person's account, oldest first, with the balance after it. Two queries, no objects.

    The order is that of posting, never of time: clocks may jump, the sequence does not.
    """
    fields = ("transaction_id", "transaction__type", "transaction__effective_on", "source__owner_uuid", "source__kind",
              "destination__owner_uuid", "destination__kind", "amount")  # fmt: skip
    totals: dict[int, list[Any]] = {}
    for number, kind, on, *sides, amount in _mine(owner, unit).order_by("transaction_id", "id").values_list(*fields):
        row = totals.setdefault(number, [kind, on, Decimal(0), Decimal(0)])
        row[2] += _effect(owner, sides, amount, COUNTED)
        row[3] += _effect(owner, sides, amount, (AccountKind.HELD,))
    steps, balance = [], Decimal(0)
    for number, (kind, on, change, held) in totals.items():
        balance += change
        if change or (held and kind in {TransactionType.HOLD, TransactionType.RELEASE}):
            steps.append(StatementStep(number, on, change, held, balance))
    return steps


def statement_lines(owner: UUID, unit: str, *, steps: Sequence[StatementStep] | None = None) -> list[StatementLine]:
    """The account statement of one unit, oldest first, with the balance after each line; of some steps alone if they are given. Four queries."""
    wanted = statement_outline(owner, unit) if steps is None else steps
    postings = _mine(owner, unit)
    if steps is not None:
        postings = postings.filter(transaction__in=[step.transaction_id for step in steps])
    grouped: dict[int, list[Posting]] = defaultdict(list)
    for posting in postings.select_related("transaction").order_by("transaction_id", "id"):
        grouped[posting.transaction_id].append(posting)
    return [_line(step, grouped[step.transaction_id]) for step in wanted]


def _mine(owner: UUID, unit: str) -> QuerySet[Posting]:
    accounts = account_ids(owner, unit__code=unit)
    return Posting.objects.filter(Q(source__in=accounts) | Q(destination__in=accounts))


def account_ids(owner: UUID, **which: Any) -> list[int]:
    """The numbers of a person's accounts. One query.

    Postings are asked for by numbers: either side of a join would be a look at all postings of everybody.
    """
    return list(Account.objects.filter(owner_uuid=owner, **which).values_list("pk", flat=True))


def _line(step: StatementStep, group: list[Posting]) -> StatementLine:
    entry = group[0].transaction
    return StatementLine(
        transaction_id=entry.pk, type=entry.type, on=entry.effective_on, lots=tuple(dict.fromkeys(posting.lot_uuid for posting in group)),
        application=entry.application_uuid, change=step.change, held=step.held, balance=step.balance, note_zh=entry.note_zh,
        note_en=entry.note_en, uuid=entry.uuid,
    )  # fmt: skip


def _effect(owner: UUID, sides: Sequence[Any], amount: Decimal, kinds: tuple[AccountKind, ...]) -> Decimal:
    """What a posting does to these kinds of accounts of a person."""
    source_owner, source, destination_owner, destination = sides
    return amount * ((destination_owner == owner and destination in kinds) - (source_owner == owner and source in kinds))


def live_lots(owner: UUID) -> dict[UUID, tuple[str, Decimal]]:
    """Available credit of a person by lot: record → (unit, amount). Two queries."""
    totals: dict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    for side, sign in (("destination", 1), ("source", -1)):
        rows = Posting.objects.filter(**{f"{side}__owner_uuid": owner, f"{side}__kind": AccountKind.AVAILABLE})
        for lot, unit, total in rows.values_list("lot_uuid", f"{side}__unit__code").annotate(total=Sum("amount")).order_by():
            totals[lot, unit] += sign * total
    return {lot: (unit, amount) for (lot, unit), amount in totals.items() if amount > 0}


def pending_lots() -> list[UUID]:
    """Every lot that waits in an account for its confirmation. Three queries at most for a thousand accounts, and none passes over a full ledger.

    What waits is nearly always what came last: the newest arrival in each account that holds something is looked at, and where that is all that
    the account holds, nothing else waits in it. Only the other accounts are read whole.
    """
    newest = Subquery(Posting.objects.filter(destination=OuterRef("pk")).order_by("-id").values("pk")[:1])
    holding = Account.objects.filter(kind=AccountKind.PENDING, balance__gt=0).annotate(newest=newest)
    held, arrived = {}, []
    for account, balance, arrival in holding.values_list("pk", "balance", "newest"):
        held[account] = balance
        arrived.append(arrival)
    lots = []
    for account, lot, amount in _not_left("pk", arrived):
        if amount == held[account]:
            lots.append(lot)
            del held[account]
    return lots + [lot for _account, lot, _amount in _not_left("destination", [*held])]


def _not_left(column: str, values: Sequence[int]) -> Iterator[tuple[int, UUID, Decimal]]:
    """Account, lot and amount of arrivals whose lot never left again. A query for every AT_ONCE values."""
    left = Posting.objects.filter(lot_uuid=OuterRef("lot_uuid"), source=OuterRef("destination"))
    for at in range(0, len(values), AT_ONCE):
        arrivals = Posting.objects.filter(**{f"{column}__in": values[at : at + AT_ONCE]})
        yield from arrivals.filter(~Exists(left)).values_list("destination_id", "lot_uuid", "amount")


def lots_of(*records: UUID) -> list[Lot]:
    """Where the credit of these records lies now, in accounts that belong to a person; sorted. Two queries.

    Postings are found by their lot alone. Asked for lot and kind of account together, a database that does not know how many postings an
    account has may walk through those of all accounts instead.
    """
    totals: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for lot, source, destination, amount in Posting.objects.filter(lot_uuid__in=records).values_list(
        "lot_uuid", "source_id", "destination_id", "amount"
    ):
        totals[lot, source] -= amount
        totals[lot, destination] += amount
    full = {key: amount for key, amount in totals.items() if amount > 0}
    rows = Account.objects.filter(pk__in={account for _lot, account in full}, kind__in=LIVE)
    accounts = {pk: (owner, unit, kind) for pk, owner, unit, kind in rows.values_list("pk", "owner_uuid", "unit__code", "kind")}
    found = [(lot, *accounts[account], amount) for (lot, account), amount in full.items() if account in accounts]
    return sorted(Lot(lot, owner, unit, amount, kind) for lot, owner, unit, kind, amount in found)


def states_of(records: Iterable[UUID]) -> dict[UUID, tuple[Lot, ...]]:
    """Where the credit of each of these records lies, for those that have any in the bank. Two queries."""
    found: dict[UUID, list[Lot]] = defaultdict(list)
    for lot in lots_of(*records):
        found[lot.uuid].append(lot)
    return {record: tuple(lots) for record, lots in found.items()}


def expiring_lots(records: Iterable[UUID]) -> list[Lot]:
    """Credit of these records that is pending or available, whoever owns it, sorted by record. Two queries."""
    return [lot for lot in lots_of(*records) if lot.kind in {AccountKind.PENDING, AccountKind.AVAILABLE}]


def is_frozen() -> bool:
    """Whether posting is stopped because a promise of the books was found broken. One query."""
    return LedgerFreeze.objects.filter(lifted_at__isnull=True).exists()


BOOKS_LATE = timedelta(hours=26)
"""The books are checked each night: after so long without a check nothing is known."""


def book_light(last: BookCheck | None, *, now: datetime, late: timedelta) -> str:
    """What the last check says now: ``wrong`` (faults, or posting is stopped), ``late`` (none lately, or none at all), or ``right``. One query."""
    if is_frozen() or (last is not None and last.fault_count):
        return "wrong"
    return "right" if last is not None and now - last.finished_at <= late else "late"
