"""The life of an agreement: drafted, signed by every party that must, in force, suspended, resumed, ended, superseded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from creditbank.agreements.contracts import Agreement, AgreementParty, AgreementSignature, AgreementStep
from creditbank.agreements.enums import AGREEMENT_STEPS, AgreementKind, AgreementStatus, PartyRole
from creditbank.agreements.events import AgreementMoved
from creditbank.agreements.exceptions import AlreadySigned, BadDay, BadParties, NotAParty, OtherText, WrongStep
from creditbank.agreements.texts import hash_of_text, must_sign
from foundation.api import announce, record_audit_entry
from identity.api import Institution

Status = AgreementStatus
PAIR = 2


@transaction.atomic
def draft_agreement(
    *,
    code: str,
    kind: str,
    parties: Mapping[Institution, str],
    title_zh: str,
    starts_on: date,
    actor: Any,
    at: datetime,
    by: Institution | None = None,
    title_en: str = "",
    text_zh: str = "",
    text_en: str = "",
    ends_on: date | None = None,
    precedence: int = 0,
    conserve: bool = False,
    supersedes: Agreement | None = None,
) -> Agreement:
    """A draft with its parties; the other parties' officers are told. What was drafted is never edited, only signed or withdrawn.

    Raises BadParties, BadDay, and IntegrityError for a code that is taken.
    """
    _check_parties(kind, parties)
    if ends_on is not None and ends_on < starts_on:
        raise BadDay(ends_on.isoformat())
    agreement = Agreement.objects.create(
        code=code, version=supersedes.version + 1 if supersedes else 1, title_zh=title_zh, title_en=title_en, text_zh=text_zh, text_en=text_en,
        kind=kind, precedence=precedence, conserve=conserve, starts_on=starts_on, ends_on=ends_on, supersedes=supersedes,
        drafted_by_uuid=getattr(actor, "uuid", None),
    )  # fmt: skip
    AgreementParty.objects.bulk_create(AgreementParty(agreement=agreement, institution=place, role=role) for place, role in parties.items())
    _log(agreement, "", Status.DRAFT, actor=actor, at=at, on=timezone.localdate(at), by=by)
    return agreement


def _check_parties(kind: str, parties: Mapping[Institution, str]) -> None:
    roles = list(parties.values())
    if any(role not in PartyRole.values for role in roles):
        raise BadParties("role")
    if not {PartyRole.RECEIVE, PartyRole.BOTH} & set(roles):
        raise BadParties("receiver")
    if kind != AgreementKind.RECEIVER_LIST and (len(roles) < PAIR or roles == [PartyRole.RECEIVE] * len(roles)):
        raise BadParties("few")
    if kind == AgreementKind.BILATERAL and len(roles) != PAIR:
        raise BadParties("two")


@transaction.atomic
def sign_agreement(
    agreement: Agreement, *, institution: Institution, actor: Any, at: datetime, shown_hash: str, role: str = ""
) -> Agreement:
    """A party's officer signs the text that was shown; with the last signature needed it is signed, and in force if its day has come.

    Raises WrongStep, NotAParty, AlreadySigned, OtherText. Nothing is signed then.
    """
    agreement = _locked(agreement, Status.DRAFT)
    needed = {place.pk for place in must_sign(agreement)}
    if institution.pk not in needed:
        raise NotAParty(institution.code)
    signed = set(agreement.signatures.values_list("institution_id", flat=True))
    if institution.pk in signed:
        raise AlreadySigned(institution.code)
    text = hash_of_text(agreement)
    if shown_hash != text:
        raise OtherText(agreement.code)
    AgreementSignature.objects.create(
        agreement=agreement, institution=institution, signer_uuid=actor.uuid, signed_as=role or "credit_officer", text_hash=text, at=at
    )
    data = {"code": agreement.code, "institution": institution.code, "hash": text}
    record_audit_entry("agreements.sign", actor=actor, about=agreement, data=data)
    if needed - signed - {institution.pk}:
        announce(AgreementMoved(agreement_id=agreement.pk, what="signed_by", by_institution_id=institution.pk))
        return agreement
    agreement.was_signed = True
    _move(agreement, Status.SIGNED, actor=actor, at=at, on=agreement.starts_on, by=institution)
    today = timezone.localdate(at)
    return _begin(agreement, on=today, actor=None, at=at) if agreement.starts_on <= today else agreement


def _begin(agreement: Agreement, *, on: date, actor: Any, at: datetime) -> Agreement:
    """From its first day the agreement is in force; the one that it supersedes ends the day before."""
    _move(agreement, Status.ACTIVE, actor=actor, at=at, on=agreement.starts_on)
    if agreement.supersedes_id:
        older = Agreement.objects.select_for_update().get(pk=agreement.supersedes_id)
        if older.status in {Status.ACTIVE, Status.SUSPENDED, Status.SIGNED}:
            stop = max(agreement.starts_on, older.starts_on)
            older.stopped_on = min(older.stopped_on or stop, stop)
            _move(older, Status.ENDED, actor=actor, at=at, on=stop, reason=f"→ {agreement.code}")
    return agreement


@transaction.atomic
def suspend_agreement(
    agreement: Agreement, *, from_day: date, actor: Any, at: datetime, reason: str, by: Institution | None = None
) -> Agreement:
    """From a day on its rules do not apply, until it is resumed; what is dated before stays as it was.

    Raises WrongStep; BadDay for a day that has passed, or outside of the agreement.
    """
    agreement = _locked(agreement, Status.ACTIVE)
    if from_day < max(timezone.localdate(at), agreement.starts_on) or (agreement.ends_on and from_day > agreement.ends_on):
        raise BadDay(from_day.isoformat())
    agreement.stopped_on = from_day
    _move(agreement, Status.SUSPENDED, actor=actor, at=at, on=from_day, reason=reason, by=by)
    return agreement


@transaction.atomic
def resume_agreement(agreement: Agreement, *, actor: Any, at: datetime, reason: str = "", by: Institution | None = None) -> Agreement:
    """In force again, as if it had never been suspended. Raises WrongStep; BadDay where it would have ended meanwhile."""
    agreement = _locked(agreement, Status.SUSPENDED)
    today = timezone.localdate(at)
    if agreement.ends_on is not None and agreement.ends_on < today:
        raise BadDay(agreement.ends_on.isoformat())
    agreement.stopped_on = None
    _move(agreement, Status.ACTIVE, actor=actor, at=at, on=today, reason=reason, by=by)
    return agreement


@transaction.atomic
def end_agreement(
    agreement: Agreement, *, last_day: date, actor: Any, at: datetime, reason: str, by: Institution | None = None
) -> Agreement:
    """End it with a day, for good; a draft is withdrawn. Rules under it apply until that day.

    Raises WrongStep; BadDay for a last day before yesterday or after its own end.
    """
    agreement = _locked(agreement, Status.DRAFT, Status.SIGNED, Status.ACTIVE, Status.SUSPENDED)
    if last_day < timezone.localdate(at) - timedelta(days=1) or (agreement.ends_on is not None and last_day > agreement.ends_on):
        raise BadDay(last_day.isoformat())
    stop = last_day + timedelta(days=1)
    agreement.stopped_on = min(agreement.stopped_on or stop, stop)
    _move(agreement, Status.ENDED, actor=actor, at=at, on=stop, reason=reason, by=by)
    return agreement


def run_agreement_clock(*, on: date, at: datetime) -> int:
    """What a day brings: signed agreements begin, those past their last day end. Running it again does nothing more; returns how many moved."""
    moved = 0
    for pk in Agreement.objects.filter(status=Status.SIGNED, starts_on__lte=on).values_list("pk", flat=True):
        with transaction.atomic():
            _begin(_locked(Agreement(pk=pk), Status.SIGNED), on=on, actor=None, at=at)
        moved += 1
    over = Agreement.objects.filter(status__in=[Status.ACTIVE, Status.SUSPENDED], ends_on__lt=on).values_list("pk", flat=True)
    for pk in over:
        with transaction.atomic():
            agreement = _locked(Agreement(pk=pk), Status.ACTIVE, Status.SUSPENDED)
            last = agreement.ends_on or on
            _move(agreement, Status.ENDED, actor=None, at=at, on=last + timedelta(days=1))
        moved += 1
    return moved


def _locked(agreement: Agreement, *states: str) -> Agreement:
    current = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    if current.status not in states:
        raise WrongStep(current.status)
    return current


def _move(
    agreement: Agreement, status: str, *, actor: Any, at: datetime, on: date, reason: str = "", by: Institution | None = None
) -> None:
    before = agreement.status
    if status not in AGREEMENT_STEPS[before]:
        raise WrongStep(before)
    agreement.status = status
    agreement.save(update_fields=["status", "stopped_on", "was_signed"])
    _log(agreement, before, status, actor=actor, at=at, on=on, reason=reason, by=by)


def _log(
    agreement: Agreement, before: str, status: str, *, actor: Any, at: datetime, on: date, reason: str = "", by: Institution | None = None
) -> None:
    AgreementStep.objects.create(
        agreement=agreement, from_status=before, to_status=status, effective_on=on, institution=by, by_uuid=getattr(actor, "uuid", None),
        reason=reason[:500], at=at,
    )  # fmt: skip
    data = {"code": agreement.code, "from": before, "to": status, "on": on.isoformat()}
    record_audit_entry("agreements.step", actor=actor, about=agreement, reason=reason[:500], data=data)
    what = "resumed" if (before, status) == (Status.SUSPENDED, Status.ACTIVE) else str(status)
    announce(
        AgreementMoved(agreement_id=agreement.pk, what=what, by_institution_id=by.pk if by else None, reason=reason, on=on.isoformat())
    )
