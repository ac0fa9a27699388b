"""The learner's pages after sending: follow, answer, withdraw, accept, appeal, print."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from creditbank.recognition.actions import (
    accept_decision,
    add_evidence,
    answer_request,
    may_appeal,
    open_handed_in,
    request_withdrawal,
    submit_appeal,
    withdraw_appeal,
    withdraw_application,
)
from creditbank.recognition.actions.applications import can_still_withdraw, seconds_to_withdraw
from creditbank.recognition.enums import ApplicationState, DefaultResult, Verdict
from creditbank.recognition.exceptions import NoFurtherAppeal, NothingToRecognise, RecordsTaken, TooLate, WrongState
from creditbank.recognition.forms import AnswerForm, AppealForm, MessageForm
from creditbank.recognition.models import Application
from creditbank.recognition.terms import appeal_until, terms_of
from creditbank.recognition.tracking import next_step
from creditbank.recognition.views.shared import decided_lines, exceptions_in, served, shown_application
from creditbank.rules.clocks import NoCalendar
from foundation.api import access, visible_to
from identity.api import SignedInRequest

NO_ROOM = gettext_noop(
    "Another award was posted to your account first and takes up what this one needs. The institution has worked it out again and decides anew; you need not do anything."
)
MAY_BE_ASKED_BACK = (
    ApplicationState.SUBMITTED,
    ApplicationState.CHECKING,
    ApplicationState.INFORMATION_REQUESTED,
    ApplicationState.SECOND_REVIEW,
)


@login_required
def my_applications(request: HttpRequest) -> HttpResponse:
    """All own applications, newest first."""
    person = cast("SignedInRequest", request).user
    rows = visible_to(person, Application).filter(learner=person).select_related("programme", "institution")
    return render(request, "creditbank/applications.html", {"applications": rows, "nav": "credits"})


def _own(request: HttpRequest, reference: str, *, to: str) -> Application:
    rows = Application.objects.select_related("programme__system", "institution", "learner", "rules__book", "policy")
    row = access(rows, reference, user=request.user, to=to, field="reference")
    if row.learner_id != request.user.pk:
        raise Http404
    return row


@login_required
def application(request: HttpRequest, reference: str) -> HttpResponse:
    """One own application: where it stands, who acts next by when, and the reason for every record."""
    return _page(request, _own(request, reference, to="view"))


def _page(request: HttpRequest, row: Application, *, answer_form: AnswerForm | None = None) -> HttpResponse:
    at = timezone.now()
    can_withdraw, shown = can_still_withdraw(row, at=at), shown_application(row)
    context = {
        "application": row, "shown": shown, "lines": decided_lines(row, shown), "steps": row.steps.all(), "nav": "credits",
        "next": next_step(row), "can_withdraw": can_withdraw, "withdrawal_minutes": settings.WITHDRAWAL_MINUTES,
        "withdraw_until": row.submitted_at + timedelta(minutes=settings.WITHDRAWAL_MINUTES) if row.submitted_at else None,
        "seconds_to_withdraw": seconds_to_withdraw(row, at=at) if can_withdraw else 0, "just_sent": can_withdraw and row.state == ApplicationState.SUBMITTED,
        "answer_form": answer_form or AnswerForm(), "asks": row.state == ApplicationState.INFORMATION_REQUESTED,
        "withdraw_form": MessageForm(prefix="withdraw"), "may_ask_to_withdraw": row.state in MAY_BE_ASKED_BACK,
        "can_accept": row.state == ApplicationState.DECIDED and row.verdict != Verdict.REFUSED,
        "appeals": row.appeals.all(), "can_appeal": may_appeal(row, on=timezone.localdate(at)), "appeal_until": appeal_until(row),
        "files": row.evidence.all(), "reruns": row.reruns.select_related("old_rules__book", "new_rules__book"), "terms": terms_of(row.policy),
    }  # fmt: skip
    failed = answer_form is not None and answer_form.errors
    return render(request, "creditbank/application.html", context, status=400 if failed else 200)


@login_required
def appeal(request: HttpRequest, reference: str) -> HttpResponse:
    """Appeal: why, and before that by when it is decided and what happens if it is not."""
    row = _own(request, reference, to="appeal")
    at = timezone.now()
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            submit_appeal(row, actor=request.user, at=at, ground=form.cleaned_data["ground"], text=form.cleaned_data["text"])
        except TooLate:
            messages.error(request, _("The time for an appeal is over. Nothing was sent."))
        except NoFurtherAppeal:
            messages.error(request, _("Every level of appeal has been used. Nothing was sent."))
        except NoCalendar:
            messages.error(
                request, _("The working days of the coming year are not known yet, so no answer can be promised. Nothing was sent.")
            )
        except WrongState:
            form.add_error("ground", _("Before there is a decision, only its delay can be appealed."))
        else:
            messages.success(request, _("Your appeal was sent."))
            return redirect("creditbank:application", reference)
    if not may_appeal(row, on=timezone.localdate(at)) and not form.errors:
        messages.info(request, _("There is nothing to appeal against at present."))
        return redirect("creditbank:application", reference)
    terms = terms_of(row.policy)
    context = {
        "application": row, "form": form, "nav": "credits", "terms": terms, "level": row.appeals.count() + 1, "until": appeal_until(row),
        "default_label": DefaultResult(terms.default_at(row.appeals.count() + 1)).label,
    }  # fmt: skip
    return render(request, "creditbank/appeal.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def take_appeal_back(request: HttpRequest, reference: str) -> HttpResponse:
    """Withdraw the appeal that nobody has decided yet."""
    row = _own(request, reference, to="appeal")
    appeal = row.appeals.filter(result="").select_related("application").first()
    try:
        done = appeal is not None and withdraw_appeal(appeal, actor=request.user, at=timezone.now())
    except WrongState:
        done = False
    if done:
        messages.success(request, _("The appeal was withdrawn; the application stands where it stood before."))
    else:
        messages.error(request, _("This appeal was decided meanwhile; nothing was changed."))
    return redirect("creditbank:application", reference)


@login_required
def letter(request: HttpRequest, reference: str) -> HttpResponse:
    """The decision as a letter to print: every record with all its reasons, the rules, what is left of limits, and how to appeal."""
    row = _own(request, reference, to="view")
    if row.decided_at is None:
        raise Http404
    lines = list(row.lines.all())
    shown = shown_application(row)
    context = {
        "application": row, "shown": shown, "pairs": list(zip(lines, shown.lines if shown else (), strict=False)),
        "appeal_until": appeal_until(row), "terms": terms_of(row.policy), "appeals": row.appeals.exclude(result=""),
        "exceptions": exceptions_in(row), "nav": "credits",
    }  # fmt: skip
    return render(request, "creditbank/letter.html", context)


@login_required
def evidence_file(request: HttpRequest, reference: str, file_uuid: str) -> HttpResponse:
    """One file that was handed in, for whoever may see the application: always as a download, never run here."""
    row = access(Application.objects.all(), reference, user=request.user, field="reference")
    file = access(row.evidence.select_related("application__learner"), file_uuid, user=request.user)
    return served(file, lambda: open_handed_in(file, actor=request.user))


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
    """Answer what the officer asked, perhaps with a file; what was typed stays if something is wrong with it."""
    row = _own(request, reference, to="answer")
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, row, answer_form=form)
    try:
        _answer(row, form, at=timezone.now())
        messages.success(request, _("Your answer was sent."))
    except WrongState:
        messages.error(request, _("Nothing is being asked any more."))
    return redirect("creditbank:application", reference)


@transaction.atomic
def _answer(row: Application, form: AnswerForm, *, at: datetime) -> None:
    line = row.lines.order_by("position").first()
    if form.cleaned_data["file"] and line is not None:
        add_evidence(row, rule=line.rule, item="", record=line.lead_record, file=form.cleaned_data["file"], actor=row.learner, at=at)
    answer_request(row, actor=row.learner, at=at, text=form.cleaned_data["text"])


@login_required
@require_POST
def accept(request: HttpRequest, reference: str) -> HttpResponse:
    """Accept a decision that differs from what was shown."""
    row = _own(request, reference, to="accept")
    try:
        row = accept_decision(row, actor=request.user, at=timezone.now())
        if row.state == ApplicationState.CHECKING:
            messages.warning(request, _(NO_ROOM))
        else:
            messages.success(request, _("Accepted. The credits are in your account."))
    except RecordsTaken:
        messages.error(
            request,
            _("A record of this application was taken back by its issuer; the institution looks at the case again. Nothing was changed."),
        )
    except (WrongState, NothingToRecognise):
        messages.error(request, _("There is nothing to accept here."))
    return redirect("creditbank:application", reference)
