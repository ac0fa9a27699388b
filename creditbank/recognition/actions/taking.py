"""Whose case it is: taking it, giving it to somebody, giving it back, standing aside from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from creditbank.recognition.actions.steps import locked, move_on, require_uninvolved, tell_desk, tell_learner
from creditbank.recognition.enums import OPEN_STATES, ApplicationState
from creditbank.recognition.exceptions import Involved, NotTheirCase, SamePersonTwice, WrongState
from creditbank.recognition.models import Application, DeclaredInterest
from foundation.api import record_audit_entry

State = ApplicationState


@transaction.atomic
def claim_application(application: Application, *, actor: Any, at: datetime) -> Application:
    """An officer takes a case that nobody has: a submitted one, or one that was given back.

    Raises WrongState where another was quicker, SamePersonTwice for the own application, Involved.
    """
    application = locked(application, State.SUBMITTED, State.CHECKING)
    if application.state == State.CHECKING and application.first_officer is not None:
        raise WrongState(application.state)
    require_uninvolved(application, actor, at=at)
    _hand_to(application, actor, action="claim", actor=actor, at=at)
    return application


@transaction.atomic
def assign_application(application: Application, *, to: Any, actor: Any, at: datetime) -> Application:
    """Give a case to an officer: one that nobody has taken, or one that is with somebody else. Raises WrongState, SamePersonTwice, Involved."""
    application = locked(application, State.SUBMITTED, State.CHECKING)
    require_uninvolved(application, to, at=at)
    if application.learner_id == actor.pk:
        raise SamePersonTwice
    _hand_to(application, to, action="assign", actor=actor, at=at)
    tell_desk(application, "assigned", [to])
    return application


def _hand_to(application: Application, officer: Any, *, action: str, actor: Any, at: datetime) -> None:
    """The case is with this officer from now on; one that was only submitted is being checked."""
    application.first_officer = officer
    if application.state == State.SUBMITTED:
        move_on(application, State.CHECKING, action=action, actor=actor, at=at)
        tell_learner(application, "checking", due=application.due_on.isoformat() if application.due_on else "")
        return
    application.save(update_fields=["first_officer"])
    _note(application, action, actor, data={"to": str(officer.uuid)})


@transaction.atomic
def release_application(application: Application, *, actor: Any, at: datetime, reason: str = "") -> Application:
    """Who has a case gives it back: it is being checked, with nobody, until somebody takes it or it is given to somebody.

    Raises WrongState, NotTheirCase.
    """
    application = locked(application, State.CHECKING)
    if application.first_officer_id != actor.pk:
        raise NotTheirCase
    _free(application)
    _note(application, "release", actor, reason=reason)
    return application


def _free(application: Application) -> None:
    application.first_officer = None
    application.save(update_fields=["first_officer"])


def _note(application: Application, action: str, actor: Any, **said: Any) -> None:
    record_audit_entry(f"recognition.{action}", actor=actor, about=application, concerns=application.learner.uuid, **said)


@dataclass(frozen=True)
class HandedOut:
    """Which of several cases now lie with an officer, and which stay where they were, each with what stood in the way."""

    given: tuple[Application, ...]
    kept: tuple[tuple[Application, Exception], ...]


def hand_out(cases: Iterable[Application], *, to: Any, actor: Any, at: datetime) -> HandedOut:
    """Give several cases to an officer, or take them oneself (``to`` is the actor).

    Each stands for itself: one that somebody was quicker to take, or that the officer may not decide, keeps no other back.
    """
    given, kept = [], []
    for case in cases:
        try:
            if to.pk == actor.pk:
                given.append(claim_application(case, actor=actor, at=at))
            else:
                given.append(assign_application(case, to=to, actor=actor, at=at))
        except (WrongState, SamePersonTwice, Involved) as error:
            kept.append((case, error))
    return HandedOut(tuple(given), tuple(kept))


def claim_next(cases: Iterable[Application], *, actor: Any, at: datetime) -> Application | None:
    """Take the first case that this person may decide; None where there is none. A case that somebody was quicker to take is passed over."""
    for case in cases:
        try:
            return claim_application(case, actor=actor, at=at)
        except (WrongState, SamePersonTwice, Involved):
            continue
    return None


@transaction.atomic
def stand_aside(application: Application, *, actor: Any, at: datetime, reason: str) -> Application:
    """Declare an interest in a case: from now on this person decides nothing in it; a case that the person was checking is free again.

    Raises WrongState once it was decided, SamePersonTwice for the learner.
    """
    application = locked(application, *OPEN_STATES)
    if application.learner_id == actor.pk:
        raise SamePersonTwice
    DeclaredInterest.objects.get_or_create(application=application, person=actor, defaults={"reason": reason, "at": at})
    if application.state == State.CHECKING and application.first_officer_id == actor.pk:
        _free(application)
    _note(application, "stand_aside", actor, reason=reason)
    return application
