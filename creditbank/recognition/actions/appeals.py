"""Appeals: made by the learner, decided by somebody new, or by the calendar where nobody decides in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from creditbank.recognition.actions.desk import LineDecision, apply_decision, save_lines, verdict_of, wait_for_learner
from creditbank.recognition.actions.holding import hold_again
from creditbank.recognition.actions.posting import post_award, reverse_award
from creditbank.recognition.actions.steps import (
    in_words,
    is_exactly_as_shown,
    locked,
    move_on,
    people_at,
    require_uninvolved,
    tell_desk,
    tell_learner,
)
from creditbank.recognition.enums import (
    DECIDED_RESULTS,
    MAY_BE_DELAYED,
    AppealGround,
    AppealResult,
    ApplicationState,
    DefaultResult,
    LineChoice,
)
from creditbank.recognition.exceptions import (
    NoFurtherAppeal,
    NoRoomLeft,
    NothingGranted,
    RecordsTaken,
    SamePersonTwice,
    TooLate,
    WrongState,
)
from creditbank.recognition.models import Appeal, Application, ApplicationLine
from creditbank.recognition.terms import appeal_until, last_day, terms_of
from foundation.api import record_audit_entry
from identity.api import Role

State = ApplicationState


def may_appeal(application: Application, *, on: date) -> bool:
    """Whether the learner may appeal on a day: a decision within the period, or a case whose answer is overdue. At most one query."""
    if application.state in {State.DECIDED, State.POSTED}:
        until = appeal_until(application)
        return until is not None and on <= until
    return is_overdue(application, on=on) and application.appeals.count() < terms_of(application.policy).appeal_levels


def is_overdue(application: Application, *, on: date) -> bool:
    """Whether the institution owes an answer since at least yesterday."""
    return application.state in MAY_BE_DELAYED and application.due_on is not None and application.due_on < on


@transaction.atomic
def submit_appeal(application: Application, *, actor: Any, at: datetime, ground: str, text: str) -> Appeal:
    """Appeal against a decision within the published period, or, with delay as the ground, against an answer that is overdue.

    Raises WrongState (nothing to appeal against, or another ground while nothing was decided), TooLate, NoFurtherAppeal, NoCalendar.
    """
    application = locked(application, State.DECIDED, State.POSTED, *MAY_BE_DELAYED)
    on = timezone.localdate(at)
    level = application.appeals.count() + 1
    if level > terms_of(application.policy).appeal_levels:
        raise NoFurtherAppeal
    if application.state in MAY_BE_DELAYED:
        if not is_overdue(application, on=on) or ground != AppealGround.DELAY:
            raise WrongState(application.state)
    else:
        until = appeal_until(application)
        if until is None or on > until:
            raise TooLate
    appeal = _open(application, level=level, ground=ground, text=text, from_state=application.state, at=at)
    application.waiting_until = application.waiting_since = None
    move_on(application, State.APPEALED, action="appeal", actor=actor, at=at)
    tell_learner(application, "appealed", due=appeal.due_on.isoformat())
    _tell_reviewers(application, appeal)
    return appeal


def _open(application: Application, *, level: int, ground: str, text: str, from_state: str, at: datetime) -> Appeal:
    terms = terms_of(application.policy)
    due = last_day(timezone.localdate(at), terms.appeal_decide_days, terms.appeal_counting)
    if due is None:  # cannot be: nothing pauses an appeal
        raise WrongState(application.state)
    return Appeal.objects.create(
        application=application, level=level, ground=ground, text=text, from_state=from_state, learner=application.learner,
        first_officer=application.first_officer, second_officer=application.second_officer, submitted_at=at, due_on=due,
        default_result=terms.default_at(level),
    )  # fmt: skip


def _tell_reviewers(application: Application, appeal: Appeal) -> None:
    concerned = {application.learner_id, application.first_officer_id, application.second_officer_id}
    people = people_at(application.institution, Role.REVIEWER, on=timezone.localdate(appeal.submitted_at))
    tell_desk(application, "appeal_waits", [person for person in people if person.pk not in concerned], due=appeal.due_on.isoformat())


@transaction.atomic
def take_appeal(appeal: Appeal, *, actor: Any, at: datetime) -> Appeal:
    """Somebody new takes the appeal; from now on it is known who is late. Raises WrongState, SamePersonTwice, Involved."""
    application = locked(appeal.application, State.APPEALED)
    appeal = _open_appeal(application)
    _require_new_person(appeal, application, actor, at=at)
    if appeal.taken_by_id not in {None, actor.pk}:
        raise WrongState(application.state)
    appeal.taken_by, appeal.taken_at = actor, at
    appeal.save(update_fields=["taken_by", "taken_at"])
    record_audit_entry("recognition.take_appeal", actor=actor, about=application, concerns=application.learner.uuid)
    return appeal


def _open_appeal(application: Application) -> Appeal:
    appeal = Appeal.objects.select_for_update(of=("self",)).undecided().filter(application=application).first()
    if appeal is None:
        raise WrongState(application.state)
    return appeal


def _require_new_person(appeal: Appeal, application: Application, actor: Any, *, at: datetime) -> None:
    """Neither learner, first nor second officer, nor who voted or decided an earlier appeal. Raises SamePersonTwice, Involved."""
    require_uninvolved(application, actor, at=at)
    known = {appeal.first_officer_id, appeal.second_officer_id, application.first_officer_id, application.second_officer_id}
    earlier = application.appeals.filter(decided_by=actor).exists()
    if actor.pk in known or earlier or application.votes.filter(voter=actor).exists():
        raise SamePersonTwice


@transaction.atomic
def decide_appeal(
    appeal: Appeal, *, result: str, actor: Any, at: datetime, answer: str, decisions: Mapping[int, LineDecision] | None = None
) -> Application:
    """Somebody new decides: the decision stands, more is recognised (``decisions`` by line; None: everything as proposed), or an award is to
    be taken back, which a second person then does.

    Raises WrongState, SamePersonTwice, Involved; DecisionIncomplete naming the line; NothingGranted where a grant gives nothing more or
    less somewhere; RecordsTaken where the credit that was given back is no longer there; NoRoomLeft where it was awarded elsewhere meanwhile.
    """
    application = locked(appeal.application, State.APPEALED)
    appeal = _open_appeal(application)
    _require_new_person(appeal, application, actor, at=at)
    if result not in DECIDED_RESULTS:
        raise WrongState(application.state)
    if result == AppealResult.REVERSE and appeal.from_state != State.POSTED:
        raise WrongState(application.state)
    _close(appeal, result=result, actor=actor, at=at, answer=answer)
    if result == AppealResult.UPHELD:
        return _uphold(application, appeal, actor=actor, at=at)
    if result == AppealResult.GRANTED:
        return _grant(application, appeal, decisions=decisions, actor=actor, at=at)
    move_on(application, State.APPEAL_DECIDED, action="appeal_reverse", actor=actor, at=at)
    tell_learner(application, "appeal_reverse")
    return application


def _close(
    appeal: Appeal, *, result: str, actor: Any, at: datetime, answer: str = "", by_default: bool = False, late: UUID | None = None
) -> None:
    appeal.result, appeal.decided_by, appeal.decided_at, appeal.answer = result, actor, at, answer
    appeal.by_default, appeal.late_uuid = by_default, late
    appeal.save(update_fields=["result", "decided_by", "decided_at", "answer", "by_default", "late_uuid"])


def _uphold(application: Application, appeal: Appeal, *, actor: Any, at: datetime) -> Application:
    _go_back(application, appeal, action="appeal_uphold", actor=actor, at=at)
    tell_learner(application, "appeal_upheld")
    return application


def _go_back(application: Application, appeal: Appeal, *, action: str, actor: Any, at: datetime) -> None:
    """Back to where it stood; what waited for the learner's acceptance waits anew."""
    move_on(application, State.APPEAL_DECIDED, action=action, actor=actor, at=at)
    if appeal.from_state == State.DECIDED:
        wait_for_learner(application, terms_of(application.policy).accept_days, at=at)
    move_on(application, appeal.from_state, action="appeal_back", actor=None, at=at)


@transaction.atomic
def withdraw_appeal(appeal: Appeal, *, actor: Any, at: datetime) -> Application:
    """The learner takes an undecided appeal back: the case stands where it stood before, and the level is used up. Raises WrongState."""
    application = locked(appeal.application, State.APPEALED)
    appeal = _open_appeal(application)
    _close(appeal, result=AppealResult.WITHDRAWN, actor=None, at=at)
    _go_back(application, appeal, action="withdraw_appeal", actor=actor, at=at)
    tell_learner(application, "appeal_withdrawn")
    if appeal.taken_by is not None:
        tell_desk(application, "appeal_is_gone", [appeal.taken_by])
    return application


def _grant(
    application: Application, appeal: Appeal, *, decisions: Mapping[int, LineDecision] | None, actor: Any, at: datetime
) -> Application:
    lines = list(application.lines.select_for_update().order_by("position"))
    standing = [line for line in lines if appeal.from_state not in MAY_BE_DELAYED]  # an opinion that nobody confirmed stands for nothing
    before = {line.position: line.decided or Decimal(0) for line in standing}
    was_recognised = {line.position for line in standing if line.is_recognised}
    for line in lines:
        apply_decision(
            line, decisions.get(line.position) if decisions else LineDecision(LineChoice.ACCEPT), application.programme.system.step
        )
    _require_more(lines, before, was_recognised)
    save_lines(lines)
    rounds = application.hold_round
    hold_again(application, {UUID(ident) for line in lines if line.is_recognised for ident in line.records}, actor=actor, at=at)
    if appeal.from_state == State.POSTED:
        application.hold_round = rounds + 1  # the second award is a transaction of its own
    application.decided_credits = sum((line.decided or Decimal(0) for line in lines), Decimal(0))
    application.verdict = verdict_of(application, lines)
    application.decided_on_appeal, application.decided_at = True, at
    move_on(application, State.APPEAL_DECIDED, action="appeal_grant", actor=actor, at=at)
    tell_learner(application, "appeal_granted", credits=in_words(application.decided_credits))
    return _carry_out(application, appeal, before=before, actor=actor, at=at)


def _carry_out(application: Application, appeal: Appeal, *, before: Mapping[int, Decimal], actor: Any, at: datetime) -> Application:
    """What is exactly what the learner declared for, or more of what was accepted, is posted; else the learner is asked."""
    if appeal.from_state == State.POSTED:
        move_on(application, State.ACCEPTED, action="accept_in_advance", actor=None, at=at)
        return post_award(application, actor=actor, at=at, before=before)
    if is_exactly_as_shown(application):
        move_on(application, State.ACCEPTED, action="accept_in_advance", actor=None, at=at)
        return post_award(application, actor=actor, at=at)
    until = wait_for_learner(application, terms_of(application.policy).accept_days, at=at)
    move_on(application, State.DECIDED, action="appeal_back", actor=None, at=at)
    tell_learner(application, "decided", credits=in_words(application.decided_credits or Decimal(0)), until=until)
    return application


def _require_more(lines: list[ApplicationLine], before: Mapping[int, Decimal], was_recognised: set[int]) -> None:
    """An appeal never takes anything away: no line has less, and one has more. Raises NothingGranted."""
    less = any((line.decided or Decimal(0)) < before.get(line.position, Decimal(0)) for line in lines)
    lost = any(line.position in was_recognised and not line.is_recognised for line in lines)
    more = any((line.decided or Decimal(0)) > before.get(line.position, Decimal(0)) for line in lines)
    won = any(line.is_recognised and line.position not in was_recognised for line in lines)
    if less or lost or not (more or won):
        raise NothingGranted


def run_defaults(*, on: date, at: datetime) -> list[str]:
    """Carry out the default of every appeal whose last day is over; references of the applications."""
    over = Appeal.objects.undecided().filter(due_on__lt=on).select_related("application").order_by("id")
    return [appeal.application.reference for appeal in over if _default(appeal, on=on, at=at)]


@transaction.atomic
def _default(appeal: Appeal, *, on: date, at: datetime) -> bool:
    """One appeal ends as the policy says; it is written who was late. False where somebody was quicker after all."""
    try:
        application = locked(appeal.application, State.APPEALED)
        appeal = _open_appeal(application)
    except WrongState:
        return False
    if appeal.due_on >= on:
        return False
    late = appeal.taken_by.uuid if appeal.taken_by else None
    record_audit_entry(
        "recognition.appeal_default", actor=None, about=application, concerns=application.learner.uuid,
        data={"late": str(late or ""), "institution": application.institution.code, "due": appeal.due_on.isoformat(), "result": appeal.default_result},
    )  # fmt: skip
    if appeal.default_result == DefaultResult.ESCALATE:
        _escalate(application, appeal, late=late, at=at)
    elif appeal.default_result == DefaultResult.GRANT and _grants_by_default(application, appeal, late=late, at=at):
        pass
    else:
        _close(appeal, result=AppealResult.UPHELD, actor=None, at=at, by_default=True, late=late)
        _uphold(application, appeal, actor=None, at=at)
    return True


def _grants_by_default(application: Application, appeal: Appeal, *, late: UUID | None, at: datetime) -> bool:
    """Everything as proposed; False where that cannot be done any more, because the credit was used elsewhere or nothing is left to give."""
    try:
        with transaction.atomic():
            _close(appeal, result=AppealResult.GRANTED, actor=None, at=at, by_default=True, late=late)
            _grant(application, appeal, decisions=None, actor=None, at=at)
    except (RecordsTaken, NoRoomLeft, NothingGranted):
        application.refresh_from_db()
        appeal.refresh_from_db()
        return False
    return True


def _escalate(application: Application, appeal: Appeal, *, late: UUID | None, at: datetime) -> None:
    _close(appeal, result=AppealResult.ESCALATED, actor=None, at=at, by_default=True, late=late)
    higher = _open(application, level=appeal.level + 1, ground=appeal.ground, text=appeal.text, from_state=appeal.from_state, at=at)
    tell_learner(application, "appeal_escalated", due=higher.due_on.isoformat())
    _tell_reviewers(application, higher)


@transaction.atomic
def carry_out_reversal(application: Application, *, actor: Any, at: datetime, reason: str) -> Application:
    """A second person takes back the award that an appeal decided to take back; the first is who decided the appeal.

    Raises WrongState, SecondPersonNeeded.
    """
    application = locked(application, State.APPEAL_DECIDED)
    appeal = application.appeals.filter(result=AppealResult.REVERSE).order_by("-level").first()
    if appeal is None:
        raise WrongState(application.state)
    return reverse_award(application, actor=appeal.decided_by, second=actor, at=at, reason=reason)
