"""Applying: choose a programme, look at the best proposal, narrow the records, bring what the rules ask to see, declare and send."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.catalogue.models import Programme
from creditbank.recognition.actions import (
    add_evidence,
    chosen_records,
    remove_evidence,
    save_choice,
    send_application,
    start_application,
)
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.exceptions import EvidenceMissing, NoRulesInForce, NothingToRecognise, RecordsTaken, WrongState
from creditbank.recognition.forms import DeclarationForm, EvidenceForm
from creditbank.recognition.models import Application, ApplicationEvidence
from creditbank.recognition.queries import Proposal, closed_by, evidence_for, propose
from creditbank.recognition.terms import last_day, policy_in_force, terms_of
from creditbank.recognition.views.shared import shown_proposal
from creditbank.rules.clocks import NoCalendar
from foundation.api import access
from identity.api import SignedInRequest, User
from learning.api import RecordState, records_of


@login_required
def choose_programme(request: HttpRequest) -> HttpResponse:
    """Which programme the recognition is for."""
    programmes = Programme.objects.open().select_related("institution", "system")
    return render(request, "creditbank/choose_programme.html", {"programmes": programmes, "nav": "credits"})


def _place(request: HttpRequest, code: str) -> tuple[User, Programme, Application | None]:
    """Who applies, for what, and the draft that was begun."""
    person = cast("SignedInRequest", request).user
    programme = access(Programme.objects.open().select_related("institution", "system"), code, user=person, field="code")
    draft = Application.objects.filter(learner=person, programme=programme, state=ApplicationState.DRAFT).first()
    return person, programme, draft


@login_required
def apply_for(request: HttpRequest, code: str) -> HttpResponse:
    """The best proposal for a programme, what is still to be brought, and the declaration that submits it."""
    person, programme, draft = _place(request, code)
    form, at = DeclarationForm(request.POST or None), timezone.now()
    missing: list[str] = []
    try:
        if request.method == "POST" and form.is_valid():
            sent = send_application(programme, learner=person, at=at, shown_hash=form.cleaned_data["shown"])
            return redirect("creditbank:application", sent.reference)
    except NothingToRecognise:
        pass
    except EvidenceMissing as error:
        missing = error.items
    except NoRulesInForce:
        return render(request, "creditbank/no_rules.html", {"programme": programme, "nav": "credits"})
    except NoCalendar:
        messages.error(request, _("The working days of the coming year are not known yet, so no answer can be promised. Nothing was sent."))
    except RecordsTaken:
        messages.warning(
            request, _("Your archive or the rules have changed since this page was shown. Please look again; nothing was sent.")
        )
        return redirect("creditbank:apply", code)
    return _show(request, person, programme, draft, form, at=at, missing=missing)


def _show(
    request: HttpRequest, person: User, programme: Programme, draft: Application | None, form: DeclarationForm, *, at: datetime, missing: list[str]
) -> HttpResponse:  # fmt: skip
    on = timezone.localdate(at)
    try:
        proposal = propose(person, programme, on=on, only=chosen_records(draft))
    except NoRulesInForce:
        return render(request, "creditbank/no_rules.html", {"programme": programme, "nav": "credits"})
    items = evidence_for(proposal, draft)
    asked = [item for item in items if not item.is_confirmed]
    terms = terms_of(policy_in_force(programme.institution, on=on))
    context = {
        "programme": programme, "shown": shown_proposal(proposal), "proposal": proposal, "form": form, "nav": "credits", "draft": draft,
        "items": items, "asked": asked, "done": sum(item.is_done for item in items), "is_complete": all(item.is_done or item.may_follow for item in items),
        "missing": missing, "terms": terms, "due": _answer_by(terms, on), "withdrawal_minutes": settings.WITHDRAWAL_MINUTES,
        "records": _choice(person, draft, proposal),
        "closes": closed_by(person, programme, proposal, on=on) if "closes" in request.GET else None,
    }  # fmt: skip
    return render(request, "creditbank/apply.html", context, status=400 if missing else 200)


def _answer_by(terms: Any, on: date) -> date | None:
    try:
        return last_day(on, terms.decide_days, terms.decide_counting)
    except NoCalendar:
        return None


def _choice(person: User, draft: Application | None, proposal: Proposal) -> list[dict[str, Any]]:
    """All records of the archive with whether they take part, and whether the proposal uses them. One query."""
    used = {ident for row in proposal.decision.allocation for ident in row.records}
    chosen = set(draft.chosen) if draft is not None else set()
    rows = records_of(person).filter(state=RecordState.ACTIVE).select_related("credit_system")
    return [
        {"record": row, "is_in": not chosen or str(row.uuid) in chosen, "is_used": str(row.uuid) in used} for row in rows
    ]  # fmt: skip


@login_required
@require_POST
def choose_records(request: HttpRequest, code: str) -> HttpResponse:
    """Keep in the draft which records take part; all of them, or none said, is the whole archive."""
    person, programme, _draft = _place(request, code)
    own = set(records_of(person).filter(state=RecordState.ACTIVE).values_list("uuid", flat=True))
    wanted = {ident for ident in map(_uuid, request.POST.getlist("record")) if ident in own}
    at = timezone.now()
    best = "best" in request.POST or wanted == own
    save_choice(start_application(programme, learner=person, at=at), records=() if best else wanted, at=at)
    messages.success(request, _("Your whole archive is used best.") if best or not wanted else _("Your choice is saved."))
    return redirect("creditbank:apply", code)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@login_required
def evidence(request: HttpRequest, code: str) -> HttpResponse:
    """What the rules ask to see, item by item; each file is saved at once."""
    person, programme, draft = _place(request, code)
    at = timezone.now()
    try:
        proposal = propose(person, programme, on=timezone.localdate(at), only=chosen_records(draft))
    except NoRulesInForce:
        return render(request, "creditbank/no_rules.html", {"programme": programme, "nav": "credits"})
    items = evidence_for(proposal, draft)
    form = EvidenceForm(request.POST, request.FILES) if request.method == "POST" else None
    if form is not None and form.is_valid():
        item = next((item for item in items if item.number == form.cleaned_data["number"]), None)
        if item is None:
            messages.warning(request, _("The proposal has changed meanwhile; nothing was saved. Please look again."))
            return redirect("creditbank:evidence", code)
        draft = start_application(programme, learner=person, at=at)
        add_evidence(draft, rule=item.rule, item=item.item, record=UUID(item.record), file=form.kept, actor=person, at=at)
        messages.success(request, _("Saved."))
        return redirect("creditbank:evidence", code)
    number = form.cleaned_data.get("number") if form is not None else None
    rows = [
        {
            "item": item,
            "form": form if item.number == number else EvidenceForm(initial={"number": item.number}, auto_id=f"id_{item.number}_%s"),
        }
        for item in items
    ]
    context = {
        "programme": programme,
        "rows": rows,
        "done": sum(item.is_done for item in items),
        "draft": draft,
        "form": form,
        "nav": "credits",
    }
    return render(request, "creditbank/evidence.html", context, status=400 if form is not None else 200)


@login_required
@require_POST
def drop_evidence(request: HttpRequest, code: str, file_uuid: str) -> HttpResponse:
    """Take a file out of the draft."""
    person, _programme, _draft = _place(request, code)
    row = access(ApplicationEvidence.objects.select_related("application__learner"), file_uuid, user=person, to="remove")
    try:
        remove_evidence(row, actor=person, at=timezone.now())
        messages.success(request, _("The file was removed."))
    except WrongState:
        messages.error(request, _("The application was sent; what was handed in stays with it."))
    return redirect("creditbank:evidence", code)
