"""Taking back at the desk: results that the institution issued, proposals that wait for a second person, cases to look at again."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.ledger.exceptions import AlreadyReversed, InsufficientCredit, SecondPersonNeeded
from creditbank.ledger.queries import states_of
from creditbank.recognition.actions import agree_to_correction, keep_award, propose_reversal, propose_revocation, refuse_correction
from creditbank.recognition.corrections import STANDING, Correction, SourceReview
from creditbank.recognition.enums import CorrectionState, ReviewState
from creditbank.recognition.exceptions import AlreadyProposed, Involved, NothingToTakeBack, SamePersonTwice, WrongState
from creditbank.recognition.forms import ReasonForm
from creditbank.recognition.models import Application
from creditbank.recognition.queries import issued_at
from creditbank.recognition.views.desk import PAGE_SIZE, desk_only
from foundation.api import access, bring_keys, can, stretch_of, visible_to
from identity.api import Role, SignedInRequest
from learning.api import LearningRecord, RecordState


@desk_only
def corrections(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, cases to look at again, and what was decided lately."""
    rows = visible_to(request.user, Correction).select_related("learner", "institution", "application", "proposed_by", "decided_by")
    reviews = visible_to(request.user, SourceReview).filter(state=ReviewState.OPEN)
    reviews = reviews.select_related("application__learner", "application__programme", "application__institution")
    person = cast("SignedInRequest", request).user
    proposed = list(rows.filter(state=CorrectionState.PROPOSED)[:PAGE_SIZE])
    waiting = [
        {"row": row, "may_decide": can(person, "decide", row) and person.pk not in {row.proposed_by_id, row.learner_id}} for row in proposed
    ]
    page = stretch_of(rows.exclude(state=CorrectionState.PROPOSED), request.GET, size=PAGE_SIZE)
    bring_keys({row.learner.uuid for row in [*proposed, *page.items]})
    context = {
        "waiting": waiting, "page": page, "desk_nav": "corrections",
        "reviews": [{"row": row, "may_keep": can(person, "keep", row)} for row in reviews[:PAGE_SIZE]],
    }  # fmt: skip
    return render(request, "creditbank/corrections.html", context)


@desk_only
def issued(request: HttpRequest) -> HttpResponse:
    """Results with credit that the institution has issued, newest first; each can be proposed to be taken back."""
    person = cast("SignedInRequest", request).user
    search = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    rows = issued_at(person.institutions_as(Role.CREDIT_OFFICER, Role.REVIEWER), search=search).select_related("learner", "credit_system")
    page = stretch_of(rows, request.GET, size=PAGE_SIZE, order=("-earned_on", "-id"))
    shown = [record.uuid for record in page.items]
    states = states_of(shown)
    proposed = set(Correction.objects.filter(record_uuid__in=shown, state__in=STANDING).values_list("record_uuid", flat=True))
    listed = [
        {
            "record": record, "places": states.get(record.uuid, ()),
            "may_take_back": record.uuid in states and record.uuid not in proposed and record.state != RecordState.VOID
            and person.acts_as(Role.CREDIT_OFFICER, at=record.institution_id) and record.learner_id != person.pk,
            "proposed": record.uuid in proposed,
        }
        for record in page.items
    ]  # fmt: skip
    context = {"page": page, "listed": listed, "q": search, "desk_nav": "issued", "form": ReasonForm()}
    return render(request, "creditbank/issued.html", context)


@desk_only
@require_POST
def take_back(request: HttpRequest, record_uuid: str) -> HttpResponse:
    """Propose to take one result back."""
    places = cast("SignedInRequest", request).user.institutions_as(Role.CREDIT_OFFICER)
    try:
        record = LearningRecord.objects.select_related("learner").get(uuid=record_uuid, institution__in=places)
    except (LearningRecord.DoesNotExist, ValueError) as error:
        raise Http404 from error
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please say why."))
        return redirect("creditbank:issued")
    try:
        propose_revocation(record, actor=request.user, at=timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, _("Proposed. Nothing moves until a second person agrees."))
    except SamePersonTwice as error:
        raise PermissionDenied(_("Nobody takes back a result of their own.")) from error
    except NothingToTakeBack:
        messages.error(request, _("This result carries no credit that was deposited."))
    except AlreadyProposed:
        messages.error(request, _("This was proposed before."))
    return redirect("creditbank:corrections")


@desk_only
@require_POST
def propose_to_reverse(request: HttpRequest, reference: str) -> HttpResponse:
    """Propose to reverse the award of a case."""
    row = access(Application, reference, user=request.user, to="propose_reversal", field="reference")
    form = ReasonForm(request.POST, prefix="reverse")
    if not form.is_valid():
        messages.error(request, _("Please say why."))
        return redirect("creditbank:case", reference)
    try:
        propose_reversal(row, actor=request.user, at=timezone.now(), reason=form.cleaned_data["reason"])
    except (AlreadyProposed, WrongState, SamePersonTwice, Involved) as refusal:
        messages.error(request, _refusal(refusal))
        return redirect("creditbank:case", reference)
    messages.success(request, _("Proposed. Nothing moves until a second person agrees."))
    return redirect("creditbank:corrections")


@desk_only
@require_POST
def decide_correction(request: HttpRequest, correction_uuid: str) -> HttpResponse:
    """The second person agrees, or does not and says why."""
    row = access(Correction, correction_uuid, user=request.user, to="decide")
    now = timezone.now()
    try:
        if request.POST.get("answer") == "agree":
            agree_to_correction(row, actor=request.user, at=now)
            messages.success(request, _("Done. The learner is told."))
        elif (form := ReasonForm(request.POST)).is_valid():
            refuse_correction(row, actor=request.user, at=now, note=form.cleaned_data["reason"])
            messages.success(request, _("Not agreed: nothing was changed."))
        else:
            messages.error(request, _("Please say why."))
    except (WrongState, SamePersonTwice, Involved, AlreadyReversed, InsufficientCredit, SecondPersonNeeded) as refusal:
        messages.error(request, _refusal(refusal))
    return redirect("creditbank:corrections")


@desk_only
@require_POST
def keep(request: HttpRequest, review_id: int) -> HttpResponse:
    """Say why a case stands though a record of it was taken back."""
    row = access(SourceReview.objects.select_related("application"), review_id, user=request.user, to="keep", field="pk")
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please say why."))
        return redirect("creditbank:corrections")
    try:
        keep_award(row, actor=request.user, at=timezone.now(), note=form.cleaned_data["reason"])
        messages.success(request, _("Written down: the case stands."))
    except (WrongState, SamePersonTwice, Involved) as refusal:
        messages.error(request, _refusal(refusal))
    return redirect("creditbank:corrections")


def _refusal(refusal: Any) -> str:
    words = {
        AlreadyProposed: _("This was proposed before."),
        AlreadyReversed: _("This was reversed before."),
        InsufficientCredit: _("The credit has moved on meanwhile; nothing was changed."),
        Involved: _("You taught what is to be recognised, or declared an interest: somebody else has to decide."),
        SamePersonTwice: _("The second person must be another one than the first, and neither is the learner."),
        SecondPersonNeeded: _("The second person must be another one than the first, and neither is the learner."),
    }
    return words.get(type(refusal), _("The case has moved on meanwhile; nothing was changed."))
