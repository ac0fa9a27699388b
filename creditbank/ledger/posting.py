"""The one door to the ledger: an order of moves becomes a transaction, whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from creditbank.ledger.enums import MAY_BE_NEGATIVE
from creditbank.ledger.exceptions import InsufficientCredit, KeyReused, LedgerFrozen, NotAPosting, OffStep
from creditbank.ledger.models import NOBODY, Account, Posting, Transaction
from creditbank.ledger.queries import is_frozen
from creditbank.ledger.types import Move, Place
from foundation.api import CreditSystem, is_on_step, record_audit_entry


@transaction.atomic
def post_transaction(
    kind: str,
    moves: Sequence[Move],
    *,
    key: str,
    by: Any,
    on: date,
    application: UUID | None = None,
    record: UUID | None = None,
    second: Any = None,
    reverses: Transaction | None = None,
    note: tuple[str, str] = ("", ""),
    reason: str = "",
) -> Transaction:
    """Post moves as one transaction, or return the one that has this key already: a repeat posts nothing.

    ``on`` is the day from which it counts (Asia/Shanghai); ``reason`` what somebody wrote about a person's credit (sealed). Accounts are made when first needed and locked in the order of their ids before
    the transaction gets its number, so that in every account that may not go below nothing numbers follow the order of posting.

    Raises LedgerFrozen; NotAPosting for an order that is none, OffStep for an amount off its unit's step, KeyReused where the key stands for
    another order, InsufficientCredit where an account, or one lot in it, would go below nothing.
    """
    known = Transaction.objects.filter(key=key).first()
    if known is not None:
        return _same(known, kind, moves)
    if is_frozen():
        raise LedgerFrozen
    accounts = _lock(moves, require_units(moves))
    facts: dict[str, Any] = {
        "type": kind, "key": key, "application_uuid": application, "record_uuid": record, "reverses": reverses, "effective_on": on,
        "by_uuid": getattr(by, "uuid", None), "second_uuid": getattr(second, "uuid", None), "note_zh": note[0], "note_en": note[1], "reason": reason,
    }  # fmt: skip
    entry, twin = _insert(facts, person_of(moves))
    if twin:
        return _same(entry, kind, moves)
    _require_lots(moves, accounts)
    _apply(moves, accounts)
    Posting.objects.bulk_create(
        [
            Posting(
                transaction=entry,
                source=accounts[move.source],
                destination=accounts[move.destination],
                amount=move.amount,
                lot_uuid=move.lot,
            )
            for move in moves
        ]
    )
    owner = next((place.owner for move in moves for place in (move.destination, move.source) if place.owner != NOBODY), None)
    data = {"key": key} if second is None else {"key": key, "second": str(second.uuid)}
    record_audit_entry(f"ledger.{kind}", actor=by, about=entry, concerns=owner, data=data)
    return entry


def place_of(account: Account) -> Place:
    """An account by what it is; its unit has been read."""
    return Place(account.kind, account.unit.code, account.owner_uuid, account.reference)


def person_of(moves: Iterable[Move]) -> UUID | None:
    """Whose credit is moved: the first owner that is somebody, where it comes from before where it goes."""
    return next((place.owner for move in moves for place in (move.source, move.destination) if place.owner != NOBODY), None)


def _insert(facts: dict[str, Any], person: UUID | None) -> tuple[Transaction, bool]:
    """The new row, or the one of a twin that was quicker (then True): it waits at the unique key until the other is done."""
    entry = Transaction(**facts)
    entry.person_uuid = person
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
            return entry, False
    except IntegrityError:
        known = Transaction.objects.filter(key=facts["key"]).first()
        if known is None:
            raise
        return known, True


def _same(known: Transaction, kind: str, moves: Sequence[Move]) -> Transaction:
    """The transaction that has the key, provided that it is what was ordered: same type, same lots."""
    if known.type != kind or set(known.postings.values_list("lot_uuid", flat=True)) != {move.lot for move in moves}:
        raise KeyReused(known.key)
    return known


def require_units(moves: Sequence[Move]) -> dict[str, CreditSystem]:
    """The units of the moves by code, after every amount was found to lie on its unit's step. One query."""
    units = {system.code: system for system in CreditSystem.objects.filter(code__in={move.source.unit for move in moves})}
    if not moves:
        raise NotAPosting("no moves")
    for move in moves:
        if move.source.unit != move.destination.unit or move.source.unit not in units:
            raise NotAPosting(f"{move.source.unit} → {move.destination.unit}")
        if move.amount <= 0 or not is_on_step(move.amount, units[move.source.unit].step):
            raise OffStep(f"{move.amount} {move.source.unit}")
    return units


def _lock(moves: Sequence[Move], units: dict[str, CreditSystem]) -> dict[Place, Account]:
    """All accounts of the moves, made where missing; those that may not go below nothing are locked, in the order of their ids."""
    places = sorted({place for move in moves for place in (move.source, move.destination)})
    strict = [place for place in places if place.kind not in MAY_BE_NEGATIVE]
    loose = [place for place in places if place.kind in MAY_BE_NEGATIVE]
    found = _find(loose, units, lock=False) | _find(strict, units, lock=True)
    missing = [place for place in places if place not in found]
    if missing:
        Account.objects.bulk_create(
            [
                Account(kind=place.kind, unit=units[place.unit], owner_uuid=place.owner, reference=place.reference)
                for place in missing
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        found = _find(loose, units, lock=False) | _find(strict, units, lock=True)
    return found


def _find(places: Sequence[Place], units: dict[str, CreditSystem], *, lock: bool) -> dict[Place, Account]:
    if not places:
        return {}
    wanted = reduce(or_, (
        Q(kind=place.kind, unit=units[place.unit], owner_uuid=place.owner, reference=place.reference) for place in places
    ))  # fmt: skip
    rows = Account.objects.filter(wanted).order_by("pk")
    code_of = {system.pk: code for code, system in units.items()}
    return {
        Place(row.kind, code_of[row.unit_id], row.owner_uuid, row.reference): row
        for row in (rows.select_for_update() if lock else rows)
    }  # fmt: skip


def _require_lots(moves: Sequence[Move], accounts: dict[Place, Account]) -> None:
    """No lot gives more than it has, even where another lot in the same account would cover it. One query, none for deposits."""
    change: dict[tuple[int, UUID], Decimal] = defaultdict(Decimal)
    for move in moves:
        change[accounts[move.source].pk, move.lot] -= move.amount
        change[accounts[move.destination].pk, move.lot] += move.amount
    strict = {account.pk: account for account in accounts.values() if account.kind not in MAY_BE_NEGATIVE}
    takes = {key: amount for key, amount in change.items() if amount < 0 and key[0] in strict}
    if not takes:
        return
    has = lots_in(strict, {lot for _account, lot in takes})
    for key, amount in takes.items():
        if has[key] + amount < 0:
            raise InsufficientCredit(f"{strict[key[0]]} lot {key[1]}", has[key], -amount)


def lots_in(accounts: Iterable[int], lots: set[UUID]) -> dict[tuple[int, UUID], Decimal]:
    """What each of these lots has in each of these accounts."""
    known = set(accounts)
    has: dict[tuple[int, UUID], Decimal] = defaultdict(Decimal)
    for source, destination, lot, amount in Posting.objects.filter(lot_uuid__in=lots).values_list(
        "source_id", "destination_id", "lot_uuid", "amount"
    ):
        if source in known:
            has[source, lot] -= amount
        if destination in known:
            has[destination, lot] += amount
    return has


def _apply(moves: Sequence[Move], accounts: dict[Place, Account]) -> None:
    """Change the cached balances; issuer and bridge keep none, because every posting of a term would queue up behind one row."""
    change: dict[Place, Decimal] = defaultdict(Decimal)
    for move in moves:
        change[move.source] -= move.amount
        change[move.destination] += move.amount
    for place, amount in change.items():
        account = accounts[place]
        if account.kind in MAY_BE_NEGATIVE or amount == 0:
            continue
        if account.balance + amount < 0:
            raise InsufficientCredit(str(account), account.balance, -amount)
        Account.objects.filter(pk=account.pk).update(balance=F("balance") + amount)


def lock_accounts(owner: UUID) -> None:
    """Take all accounts of a person for the rest of the transaction, in the order of their ids. One query.

    For steps that post more than once: they may touch the same accounts in another order than a step beside them.
    """
    list(Account.objects.select_for_update().filter(owner_uuid=owner).order_by("pk").values_list("pk", flat=True))
