"""Entering records into archives, and correcting them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from foundation.api import (
    announce,
    build_audit_entry,
    insert_rows,
    is_on_step,
    keys_of,
    record_audit_entries,
    record_audit_entry,
    seal,
    store_columns,
)
from identity.api import User
from learning.archive.enums import RecordSource, RecordState, Trust
from learning.archive.exceptions import CreditsOffStep, CreditsWithoutSystem, RecordAlreadyEntered, RecordAlreadyVoid, WrongTrust
from learning.archive.models import EVIDENCE, Evidence, LearningRecord
from learning.archive.types import NewRecord, RecordEntered, RecordVoided

BATCH_SIZE = 500
# What the content hash covers: all that the record says. State, and who declared it void, come later and are not part of it.
HASHED = (
    "title_zh", "title_en", "description_zh", "description_en", "institution_zh", "institution_en", "kind_of_education", "source", "trust",
    "outcome_code", "outcome_version", "learning_aims", "grade", "grade_scale", "score", "attendance", "credits", "notional_hours",
    "category", "source_type", "earned_on", "issued_on", "valid_until", "course_version", "external_id",
)  # fmt: skip


def enter_record(new: NewRecord, *, actor: User | None, at: datetime) -> LearningRecord:
    """Enter one result into its learner's archive; see ``enter_records``."""
    return enter_records([new], actor=actor, at=at)[0]


@transaction.atomic
def enter_records(news: Iterable[NewRecord], *, actor: User | None, at: datetime, announce_each: bool = True) -> list[LearningRecord]:
    """Enter results into archives, all or none, in the given order.

    In this order: check each (credits on the step of their system, trust that fits the source); store the rows; one audit entry per
    record; one
    RecordEntered per record, whose handlers queue what follows (the deposit). ``announce_each=False`` is for a loader of thousands
    that asks the
    bank for the same deposits in one batch itself. ``actor`` None is the platform (a completed run). Six queries for up to 500
    records, besides what handlers do.

    Raises CreditsOffStep, CreditsWithoutSystem, WrongTrust, RecordAlreadyEntered; then nothing was stored.
    """
    rows = [_row(new, actor=actor, at=at) for new in news]
    return _store(rows, actor=actor, announce_each=announce_each)


@transaction.atomic
def correct_record(record: LearningRecord, new: NewRecord, *, reason: str, actor: User | None, at: datetime) -> LearningRecord:
    """Declare a record void and enter what takes its place; both stay in the archive, tied to each other.

    Announces RecordVoided, then RecordEntered. Raises RecordAlreadyVoid and what ``enter_records`` raises.
    """
    voided = void_record(record, reason=reason, actor=actor, at=at)
    replacement = _row(new, actor=actor, at=at)
    replacement.replaces = voided
    return _store([replacement], actor=actor, announce_each=True)[0]


@transaction.atomic
def void_record(record: LearningRecord, *, reason: str, actor: User | None, at: datetime) -> LearningRecord:
    """Declare that a record does not count (any more), with a reason its learner can read.

    Announces RecordVoided; the reversal in the ledger is the bank's. Raises RecordAlreadyVoid.
    """
    record = LearningRecord.objects.select_for_update().get(pk=record.pk)
    if record.is_void:
        raise RecordAlreadyVoid(str(record.uuid))
    record.state = RecordState.VOID
    record.void_reason = reason[:400]
    record.voided_at = at
    record.voided_by_uuid = actor.uuid if actor else None
    record.save(update_fields=["state", "void_reason", "voided_at", "voided_by_uuid"])
    record_audit_entry("archive.void", actor=actor, about=record, concerns=record.learner.uuid, reason=record.void_reason)
    announce(RecordVoided(record_id=record.pk))
    return record


@transaction.atomic
def void_records(records: Sequence[LearningRecord], *, reason: str, actor: User | None, at: datetime) -> None:
    """Declare that many records do not count, as whoever entered them together takes them back together. Seven statements for 500 records.

    Announces nothing: the caller has dealt with their credit. Raises RecordAlreadyVoid where one is void, and changes none.
    """
    rows = (
        LearningRecord.objects.select_for_update(of=("self",))
        .filter(pk__in=[record.pk for record in records])
        .exclude(state=RecordState.VOID)
    )
    known = list(rows.order_by("pk").select_related("learner").only("uuid", "learner__uuid"))
    if len(known) != len(records):
        raise RecordAlreadyVoid(", ".join(sorted({str(record.uuid) for record in records} - {str(row.uuid) for row in known})[:3]))
    with keys_of({row.learner.uuid for row in known}):
        for row in known:
            row.state, row.void_reason = RecordState.VOID, reason[:400]
            row.voided_at, row.voided_by_uuid = at, actor.uuid if actor else None
        store_columns(known, "state", "void_reason", "voided_at", "voided_by_uuid")
        record_audit_entries(
            [build_audit_entry("archive.void", actor=actor, about=row, concerns=row.learner.uuid, reason=reason[:400]) for row in known]
        )


@transaction.atomic
def attach_evidence(record: LearningRecord, *, content: bytes, filename: str, media_type: str, actor: User, at: datetime) -> Evidence:
    """Keep a file with a record. The same content twice is kept once."""
    digest = hashlib.sha256(content).hexdigest()
    known = Evidence.objects.filter(record=record, sha256=digest).first()
    if known is not None:
        return known
    evidence = Evidence(
        record=record,
        filename=filename[:200],
        media_type=media_type,
        size=len(content),
        sha256=digest,
        uploaded_by_uuid=actor.uuid,
        uploaded_at=at,
    )
    evidence.file.save(digest, ContentFile(seal(record.learner.uuid, EVIDENCE, content)), save=False)
    evidence.save(force_insert=True)
    record_audit_entry("archive.attach", actor=actor, about=record, concerns=record.learner.uuid, data={"sha256": digest})
    return evidence


@transaction.atomic
def open_evidence(evidence: Evidence, *, actor: Any) -> bytes:
    """The content of a file, for somebody whom the policy lets see it; that anybody but its learner looked is written down.

    Raises FileNotFoundError, SealingProblem where it cannot be read (KeyDestroyed: its learner was erased).
    """
    learner = evidence.record.learner
    content = evidence.content
    if actor.pk != learner.pk:
        record_audit_entry("archive.read_evidence", actor=actor, about=evidence, concerns=learner.uuid, data={"sha256": evidence.sha256})
    return content


@transaction.atomic
def add_own_record(new: NewRecord, *, key: str, actor: User, at: datetime) -> LearningRecord:
    """A learner adds a result of the own life, at trust ``self``. The same ``key`` again is the same record (a doubled click)."""
    external_id = f"own:{actor.uuid}:{key}"
    known = LearningRecord.objects.filter(learner=actor, external_id=external_id).first()
    if known is not None:
        return known
    return enter_record(replace(new, external_id=external_id, learner=actor), actor=actor, at=at)


def content_hash(row: LearningRecord) -> str:
    """SHA-256 of what a record says, in one canonical form, together with the pseudonym it belongs to."""
    said: dict[str, Any] = {name: _plain(getattr(row, name)) for name in HASHED}
    said["learner"] = str(row.learner.uuid)
    said["credit_system"] = row.credit_system.code if row.credit_system else None
    said["level"] = row.level.code if row.level else None
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A value in the one form in which it is hashed: decimals without trailing zeros, dates as ISO 8601."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, (list, tuple)) else value


def _store(rows: Sequence[LearningRecord], *, actor: User | None, announce_each: bool) -> list[LearningRecord]:
    _refuse_doubles(rows)
    insert_rows(rows, numbered=True)
    record_audit_entries(
        [
            build_audit_entry(
                "archive.enter",
                actor=actor,
                about=row,
                concerns=row.learner.uuid,
                data={"source": str(row.source), "trust": str(row.trust)},
            )
            for row in rows
        ]
    )
    if announce_each:
        for row in rows:
            announce(RecordEntered(record_id=row.pk))
    return list(rows)


def _refuse_doubles(rows: Sequence[LearningRecord]) -> None:
    """The schema refuses them too; here they get their name. Two queries for each 500 records."""
    counting = LearningRecord.objects.counting()
    enrolments = [row.enrolment_uuid for row in rows if row.enrolment_uuid]
    outside = {(row.institution_id, row.external_id) for row in rows if row.external_id}
    for start in range(0, len(enrolments), BATCH_SIZE):
        if counting.filter(enrolment_uuid__in=enrolments[start : start + BATCH_SIZE]).exists():
            raise RecordAlreadyEntered("enrolment")
    ids = sorted({external_id for _institution, external_id in outside})
    for start in range(0, len(ids), BATCH_SIZE):
        known = counting.filter(external_id__in=ids[start : start + BATCH_SIZE]).values_list("institution_id", "external_id")
        if outside & set(known):
            raise RecordAlreadyEntered("external id")


def _row(new: NewRecord, *, actor: User | None, at: datetime) -> LearningRecord:
    _check(new)
    institution = new.institution
    facts = {name: getattr(new, name) for name in _COPIED}
    row = LearningRecord(
        **facts,
        institution_zh=institution.name_zh if institution else new.institution_zh,
        institution_en=institution.name_en if institution else new.institution_en,
        learning_aims=dict(new.learning_aims),
        category=new.category or (new.credit_system.category if new.credit_system else ""),
        enrolment_uuid=new.enrolment,
        brought_by_uuid=actor.uuid if actor else None,
        state=RecordState.ACTIVE,
        recorded_at=at,
    )
    row.content_hash = content_hash(row)
    return row


_COPIED = (
    "learner", "title_zh", "title_en", "description_zh", "description_en", "institution", "kind_of_education", "source", "trust",
    "outcome_code", "outcome_version", "level", "grade", "grade_scale", "score", "attendance", "credits",
    "credit_system", "notional_hours", "source_type",
    "earned_on", "issued_on", "valid_until", "course_uuid", "course_version", "external_id", "auto_deposit",
)  # fmt: skip


def _check(new: NewRecord) -> None:
    if (new.credits is None) != (new.credit_system is None):
        raise CreditsWithoutSystem(new.title_zh)
    if new.credits is not None and new.credit_system is not None and not is_on_step(new.credits, new.credit_system.step):
        raise CreditsOffStep(str(new.credits))
    by_learner = new.source == RecordSource.LEARNER_UPLOAD
    if (by_learner and new.trust != Trust.SELF) or (new.trust == Trust.INSTITUTION and new.institution is None):
        raise WrongTrust(new.title_zh)
