"""What the desk decides: ask, decide, confirm, send back, vote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from creditbank.recognition.actions.holding import release_all
from creditbank.recognition.actions.posting import post_award
from creditbank.recognition.actions.steps import (
    in_words,
    is_exactly_as_shown,
    locked,
    move_on,
    require_uninvolved,
    tell_learner,
)
from creditbank.recognition.approvals import PEOPLE
from creditbank.recognition.enums import ApplicationState, LineChoice, RefusalReason, Verdict, Vote
from creditbank.recognition.exceptions import BadStanding, DecisionIncomplete, ExpertNeeded, SamePersonTwice, WrongState
from creditbank.recognition.models import (
    PAIR,
    Application,
    ApplicationLine,
    ApplicationStep,
    ApplicationVote,
    ExpertStanding,
)
from creditbank.recognition.queries import five_years_before
from creditbank.recognition.terms import last_day, terms_of
from foundation.api import is_on_step, record_audit_entry
from identity.api import Membership, Role

State = ApplicationState
SPOT_CHECK_ONE_IN = 10


@dataclass(frozen=True)
class LineDecision:
    """What an officer says about one line: as proposed, another amount, or no; the latter two with a reason."""

    choice: str
    amount: Decimal | None = None
    reason: str = ""
    note: str = ""


@transaction.atomic
def request_information(application: Application, *, actor: Any, at: datetime, text: str) -> Application:
    """Ask the learner for something; the clock stops until the answer."""
    application = locked(application, State.CHECKING)
    require_uninvolved(application, actor, at=at)
    application.message = text
    until = wait_for_learner(application, terms_of(application.policy).answer_days, at=at)
    move_on(application, State.INFORMATION_REQUESTED, action="request_information", actor=actor, at=at, note=text)
    tell_learner(application, "information_requested", until=until)
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
    require_uninvolved(application, actor, at=at)
    step = application.programme.system.step
    lines = list(application.lines.select_for_update().order_by("position"))
    for line in lines:
        apply_decision(line, decisions.get(line.position), step)
    save_lines(lines)
    application.first_officer, application.second_officer = actor, None
    application.decided_credits = sum((line.decided or Decimal(0) for line in lines), Decimal(0))
    application.verdict = verdict_of(application, lines)
    application.message = message
    if application.required_approvals > 1:
        move_on(application, State.SECOND_REVIEW, action="decide", actor=actor, at=at)
        tell_learner(application, "second_review")
        return application
    return settle(application, actor=actor, at=at)


@transaction.atomic
def decide_automatically(application: Application, *, at: datetime) -> Application:
    """What the rules leave nobody to judge is decided as proposed, once the free minutes are over; one in ten is marked for a later look.

    Raises WrongState where a person has taken the case, or it takes one, or the minutes are not over.
    """
    application = locked(application, State.SUBMITTED)
    window = timedelta(minutes=settings.WITHDRAWAL_MINUTES)
    if not application.is_automatic or application.submitted_at is None or at <= application.submitted_at + window:
        raise WrongState(application.state)
    lines = list(application.lines.select_for_update().order_by("position"))
    for line in lines:
        apply_decision(line, LineDecision(LineChoice.ACCEPT), application.programme.system.step)
    save_lines(lines)
    application.decided_credits, application.verdict = application.proposed_credits, Verdict.FULL
    application.spot_check = application.uuid.int % SPOT_CHECK_ONE_IN == 0
    move_on(application, State.CHECKING, action="check_automatically", actor=None, at=at)
    return settle(application, actor=None, at=at)


def apply_decision(line: ApplicationLine, decision: LineDecision | None, step: Decimal) -> None:
    """What is decided about one line, in the line; the caller saves it. Raises DecisionIncomplete."""
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


def save_lines(lines: Iterable[ApplicationLine]) -> None:
    """Store what was decided; one statement a line, because a note is sealed with its row."""
    for line in lines:
        line.save(update_fields=["choice", "decided", "reason", "note"])


def verdict_of(application: Application, lines: Iterable[ApplicationLine]) -> str:
    """Full where every line is as proposed, refused where none is recognised (an exemption moves no credit and counts all the same)."""
    choices = {line.choice for line in lines}
    if choices == {LineChoice.ACCEPT} or (application.decided_credits and application.decided_credits == application.proposed_credits):
        return Verdict.FULL
    return Verdict.PARTIAL if application.decided_credits or LineChoice.ACCEPT in choices else Verdict.REFUSED


@transaction.atomic
def confirm_decision(application: Application, *, actor: Any, at: datetime) -> Application:
    """A second person agrees: the decision counts, and where it is exactly what was shown, the award is posted at once.

    Where a panel decides, this is one vote for it. Raises WrongState, SamePersonTwice (first officer or learner; the schema refuses both
    as well), Involved, and what ``cast_vote`` raises.
    """
    application = locked(application, State.SECOND_REVIEW)
    if application.required_approvals > PAIR:
        return cast_vote(application, Vote.APPROVE, actor=actor, at=at)
    require_uninvolved(application, actor, at=at)
    if application.first_officer_id == actor.pk:
        raise SamePersonTwice
    application.second_officer = actor
    return settle(application, actor=actor, at=at)


@transaction.atomic
def send_back(application: Application, *, actor: Any, at: datetime, note: str) -> Application:
    """The second person does not agree: the case goes back to the first officer with a note. In a panel, this is one vote against."""
    application = locked(application, State.SECOND_REVIEW)
    if application.required_approvals > PAIR:
        return cast_vote(application, Vote.OPPOSE, actor=actor, at=at, note=note)
    require_uninvolved(application, actor, at=at)
    if application.first_officer_id == actor.pk:
        raise SamePersonTwice
    move_on(application, State.CHECKING, action="send_back", actor=actor, at=at, note=note)
    return application


@transaction.atomic
def cast_vote(application: Application, vote: str, *, actor: Any, at: datetime, note: str = "") -> Application:
    """One vote of a panel of three or five, in which the first officer's opinion is the first. With the last seat the majority decides:
    the decision counts, or the case goes back.

    Raises WrongState; SamePersonTwice (learner, first officer, or a second vote in this round); Involved; ExpertNeeded where the last
    seat has to be a subject expert's; in a panel of five, of one with five years' practice.
    """
    application = locked(application, State.SECOND_REVIEW)
    first = application.first_officer
    if first is None:  # the schema: nobody reaches the second review without one
        raise WrongState(application.state)
    require_uninvolved(application, actor, at=at)
    current = ApplicationStep.objects.filter(application=application, to_state=State.SECOND_REVIEW).count()
    votes = list(application.votes.filter(round=current))
    if application.first_officer_id == actor.pk or any(given.voter_id == actor.pk for given in votes):
        raise SamePersonTwice
    expert = actor.acts_as(Role.EXPERT, at=application.institution_id)
    experienced = expert and has_practised(actor, application.institution_id, on=timezone.localdate(at))
    seats_left = application.required_approvals - 1 - len(votes)
    standards = application.required_approvals >= PEOPLE["standards"]
    has_expert = any(given.is_experienced if standards else given.as_expert for given in votes)
    if seats_left == 1 and not has_expert and not (experienced if standards else expert):
        raise ExpertNeeded
    votes.append(
        ApplicationVote.objects.create(
            application=application, round=current, voter=actor, learner_id=application.learner_id, vote=vote, as_expert=expert, note=note,
            is_experienced=experienced, first_officer=first, at=at,
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
    return settle(application, actor=actor, at=at)


def has_practised(person: Any, institution: int, *, on: date) -> bool:
    """Whether the institution knows somebody as an expert with five consecutive years of practice. One query."""
    return ExpertStanding.objects.held(on=on).filter(person=person, institution=institution, since__lte=five_years_before(on)).exists()


@transaction.atomic
def record_expert_standing(person: Any, institution: Any, *, field: str, since: date, actor: Any, at: datetime) -> ExpertStanding:
    """Enter since when an expert of the institution has practised.

    Raises SamePersonTwice for one's own; BadStanding for somebody who is no expert there, or a day that has not come.
    """
    on = timezone.localdate(at)
    if person.pk == actor.pk:
        raise SamePersonTwice
    if since > on:
        raise BadStanding("since")
    if not Membership.objects.active(on=on).filter(institution=institution, person=person, role=Role.EXPERT).exists():
        raise BadStanding("person")
    row = ExpertStanding.objects.create(person=person, institution=institution, field=field, since=since, entered_by=actor, at=at)
    record_audit_entry("recognition.expert_standing", actor=actor, about=row, concerns=person.uuid, data={"since": since.isoformat()})
    return row


@transaction.atomic
def end_expert_standing(standing: ExpertStanding, *, actor: Any, at: datetime, reason: str) -> ExpertStanding:
    """It holds no longer from today on; votes that were cast under it stand. Raises WrongState for one that has ended, SamePersonTwice."""
    row = ExpertStanding.objects.select_for_update(of=("self",)).select_related("person").get(pk=standing.pk)
    if row.ended_on is not None:
        raise WrongState("ended")
    if row.person_id == actor.pk:
        raise SamePersonTwice
    row.ended_on, row.ended_by_uuid, row.ended_why = timezone.localdate(at), actor.uuid, reason[:300]
    row.save(update_fields=["ended_on", "ended_by_uuid", "ended_why"])
    record_audit_entry("recognition.end_expert_standing", actor=actor, about=row, concerns=row.person.uuid, reason=reason)
    return row


def wait_for_learner(application: Application, days: int, *, at: datetime) -> str:
    """From today the learner has so many days; the last of them, for the notice."""
    on = timezone.localdate(at)
    until = last_day(on, days) or on
    application.waiting_since, application.waiting_until, application.learner_reminded = on, until, 0
    return until.isoformat()


def settle(application: Application, *, actor: Any, at: datetime) -> Application:
    """The decision counts: what is exactly as shown is posted, what differs waits for the learner, what is refused is given back."""
    application.decided_at = at
    until = wait_for_learner(application, terms_of(application.policy).accept_days, at=at)
    move_on(application, State.DECIDED, action="confirm", actor=actor, at=at)
    if application.verdict == Verdict.REFUSED:
        release_all(application, actor=actor, at=at)
        tell_learner(application, "refused")
        return application
    if is_exactly_as_shown(application):
        application.waiting_until = application.waiting_since = None
        move_on(application, State.ACCEPTED, action="accept_in_advance", actor=None, at=at)
        return post_award(application, actor=actor, at=at)
    tell_learner(application, "decided", credits=in_words(application.decided_credits or Decimal(0)), until=until)
    return application
