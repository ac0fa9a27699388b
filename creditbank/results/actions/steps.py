"""The steps of an upload, each by the person whose step it is."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from creditbank.results.enums import TRANSITIONS, BatchState
from creditbank.results.exceptions import NothingToEnter, SecondPersonRequired, WrongBatchState
from creditbank.results.models import ResultBatch
from creditbank.results.types import ResultsReleased, ResultsUndone, ResultsUploaded
from foundation.api import announce, record_audit_entry, report_progress, start_job
from identity.api import Institution

S = BatchState


def locked(batch: ResultBatch, *states: str) -> ResultBatch:
    """The batch as it is now, locked. Raises WrongBatchState where it is in none of these states."""
    batch = ResultBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.state not in states:
        raise WrongBatchState(batch.state)
    return batch


def move_on(batch: ResultBatch, state: str, *, verb: str, actor: Any, reason: str = "", **data: Any) -> None:
    """Take the batch to its next state, stored whole, with its audit entry. Raises WrongBatchState for a step that does not exist."""
    if state not in TRANSITIONS[batch.state]:
        raise WrongBatchState(batch.state)
    batch.state = state
    batch.save()
    record_audit_entry(f"results.{verb}", actor=actor, about=batch, reason=reason, data={"rows": batch.rows_total, **data})


def went_on(batch: ResultBatch, *, done: int) -> None:
    """So many rows more are through, in the transaction in which they are; and somebody is at it just now."""
    batch.worked_at = timezone.now()
    batch.save(update_fields=["worked_at"])
    if batch.job is not None:
        report_progress(batch.job, done=batch.job.done + done)


@transaction.atomic
def upload_results(institution: Institution, *, content: bytes, filename: str, actor: Any, at: datetime) -> ResultBatch:
    """Keep a file; it is read in the background, and nothing enters an archive by that."""
    digest = hashlib.sha256(content).hexdigest()
    batch = ResultBatch(
        institution=institution, filename=filename[-200:], sha256=digest, uploaded_by_uuid=actor.uuid, uploaded_at=at, worked_at=at,
        job=start_job("results.read", total=0, owner=actor),
    )  # fmt: skip
    batch.file.save(digest, ContentFile(content), save=False)
    batch.save(force_insert=True)
    record_audit_entry("results.upload", actor=actor, about=batch, data={"sha256": digest, "institution": institution.code})
    announce(ResultsUploaded(batch_id=batch.pk))
    return batch


@transaction.atomic
def submit_batch(batch: ResultBatch, *, actor: Any, at: datetime) -> ResultBatch:
    """The uploader stands for the whole file; another person may release it now. Raises WrongBatchState, NothingToEnter."""
    batch = locked(batch, S.READ)
    if not batch.rows_good:
        raise NothingToEnter
    batch.submitted_at = at
    move_on(batch, S.SUBMITTED, verb="submit", actor=actor)
    return batch


@transaction.atomic
def discard_batch(batch: ResultBatch, *, actor: Any) -> ResultBatch:
    """Put a file aside that has entered nothing; its rows go. Raises WrongBatchState."""
    batch = locked(batch, S.REFUSED, S.READ, S.SUBMITTED)
    batch.rows.all().delete()
    batch.complaints = []
    move_on(batch, S.DISCARDED, verb="discard", actor=actor)
    return batch


@transaction.atomic
def release_batch(batch: ResultBatch, *, actor: Any, at: datetime) -> ResultBatch:
    """A second person lets every good row enter its archive and its account, in the background. Raises WrongBatchState, SecondPersonRequired."""
    batch = locked(batch, S.SUBMITTED)
    if actor.uuid == batch.uploaded_by_uuid:
        raise SecondPersonRequired
    batch.released_by_uuid, batch.released_at, batch.worked_at = actor.uuid, at, at
    batch.job = start_job("results.enter", total=batch.rows_good, owner=actor)
    move_on(batch, S.RELEASING, verb="release", actor=actor, credits=str(batch.credits_total))
    announce(ResultsReleased(batch_id=batch.pk))
    return batch


@transaction.atomic
def ask_to_undo(batch: ResultBatch, *, reason: str, actor: Any) -> ResultBatch:
    """Say that a released file was wrong, and why; another person has to agree. Raises WrongBatchState."""
    batch = locked(batch, S.RELEASED)
    batch.undo_asked_by_uuid, batch.undo_reason = actor.uuid, reason[:300]
    move_on(batch, S.UNDO_ASKED, verb="ask_undo", actor=actor, reason=batch.undo_reason)
    return batch


@transaction.atomic
def answer_undo(batch: ResultBatch, *, agree: bool, actor: Any) -> ResultBatch:
    """A second person agrees, and everything that is still unused is reversed in the background; or refuses, and all stays.

    Raises WrongBatchState, SecondPersonRequired for whoever asked.
    """
    batch = locked(batch, S.UNDO_ASKED)
    if actor.uuid == batch.undo_asked_by_uuid:
        raise SecondPersonRequired
    if not agree:
        batch.undo_asked_by_uuid, batch.undo_reason = None, ""
        move_on(batch, S.RELEASED, verb="refuse_undo", actor=actor)
        return batch
    batch.undone_by_uuid, batch.worked_at = actor.uuid, timezone.now()
    batch.job = start_job("results.undo", total=batch.rows_good, owner=actor)
    move_on(batch, S.UNDOING, verb="undo", actor=actor, reason=batch.undo_reason)
    announce(ResultsUndone(batch_id=batch.pk))
    return batch


@transaction.atomic
def go_on(batch: ResultBatch, *, actor: Any) -> ResultBatch:
    """Another person stands for the rows that still wait after a stop, and they go on in the background; what went through stays.

    Raises WrongBatchState; SecondPersonRequired for who uploaded the file, or asked to undo it.
    """
    batch = locked(batch, S.HALTED, S.UNDO_HALTED)
    entering = batch.state == S.HALTED
    if actor.uuid == (batch.uploaded_by_uuid if entering else batch.undo_asked_by_uuid):
        raise SecondPersonRequired
    before = batch.released_by_uuid if entering else batch.undone_by_uuid
    setattr(batch, "released_by_uuid" if entering else "undone_by_uuid", actor.uuid)
    batch.worked_at = timezone.now()
    move_on(batch, S.RELEASING if entering else S.UNDOING, verb="go_on", actor=actor, before=str(before))
    announce(ResultsReleased(batch_id=batch.pk) if entering else ResultsUndone(batch_id=batch.pk))
    return batch
