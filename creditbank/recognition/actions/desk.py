"""What the desk does: claim, ask, decide, confirm, send back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from creditbank.ledger.actions import release
from creditbank.recognition.actions.posting import post_award
from creditbank.recognition.actions.steps import in_words, is_exactly_as_shown, locked, move_on, require_uninvolved, tell_learner
from creditbank.recognition.enums import OPEN_STATES, ApplicationState, LineChoice, RefusalReason, Verdict, Vote
from creditbank.recognition.exceptions import DecisionIncomplete, ExpertNeeded, SamePersonTwice, WrongState
from creditbank.recognition.models import PAIR, Application, ApplicationLine, ApplicationStep, ApplicationVote, DeclaredInterest
from foundation.api import is_on_step, record_audit_entry
from identity.api import Role

State = ApplicationState
LEARNER_HAS_DAYS = 30
"""Days for an answer or an acceptance before an application lapses."""


@dataclass(frozen=True)
class LineDecision:
    """What an officer says about one line: as proposed, another amount, or no; the latter two with a reason."""

    choice: str
    amount: Decimal | None = None
    reason: str = ""
    note: str = ""


@transaction.atomic
def claim_application(application: Application, *, actor: Any, at: datetime) -> Application:
    """An officer takes a submitted case. Raises WrongState where another was quicker, SamePersonTwice for the own application."""
    application = locked(application, State.SUBMITTED)
    require_uninvolved(application, actor)
    application.first_officer = actor
    move_on(application, State.CHECKING, action="claim", actor=actor, at=at)
    return application


@transaction.atomic
def request_information(application: Application, *, actor: Any, at: datetime, text: str) -> Application:
    """Ask the learner for something; the clock stops until the answer."""
    application = locked(application, State.CHECKING)
    require_uninvolved(application, actor)
    application.message = text
    application.waiting_until = timezone.localdate(at) + timedelta(days=LEARNER_HAS_DAYS)
    application.reminded_on = None
    move_on(application, State.INFORMATION_REQUESTED, action="request_information", actor=actor, at=at, note=text)
    tell_learner(application, "information_requested", question=text, until=application.waiting_until.isoformat())
    return application


@transaction.atomic
def decide_application(
    application: Application, *, decisions: Mapping[int, LineDecision], actor: Any, at: datetime, message: str = ""
) -> Application:
    """The first officer's opinion on every line; a second person must agree before it counts.

    ``decisions`` has one entry for every line's number. Raises WrongState, SamePersonTwice (the officer is the learner),
    DecisionIncomplete naming the line.
    """
    application = locked(application, State.CHECKING)
    require_uninvolved(application, actor)
    step = application.programme.system.step
    lines = list(application.lines.select_for_update().order_by("position"))
    for line in lines:
        _apply(line, decisions.get(line.position), step)
    ApplicationLine.objects.bulk_update(lines, ["choice", "decided", "reason", "note"])
    application.first_officer, application.second_officer = actor, None
    application.decided_credits = sum((line.decided or Decimal(0) for line in lines), Decimal(0))
    application.verdict = _verdict(application)
    application.message = message
    if application.required_approvals > 1:
        move_on(application, State.SECOND_REVIEW, action="decide", actor=actor, at=at)
        return application
    return _settle(application, actor=actor, at=at)


def _apply(line: ApplicationLine, decision: LineDecision | None, step: Decimal) -> None:
    if decision is None or decision.choice not in LineChoice.values:
        raise DecisionIncomplete(line.position, "missing")
    if decision.choice == LineChoice.ACCEPT:
        line.choice, line.decided, line.reason, line.note = decision.choice, line.proposed, "", decision.note
        return
    if decision.reason not in RefusalReason.values or (decision.reason == RefusalReason.OTHER and not decision.note.strip()):
        raise DecisionIncomplete(line.position, "reason")
    amount = Decimal(0) if decision.choice == LineChoice.REFUSE else decision.amount
    if amount is None or not 0 <= amount <= line.proposed or not is_on_step(amount, step):
        raise DecisionIncomplete(line.position, "amount")
    line.choice, line.decided, line.reason, line.note = decision.choice, amount, decision.reason, decision.note


def _verdict(application: Application) -> str:
    if not application.decided_credits:
        return Verdict.REFUSED
    return Verdict.FULL if application.decided_credits == application.proposed_credits else Verdict.PARTIAL


@transaction.atomic
def confirm_decision(application: Application, *, actor: Any, at: datetime) -> Application:
    """A second person agrees: the decision counts, and where it is exactly what was shown, the award is posted at once.

    Where a panel decides, this is one vote for it. Raises WrongState, SamePersonTwice (first officer or learner; the schema refuses both
    as well), Involved, and what ``cast_vote`` raises.
    """
    application = locked(application, State.SECOND_REVIEW)
    if application.required_approvals > PAIR:
        return cast_vote(application, Vote.APPROVE, actor=actor, at=at)
    require_uninvolved(application, actor)
    if application.first_officer_id == actor.pk:
        raise SamePersonTwice
    application.second_officer = actor
    return _settle(application, actor=actor, at=at)


@transaction.atomic
def send_back(application: Application, *, actor: Any, at: datetime, note: str) -> Application:
    """The second person does not agree: the case goes back to the first officer with a note. In a panel, this is one vote against."""
    application = locked(application, State.SECOND_REVIEW)
    if application.required_approvals > PAIR:
        return cast_vote(application, Vote.OPPOSE, actor=actor, at=at, note=note)
    require_uninvolved(application, actor)
    if application.first_officer_id == actor.pk:
        raise SamePersonTwice
    move_on(application, State.CHECKING, action="send_back", actor=actor, at=at, note=note)
    return application


@transaction.atomic
def cast_vote(application: Application, vote: str, *, actor: Any, at: datetime, note: str = "") -> Application:
    """One vote of a panel of three or five, in which the first officer's opinion is the first. With the last seat the majority decides:
    the decision counts, or the case goes back.

    Raises WrongState; SamePersonTwice (learner, first officer, or a second vote in this round); Involved; ExpertNeeded where the last
    seat has to be a subject expert's.
    """
    application = locked(application, State.SECOND_REVIEW)
    first = application.first_officer
    if first is None:  # the schema: nobody reaches the second review without one
        raise WrongState(application.state)
    require_uninvolved(application, actor)
    current = ApplicationStep.objects.filter(application=application, to_state=State.SECOND_REVIEW).count()
    votes = list(application.votes.filter(round=current))
    if application.first_officer_id == actor.pk or any(given.voter_id == actor.pk for given in votes):
        raise SamePersonTwice
    expert = actor.acts_as(Role.EXPERT, at=application.institution_id)
    seats_left = application.required_approvals - 1 - len(votes)
    if seats_left == 1 and not expert and not any(given.as_expert for given in votes):
        raise ExpertNeeded
    votes.append(
        ApplicationVote.objects.create(
            application=application, round=current, voter=actor, learner_id=application.learner_id, vote=vote, as_expert=expert, note=note,
            first_officer=first, at=at,
        )
    )  # fmt: skip
    record_audit_entry("recognition.vote", actor=actor, about=application, concerns=application.learner.uuid, data={"vote": vote})
    if seats_left > 1:
        return application
    agreed = [given for given in votes if given.vote == Vote.APPROVE]
    if 2 * (1 + len(agreed)) <= application.required_approvals:
        move_on(application, State.CHECKING, action="send_back", actor=actor, at=at, note=note)
        return application
    application.second_officer = agreed[0].voter
    return _settle(application, actor=actor, at=at)


@transaction.atomic
def stand_aside(application: Application, *, actor: Any, at: datetime, reason: str) -> Application:
    """Declare an interest in a case: from now on this person decides nothing in it; a case the person had taken is free again.

    Raises WrongState once it was decided, SamePersonTwice for the learner.
    """
    application = locked(application, *OPEN_STATES)
    if application.learner_id == actor.pk:
        raise SamePersonTwice
    DeclaredInterest.objects.get_or_create(application=application, person=actor, defaults={"reason": reason, "at": at})
    record_audit_entry("recognition.stand_aside", actor=actor, about=application, concerns=application.learner.uuid, reason=reason)
    return application


def _settle(application: Application, *, actor: Any, at: datetime) -> Application:
    application.decided_at = at
    application.waiting_until = timezone.localdate(at) + timedelta(days=LEARNER_HAS_DAYS)
    application.reminded_on = None
    move_on(application, State.DECIDED, action="confirm", actor=actor, at=at)
    if application.verdict == Verdict.REFUSED:
        release(application=application.uuid, on=timezone.localdate(at), by=actor)
        tell_learner(application, "refused")
        return application
    if is_exactly_as_shown(application):
        move_on(application, State.ACCEPTED, action="accept_in_advance", actor=None, at=at)
        return post_award(application, actor=actor, at=at)
    tell_learner(application, "decided", credits=in_words(application.decided_credits or Decimal(0)))
    return application
