"""Posting: the one door to the ledger, and the orders that pass it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from creditbank.ledger.enums import MAY_BE_NEGATIVE, AccountKind, HoldState, TransactionType
from creditbank.ledger.exceptions import AlreadyReversed, InsufficientCredit, LedgerFrozen, NotAPosting, OffStep, SecondPersonNeeded
from creditbank.ledger.models import NOBODY, Account, Hold, LedgerFreeze, Posting, Transaction
from creditbank.ledger.queries import Fault, is_frozen
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
) -> Transaction:
    """Post moves as one transaction, or return the one that has this key already: a repeat posts nothing.

    ``on`` is the day from which it counts (Asia/Shanghai). Accounts are made when first needed and locked in the order of their ids.

    Raises LedgerFrozen; NotAPosting for an order that is none, OffStep for an amount off its unit's step, InsufficientCredit where an account, or one lot
    in it, would go below nothing.
    """
    known = Transaction.objects.filter(key=key).first()
    if known is not None:
        return known
    if is_frozen():
        raise LedgerFrozen
    _require_steps(moves)
    try:
        with transaction.atomic():
            entry = Transaction.objects.create(
                type=kind, key=key, application_uuid=application, record_uuid=record, reverses=reverses, effective_on=on,
                by_uuid=getattr(by, "uuid", None), second_uuid=getattr(second, "uuid", None), note_zh=note[0], note_en=note[1],
            )  # fmt: skip
    except IntegrityError:
        known = Transaction.objects.filter(key=key).first()  # a twin was quicker; its posting is ours
        if known is None:
            raise
        return known
    accounts = _lock(moves)
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
    record_audit_entry(f"ledger.{kind}", actor=by, about=entry, concerns=owner, data={"key": key})
    return entry


def _require_steps(moves: Sequence[Move]) -> None:
    step_of = dict(CreditSystem.objects.values_list("code", "step"))
    if not moves:
        raise NotAPosting("no moves")
    for move in moves:
        if move.source.unit != move.destination.unit or move.source.unit not in step_of:
            raise NotAPosting(f"{move.source.unit} → {move.destination.unit}")
        if move.amount <= 0 or not is_on_step(move.amount, step_of[move.source.unit]):
            raise OffStep(f"{move.amount} {move.source.unit}")


def _lock(moves: Sequence[Move]) -> dict[Place, Account]:
    """All accounts of the moves, made where missing; those that may not go below nothing are locked, in the order of their ids."""
    places = sorted({place for move in moves for place in (move.source, move.destination)})
    unit_of = {system.code: system for system in CreditSystem.objects.filter(code__in={place.unit for place in places})}
    accounts = {
        place: Account.objects.get_or_create(
            kind=place.kind, unit=unit_of[place.unit], owner_uuid=place.owner, reference=place.reference
        )[0]
        for place in places
    }  # fmt: skip
    strict = [account.pk for account in accounts.values() if account.kind not in MAY_BE_NEGATIVE]
    locked = {account.pk: account for account in Account.objects.select_for_update().filter(pk__in=strict).order_by("pk")}
    return {place: locked.get(account.pk, account) for place, account in accounts.items()}


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
    has: dict[tuple[int, UUID], Decimal] = defaultdict(Decimal)
    touched = Q(source__in=strict) | Q(destination__in=strict)
    postings = Posting.objects.filter(touched, lot_uuid__in={lot for _account, lot in takes})
    for source, destination, lot, amount in postings.values_list("source_id", "destination_id", "lot_uuid", "amount"):
        has[source, lot] -= amount
        has[destination, lot] += amount
    for key, amount in takes.items():
        if has[key] + amount < 0:
            raise InsufficientCredit(f"{strict[key[0]]} lot {key[1]}", has[key], -amount)


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


def deposit(*, record: UUID, owner: UUID, issuer: str, unit: str, amount: Decimal, on: date, by: Any = None) -> Transaction:
    """Credit of a learning record arrives, waiting for its institution's confirmation. Once per record."""
    move = Move(Place(AccountKind.ISSUER, unit, NOBODY, issuer), Place(AccountKind.PENDING, unit, owner), amount, record)
    return post_transaction(TransactionType.DEPOSIT, [move], key=f"deposit:{record}", by=by, on=on, record=record)


def verify(*, record: UUID, owner: UUID, unit: str, amount: Decimal, on: date, by: Any = None) -> Transaction:
    """The institution confirms: the credit is available from now on. Once per record."""
    move = Move(Place(AccountKind.PENDING, unit, owner), Place(AccountKind.AVAILABLE, unit, owner), amount, record)
    return post_transaction(TransactionType.VERIFY, [move], key=f"verify:{record}", by=by, on=on, record=record)


@transaction.atomic
def hold(*, application: UUID, owner: UUID, lots: Sequence[tuple[UUID, str, Decimal]], on: date, by: Any) -> Transaction | None:
    """Reserve lots (record, unit, amount) for an application; None where there is nothing to hold.

    Raises InsufficientCredit; IntegrityError where a lot is held or used already (the schema allows one live hold per lot).
    """
    if not lots:
        return None
    moves = [
        Move(Place(AccountKind.AVAILABLE, unit, owner), Place(AccountKind.HELD, unit, owner, str(application)), amount, lot)
        for lot, unit, amount in lots
        if amount
    ]
    entry = None
    if moves:
        entry = post_transaction(TransactionType.HOLD, moves, key=f"hold:{application}", by=by, on=on, application=application)
    systems = {system.code: system for system in CreditSystem.objects.all()}
    for lot, unit, amount in lots:
        Hold.objects.create(application_uuid=application, owner_uuid=owner, lot_uuid=lot, unit=systems[unit], amount=amount)
    return entry


@transaction.atomic
def release(
    *, application: UUID, on: date, by: Any, lots: Sequence[UUID] | None = None, state: str = HoldState.VOIDED
) -> Transaction | None:
    """Give back what an application holds (all of it, or some lots); None where nothing is held any more."""
    held = (
        Hold.objects.select_for_update().filter(application_uuid=application, state=HoldState.PENDING).select_related("unit").order_by("id")
    )
    rows = [row for row in held if lots is None or row.lot_uuid in lots]
    if not rows:
        return None
    moves = [
        Move(
            Place(AccountKind.HELD, row.unit.code, row.owner_uuid, str(application)),
            Place(AccountKind.AVAILABLE, row.unit.code, row.owner_uuid),
            row.amount,
            row.lot_uuid,
        )
        for row in rows
        if row.amount
    ]
    Hold.objects.filter(pk__in=[row.pk for row in rows]).update(state=state)
    if not moves:
        return None
    key = f"release:{application}" + ("" if lots is None else ":" + rows[0].lot_uuid.hex[:12])
    return post_transaction(TransactionType.RELEASE, moves, key=key, by=by, on=on, application=application)


@transaction.atomic
def convert(
    *, application: UUID, owner: UUID, unit: str, gains: Sequence[tuple[UUID, Decimal]], on: date, by: Any, note: tuple[str, str] = ("", "")
) -> Transaction | None:
    """Turn what is held into credit of the target's unit, through the bridge between the two units.

    ``gains`` is what each lead lot becomes. Held lots are used up whole; the difference stays on the bridge, where it is audited.
    """
    held = list(
        Hold.objects.select_for_update().filter(application_uuid=application, state=HoldState.PENDING).select_related("unit").order_by("id")
    )
    if not held and not gains:
        return None
    moves = []
    for row in held:
        bridge = Place(AccountKind.BRIDGE, row.unit.code, NOBODY, f"{row.unit.code}>{unit}")
        if row.amount:
            moves.append(Move(Place(AccountKind.HELD, row.unit.code, owner, str(application)), bridge, row.amount, row.lot_uuid))
    source_of = {row.lot_uuid: row.unit.code for row in held}
    for lot, amount in gains:
        bridge = Place(AccountKind.BRIDGE, unit, NOBODY, f"{source_of.get(lot, unit)}>{unit}")
        moves.append(Move(bridge, Place(AccountKind.CONVERTED, unit, owner, str(application)), amount, lot))
    Hold.objects.filter(pk__in=[row.pk for row in held]).update(state=HoldState.POSTED)
    return post_transaction(TransactionType.CONVERT, moves, key=f"convert:{application}", by=by, on=on, application=application, note=note)


def award(
    *, application: UUID, owner: UUID, unit: str, programme: str, gains: Sequence[tuple[UUID, Decimal]], on: date, by: Any,
    second: Any = None, note: tuple[str, str] = ("", ""),
) -> Transaction:  # fmt: skip
    """Count converted credit towards a programme, for good: only a reversal by two persons takes it back."""
    moves = [
        Move(
            Place(AccountKind.CONVERTED, unit, owner, str(application)), Place(AccountKind.AWARD, unit, owner, programme), amount, lot
        )
        for lot, amount in gains
    ]  # fmt: skip
    return post_transaction(
        TransactionType.AWARD, moves, key=f"award:{application}", by=by, on=on, application=application, second=second, note=note
    )


def expire(*, record: UUID, owner: UUID, unit: str, amount: Decimal, on: date) -> Transaction:
    """Credit whose validity has ended leaves the available account; once per lot."""
    move = Move(Place(AccountKind.AVAILABLE, unit, owner), Place(AccountKind.EXPIRED, unit, owner), amount, record)
    return post_transaction(TransactionType.EXPIRE, [move], key=f"expire:{record}", by=None, on=on, record=record)


@transaction.atomic
def reverse_transaction(entry: Transaction, *, by: Any, second: Any, on: date, reason: str) -> Transaction:
    """Undo a transaction by its mirror image; two different persons, neither of them its owner, at most once, never a reversal itself.

    Raises SecondPersonNeeded, AlreadyReversed, InsufficientCredit (what it gave has been used meanwhile).
    """
    if second is None or by is None or by.uuid == second.uuid:
        raise SecondPersonNeeded
    if entry.type == TransactionType.REVERSE or Transaction.objects.filter(reverses=entry).exists():
        raise AlreadyReversed(entry.key)
    moves = [
        Move(_place(posting.destination), _place(posting.source), posting.amount, posting.lot_uuid)
        for posting in entry.postings.select_related("source__unit", "destination__unit").order_by("-id")
    ]
    owners = {place.owner for move in moves for place in (move.source, move.destination)}
    if by.uuid in owners or second.uuid in owners:
        raise SecondPersonNeeded
    if entry.type == TransactionType.CONVERT and entry.application_uuid:
        Hold.objects.filter(application_uuid=entry.application_uuid, state=HoldState.POSTED).update(state=HoldState.PENDING)
    return post_transaction(
        TransactionType.REVERSE, moves, key=f"reverse:{entry.uuid}", by=by, second=second, on=on, application=entry.application_uuid,
        record=entry.record_uuid, reverses=entry, note=(reason[:300], reason[:300]),
    )  # fmt: skip


def _place(account: Account) -> Place:
    return Place(account.kind, account.unit.code, account.owner_uuid, account.reference)


@transaction.atomic
def freeze_ledger(faults: Sequence[Fault], *, at: datetime) -> LedgerFreeze:
    """Stop posting, because these faults were found. Frozen already: the freeze that stands."""
    known = LedgerFreeze.objects.filter(lifted_at__isnull=True).first()
    if known is not None:
        return known
    freeze = LedgerFreeze.objects.create(found="\n".join(str(fault) for fault in faults[:100]), frozen_at=at)
    record_audit_entry("ledger.freeze", actor=None, about=freeze, data={"faults": len(faults)})
    return freeze


@transaction.atomic
def lift_freeze(*, by: Any, second: Any, at: datetime, because: str) -> LedgerFreeze | None:
    """Let posting go on, by two different persons; None where nothing is frozen. Raises SecondPersonNeeded."""
    if by is None or second is None or by.uuid == second.uuid:
        raise SecondPersonNeeded
    standing = list(LedgerFreeze.objects.select_for_update().filter(lifted_at__isnull=True).order_by("id"))
    for freeze in standing:
        freeze.lifted_at, freeze.lifted_by_uuid, freeze.lifted_second_uuid, freeze.lifted_because = at, by.uuid, second.uuid, because
        freeze.save(update_fields=["lifted_at", "lifted_by_uuid", "lifted_second_uuid", "lifted_because"])
        record_audit_entry("ledger.lift_freeze", actor=by, about=freeze, reason=because, data={"second": str(second.uuid)})
    return standing[-1] if standing else None
