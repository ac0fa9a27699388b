"""The learner's pages: choose a programme, see the best proposal with every reason, declare, follow."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.catalogue.models import Programme
from creditbank.recognition.actions import accept_decision, answer_request, request_withdrawal, send_application, withdraw_application
from creditbank.recognition.actions.applications import can_still_withdraw
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.exceptions import NoRulesInForce, NothingToRecognise, RecordsTaken, TooLate, WrongState
from creditbank.recognition.forms import DeclarationForm, MessageForm
from creditbank.recognition.models import Application
from creditbank.recognition.queries import propose
from creditbank.recognition.views.shared import shown_application, shown_proposal
from foundation.api import access, visible_to
from identity.api import SignedInRequest

MAY_BE_ASKED_BACK = (
    ApplicationState.SUBMITTED,
    ApplicationState.CHECKING,
    ApplicationState.INFORMATION_REQUESTED,
    ApplicationState.SECOND_REVIEW,
)
TRACK = (
    ApplicationState.SUBMITTED,
    ApplicationState.CHECKING,
    ApplicationState.SECOND_REVIEW,
    ApplicationState.DECIDED,
    ApplicationState.POSTED,
)


@login_required
def my_applications(request: HttpRequest) -> HttpResponse:
    """All own applications, newest first."""
    person = cast("SignedInRequest", request).user
    rows = visible_to(person, Application).filter(learner=person).select_related("programme", "institution")
    return render(request, "creditbank/applications.html", {"applications": rows, "nav": "credits"})


@login_required
def choose_programme(request: HttpRequest) -> HttpResponse:
    """Which programme the recognition is for."""
    programmes = Programme.objects.open().select_related("institution", "system")
    return render(request, "creditbank/choose_programme.html", {"programmes": programmes, "nav": "credits"})


@login_required
def apply_for(request: HttpRequest, code: str) -> HttpResponse:
    """The best proposal for a programme, and the declaration that submits it."""
    person = cast("SignedInRequest", request).user
    programme = access(Programme.objects.open().select_related("institution", "system"), code, user=person, field="code")
    form = DeclarationForm(request.POST or None)
    at = timezone.now()
    try:
        if request.method == "POST" and form.is_valid():
            sent = send_application(programme, learner=person, at=at, shown_hash=form.cleaned_data["shown"])
            return redirect("creditbank:application", sent.reference)
        proposal = propose(person, programme, on=timezone.localdate(at))
    except NoRulesInForce:
        return render(request, "creditbank/no_rules.html", {"programme": programme, "nav": "credits"})
    except NothingToRecognise:
        proposal = propose(person, programme, on=timezone.localdate(at))
    except RecordsTaken:
        messages.warning(
            request, _("Your archive or the rules have changed since this page was shown. Please look again; nothing was sent.")
        )
        return redirect("creditbank:apply", code)
    context = {
        "programme": programme, "shown": shown_proposal(proposal), "proposal": proposal, "form": form, "nav": "credits",
        "withdrawal_minutes": settings.WITHDRAWAL_MINUTES,
    }  # fmt: skip
    return render(request, "creditbank/apply.html", context)


def _own(request: HttpRequest, reference: str, *, to: str) -> Application:
    rows = Application.objects.select_related("programme__system", "institution", "learner", "rules__book")
    row = access(rows, reference, user=request.user, to=to, field="reference")
    if row.learner_id != request.user.pk:
        raise Http404
    return row


@login_required
def application(request: HttpRequest, reference: str) -> HttpResponse:
    """One own application: where it stands, who acts next by when, and the reason for every record."""
    row = _own(request, reference, to="view")
    steps = list(row.steps.all())
    context = {
        "application": row, "shown": shown_application(row), "lines": row.lines.all(), "steps": steps, "track": TRACK, "nav": "credits",
        "can_withdraw": can_still_withdraw(row, at=timezone.now()), "withdrawal_minutes": settings.WITHDRAWAL_MINUTES,
        "answer_form": MessageForm(), "asks": row.state == ApplicationState.INFORMATION_REQUESTED,
        "withdraw_form": MessageForm(prefix="withdraw"), "may_ask_to_withdraw": row.state in MAY_BE_ASKED_BACK,
        "can_accept": row.state == ApplicationState.DECIDED and bool(row.decided_credits),
    }  # fmt: skip
    return render(request, "creditbank/application.html", context)


@login_required
@require_POST
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the application back within the free minutes."""
    row = _own(request, reference, to="withdraw")
    try:
        withdraw_application(row, actor=request.user, at=timezone.now())
        messages.success(request, _("The application was withdrawn. What was held is available again."))
    except (TooLate, WrongState):
        messages.error(request, _("It can no longer be taken back here. Please call the institution."))
    return redirect("creditbank:application", reference)


@login_required
@require_POST
def ask_to_withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask to take the application back after the free minutes."""
    row = _own(request, reference, to="request_withdrawal")
    form = MessageForm(request.POST, prefix="withdraw")
    if not form.is_valid():
        messages.error(request, _("Please write why you want to withdraw."))
        return redirect("creditbank:application", reference)
    try:
        row = request_withdrawal(row, actor=request.user, at=timezone.now(), reason=form.cleaned_data["text"])
    except WrongState:
        messages.error(request, _("It can no longer be taken back here. Please call the institution."))
    else:
        done = row.state == ApplicationState.WITHDRAWN
        messages.success(
            request,
            _("The application was withdrawn. What was held is available again.") if done else _("Your wish was sent to the institution."),
        )
    return redirect("creditbank:application", reference)


@login_required
@require_POST
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer what the officer asked."""
    row = _own(request, reference, to="answer")
    form = MessageForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please write a message."))
        return redirect("creditbank:application", reference)
    try:
        answer_request(row, actor=request.user, at=timezone.now(), text=form.cleaned_data["text"])
        messages.success(request, _("Your answer was sent."))
    except WrongState:
        messages.error(request, _("Nothing is being asked any more."))
    return redirect("creditbank:application", reference)


@login_required
@require_POST
def accept(request: HttpRequest, reference: str) -> HttpResponse:
    """Accept a decision that differs from what was shown."""
    row = _own(request, reference, to="accept")
    try:
        accept_decision(row, actor=request.user, at=timezone.now())
        messages.success(request, _("Accepted. The credits are in your account."))
    except RecordsTaken:
        messages.error(
            request,
            _("A record of this application was taken back by its issuer; the institution looks at the case again. Nothing was changed."),
        )
    except (WrongState, NothingToRecognise):
        messages.error(request, _("There is nothing to accept here."))
    return redirect("creditbank:application", reference)
