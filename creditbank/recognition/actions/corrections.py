"""Taking back: a result by the institution that issued it, an award by the one that made it. One proposes, another agrees."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from creditbank.ledger.actions import release, revoke
from creditbank.ledger.enums import HoldState
from creditbank.ledger.models import Hold, Transaction
from creditbank.ledger.posting import lock_accounts
from creditbank.recognition.actions.posting import reverse_award
from creditbank.recognition.actions.steps import in_words, locked, require_uninvolved
from creditbank.recognition.corrections import Correction, SourceReview
from creditbank.recognition.enums import ApplicationState, CorrectionKind, CorrectionState, ReviewState
from creditbank.recognition.exceptions import AlreadyProposed, NothingToTakeBack, SamePersonTwice, WrongState
from creditbank.recognition.models import Application
from foundation.api import notify, record_audit_entry
from learning.api import LearningRecord, void_record

TRIES = 5


@transaction.atomic
def propose_revocation(record: LearningRecord, *, actor: Any, at: datetime, reason: str) -> Correction:
    """An officer of the issuer wants a result back. Nothing moves until a second person agrees.

    Raises NothingToTakeBack for a record without a deposit of its institution, or whose deposit was reversed; SamePersonTwice for the own
    result; AlreadyProposed.
    """
    deposits = Transaction.objects.filter(key=f"deposit:{record.uuid}", reversed_by__isnull=True)
    if record.institution_id is None or not deposits.exists():
        raise NothingToTakeBack
    if record.learner_id == actor.pk:
        raise SamePersonTwice
    return _propose(
        Correction(
            kind=CorrectionKind.REVOKE, institution_id=record.institution_id, learner=record.learner, record_uuid=record.uuid,
            title_zh=record.title_zh, title_en=record.title_en, reason=reason, proposed_by=actor, proposed_at=at,
        )
    )  # fmt: skip


@transaction.atomic
def propose_reversal(application: Application, *, actor: Any, at: datetime, reason: str) -> Correction:
    """An officer wants an award taken back. Nothing moves until a second person agrees.

    Raises WrongState unless it is posted, SamePersonTwice, Involved, AlreadyProposed.
    """
    application = locked(application, ApplicationState.POSTED)
    require_uninvolved(application, actor, at=at)
    programme = application.programme
    return _propose(
        Correction(
            kind=CorrectionKind.REVERSE, institution=application.institution, learner=application.learner, application=application,
            title_zh=programme.title_zh, title_en=programme.title_en, reason=reason, proposed_by=actor, proposed_at=at,
        )
    )  # fmt: skip


def _propose(correction: Correction) -> Correction:
    try:
        with transaction.atomic():
            correction.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyProposed from error
    record_audit_entry(
        f"corrections.propose_{correction.kind}",
        actor=correction.proposed_by,
        about=correction,
        concerns=correction.learner.uuid,
        reason=correction.reason,
    )
    return correction


@transaction.atomic
def agree_to_correction(correction: Correction, *, actor: Any, at: datetime) -> Correction:
    """The second person agrees, and it is done: the result is void and its credit revoked, or the award reversed.

    Raises WrongState where it was decided already, SamePersonTwice for whoever proposed it and for the learner, Involved; for an award also
    what ``reverse_award`` raises.
    """
    correction = _waiting(correction, actor)
    if correction.application is not None:
        require_uninvolved(correction.application, actor, at=at)
        reverse_award(correction.application, actor=correction.proposed_by, second=actor, at=at, reason=correction.reason)
        SourceReview.objects.filter(application=correction.application, state=ReviewState.OPEN).update(
            state=ReviewState.REVERSED, closed_by=actor, closed_at=at
        )
    else:
        _revoke(correction, second=actor, at=at)
    return _decide(correction, CorrectionState.DONE, actor=actor, at=at)


@transaction.atomic
def refuse_correction(correction: Correction, *, actor: Any, at: datetime, note: str) -> Correction:
    """The second person does not agree: nothing moves. Raises WrongState, SamePersonTwice."""
    return _decide(_waiting(correction, actor), CorrectionState.REFUSED, actor=actor, at=at, note=note)


def _waiting(correction: Correction, actor: Any) -> Correction:
    rows = Correction.objects.select_for_update(of=("self",)).select_related("application__learner", "learner", "proposed_by")
    current = rows.get(pk=correction.pk)
    if current.state != CorrectionState.PROPOSED:
        raise WrongState(current.state)
    if actor.pk in {current.proposed_by_id, current.learner_id}:
        raise SamePersonTwice
    return current


def _decide(correction: Correction, state: str, *, actor: Any, at: datetime, note: str = "") -> Correction:
    correction.state, correction.decided_by, correction.decided_at, correction.note = state, actor, at, note
    correction.save(update_fields=["state", "decided_by", "decided_at", "note"])
    verb = "agree" if state == CorrectionState.DONE else "refuse"
    record_audit_entry(
        f"corrections.{verb}_{correction.kind}", actor=actor, about=correction, concerns=correction.learner.uuid, reason=note,
        data={"proposed_by": str(correction.proposed_by.uuid)},
    )  # fmt: skip
    return correction


@transaction.atomic
def keep_award(review: SourceReview, *, actor: Any, at: datetime, note: str) -> SourceReview:
    """An officer has looked at the case again and says why it stands. Raises WrongState, SamePersonTwice, Involved."""
    current = SourceReview.objects.select_for_update(of=("self",)).select_related("application__learner").get(pk=review.pk)
    if current.state != ReviewState.OPEN:
        raise WrongState(current.state)
    require_uninvolved(current.application, actor, at=at)
    current.state, current.closed_by, current.closed_at, current.note = ReviewState.KEPT, actor, at, note
    current.save(update_fields=["state", "closed_by", "closed_at", "note"])
    learner = current.application.learner
    record_audit_entry("corrections.keep_award", actor=actor, about=current, concerns=learner.uuid, reason=note)
    return current


def _revoke(correction: Correction, *, second: Any, at: datetime) -> None:
    """The record becomes void; what is pending or available of its credit is revoked, what an open case holds of it comes first.

    Cases that hold or have used it get a review. Locks as everywhere: cases, then accounts; a case that came in between makes it begin anew.
    """
    record = LearningRecord.objects.select_related("learner", "credit_system").get(uuid=str(correction.record_uuid))
    if not record.is_void:
        void_record(record, reason=correction.reason, actor=correction.proposed_by, at=at)
    if not any(_taken_back(correction, record, second=second, at=at) for _attempt in range(TRIES)):
        raise WrongState(correction.state)


@transaction.atomic
def _taken_back(correction: Correction, record: LearningRecord, *, second: Any, at: datetime) -> bool:
    """Lock the cases that have the record, then the accounts, and take back; False, with nothing locked, where a case came in between."""
    cases = _cases_with(record.uuid)
    list(Application.objects.select_for_update(of=("self",)).filter(uuid__in=cases).order_by("pk"))
    lock_accounts(record.learner.uuid)
    if _cases_with(record.uuid) != cases:
        transaction.set_rollback(True)
        return False
    _take_back(correction, record, cases, second=second, at=at)
    return True


def _cases_with(record: UUID) -> set[UUID]:
    live = Hold.objects.filter(lot_uuid=record, state__in=[HoldState.PENDING, HoldState.POSTED])
    return set(live.values_list("application_uuid", flat=True))


def _take_back(correction: Correction, record: LearningRecord, cases: Iterable[UUID], *, second: Any, at: datetime) -> None:
    on, by = timezone.localdate(at), correction.proposed_by
    for application in Application.objects.filter(uuid__in=cases).select_related("first_officer").order_by("pk"):
        release(application=application.uuid, on=on, by=by, lots=[record.uuid], again=application.hold_round)
        _open_review(application, record, at=at)
    entry = revoke(record=record.uuid, on=on, by=by, second=second, reason=correction.reason)
    facts = {
        "title": {"zh": record.title_zh, "en": record.title_en or record.title_zh}, "reason": correction.reason,
        "credits": in_words(sum((posting.amount for posting in entry.postings.all()), start=record.amount * 0)) if entry else "0",
    }  # fmt: skip
    notify(record.learner.uuid, "ledger.revoked", url=reverse("creditbank:account"), data=facts)


def _open_review(application: Application, record: LearningRecord, *, at: datetime) -> None:
    review, _made = SourceReview.objects.get_or_create(
        application=application, record_uuid=record.uuid,
        defaults={"title_zh": record.title_zh, "title_en": record.title_en, "opened_at": at},
    )  # fmt: skip
    record_audit_entry("corrections.open_review", actor=None, about=review, concerns=record.learner.uuid)
    if application.first_officer is not None:
        facts = {
            "reference": application.reference,
            "title": {"zh": record.title_zh, "en": record.title_en or record.title_zh},
        }
        notify(application.first_officer.uuid, "corrections.review", url=reverse("creditbank:corrections"), data=facts)
