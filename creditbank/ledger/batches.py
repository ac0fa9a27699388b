"""Many independent orders at once, as a term's results bring them: the same promises as one order after the other, in a few statements."""

from __future__ import annotations

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
from foundation.api import CreditSystem, build_audit_entry, insert_rows, keys_of, record_audit_entries, store_columns


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


class Book:
    """The accounts of a batch by what they are: their numbers, and the balances of those that may not go below nothing, which are locked."""

    def __init__(self, numbers: dict[Place, int], balances: dict[int, Decimal]) -> None:
        self.numbers, self.balances = numbers, balances


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
    with keys_of(owner for order in wanted if order.reason and (owner := person_of(order.moves))):  # before accounts are locked
        moves = [move for order in wanted for move in order.moves]
        book = _lock_many(moves, require_units(moves))
        _follow(moves, book)
        entries = [_entry(order) for order in wanted]
        insert_rows(entries, numbered=True)
    insert_rows(
        [
            Posting(
                transaction_id=entry.pk, source_id=book.numbers[move.source], destination_id=book.numbers[move.destination], amount=move.amount,
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
        type=order.kind, key=order.key, record_uuid=order.record, reverses_id=order.reverses.pk if order.reverses else None, effective_on=order.on,
        by_uuid=getattr(order.by, "uuid", None), second_uuid=getattr(order.second, "uuid", None), note_zh=order.note[0],
        note_en=order.note[1], reason=order.reason,
    )  # fmt: skip
    entry.person_uuid = person_of(order.moves)
    return entry


def _lock_many(moves: Sequence[Move], units: dict[str, CreditSystem]) -> Book:
    """All accounts of the moves, made where missing, then locked in the order of their ids. Four statements, however many places."""
    places = {place for move in moves for place in (move.source, move.destination)}
    numbers = _find_many(places, units)
    missing = sorted(places - set(numbers), key=lambda one: (one.kind, one.unit, one.owner.int, one.reference))
    if missing:
        rows = [Account(kind=one.kind, unit=units[one.unit], owner_uuid=one.owner, reference=one.reference) for one in missing]
        insert_rows(rows, missing=True)
        numbers = _find_many(places, units)
    strict = [number for place, number in numbers.items() if place.kind not in MAY_BE_NEGATIVE]
    locked = Account.objects.filter(pk__in=strict).order_by("pk").select_for_update().values_list("pk", "balance")
    return Book(numbers, dict(locked))


def _find_many(places: set[Place], units: dict[str, CreditSystem]) -> dict[Place, int]:
    """Accounts by what they are. The question names owners, kinds and references apart (an OR of places would be too deep for SQLite)."""
    code_of = {system.pk: code for code, system in units.items()}
    rows = Account.objects.filter(
        owner_uuid__in={place.owner for place in places}, kind__in={place.kind for place in places}, unit__in=code_of,
        reference__in={place.reference for place in places},
    ).values_list("pk", "kind", "unit_id", "owner_uuid", "reference")  # fmt: skip
    every = {Place(kind, code_of[unit], owner, reference): number for number, kind, unit, owner, reference in rows}
    return {place: number for place, number in every.items() if place in places}


def _follow(moves: Sequence[Move], book: Book) -> None:
    """Walk through the moves in order: no lot and no account ever goes below nothing; then store the balances that changed."""
    balance, number_of = dict(book.balances), book.numbers
    has = lots_in(balance, {move.lot for move in moves if number_of[move.source] in balance})
    for move in moves:
        source, destination, amount = number_of[move.source], number_of[move.destination], move.amount
        if source in balance:
            free = min(has[source, move.lot], balance[source])
            if free < amount:
                raise InsufficientCredit(f"{move.source} lot {move.lot}", free, amount)
            has[source, move.lot] -= amount
            balance[source] -= amount
        if destination in balance:
            has[destination, move.lot] += amount
            balance[destination] += amount
    changed = sorted(number for number, amount in balance.items() if amount != book.balances[number])
    store_columns([Account(pk=number, balance=balance[number]) for number in changed], "balance")  # exact: locked since they were read


def _audit(entry: Transaction, order: Order) -> Any:
    owner = next((place.owner for move in order.moves for place in (move.destination, move.source) if place.owner != NOBODY), None)
    data = {"key": order.key} if order.second is None else {"key": order.key, "second": str(order.second.uuid)}
    return build_audit_entry(f"ledger.{order.kind}", actor=order.by, about=entry, concerns=owner, data=data)
