"""The desk: the queue, a case with its proposal, the first opinion, the second person, and deposits to confirm."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from creditbank.recognition.actions import (
    LineDecision,
    answer_withdrawal,
    claim_application,
    confirm_decision,
    confirm_record,
    decide_application,
    request_information,
    send_back,
    stand_aside,
)
from creditbank.recognition.corrections import SourceReview
from creditbank.recognition.enums import DESK_STATES, OPEN_STATES, ApplicationState
from creditbank.recognition.exceptions import DecisionIncomplete, ExpertNeeded, Involved, RecordsTaken, SamePersonTwice, WrongState
from creditbank.recognition.forms import DecisionForm, MessageForm, ReasonForm, WithdrawalForm
from creditbank.recognition.models import DESK_ROLES, PAIR, Application
from creditbank.recognition.queries import open_cases, queue_of, replayed, waiting_for_confirmation
from creditbank.recognition.views.shared import shown_application
from foundation.api import access, can
from identity.api import Role, SignedInRequest
from learning.api import LearningRecord

PAGE_SIZE = 20
TAKEN_BACK = gettext_lazy(
    "A record of this case was taken back by its issuer: send the case back and decide its line anew. Nothing was changed."
)
View = Callable[..., HttpResponse]


def desk_only(view: View) -> View:
    """For those who work at a recognition desk, and auditors; everybody else is told who may."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.acts_as(*DESK_ROLES, Role.AUDITOR):  # type: ignore[union-attr]
            raise PermissionDenied(_("The desk is for credit officers, reviewers and auditors."))
        return view(request, *args, **kwargs)

    return guarded


@desk_only
def desk(request: HttpRequest) -> HttpResponse:
    """The queue: open cases by due date, with filters in the address."""
    state, search = request.GET.get("state", ""), request.GET.get("q", "").strip()
    rows = queue_of(request.user, state=state, search=search) if state or search else open_cases(request.user)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    states = [(value, ApplicationState(value).label) for value in DESK_STATES]
    context = {"page": page, "states": states, "state": state, "q": search, "desk_nav": "queue", "today": timezone.localdate()}
    return render(request, "creditbank/desk.html", context)


def _case(request: HttpRequest, reference: str, *, to: str) -> Application:
    rows = Application.objects.select_related(
        "programme__system", "institution", "learner", "rules__book", "first_officer", "second_officer"
    )
    return access(rows, reference, user=request.user, to=to, field="reference")


@desk_only
def case(request: HttpRequest, reference: str, form: DecisionForm | None = None) -> HttpResponse:
    """One case: proposal, evidence, reasons, and what this person may do with it."""
    row = _case(request, reference, to="view_case")
    person = cast("SignedInRequest", request).user
    lines = list(row.lines.all())
    form = form or DecisionForm(row)
    shown = shown_application(row)
    records = {
        str(record.uuid): record for record in LearningRecord.objects.filter(uuid__in=[ident for line in lines for ident in line.records])
    }
    paired = [
        {
            "line": line,
            "shown": words,
            "fields": form.line_fields(line.position),
            "records": [records[i] for i in line.records if i in records],
        }
        for line, words in zip(lines, shown.lines if shown else (), strict=False)
    ]
    context = {
        "application": row, "shown": shown, "paired": paired, "form": form, "steps": row.steps.all(), "desk_nav": "queue",
        "ask_form": MessageForm(prefix="ask"), "back_form": MessageForm(prefix="back"),
        "may_claim": row.state == ApplicationState.SUBMITTED and person.acts_as(Role.CREDIT_OFFICER, at=row.institution_id),
        "may_decide": row.state == ApplicationState.CHECKING and person.acts_as(Role.CREDIT_OFFICER, at=row.institution_id),
        "may_confirm": row.state == ApplicationState.SECOND_REVIEW and can(person, "confirm", row) and row.first_officer_id != person.pk,
        "votes": row.votes.select_related("voter"), "panel": row.required_approvals > PAIR,
        "may_answer_withdrawal": row.state == ApplicationState.WITHDRAWAL_REQUESTED and can(person, "answer_withdrawal", row),
        "may_stand_aside": row.state in OPEN_STATES and can(person, "stand_aside", row),
        "may_reverse": row.state == ApplicationState.POSTED and can(person, "propose_reversal", row),
        "reverse_form": ReasonForm(prefix="reverse"), "reviews": SourceReview.objects.filter(application=row),
        "withdrawal_form": WithdrawalForm(prefix="withdrawal"), "aside_form": MessageForm(prefix="aside"),
        "replayed": replayed(row) if person.acts_as(Role.AUDITOR) and row.snapshot else None,
    }  # fmt: skip
    return render(request, "creditbank/case.html", context, status=400 if form.errors else 200)


@desk_only
@require_POST
def claim(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a case."""
    row = _case(request, reference, to="decide")
    try:
        claim_application(row, actor=request.user, at=timezone.now())
    except WrongState:
        messages.error(request, _("Somebody else has taken this case."))
    except Involved:
        messages.error(request, _("You taught what is to be recognised, or declared an interest: somebody else has to decide."))
    except SamePersonTwice:
        messages.error(request, _("Nobody decides on the own application."))
    return redirect("creditbank:case", reference)


@desk_only
@require_POST
def ask(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask the learner for something."""
    row = _case(request, reference, to="decide")
    form = MessageForm(request.POST, prefix="ask")
    if not form.is_valid():
        messages.error(request, _("Please write what you need from the learner."))
        return redirect("creditbank:case", reference)
    return _step(
        request, reference, lambda: request_information(row, actor=request.user, at=timezone.now(), text=form.cleaned_data["text"])
    )


@desk_only
@require_POST
def decide_case(request: HttpRequest, reference: str) -> HttpResponse:
    """The first officer's opinion; what was typed stays if something is missing."""
    row = _case(request, reference, to="decide")
    form = DecisionForm(row, request.POST)
    if not form.is_valid():
        return case(request, reference, form)
    decisions = {
        line.position: LineDecision(
            choice=form.cleaned_data[f"choice_{line.position}"], amount=form.cleaned_data[f"amount_{line.position}"],
            reason=form.cleaned_data[f"reason_{line.position}"], note=form.cleaned_data[f"note_{line.position}"],
        )
        for line in row.lines.all()
    }  # fmt: skip
    try:
        decide_application(row, decisions=decisions, actor=request.user, at=timezone.now(), message=form.cleaned_data["message"])
    except DecisionIncomplete as error:
        field = {"amount": "amount", "reason": "reason"}.get(error.code, "choice")
        words = {
            "amount": _("Enter an amount on the step, at most what is proposed."),
            "reason": _("Choose a reason; another reason needs a note."),
        }
        form.add_error(f"{field}_{error.line}", words.get(error.code, _("Please decide on this line.")))
        return case(request, reference, form)
    except SamePersonTwice:
        messages.error(request, _("Nobody decides on the own application."))
    except Involved:
        messages.error(request, _("You taught what is to be recognised, or declared an interest: somebody else has to decide."))
    except RecordsTaken:
        messages.error(request, TAKEN_BACK)
    except WrongState:
        messages.error(request, _("The case has moved on meanwhile; nothing was changed."))
    else:
        messages.success(request, _("Your opinion is recorded. A second person has to agree."))
    return redirect("creditbank:case", reference)


@desk_only
@require_POST
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person agrees."""
    row = _case(request, reference, to="confirm")
    return _step(request, reference, lambda: confirm_decision(row, actor=request.user, at=timezone.now()))


@desk_only
@require_POST
def return_case(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person sends the case back with a note."""
    row = _case(request, reference, to="confirm")
    form = MessageForm(request.POST, prefix="back")
    if not form.is_valid():
        messages.error(request, _("Please say why you send it back."))
        return redirect("creditbank:case", reference)
    return _step(request, reference, lambda: send_back(row, actor=request.user, at=timezone.now(), note=form.cleaned_data["text"]))


@desk_only
@require_POST
def withdrawal(request: HttpRequest, reference: str) -> HttpResponse:
    """Let the learner take the application back, or go on."""
    row = _case(request, reference, to="answer_withdrawal")
    form = WithdrawalForm(request.POST, prefix="withdrawal")
    if not form.is_valid():
        messages.error(request, _("Please say why the case goes on."))
        return redirect("creditbank:case", reference)
    data = form.cleaned_data
    return _step(
        request, reference, lambda: answer_withdrawal(row, grant=data["grant"], actor=request.user, at=timezone.now(), note=data["text"])
    )


@desk_only
@require_POST
def aside(request: HttpRequest, reference: str) -> HttpResponse:
    """Declare an interest in a case."""
    row = _case(request, reference, to="stand_aside")
    form = MessageForm(request.POST, prefix="aside")
    if not form.is_valid():
        messages.error(request, _("Please say what connects you with this case."))
        return redirect("creditbank:case", reference)
    return _step(request, reference, lambda: stand_aside(row, actor=request.user, at=timezone.now(), reason=form.cleaned_data["text"]))


def _step(request: HttpRequest, reference: str, work: Callable[[], Application]) -> HttpResponse:
    try:
        work()
        messages.success(request, _("Done. The learner is told where it matters."))
    except SamePersonTwice:
        messages.error(request, _("The second person must be another one than the first officer and the learner."))
    except Involved:
        messages.error(request, _("You taught what is to be recognised, or declared an interest: somebody else has to decide."))
    except RecordsTaken:
        messages.error(request, TAKEN_BACK)
    except ExpertNeeded:
        messages.error(request, _("The last seat of this panel is for a subject expert."))
    except WrongState:
        messages.error(request, _("The case has moved on meanwhile; nothing was changed."))
    return redirect("creditbank:case", reference)


@desk_only
def deposits(request: HttpRequest) -> HttpResponse:
    """Records of this institution whose credit waits for confirmation."""
    places = cast("SignedInRequest", request).user.institutions_as(Role.CREDIT_OFFICER)
    rows = waiting_for_confirmation().filter(institution__in=places)
    page = Paginator(rows.select_related("learner", "credit_system", "institution").order_by("id"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(request, "creditbank/deposits.html", {"page": page, "desk_nav": "deposits"})


@desk_only
@require_POST
def confirm_deposit(request: HttpRequest, record_uuid: str) -> HttpResponse:
    """The awarding institution's officer confirms one record's credit."""
    person = cast("SignedInRequest", request).user
    places = person.institutions_as(Role.CREDIT_OFFICER)
    try:
        wanted = UUID(record_uuid)
    except ValueError as error:
        raise Http404 from error
    record = LearningRecord.objects.filter(uuid=wanted, institution__in=places).select_related("learner", "credit_system").first()
    if record is None:
        raise Http404
    if record.learner_id == request.user.pk:
        raise PermissionDenied(_("Nobody confirms credit of their own."))
    if confirm_record(record, actor=request.user, on=timezone.localdate()) is None:
        messages.error(request, _("This record is void or disputed; nothing was changed."))
    else:
        messages.success(request, _("Confirmed: the credit is in the learner's account."))
    return redirect("creditbank:deposits")
