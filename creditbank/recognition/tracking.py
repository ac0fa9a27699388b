"""Who acts next on an application, on what, and by when: said the same way to the learner and at the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from creditbank.recognition.enums import ApplicationState, Verdict
from creditbank.recognition.models import Application
from creditbank.recognition.terms import appeal_until

State = ApplicationState


@dataclass(frozen=True)
class NextStep:
    """``who`` is ``you``, ``institution`` or ``nobody``; ``text`` says what; ``by`` is the last day for it, if there is one."""

    who: str
    text: str
    by: date | None = None


def next_step(application: Application) -> NextStep:
    """The step that comes now. At most two queries."""
    state = application.state
    if state in {State.SUBMITTED, State.CHECKING, State.SECOND_REVIEW}:
        return NextStep("institution", _at_the_desk(application), application.due_on)
    if state == State.DECIDED:
        return _after_decision(application)
    if state == State.APPEALED:
        appeal = application.appeals.filter(result="").first()
        return NextStep("institution", _("Somebody who had no part in the case decides on your appeal."), appeal.due_on if appeal else None)
    texts = {
        State.DRAFT: ("you", _("Check your answers and send the application."), None),
        State.INFORMATION_REQUESTED: ("you", _("Add what the officer asked for."), application.waiting_until),
        State.WITHDRAWAL_REQUESTED: ("institution", _("An officer answers your wish to withdraw."), application.due_on),
        State.APPEAL_DECIDED: (
            "institution",
            _("A second person takes the award back; then your original credit is available again."),
            None,
        ),
        State.ACCEPTED: ("institution", _("The credit is being posted."), None),
        State.POSTED: ("nobody", _("Nothing is left to do. The credit is in your account."), None),
        State.WITHDRAWN: ("nobody", _("The application is closed; you can apply anew."), None),
        State.LAPSED: ("nobody", _("The application is closed; you can apply anew."), None),
        State.REVERSED: ("nobody", _("The award was taken back; you can apply anew."), None),
    }
    return NextStep(*texts[State(state)])


def _at_the_desk(application: Application) -> str:
    if application.is_automatic:
        return _("The rules decide by themselves as soon as the time for taking it back is over.")
    if application.state == State.SUBMITTED:
        return _("An officer takes the case and checks the evidence.")
    if application.state == State.CHECKING:
        return _("An officer checks the evidence, line by line.")
    others = max(1, application.required_approvals - 1 - application.votes.count())
    return ngettext("%(n)s more person has to agree.", "%(n)s more persons have to agree.", others) % {"n": others}


def _after_decision(application: Application) -> NextStep:
    if application.verdict == Verdict.REFUSED:
        return NextStep("you", _("You can appeal, or apply anew with more evidence."), appeal_until(application))
    return NextStep("you", _("Accept the result, or appeal."), application.waiting_until)
