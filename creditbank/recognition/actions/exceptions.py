"""Individual exceptions: one officer proposes, another person approves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils import timezone

from creditbank.agreements.queries import limits_of, rule_base, target_of, version_in_force
from creditbank.catalogue.models import Programme
from creditbank.recognition.enums import ExceptionKind, ExceptionState
from creditbank.recognition.exceptions import BadException, SamePersonTwice, WrongState
from creditbank.recognition.models import IndividualException
from foundation.api import notify, record_audit_entry


@dataclass(frozen=True)
class NewException:
    """What is to be read otherwise for a learner: which requirement, rule or limit, how, why, and until when."""

    kind: str
    path: str
    reason: str
    expires_on: date
    value: str = ""


@transaction.atomic
def propose_exception(learner: Any, programme: Programme, new: NewException, *, actor: Any, at: datetime) -> IndividualException:
    """An officer proposes; nothing changes for the learner yet.

    Raises SamePersonTwice for oneself; BadException where programme and rules know no such requirement, rule or limit, or the value is
    none for this kind, or the last day is over.
    """
    if learner.pk == actor.pk:
        raise SamePersonTwice
    on = timezone.localdate(at)
    _require_sense(programme, new, on=on)
    row = IndividualException.objects.create(
        learner=learner, institution=programme.institution, programme=programme, kind=new.kind, path=new.path, value=new.value,
        reason=new.reason, expires_on=new.expires_on, proposed_by=actor, proposed_at=at,
    )  # fmt: skip
    record_audit_entry("recognition.propose_exception", actor=actor, about=row, concerns=learner.uuid, reason=new.reason)
    return row


def _require_sense(programme: Programme, new: NewException, *, on: date) -> None:
    version = version_in_force(programme.institution, on=on)
    leaves = {leaf.path: leaf for leaf in target_of(programme).leaves}
    rules = {rule.id for rule in rule_base(version).rules} if version else set()
    limits = {limit.id for limit in limits_of(version)} if version else set()
    known = {
        ExceptionKind.INSERT: set(leaves), ExceptionKind.SUBSTITUTE: set(leaves), ExceptionKind.WAIVE: set(leaves),
        ExceptionKind.BLOCK: set(leaves) | rules, ExceptionKind.VALUE: set(leaves) | limits,
    }  # fmt: skip
    if new.path not in known.get(ExceptionKind(new.kind), set()) or (new.kind == ExceptionKind.WAIVE and not new.path):
        raise BadException("path")
    if new.expires_on < on:
        raise BadException("expires_on")
    if new.kind in {ExceptionKind.INSERT, ExceptionKind.SUBSTITUTE} and not new.value.strip():
        raise BadException("value")
    if new.kind == ExceptionKind.VALUE and not _is_amount(new.value):
        raise BadException("value")


def _is_amount(text: str) -> bool:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    return value.is_finite() and 0 <= value <= 1000  # noqa: PLR2004  no programme has more credits


@transaction.atomic
def answer_exception(exception: IndividualException, *, approve: bool, actor: Any, at: datetime, note: str = "") -> IndividualException:
    """Another person approves or refuses; what is approved counts from the next proposal on. Raises WrongState, SamePersonTwice."""
    row = IndividualException.objects.select_for_update(of=("self",)).select_related("learner", "programme").get(pk=exception.pk)
    if row.state != ExceptionState.PROPOSED:
        raise WrongState(row.state)
    if actor.pk in {row.proposed_by_id, row.learner_id}:
        raise SamePersonTwice
    row.state = ExceptionState.APPROVED if approve else ExceptionState.REFUSED
    row.answered_by, row.answered_at, row.answer = actor, at, note
    row.save(update_fields=["state", "answered_by", "answered_at", "answer"])
    record_audit_entry(
        "recognition.answer_exception", actor=actor, about=row, concerns=row.learner.uuid, reason=note, data={"state": row.state}
    )
    if approve:
        programme = {"zh": row.programme.title_zh, "en": row.programme.title_en or row.programme.title_zh}
        facts = {"programme": programme, "reason": row.reason, "until": row.expires_on.isoformat()}
        notify(row.learner.uuid, "recognition.exception_approved", url="", data=facts)
    return row


@transaction.atomic
def end_exception(exception: IndividualException, *, actor: Any, at: datetime, note: str) -> IndividualException:
    """An approved exception holds no longer; decisions that were taken under it stand. Raises WrongState, SamePersonTwice."""
    row = IndividualException.objects.select_for_update(of=("self",)).select_related("learner").get(pk=exception.pk)
    if row.state != ExceptionState.APPROVED:
        raise WrongState(row.state)
    if actor.pk == row.learner_id:
        raise SamePersonTwice
    row.state, row.ended_by_uuid, row.ended_at = ExceptionState.ENDED, actor.uuid, at
    row.save(update_fields=["state", "ended_by_uuid", "ended_at"])
    record_audit_entry("recognition.end_exception", actor=actor, about=row, concerns=row.learner.uuid, reason=note)
    return row
