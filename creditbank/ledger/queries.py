"""Questions to the ledger: balances, account statements, and whether the books are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q, Sum

from creditbank.ledger.enums import MAY_BE_NEGATIVE, AccountKind, TransactionType
from creditbank.ledger.models import Account, LedgerFreeze, Posting, Transaction
from creditbank.ledger.types import Balance, Lot, StatementLine
from foundation.api import CreditSystem, is_on_step

COUNTED = (AccountKind.AVAILABLE, AccountKind.HELD, AccountKind.AWARD)
BALANCE_FIELDS = {
    AccountKind.PENDING: "pending",
    AccountKind.AVAILABLE: "available",
    AccountKind.HELD: "held",
    AccountKind.AWARD: "awarded",
    AccountKind.EXPIRED: "expired",
}


def balances(owner: UUID, *, on: date | None = None) -> dict[str, Balance]:
    """What a person has, by unit code; as of the end of a day if one is given. One query (two with a day)."""
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
    return {unit: Balance(unit, **parts) for unit, parts in sums.items()}


def statement_lines(owner: UUID, unit: str) -> list[StatementLine]:
    """The account statement of one unit, oldest first, with the balance after each line. One query.

    The order is that of posting, never of time: clocks may jump, the sequence does not.
    """
    mine = Q(source__owner_uuid=owner, source__unit__code=unit) | Q(destination__owner_uuid=owner, destination__unit__code=unit)
    postings = Posting.objects.filter(mine).select_related("transaction", "source", "destination").order_by("transaction_id", "id")
    grouped: dict[int, list[Posting]] = defaultdict(list)
    for posting in postings:
        grouped[posting.transaction_id].append(posting)
    lines, balance = [], Decimal(0)
    for group in grouped.values():
        line = _line(group, balance)
        if line is not None:
            lines.append(line)
            balance = line.balance
    return lines


def _line(group: list[Posting], before: Decimal) -> StatementLine | None:
    change = sum((_effect(posting, COUNTED) for posting in group), Decimal(0))
    held = sum((_effect(posting, (AccountKind.HELD,)) for posting in group), Decimal(0))
    entry = group[0].transaction
    if not change and not (held and entry.type in {TransactionType.HOLD, TransactionType.RELEASE}):
        return None
    return StatementLine(
        transaction_id=entry.pk, type=entry.type, on=entry.effective_on, lots=tuple(dict.fromkeys(posting.lot_uuid for posting in group)),
        application=entry.application_uuid, change=change, held=held, balance=before + change, note_zh=entry.note_zh, note_en=entry.note_en,
    )  # fmt: skip


def _effect(posting: Posting, kinds: tuple[AccountKind, ...]) -> Decimal:
    return posting.amount * ((posting.destination.kind in kinds) - (posting.source.kind in kinds))


def live_lots(owner: UUID) -> dict[UUID, tuple[str, Decimal]]:
    """Available credit of a person by lot: record → (unit, amount). Two queries."""
    totals: dict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    for side, sign in (("destination", 1), ("source", -1)):
        rows = Posting.objects.filter(**{f"{side}__owner_uuid": owner, f"{side}__kind": AccountKind.AVAILABLE})
        for lot, unit, total in rows.values_list("lot_uuid", f"{side}__unit__code").annotate(total=Sum("amount")).order_by():
            totals[lot, unit] += sign * total
    return {lot: (unit, amount) for (lot, unit), amount in totals.items() if amount > 0}


def expiring_lots(records: Iterable[UUID]) -> list[Lot]:
    """Available credit of these records, whoever owns it, sorted by record. Two queries."""
    wanted = list(records)
    totals: dict[tuple[UUID, UUID, str], Decimal] = defaultdict(Decimal)
    for side, sign in (("destination", 1), ("source", -1)):
        rows = Posting.objects.filter(**{f"{side}__kind": AccountKind.AVAILABLE}, lot_uuid__in=wanted)
        sums = rows.values_list("lot_uuid", f"{side}__owner_uuid", f"{side}__unit__code").annotate(total=Sum("amount"))
        for lot, owner, unit, total in sums.order_by():
            totals[lot, owner, unit] += sign * total
    return sorted(Lot(lot, owner, unit, amount) for (lot, owner, unit), amount in totals.items() if amount > 0)


def is_frozen() -> bool:
    """Whether posting is stopped because a promise of the books was found broken. One query."""
    return LedgerFreeze.objects.filter(lifted_at__isnull=True).exists()


@dataclass(frozen=True)
class Fault:
    """A broken promise of the books: which one, at which row, and the figures that show it."""

    promise: str
    row: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.row}: found {self.found}, expected {self.expected}"


def _figure(amount: Decimal) -> str:
    """A figure alike on every database: 7, not 7.000."""
    return format(amount.normalize(), "f")


def find_faults() -> list[Fault]:
    """Everything that is wrong with the books; empty means that they balance. A fixed number of queries."""
    return [*_balance_faults(), *_step_faults(), *_lot_faults(), *_award_faults(), *_reversal_faults(), *_empty_faults()]


def _sums_by_account() -> dict[int, Decimal]:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for side, sign in (("destination_id", 1), ("source_id", -1)):
        for account, total in Posting.objects.values_list(side).annotate(total=Sum("amount")).order_by():
            sums[account] += sign * total
    return sums


def _balance_faults() -> list[Fault]:
    """Cached balances equal their postings, none but issuer and bridge is below nothing, every unit sums to zero, units do not mix."""
    sums = _sums_by_account()
    faults: list[Fault] = []
    by_unit: dict[str, Decimal] = defaultdict(Decimal)
    for account in Account.objects.select_related("unit").order_by("id"):
        actual = sums.get(account.pk, Decimal(0))
        by_unit[account.unit.code] += actual
        if account.kind in MAY_BE_NEGATIVE:
            continue
        if account.balance != actual:
            faults.append(
                Fault("cached balance equals its postings", f"account {account.pk} ({account})", _figure(account.balance), _figure(actual))
            )
        if actual < 0:
            faults.append(Fault("no account below nothing", f"account {account.pk} ({account})", str(actual), "≥ 0"))
    faults += [Fault("a unit sums to zero", unit, str(total), "0") for unit, total in sorted(by_unit.items()) if total]
    mixed = Posting.objects.exclude(source__unit=F("destination__unit")).order_by("id").values_list("id", flat=True)[:10]
    return faults + [Fault("a posting has one unit", f"posting {pk}", "two units", "one") for pk in mixed]


def _step_faults() -> list[Fault]:
    steps = dict(CreditSystem.objects.values_list("code", "step"))
    amounts = Posting.objects.values_list("source__unit__code", "amount").distinct().order_by("source__unit__code", "amount")
    return [
        Fault("amounts lie on the step", unit, str(amount), f"a multiple of {steps[unit]}")
        for unit, amount in amounts
        if not is_on_step(amount, steps[unit])
    ]


def _lot_faults() -> list[Fault]:
    """No lot gave more than it had: in every account that may not go below nothing, each single lot is at least nothing too."""
    sums: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for side, sign in (("destination", 1), ("source", -1)):
        rows = Posting.objects.exclude(**{f"{side}__kind__in": list(MAY_BE_NEGATIVE)}).values_list("lot_uuid", f"{side}_id")
        for lot, account, total in rows.annotate(total=Sum("amount")).order_by():
            sums[lot, account] += sign * total
    overdrawn = sorted((account, str(lot), total) for (lot, account), total in sums.items() if total < 0)
    return [
        Fault("a lot gives at most what it had", f"lot {lot} in account {account}", str(total), "≥ 0") for account, lot, total in overdrawn
    ]


def _award_faults() -> list[Fault]:
    """What was awarded leaves by a reversal only."""
    wrong = Posting.objects.filter(source__kind=AccountKind.AWARD).exclude(transaction__type=TransactionType.REVERSE).order_by("id")
    return [
        Fault("an award leaves by reversal only", f"posting {pk}", kind, "reverse")
        for pk, kind in wrong.values_list("id", "transaction__type")[:10]
    ]


def _reversal_faults() -> list[Fault]:
    chained = Transaction.objects.filter(type=TransactionType.REVERSE, reverses__type=TransactionType.REVERSE).values_list("key", flat=True)
    return [Fault("a reversal is not reversed", key, "reversed", "not") for key in chained[:10]]


def _empty_faults() -> list[Fault]:
    empty = Transaction.objects.filter(postings__isnull=True).order_by("id").values_list("key", flat=True)
    return [Fault("a transaction has postings", key, "none", "at least one") for key in empty[:10]]
