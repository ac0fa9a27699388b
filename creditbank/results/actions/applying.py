"""Letting rows enter archives and accounts, and taking them back: five hundred at a time, each step whole, resumed where it broke off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from creditbank.catalogue.models import Outcome
from creditbank.ledger.batches import Order, post_many
from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.ledger.models import NOBODY, Hold, Posting, Transaction
from creditbank.ledger.queries import lots_of
from creditbank.ledger.types import Move, Place
from creditbank.results.actions.steps import move_on, went_on
from creditbank.results.enums import BatchState, RowState
from creditbank.results.models import ResultBatch, ResultRow
from creditbank.results.queries import entered_numbers
from foundation.api import can, finish_job, keys_of, notify_many, store_columns
from identity.api import InstitutionKind, User
from learning.api import LearningRecord, NewRecord, RecordSource, Trust, enter_records, void_records

S = BatchState
CHUNK = 500
KIND_OF_EDUCATION: dict[str, str] = {
    InstitutionKind.SCHOOL: "basic", InstitutionKind.VOCATIONAL: "vocational", InstitutionKind.HIGHER: "higher",
    InstitutionKind.ADULT: "continuing", InstitutionKind.COMMUNITY: "community", InstitutionKind.ELDERLY: "elderly",
    InstitutionKind.COMPANY: "vocational", InstitutionKind.AWARDING_BODY: "vocational",
}  # fmt: skip
"""The kind of education that a result counts as, by who awards it: a row of an upload names no course of the library."""


@dataclass(frozen=True)
class Run:
    """One of the two ways through the rows of a file: its states, which rows wait, what a chunk does, and in whose name."""

    during: str
    after: str
    halted: str
    waiting: str
    verb: str
    by: str
    work: Callable[..., None]


def enter_rows(batch: ResultBatch, *, at: datetime) -> ResultBatch:
    """Enter every good row that has not entered yet: record, deposit and confirmation, each chunk in one transaction.

    Killed in the middle it is called again: what entered is not entered twice, because rows and records change together and both the
    record's number and the posting's key are unique. Ends in ``released``, or in ``halted`` where who released may not do so any more.
    """
    return _in_chunks(batch, Run(S.RELEASING, S.RELEASED, S.HALTED, RowState.GOOD, "enter", "released_by_uuid", _enter_chunk), at=at)


def undo_rows(batch: ResultBatch, *, at: datetime) -> ResultBatch:
    """Take back every entered row whose credit is still unused: both postings are reversed and the record is declared void.

    A row whose credit is held, converted, expired or otherwise gone is kept, and says so; it goes the way of a single record (revocation).
    Resumed like ``enter_rows``. Ends in ``undone``, or in ``undo_halted``.
    """
    return _in_chunks(batch, Run(S.UNDOING, S.UNDONE, S.UNDO_HALTED, RowState.ENTERED, "end_undo", "undone_by_uuid", _undo_chunk), at=at)


def _in_chunks(batch: ResultBatch, run: Run, *, at: datetime) -> ResultBatch:
    """Work through the waiting rows, a chunk a transaction; how far it is stands in the same transaction, so that it is true after a kill too.

    Each chunk is asked for anew in the name of who released it: whoever loses the role in the middle lets no further row through.
    """
    while True:
        with transaction.atomic():
            current = ResultBatch.objects.select_for_update(of=("self",)).select_related("job", "institution").get(pk=batch.pk)
            if current.state != run.during:
                return current
            rows = list(current.rows.filter(state=run.waiting).order_by("line")[:CHUNK])
            if rows and not can(User.objects.filter(uuid=getattr(current, run.by)).first() or AnonymousUser(), "release", current):
                move_on(current, run.halted, verb="halt", actor=None, by=str(getattr(current, run.by)))
                return current
            if not rows:
                move_on(current, run.after, verb=run.verb, actor=None)
                if current.job is not None:
                    finish_job(current.job, at=at)
                return current
            run.work(current, rows, at=at)
            went_on(current, done=len(rows))


def _enter_chunk(batch: ResultBatch, rows: Sequence[ResultRow], *, at: datetime) -> None:
    """A row whose number entered in another file, after this one was read, is left out: its result stands in the archive already."""
    taken = entered_numbers(batch.institution_id, {row.values["result_id"] for row in rows})
    new = [row for row in rows if row.values["result_id"] not in taken]
    records = _enter(batch, new, at=at)
    for row in rows:
        row.state = RowState.LEFT
    for row, record in zip(new, records, strict=True):
        row.state, row.record_uuid = RowState.ENTERED, record.uuid
    store_columns(rows, "state", "record_uuid")
    notify_many("ledger.deposited", [_told(record) for record in records if record.credits is not None], url="/my/credits/")


def _enter(batch: ResultBatch, rows: Sequence[ResultRow], *, at: datetime) -> list[LearningRecord]:
    """Records of these rows, with their credit in the accounts."""
    actor = User.objects.filter(uuid=batch.uploaded_by_uuid).first()
    people = {str(person.uuid): person for person in User.objects.only("uuid").filter(uuid__in={row.values["person"] for row in rows})}
    codes = {row.values["outcome"] for row in rows}
    outcomes = {outcome.code: outcome for outcome in Outcome.objects.filter(code__in=codes).select_related("system")}
    news = [_new_record(row, batch, people[row.values["person"]], outcomes[row.values["outcome"]]) for row in rows]
    records = enter_records(news, actor=actor, at=at, announce_each=False)
    post_many([order for record in records for order in _deposit_orders(record, on=timezone.localdate(at))])
    return records


def _new_record(row: ResultRow, batch: ResultBatch, person: User, outcome: Outcome) -> NewRecord:
    said: dict[str, str] = row.values
    institution = batch.institution
    return NewRecord(
        learner=person, title_zh=outcome.title_zh, title_en=outcome.title_en, source=RecordSource.INSTITUTION_UPLOAD,
        trust=Trust.INSTITUTION, kind_of_education=KIND_OF_EDUCATION[institution.kind], earned_on=date.fromisoformat(said["earned_on"]),
        institution=institution, outcome_code=outcome.code, grade=said.get("grade", ""), score=_amount(said, "score"),
        attendance=_amount(said, "attendance"), credits=_amount(said, "credits"),
        credit_system=outcome.system if "credits" in said else None, notional_hours=_amount(said, "hours") or outcome.hours,
        category=outcome.category, source_type=outcome.source_type,
        valid_until=date.fromisoformat(said["valid_until"]) if "valid_until" in said else None, external_id=said["result_id"],
    )  # fmt: skip


def _amount(said: dict[str, str], name: str) -> Decimal | None:
    return Decimal(said[name]) if name in said else None


def _deposit_orders(record: LearningRecord, *, on: date) -> list[Order]:
    """The deposit and its confirmation, with the keys that a single record has too."""
    system, school = record.credit_system, record.institution
    if record.credits is None or system is None or school is None:
        return []
    owner = record.learner.uuid
    pending = Place(AccountKind.PENDING, system.code, owner)
    deposit = Move(Place(AccountKind.ISSUER, system.code, NOBODY, school.code), pending, record.credits, record.uuid)
    verify = Move(pending, Place(AccountKind.AVAILABLE, system.code, owner), record.credits, record.uuid)
    return [
        Order(TransactionType.DEPOSIT, (deposit,), f"deposit:{record.uuid}", on, record=record.uuid),
        Order(TransactionType.VERIFY, (verify,), f"verify:{record.uuid}", on, record=record.uuid),
    ]


def _told(record: LearningRecord) -> tuple[UUID, dict[str, Any]]:
    """Who is told of a deposit, and what."""
    title = {"zh": record.title_zh, "en": record.title_en or record.title_zh}
    return record.learner.uuid, {"title": title, "credits": format((record.credits or Decimal(0)).normalize(), "f")}


def _undo_chunk(batch: ResultBatch, rows: Sequence[ResultRow], *, at: datetime) -> None:
    by = User.objects.get(uuid=batch.undo_asked_by_uuid)
    second = User.objects.get(uuid=batch.undone_by_uuid)
    uuids = [row.record_uuid for row in rows if row.record_uuid]
    records = list(
        LearningRecord.objects.filter(uuid__in=uuids).select_related("learner").only("uuid", "state", "credits", "learner__uuid")
    )
    with keys_of(record.learner.uuid for record in records):  # the reason is sealed for each of them
        free = _unused([record for record in records if by.pk != record.learner_id != second.pk])
        post_many(_reversals(free, by=by, second=second, on=timezone.localdate(at), reason=batch.undo_reason))
        void_records([record for record in records if record.uuid in free], reason=batch.undo_reason, actor=by, at=at)
    for row in rows:
        row.state = RowState.UNDONE if row.record_uuid in free else RowState.KEPT
    store_columns(rows, "state")


def _unused(records: Sequence[LearningRecord]) -> set[UUID]:
    """Records whose credit is available in full, or which carry none and are reserved by nobody."""
    uuids = [record.uuid for record in records]
    available = {lot.uuid: lot.amount for lot in lots_of(*uuids) if lot.kind == AccountKind.AVAILABLE}
    reserved = set(Hold.objects.filter(lot_uuid__in=uuids, state__in=["pending", "posted"]).values_list("lot_uuid", flat=True))
    return {
        record.uuid
        for record in records
        if not record.is_void and record.uuid not in reserved and available.get(record.uuid, Decimal(0)) == record.amount
    }


def _reversals(records: set[UUID], *, by: User, second: User, on: date, reason: str) -> list[Order]:
    """What takes back the deposit and the confirmation of each record, the last first. Two queries."""
    entries = list(
        Transaction.objects.filter(record_uuid__in=records, type__in=[TransactionType.DEPOSIT, TransactionType.VERIFY])
        .only("uuid", "record_uuid")
        .order_by("-id")
    )
    moves: dict[int, list[Move]] = defaultdict(list)
    sides = [f"{side}__{name}" for side in ("destination", "source") for name in ("kind", "unit__code", "owner_uuid", "reference")]
    # Places come by a join: prefetched one by one they would be an expression deeper than SQLite reads.
    postings = Posting.objects.filter(transaction__in=entries).order_by("id")
    for number, amount, lot, *places in postings.values_list("transaction_id", "amount", "lot_uuid", *sides):
        moves[number].append(Move(Place(*places[:4]), Place(*places[4:]), amount, lot))
    return [
        Order(
            TransactionType.REVERSE, tuple(moves[entry.pk]), f"reverse:{entry.uuid}", on, by=by, second=second, record=entry.record_uuid,
            reverses=entry, reason=reason,
        )
        for entry in entries
    ]  # fmt: skip
