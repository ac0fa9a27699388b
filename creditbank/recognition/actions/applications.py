"""What a learner does: start, submit, answer, withdraw, accept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from creditbank.catalogue.models import Programme
from creditbank.recognition.actions.holding import hold_records, release_all
from creditbank.recognition.actions.steps import locked, move_on, require_uninvolved, tell_desk, tell_learner
from creditbank.recognition.approvals import required_approvals
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.exceptions import EvidenceMissing, NothingToRecognise, RecordsTaken, TooLate
from creditbank.recognition.models import EVIDENCE, Application, ApplicationEvidence, ApplicationLine, ApplicationStep
from creditbank.recognition.queries import Proposal, evidence_for, propose
from creditbank.recognition.terms import answer_due, last_day, policy_in_force, terms_of
from creditbank.recognition.uploads import KeptFile
from foundation.api import begins_with, keep_key, record_audit_entry, seal

State = ApplicationState
TRIES = 20
NEWEST = 50


@transaction.atomic
def start_application(programme: Programme, *, learner: Any, at: datetime) -> Application:
    """A draft: nothing is held, nothing is asked of anybody. The same open draft is found again."""
    known = Application.objects.filter(learner=learner, programme=programme, state=State.DRAFT).first()
    if known is not None:
        return known
    keep_key(learner.uuid)
    application = _create(programme, learner=learner, at=at)
    record_audit_entry("recognition.start", actor=learner, about=application, concerns=learner.uuid)
    return application


def _create(programme: Programme, *, learner: Any, at: datetime) -> Application:
    """With the next reference number; where another application was quicker, the unique column says so, and the next one is taken."""
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                return Application.objects.create(
                    learner=learner, programme=programme, institution=programme.institution, reference=_next_reference(at)
                )
        except IntegrityError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _next_reference(at: datetime) -> str:
    """RC-2026-0001, counted by year. The highest number is among the newest rows: those made at once may stand in another order."""
    prefix = f"RC-{timezone.localtime(at).year}-"
    newest = Application.objects.filter(begins_with("reference", prefix)).order_by("-pk").values_list("reference", flat=True)[:NEWEST]
    return f"{prefix}{max((int(reference.removeprefix(prefix)) for reference in newest), default=0) + 1:04d}"


@transaction.atomic
def send_application(programme: Programme, *, learner: Any, at: datetime, shown_hash: str) -> Application:
    """Start and submit in one: what cannot be submitted leaves no draft behind that was not there. Raises what ``submit_application`` raises."""
    return submit_application(start_application(programme, learner=learner, at=at), actor=learner, at=at, shown_hash=shown_hash)


@transaction.atomic
def save_choice(application: Application, *, records: Iterable[UUID], at: datetime) -> Application:
    """Keep in the draft which records are to be used; none: the whole archive, used best. Raises WrongState."""
    application = locked(application, State.DRAFT)
    application.chosen = sorted({str(ident) for ident in records})
    application.saved_at = at
    application.save(update_fields=["chosen", "saved_at"])
    return application


def chosen_records(application: Application | None) -> list[UUID] | None:
    """What a draft narrows the archive to; None for all of it."""
    return [UUID(ident) for ident in application.chosen] if application is not None and application.chosen else None


@transaction.atomic
def add_evidence(
    application: Application, *, rule: str, item: str, record: UUID, file: KeptFile, actor: Any, at: datetime
) -> ApplicationEvidence:
    """Keep a file for an item of the evidence list, as long as nobody has given an opinion. Raises WrongState.

    The same content for the same item twice is kept once.
    """
    application = locked(application, State.DRAFT, State.SUBMITTED, State.CHECKING, State.INFORMATION_REQUESTED)
    digest = hashlib.sha256(file.content).hexdigest()
    known = application.evidence.filter(item=item, record_uuid=record, sha256=digest).first()
    if known is not None:
        return known
    row = ApplicationEvidence(
        application=application, rule=rule, item=item, record_uuid=record, filename=file.filename, media_type=file.media_type,
        size=len(file.content), sha256=digest, uploaded_at=at,
    )  # fmt: skip
    row.file.save(digest, ContentFile(seal(application.learner.uuid, EVIDENCE, file.content)), save=False)
    row.save(force_insert=True)
    Application.objects.filter(pk=application.pk).update(saved_at=at)
    record_audit_entry(
        "recognition.add_evidence", actor=actor, about=application, concerns=application.learner.uuid, data={"sha256": digest}
    )
    return row


@transaction.atomic
def open_handed_in(evidence: ApplicationEvidence, *, actor: Any) -> bytes:
    """What was handed in, for somebody whom the policy lets see it; that anybody but its learner looked is written down.

    Raises FileNotFoundError, SealingProblem where it cannot be read (KeyDestroyed: its learner was erased).
    """
    learner = evidence.application.learner
    content = evidence.content
    if actor.pk != learner.pk:
        record_audit_entry(
            "recognition.read_evidence", actor=actor, about=evidence, concerns=learner.uuid, data={"sha256": evidence.sha256}
        )
    return content


@transaction.atomic
def remove_evidence(evidence: ApplicationEvidence, *, actor: Any, at: datetime) -> None:
    """Take a file out of a draft. Raises WrongState once it was submitted: what somebody may have judged by stays."""
    application = locked(evidence.application, State.DRAFT)
    digest, file = evidence.sha256, evidence.file
    evidence.delete()
    transaction.on_commit(lambda: file.delete(save=False))
    Application.objects.filter(pk=application.pk).update(saved_at=at)
    record_audit_entry(
        "recognition.remove_evidence", actor=actor, about=application, concerns=application.learner.uuid, data={"sha256": digest}
    )


@transaction.atomic
def submit_application(
    application: Application, *, actor: Any, at: datetime, shown_hash: str = "", only: Iterable[UUID] | None = None
) -> Application:
    """Pin the rules, store the proposal, hold what it uses, and give the declaration for exactly what was shown.

    ``shown_hash`` is the snapshot hash of the page on which the learner declared; empty where there was none to show.

    Raises WrongState; NothingToRecognise; RecordsTaken where the archive or the rules changed since the proposal was shown, or another
    application was quicker; EvidenceMissing; NoCalendar where the working days of a year are not known.
    """
    application = locked(application, State.DRAFT)
    on = timezone.localdate(at)
    proposal = propose(application.learner, application.programme, on=on, only=only if only is not None else chosen_records(application))
    if not proposal.decision.allocation:
        raise NothingToRecognise
    if shown_hash and shown_hash != proposal.decision.snapshot_hash:
        raise RecordsTaken
    _require_evidence(application, proposal)
    _store(application, proposal, at=at)
    hold_for(application, proposal, actor=actor, at=at)
    move_on(application, State.SUBMITTED, action="submit", actor=actor, at=at)
    tell_learner(application, "submitted", due=application.due_on.isoformat() if application.due_on else "")
    return application


def _require_evidence(application: Application, proposal: Proposal) -> None:
    missing = [item.item for item in evidence_for(proposal, application) if not item.is_done and not item.may_follow]
    if missing:
        raise EvidenceMissing(missing)


def _store(application: Application, proposal: Proposal, *, at: datetime) -> None:
    on = timezone.localdate(at)
    application.policy = policy_in_force(application.institution, on=on)
    terms = terms_of(application.policy)
    store_proposal(application, proposal)
    application.declared_hash = application.snapshot_hash
    application.required_approvals = required_approvals(
        proposal.decision, proposal.facts, proposal.base, people_for_review=terms.people_for_review
    )
    application.submitted_at = application.declared_at = at
    application.due_on = last_day(on, terms.decide_days, terms.decide_counting)


def store_proposal(application: Application, proposal: Proposal) -> None:
    """Pin question, answer and rules in the application; the caller saves it."""
    decision = proposal.decision
    application.rules = proposal.version
    application.snapshot = proposal.snapshot
    application.snapshot_hash = decision.snapshot_hash
    application.proposal = proposal.document()
    application.proof = decision.proof.status
    application.proposed_credits = decision.posted
    application.lines.all().delete()
    ApplicationLine.objects.bulk_create(
        [
            ApplicationLine(
                application=application, position=position, rule=row.rule, records=list(row.records), lead_record=UUID(row.records[0]),
                outcome=row.outcome, leaf=row.leaf, proposed=row.posted,
            )
            for position, row in enumerate(decision.allocation, start=1)
        ]
    )  # fmt: skip


def hold_for(application: Application, proposal: Proposal, *, actor: Any, at: datetime) -> None:
    """Reserve every record that the proposal uses. Raises RecordsTaken."""
    used = {UUID(ident) for row in proposal.decision.allocation for ident in row.records}
    hold_records(application, used, actor=actor, at=at)


@transaction.atomic
def answer_request(application: Application, *, actor: Any, at: datetime, text: str) -> Application:
    """The learner answers what the officer asked for; the clock runs again, longer by the days it stood still."""
    application = locked(application, State.INFORMATION_REQUESTED)
    application.answer, application.waiting_until, application.waiting_since = text, None, None
    move_on(application, State.CHECKING, action="answer", actor=actor, at=at)
    application.due_on = answer_due(application)
    application.save(update_fields=["due_on"])
    if application.first_officer is not None:
        tell_desk(application, "answered", [application.first_officer])
    return application


def can_still_withdraw(application: Application, *, at: datetime) -> bool:
    """Whether the learner may take it back without a reason: nobody has decided, and the free minutes are not over."""
    if application.submitted_at is None or application.state not in {State.SUBMITTED, State.CHECKING, State.INFORMATION_REQUESTED}:
        return False
    return at <= application.submitted_at + timedelta(minutes=settings.WITHDRAWAL_MINUTES)


def seconds_to_withdraw(application: Application, *, at: datetime) -> int:
    """How many whole seconds of the free minutes are left; 0 where nothing was submitted, or they are over."""
    if application.submitted_at is None:
        return 0
    left = application.submitted_at + timedelta(minutes=settings.WITHDRAWAL_MINUTES) - at
    return max(0, int(left.total_seconds()))


@transaction.atomic
def withdraw_application(application: Application, *, actor: Any, at: datetime) -> Application:
    """Take back within the free minutes; what was held is available again at once. Raises TooLate afterwards, WrongState if decided."""
    application = locked(application, State.SUBMITTED, State.CHECKING, State.INFORMATION_REQUESTED)
    if not can_still_withdraw(application, at=at):
        raise TooLate
    release_all(application, actor=actor, at=at)
    move_on(application, State.WITHDRAWN, action="withdraw", actor=actor, at=at)
    tell_learner(application, "withdrawn")
    return application


@transaction.atomic
def request_withdrawal(application: Application, *, actor: Any, at: datetime, reason: str) -> Application:
    """Ask to take the application back after the free minutes; an officer grants it. While nobody has taken the case, it is simply back.

    Raises WrongState once it was decided.
    """
    application = locked(application, State.SUBMITTED, State.CHECKING, State.INFORMATION_REQUESTED, State.SECOND_REVIEW)
    if application.state == State.SUBMITTED:
        release_all(application, actor=actor, at=at)
        move_on(application, State.WITHDRAWN, action="withdraw", actor=actor, at=at, note=reason)
        tell_learner(application, "withdrawn")
        return application
    move_on(application, State.WITHDRAWAL_REQUESTED, action="request_withdrawal", actor=actor, at=at, note=reason)
    return application


@transaction.atomic
def answer_withdrawal(application: Application, *, grant: bool, actor: Any, at: datetime, note: str = "") -> Application:
    """An officer lets the learner take the application back, or goes on where the case stood. Raises WrongState, SamePersonTwice, Involved."""
    application = locked(application, State.WITHDRAWAL_REQUESTED)
    require_uninvolved(application, actor, at=at)
    asked = ApplicationStep.objects.filter(application=application, to_state=State.WITHDRAWAL_REQUESTED).latest("id")
    if grant:
        release_all(application, actor=actor, at=at)
        move_on(application, State.WITHDRAWN, action="grant_withdrawal", actor=actor, at=at, note=note)
        tell_learner(application, "withdrawal_granted")
        return application
    move_on(application, asked.from_state, action="refuse_withdrawal", actor=actor, at=at, note=note)
    tell_learner(application, "withdrawal_refused", note=note)
    return application
