"""Many independent orders at once, as a term's results bring them: the same promises as one order after the other, in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from creditbank.ledger.enums import MAY_BE_NEGATIVE
from creditbank.ledger.exceptions import InsufficientCredit, LedgerFrozen
from creditbank.ledger.models import NOBODY, Account, Posting, Transaction
from creditbank.ledger.posting import lots_in, person_of, require_units
from creditbank.ledger.queries import is_frozen
from creditbank.ledger.types import Move, Place
from foundation.api import CreditSystem, bring_keys, build_audit_entry, keep_keys, keys_at_hand, record_audit_entries, store_columns


@dataclass(frozen=True)
class Order:
    """One transaction that is wanted: what ``post_transaction`` takes, as data."""

    kind: str
    moves: tuple[Move, ...]
    key: str
    on: date
    by: Any = None
    second: Any = None
    record: UUID | None = None
    reverses: Transaction | None = None
    note: tuple[str, str] = ("", "")
    reason: str = ""


@transaction.atomic
def post_many(orders: Sequence[Order]) -> list[Transaction]:
    """Post orders in their sequence, all or none; those whose key is known already are left out. About ten statements for 500 orders.

    Later orders may use what earlier ones bring. Raises what ``post_transaction`` raises, for the first order that cannot be.
    """
    known = set(Transaction.objects.filter(key__in=[order.key for order in orders]).values_list("key", flat=True))
    wanted = [order for order in orders if order.key not in known]
    if not wanted:
        return []
    if is_frozen():
        raise LedgerFrozen
    keep_keys(owner for order in wanted if order.reason and (owner := person_of(order.moves)))
    moves = [move for order in wanted for move in order.moves]
    accounts = _lock_many(moves, require_units(moves))
    _follow(moves, accounts)
    with keys_at_hand():
        bring_keys({owner for order in wanted if order.reason and (owner := person_of(order.moves))})
        entries = Transaction.objects.bulk_create([_entry(order) for order in wanted])
    Posting.objects.bulk_create(
        [
            Posting(
                transaction=entry, source=accounts[move.source], destination=accounts[move.destination], amount=move.amount,
                lot_uuid=move.lot,
            )
            for entry, order in zip(entries, wanted, strict=True)
            for move in order.moves
        ]
    )  # fmt: skip
    record_audit_entries([_audit(entry, order) for entry, order in zip(entries, wanted, strict=True)])
    return entries


def _entry(order: Order) -> Transaction:
    entry = Transaction(
        type=order.kind, key=order.key, record_uuid=order.record, reverses=order.reverses, effective_on=order.on,
        by_uuid=getattr(order.by, "uuid", None), second_uuid=getattr(order.second, "uuid", None), note_zh=order.note[0],
        note_en=order.note[1], reason=order.reason,
    )  # fmt: skip
    entry.person_uuid = person_of(order.moves)
    return entry


def _lock_many(moves: Sequence[Move], units: dict[str, CreditSystem]) -> dict[Place, Account]:
    """All accounts of the moves, made where missing, then locked in the order of their ids. Four statements, however many places."""
    places = {place for move in moves for place in (move.source, move.destination)}
    found = _find_many(places, units)
    missing = sorted(places - set(found))
    if missing:
        rows = [Account(kind=one.kind, unit=units[one.unit], owner_uuid=one.owner, reference=one.reference) for one in missing]
        Account.objects.bulk_create(rows, ignore_conflicts=True)
        found = _find_many(places, units)
    strict = [account.pk for account in found.values() if account.kind not in MAY_BE_NEGATIVE]
    locked = {row.pk: row for row in Account.objects.filter(pk__in=strict).order_by("pk").select_for_update()}
    return {place: locked.get(account.pk, account) for place, account in found.items()}


def _find_many(places: set[Place], units: dict[str, CreditSystem]) -> dict[Place, Account]:
    """Accounts by what they are. The question names owners, kinds and references apart (an OR of places would be too deep for SQLite)."""
    code_of = {system.pk: code for code, system in units.items()}
    rows = Account.objects.filter(
        owner_uuid__in={place.owner for place in places}, kind__in={place.kind for place in places}, unit__in=code_of,
        reference__in={place.reference for place in places},
    )  # fmt: skip
    every = {Place(row.kind, code_of[row.unit_id], row.owner_uuid, row.reference): row for row in rows}
    return {place: row for place, row in every.items() if place in places}


def _follow(moves: Sequence[Move], accounts: dict[Place, Account]) -> None:
    """Walk through the moves in order: no lot and no account ever goes below nothing; then store the balances that changed."""
    strict = {account.pk for account in accounts.values() if account.kind not in MAY_BE_NEGATIVE}
    takes = {move.lot for move in moves if accounts[move.source].pk in strict}
    has = lots_in(strict, takes)
    balance = {account.pk: account.balance for account in accounts.values()}
    change: dict[int, Decimal] = defaultdict(Decimal)
    for move in moves:
        source, destination = accounts[move.source], accounts[move.destination]
        if source.pk in strict and min(has[source.pk, move.lot], balance[source.pk]) < move.amount:
            raise InsufficientCredit(f"{source} lot {move.lot}", min(has[source.pk, move.lot], balance[source.pk]), move.amount)
        for account, amount in ((source, -move.amount), (destination, move.amount)):
            has[account.pk, move.lot] += amount
            balance[account.pk] += amount
            change[account.pk] += amount
    changed = [account for account in accounts.values() if account.pk in strict and change[account.pk]]
    for account in changed:
        account.balance = balance[account.pk]  # exact: the row is locked since it was read
    store_columns(sorted(changed, key=lambda account: account.pk), "balance")


def _audit(entry: Transaction, order: Order) -> Any:
    owner = next((place.owner for move in order.moves for place in (move.destination, move.source) if place.owner != NOBODY), None)
    data = {"key": order.key} if order.second is None else {"key": order.key, "second": str(order.second.uuid)}
    return build_audit_entry(f"ledger.{order.kind}", actor=order.by, about=entry, concerns=owner, data=data)
