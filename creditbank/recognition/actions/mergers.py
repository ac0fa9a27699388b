"""Merging the accounts of one person's two logins: one officer proposes, another person agrees, and the credit follows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from creditbank.ledger.actions import transfer
from creditbank.recognition.enums import MergerState
from creditbank.recognition.exceptions import AlreadyProposed, NothingToMerge, SamePersonTwice, WrongState
from creditbank.recognition.models import AccountMerger
from creditbank.recognition.queries import credit_that_follows
from foundation.api import notify, record_audit_entry
from identity.api import Institution


@transaction.atomic
def propose_merger(institution: Institution, *, source: Any, destination: Any, actor: Any, at: datetime, reason: str) -> AccountMerger:
    """An officer says that two logins are one person, and why. Nothing moves until a second person agrees.

    Raises SamePersonTwice where the officer is one of them; NothingToMerge for one login, or where nothing would follow; AlreadyProposed.
    """
    if actor.pk in {source.pk, destination.pk}:
        raise SamePersonTwice
    if source.pk == destination.pk or not credit_that_follows(source.uuid):
        raise NothingToMerge
    row = AccountMerger(
        institution=institution, source=source, destination=destination, reason=reason, proposed_by=actor, proposed_at=at
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyProposed from error
    data = {"to": str(destination.uuid), "institution": institution.code}
    record_audit_entry("recognition.propose_merger", actor=actor, about=row, concerns=source.uuid, reason=reason, data=data)
    return row


@transaction.atomic
def agree_to_merger(merger: AccountMerger, *, actor: Any, at: datetime) -> AccountMerger:
    """The second person agrees: what is pending, available, expired or revoked follows into the other account; both logins are told.

    What an application holds, and what was awarded, stays. Raises WrongState; SamePersonTwice for whoever proposed it and for the persons
    themselves; NothingToMerge where nothing is left to follow.
    """
    row = _waiting(merger, actor)
    entry = transfer(
        source=row.source.uuid, destination=row.destination.uuid, key=str(row.uuid), on=timezone.localdate(at), by=row.proposed_by,
        second=actor, reason=row.reason,
    )  # fmt: skip
    if entry is None:
        raise NothingToMerge
    row.transaction_uuid = entry.uuid
    _decide(row, MergerState.DONE, actor=actor, at=at)
    for person in (row.source, row.destination):
        notify(person.uuid, "recognition.merged", url="", data={"reason": row.reason, "institution": row.institution.name})
    return row


@transaction.atomic
def refuse_merger(merger: AccountMerger, *, actor: Any, at: datetime, note: str) -> AccountMerger:
    """The second person does not agree: nothing moves. Raises WrongState, SamePersonTwice."""
    return _decide(_waiting(merger, actor), MergerState.REFUSED, actor=actor, at=at, note=note)


def _waiting(merger: AccountMerger, actor: Any) -> AccountMerger:
    rows = AccountMerger.objects.select_for_update(of=("self",)).select_related("source", "destination", "proposed_by", "institution")
    row = rows.get(pk=merger.pk)
    if row.state != MergerState.PROPOSED:
        raise WrongState(row.state)
    if actor.pk in {row.proposed_by_id, row.source_id, row.destination_id}:
        raise SamePersonTwice
    return row


def _decide(row: AccountMerger, state: str, *, actor: Any, at: datetime, note: str = "") -> AccountMerger:
    row.state, row.decided_by, row.decided_at, row.note = state, actor, at, note
    row.save(update_fields=["state", "decided_by", "decided_at", "note", "transaction_uuid"])
    verb = "agree_to_merger" if state == MergerState.DONE else "refuse_merger"
    data = {"proposed_by": str(row.proposed_by.uuid), "to": str(row.destination.uuid)}
    record_audit_entry(f"recognition.{verb}", actor=actor, about=row, concerns=row.source.uuid, reason=note or row.reason, data=data)
    return row
