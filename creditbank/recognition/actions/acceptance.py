"""The learner takes what was decided; where another award has taken up its place meanwhile, the desk works it out again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from creditbank.recognition.actions.posting import post_award
from creditbank.recognition.actions.rerun import work_out_anew
from creditbank.recognition.actions.steps import locked, move_on, tell_desk
from creditbank.recognition.enums import ApplicationState, Verdict
from creditbank.recognition.exceptions import NoRoomLeft, NothingToRecognise
from creditbank.recognition.models import Application
from creditbank.recognition.terms import last_day, terms_of

State = ApplicationState


@transaction.atomic
def accept_decision(application: Application, *, actor: Any, at: datetime) -> Application:
    """Take what was decided: held credit becomes an award, which only a reversal by two persons can undo.

    Where it has no room any more beside what was awarded meanwhile, nothing is posted: the case is back at the desk (*checking*), worked out
    again. Not called where the result is exactly the proposal shown on submitting: the declaration took that one in advance.

    Raises WrongState, NothingToRecognise; RecordsTaken where a record was taken back by its issuer.
    """
    application = locked(application, State.DECIDED)
    if application.verdict == Verdict.REFUSED:
        raise NothingToRecognise
    try:
        with transaction.atomic():
            return _take(locked(application), actor=actor, at=at)
    except NoRoomLeft as full:
        return _back_to_the_desk(application, full, actor=actor, at=at)


def _take(application: Application, *, actor: Any, at: datetime) -> Application:
    application.waiting_until = application.waiting_since = None
    move_on(application, State.ACCEPTED, action="accept", actor=actor, at=at)
    return post_award(application, actor=actor, at=at)


def _back_to_the_desk(application: Application, full: NoRoomLeft, *, actor: Any, at: datetime) -> Application:
    """The acceptance stands in the log, with what came of it; the desk has its whole time again."""
    terms = terms_of(application.policy)
    application.waiting_until = application.waiting_since = None
    application.due_on, application.desk_reminded = last_day(timezone.localdate(at), terms.decide_days, terms.decide_counting), 0
    move_on(application, State.CHECKING, action="accept_without_room", actor=actor, at=at)
    application = work_out_anew(application, full.lack, actor=actor, at=at)
    if application.first_officer is not None:
        tell_desk(application, "no_room_left", [application.first_officer])
    return application
