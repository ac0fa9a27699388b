"""Orders to the ledger: what may be done with credit, each by its own name and key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from creditbank.ledger.enums import AccountKind, HoldState, TransactionType
from creditbank.ledger.exceptions import AlreadyReversed, NotHeld, SecondPersonNeeded
from creditbank.ledger.invariants import examine
from creditbank.ledger.models import NOBODY, BookCheck, Hold, LedgerFreeze, Posting, Transaction
from creditbank.ledger.posting import lock_accounts, place_of, post_transaction
from creditbank.ledger.queries import KINDS_THAT_FOLLOW, lots_of
from creditbank.ledger.types import Fault, Move, Place
from foundation.api import CreditSystem, record_audit_entry

MOST_KEPT = 100
"""So many faults are written down; one is enough to stop posting."""


def deposit(*, record: UUID, owner: UUID, issuer: str, unit: str, amount: Decimal, on: date, by: Any = None) -> Transaction:
    """Credit of a learning record arrives, waiting for its institution's confirmation. Once per record."""
    move = Move(Place(AccountKind.ISSUER, unit, NOBODY, issuer), Place(AccountKind.PENDING, unit, owner), amount, record)
    return post_transaction(TransactionType.DEPOSIT, [move], key=f"deposit:{record}", by=by, on=on, record=record)


def verify(*, record: UUID, owner: UUID, unit: str, amount: Decimal, on: date, by: Any = None) -> Transaction:
    """The institution confirms: the credit is available from now on. Once per record."""
    move = Move(Place(AccountKind.PENDING, unit, owner), Place(AccountKind.AVAILABLE, unit, owner), amount, record)
    return post_transaction(TransactionType.VERIFY, [move], key=f"verify:{record}", by=by, on=on, record=record)


@transaction.atomic
def hold(
    *, application: UUID, owner: UUID, lots: Sequence[tuple[UUID, str, Decimal]], on: date, by: Any, again: int = 0
) -> Transaction | None:
    """Reserve lots (record, unit, amount) for an application; None where there is nothing to hold.

    ``again`` counts how often an application holds anew (after an appeal, say): each time is a transaction of its own, here and in what
    follows from it. Raises InsufficientCredit; IntegrityError where a lot is held or used already (the schema allows one live hold per lot).
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
        key = _key("hold", application, again)
        known = Transaction.objects.filter(key=key).first()
        entry = post_transaction(TransactionType.HOLD, moves, key=key, by=by, on=on, application=application)
        if known is not None:  # a repeat: its rows are there, or were given back since
            return entry
    systems = {system.code: system for system in CreditSystem.objects.all()}
    for lot, unit, amount in lots:
        Hold.objects.create(application_uuid=application, owner_uuid=owner, lot_uuid=lot, unit=systems[unit], amount=amount)
    return entry


@transaction.atomic
def release(
    *, application: UUID, on: date, by: Any, lots: Sequence[UUID] | None = None, state: str = HoldState.VOIDED, again: int = 0
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
    key = _key("release", application, again) + ("" if lots is None else ":" + rows[0].lot_uuid.hex[:12])
    return post_transaction(TransactionType.RELEASE, moves, key=key, by=by, on=on, application=application)


@transaction.atomic
def convert(
    *, application: UUID, owner: UUID, unit: str, gains: Sequence[tuple[UUID, Decimal]], on: date, by: Any, note: tuple[str, str] = ("", ""),
    again: int = 0,
) -> Transaction | None:  # fmt: skip
    """Turn what is held into credit of the target's unit, through the bridge between the two units.

    ``gains`` is what each lead lot becomes. Held lots are used up whole; the difference stays on the bridge, where it is audited.

    Raises NotHeld where a lot that is to become something is not reserved (any more): nothing comes from nothing.
    """
    held = list(
        Hold.objects.select_for_update().filter(application_uuid=application, state=HoldState.PENDING).select_related("unit").order_by("id")
    )
    known = None if held else Transaction.objects.filter(key=_key("convert", application, again)).first()
    if known is not None or (not held and not gains):
        return known
    moves = []
    for row in held:
        bridge = Place(AccountKind.BRIDGE, row.unit.code, NOBODY, f"{row.unit.code}>{unit}")
        if row.amount:
            moves.append(Move(Place(AccountKind.HELD, row.unit.code, owner, str(application)), bridge, row.amount, row.lot_uuid))
    source_of = dict(Hold.objects.filter(application_uuid=application, state=HoldState.POSTED).values_list("lot_uuid", "unit__code"))
    source_of |= {row.lot_uuid: row.unit.code for row in held}
    for lot, amount in gains:
        if lot not in source_of:
            raise NotHeld(str(lot))
        bridge = Place(AccountKind.BRIDGE, unit, NOBODY, f"{source_of[lot]}>{unit}")
        moves.append(Move(bridge, Place(AccountKind.CONVERTED, unit, owner, str(application)), amount, lot))
    Hold.objects.filter(pk__in=[row.pk for row in held]).update(state=HoldState.POSTED)
    key = _key("convert", application, again)
    return post_transaction(TransactionType.CONVERT, moves, key=key, by=by, on=on, application=application, note=note)


def award(
    *, application: UUID, owner: UUID, unit: str, programme: str, gains: Sequence[tuple[UUID, Decimal]], on: date, by: Any,
    second: Any = None, note: tuple[str, str] = ("", ""), again: int = 0,
) -> Transaction:  # fmt: skip
    """Count converted credit towards a programme, for good: only a reversal by two persons takes it back."""
    moves = [
        Move(
            Place(AccountKind.CONVERTED, unit, owner, str(application)), Place(AccountKind.AWARD, unit, owner, programme), amount, lot
        )
        for lot, amount in gains
    ]  # fmt: skip
    return post_transaction(
        TransactionType.AWARD, moves, key=_key("award", application, again), by=by, on=on, application=application, second=second, note=note
    )


def _key(kind: str, application: UUID, again: int) -> str:
    """The business key of what an application does to the ledger, the first time or again."""
    return f"{kind}:{application}" + (f":{again}" if again else "")


def expire(*, record: UUID, owner: UUID, unit: str, amount: Decimal, on: date, kind: str = AccountKind.AVAILABLE) -> Transaction:
    """Credit whose validity has ended leaves the available (or the pending) account; once per lot and day.

    Raises InsufficientCredit where an application was quicker to hold it.
    """
    move = Move(Place(kind, unit, owner), Place(AccountKind.EXPIRED, unit, owner), amount, record)
    return post_transaction(TransactionType.EXPIRE, [move], key=f"expire:{record}:{on}", by=None, on=on, record=record)


TAKEN_BACK_FROM = (AccountKind.PENDING, AccountKind.AVAILABLE)


@transaction.atomic
def revoke(*, record: UUID, on: date, by: Any, second: Any, reason: str) -> Transaction | None:
    """The issuer takes a record's credit back, by two persons: whatever of it is pending or available. None where nothing of it is.

    What an application holds or has used is not touched: that is for the desk to judge. Raises SecondPersonNeeded.
    """
    owners = {lot.owner for lot in lots_of(record)}
    _require_two(by, second, owners)
    for owner in sorted(owners):
        lock_accounts(owner)
    moves = [
        Move(Place(lot.kind, lot.unit, lot.owner), Place(AccountKind.REVOKED, lot.unit, lot.owner), lot.amount, record)
        for lot in lots_of(record)
        if lot.kind in TAKEN_BACK_FROM
    ]
    if not moves:
        return None
    number = Transaction.objects.filter(type=TransactionType.REVOKE, record_uuid=record).count()
    key = f"revoke:{record}" + (f":{number + 1}" if number else "")
    return post_transaction(TransactionType.REVOKE, moves, key=key, by=by, second=second, on=on, record=record, reason=reason[:300])


@transaction.atomic
def transfer(*, source: UUID, destination: UUID, key: str, on: date, by: Any, second: Any, reason: str) -> Transaction | None:
    """Two logins turn out to be one person: the credit of one follows into the accounts of the other, lot by lot, kind by kind.

    What an application holds, and what was awarded, stays where it is: an award leaves by reversal only. None where nothing is to move.
    Raises SecondPersonNeeded; NotAPosting where both are the same. ``key`` names the merger.
    """
    _require_two(by, second, {source, destination})
    for owner in sorted({source, destination}):
        lock_accounts(owner)
    rows = Posting.objects.filter(destination__owner_uuid=source).values_list("lot_uuid", flat=True)
    moves = [
        Move(Place(lot.kind, lot.unit, source), Place(lot.kind, lot.unit, destination), lot.amount, lot.uuid)
        for lot in lots_of(*set(rows))
        if lot.owner == source and lot.kind in KINDS_THAT_FOLLOW
    ]
    if not moves:
        return None
    return post_transaction(TransactionType.TRANSFER, moves, key=f"transfer:{key}", by=by, second=second, on=on, reason=reason[:300])


@transaction.atomic
def transfer_issuer(*, source: str, destination: str, records: Sequence[UUID], on: date, by: Any, second: Any, reason: str) -> Transaction:
    """One institution takes over what another has issued: the issuer accounts change, no learner's balance does.

    ``records`` are the lots that it takes over; each once. Raises SecondPersonNeeded, NotAPosting where they were not issued by ``source``.
    """
    _require_two(by, second, set())
    moves = [
        Move(
            Place(AccountKind.ISSUER, posting.source.unit.code, NOBODY, destination), Place(AccountKind.ISSUER, posting.source.unit.code, NOBODY, source),
            posting.amount, posting.lot_uuid,
        )
        for posting in Posting.objects.filter(
            lot_uuid__in=records, transaction__type=TransactionType.DEPOSIT, source__kind=AccountKind.ISSUER, source__reference=source
        ).select_related("source__unit").order_by("id")
    ]  # fmt: skip
    note = (reason[:300], reason[:300])
    key = f"transfer:{source}>{destination}:{on}:{min(map(str, records), default='')}"
    return post_transaction(TransactionType.TRANSFER, moves, key=key, by=by, second=second, on=on, note=note)


def _require_two(by: Any, second: Any, owners: set[UUID]) -> None:
    if by is None or second is None or by.uuid == second.uuid or by.uuid in owners or second.uuid in owners:
        raise SecondPersonNeeded


@transaction.atomic
def reverse_transaction(entry: Transaction, *, by: Any, second: Any, on: date, reason: str) -> Transaction:
    """Undo a transaction by its mirror image; two different persons, neither of them its owner, at most once, never a reversal itself.

    Raises SecondPersonNeeded, AlreadyReversed, InsufficientCredit (what it gave has been used meanwhile).
    """
    _require_two(by, second, set())
    if entry.type == TransactionType.REVERSE or Transaction.objects.filter(reverses=entry).exists():
        raise AlreadyReversed(entry.key)
    moves = [
        Move(place_of(posting.destination), place_of(posting.source), posting.amount, posting.lot_uuid)
        for posting in entry.postings.select_related("source__unit", "destination__unit").order_by("-id")
    ]
    _require_two(by, second, {place.owner for move in moves for place in (move.source, move.destination)})
    if entry.type == TransactionType.CONVERT and entry.application_uuid:
        Hold.objects.filter(application_uuid=entry.application_uuid, state=HoldState.POSTED).update(state=HoldState.PENDING)
    reversal = post_transaction(
        TransactionType.REVERSE, moves, key=f"reverse:{entry.uuid}", by=by, second=second, on=on, application=entry.application_uuid,
        record=entry.record_uuid, reverses=entry, reason=reason[:300],
    )  # fmt: skip
    if (reversal.by_uuid, reversal.second_uuid) != (by.uuid, second.uuid):  # other hands were quicker
        raise AlreadyReversed(entry.key)
    return reversal


def check_books(*, clock: Callable[[], datetime]) -> BookCheck:
    """Ask every question about the books, keep what was found, and stop posting where a promise is broken.

    ``clock`` tells the time, before and after.
    """
    begun = clock()
    found = examine()
    faults, sums = found.faults, found.sums
    with transaction.atomic():
        check = BookCheck.objects.create(
            started_at=begun, finished_at=clock(), transactions=found.transactions, postings=found.postings, fault_count=len(faults),
            sums=[{"unit": unit, "kind": kind, "amount": str(amount)} for unit, kinds in sums.items() for kind, amount in kinds.items()],
            faults=[asdict(fault) for fault in faults[:MOST_KEPT]],
        )  # fmt: skip
        record_audit_entry("ledger.check", actor=None, about=check, data={"faults": len(faults), "transactions": found.transactions})
        if faults:
            freeze_ledger(faults, at=check.finished_at)
    return check


@transaction.atomic
def freeze_ledger(faults: Sequence[Fault], *, at: datetime) -> LedgerFreeze:
    """Stop posting, because these faults were found. Frozen already: the freeze that stands."""
    known = LedgerFreeze.objects.filter(lifted_at__isnull=True).first()
    if known is not None:
        return known
    freeze = LedgerFreeze.objects.create(found="\n".join(str(fault) for fault in faults[:MOST_KEPT]), frozen_at=at)
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
