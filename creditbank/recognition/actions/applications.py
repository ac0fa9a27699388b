"""What a learner does: start, submit, answer, withdraw, accept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Length
from django.utils import timezone

from creditbank.catalogue.models import Programme
from creditbank.ledger.actions import hold, release
from creditbank.ledger.exceptions import InsufficientCredit
from creditbank.ledger.queries import live_lots
from creditbank.recognition.actions.posting import post_award
from creditbank.recognition.actions.steps import locked, move_on, require_uninvolved, tell_learner
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.exceptions import NothingToRecognise, RecordsTaken, TooLate
from creditbank.recognition.models import Application, ApplicationLine, ApplicationStep
from creditbank.recognition.queries import Proposal, approvals_needed, propose
from foundation.api import record_audit_entry

State = ApplicationState
TRIES = 20
ANSWER_WITHIN_DAYS = 15
"""Days until an application is answered (Chongqing credit bank: 15 working days; counted here as calendar days, the stricter reading)."""


@transaction.atomic
def start_application(programme: Programme, *, learner: Any, at: datetime) -> Application:
    """A draft: nothing is held, nothing is asked of anybody. The same open draft is found again."""
    known = Application.objects.filter(learner=learner, programme=programme, state=State.DRAFT).first()
    if known is not None:
        return known
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
    """RC-2026-0001, counted by year; longer numbers are later ones."""
    prefix = f"RC-{timezone.localtime(at).year}-"
    known = Application.objects.filter(reference__startswith=prefix).order_by(Length("reference").desc(), "-reference")
    last = known.values_list("reference", flat=True).first()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04d}"


@transaction.atomic
def send_application(programme: Programme, *, learner: Any, at: datetime, shown_hash: str) -> Application:
    """Start and submit in one: what cannot be submitted leaves no draft behind. Raises what ``submit_application`` raises."""
    return submit_application(start_application(programme, learner=learner, at=at), actor=learner, at=at, shown_hash=shown_hash)


@transaction.atomic
def submit_application(
    application: Application, *, actor: Any, at: datetime, shown_hash: str = "", only: Iterable[UUID] | None = None
) -> Application:
    """Pin the rules, store the proposal, hold what it uses, and give the declaration for exactly what was shown.

    ``shown_hash`` is the snapshot hash of the page on which the learner declared; empty where there was none to show.

    Raises WrongState; NothingToRecognise; RecordsTaken where the archive or the rules changed since the proposal was shown, or another
    application was quicker.
    """
    application = locked(application, State.DRAFT)
    on = timezone.localdate(at)
    proposal = propose(application.learner, application.programme, on=on, only=only)
    if not proposal.decision.allocation:
        raise NothingToRecognise
    if shown_hash and shown_hash != proposal.decision.snapshot_hash:
        raise RecordsTaken
    _store(application, proposal, at=at)
    _hold(application, proposal, actor=actor, at=at)
    move_on(application, State.SUBMITTED, action="submit", actor=actor, at=at)
    tell_learner(application, "submitted", due=application.due_on.isoformat() if application.due_on else "")
    return application


def _store(application: Application, proposal: Proposal, *, at: datetime) -> None:
    decision = proposal.decision
    application.rules = proposal.version
    application.snapshot = proposal.snapshot
    application.snapshot_hash = decision.snapshot_hash
    application.proposal = proposal.document()
    application.proof = decision.proof.status
    application.proposed_credits = decision.posted
    routes = {rule.id: rule.route for rule in proposal.base.rules}
    strictest = max((routes[row.rule] for row in decision.allocation), key=["auto", "review", "panel"].index)
    application.required_approvals = approvals_needed(route=strictest, amount=decision.posted)
    application.submitted_at = application.declared_at = at
    application.due_on = timezone.localdate(at) + timedelta(days=ANSWER_WITHIN_DAYS)
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


def _hold(application: Application, proposal: Proposal, *, actor: Any, at: datetime) -> None:
    lots = live_lots(application.learner.uuid)
    unit = proposal.facts.target.system
    used = sorted({UUID(ident) for row in proposal.decision.allocation for ident in row.records})
    wanted = [(lot, *lots.get(lot, (unit, Decimal(0)))) for lot in used]
    try:
        with transaction.atomic():
            hold(application=application.uuid, owner=application.learner.uuid, lots=wanted, on=timezone.localdate(at), by=actor)
    except (IntegrityError, InsufficientCredit) as error:
        raise RecordsTaken from error


@transaction.atomic
def answer_request(application: Application, *, actor: Any, at: datetime, text: str) -> Application:
    """The learner answers what the officer asked for; the clock runs again, longer by the days it stood still."""
    application = locked(application, State.INFORMATION_REQUESTED)
    asked = ApplicationStep.objects.filter(application=application, to_state=State.INFORMATION_REQUESTED).order_by("-id").first()
    if asked is not None and application.due_on is not None:
        application.due_on += timezone.localdate(at) - timezone.localdate(asked.at)
    application.answer, application.waiting_until = text, None
    move_on(application, State.CHECKING, action="answer", actor=actor, at=at)
    return application


def can_still_withdraw(application: Application, *, at: datetime) -> bool:
    """Whether the learner may take it back without a reason: nobody has decided, and the free minutes are not over."""
    if application.submitted_at is None or application.state not in {State.SUBMITTED, State.CHECKING, State.INFORMATION_REQUESTED}:
        return False
    return at <= application.submitted_at + timedelta(minutes=settings.WITHDRAWAL_MINUTES)


@transaction.atomic
def withdraw_application(application: Application, *, actor: Any, at: datetime) -> Application:
    """Take back within the free minutes; what was held is available again at once. Raises TooLate afterwards, WrongState if decided."""
    application = locked(application, State.SUBMITTED, State.CHECKING, State.INFORMATION_REQUESTED)
    if not can_still_withdraw(application, at=at):
        raise TooLate
    release(application=application.uuid, on=timezone.localdate(at), by=actor)
    move_on(application, State.WITHDRAWN, action="withdraw", actor=actor, at=at)
    return application


@transaction.atomic
def request_withdrawal(application: Application, *, actor: Any, at: datetime, reason: str) -> Application:
    """Ask to take the application back after the free minutes; an officer grants it. While nobody has taken the case, it is simply back.

    Raises WrongState once it was decided.
    """
    application = locked(application, State.SUBMITTED, State.CHECKING, State.INFORMATION_REQUESTED, State.SECOND_REVIEW)
    if application.state == State.SUBMITTED:
        release(application=application.uuid, on=timezone.localdate(at), by=actor)
        move_on(application, State.WITHDRAWN, action="withdraw", actor=actor, at=at, note=reason)
        return application
    move_on(application, State.WITHDRAWAL_REQUESTED, action="request_withdrawal", actor=actor, at=at, note=reason)
    return application


@transaction.atomic
def answer_withdrawal(application: Application, *, grant: bool, actor: Any, at: datetime, note: str = "") -> Application:
    """An officer lets the learner take the application back, or goes on where the case stood. Raises WrongState, SamePersonTwice, Involved."""
    application = locked(application, State.WITHDRAWAL_REQUESTED)
    require_uninvolved(application, actor)
    asked = ApplicationStep.objects.filter(application=application, to_state=State.WITHDRAWAL_REQUESTED).latest("id")
    if grant:
        release(application=application.uuid, on=timezone.localdate(at), by=actor)
        move_on(application, State.WITHDRAWN, action="grant_withdrawal", actor=actor, at=at, note=note)
        tell_learner(application, "withdrawal_granted")
        return application
    move_on(application, asked.from_state, action="refuse_withdrawal", actor=actor, at=at, note=note)
    tell_learner(application, "withdrawal_refused", note=note)
    return application


@transaction.atomic
def accept_decision(application: Application, *, actor: Any, at: datetime) -> Application:
    """Take what was decided: held credit becomes an award, which only a reversal by two persons can undo.

    Not called where the result is exactly the proposal shown on submitting: the declaration took that one in advance. Raises WrongState.
    """
    application = locked(application, State.DECIDED)
    if not application.decided_credits:
        raise NothingToRecognise
    application.waiting_until = None
    move_on(application, State.ACCEPTED, action="accept", actor=actor, at=at)
    return post_award(application, actor=actor, at=at)
