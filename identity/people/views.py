"""Asking to be erased, answering it, and the receipt."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from foundation.api import access, visible_to
from identity.people.actions import ask_for_erasure, carry_out_erasure, refuse_erasure, withdraw_erasure
from identity.people.enums import ErasureState
from identity.people.erasing import prospect_of
from identity.people.exceptions import ErasureBlocked, OwnErasure, WrongErasureState
from identity.people.forms import ErasureAnswerForm, ErasureForm
from identity.people.models import ErasureRequest, User
from identity.people.requests import SignedInRequest

PAGE_SIZE = 30
TAKEN = {
    "name": gettext_noop("name"), "contacts": gettext_noop("addresses and phone numbers"), "notices": gettext_noop("notices"),
    "stored_answers": gettext_noop("stored answers of the interface"), "learner_numbers": gettext_noop("learner numbers"),
    "sessions": gettext_noop("sessions"), "ways_to_sign_in": gettext_noop("ways to sign in"), "messages": gettext_noop("messages"),
    "evidence_files": gettext_noop("evidence files"), "statements": gettext_noop("activity statements of schools"),
    "documents": gettext_noop("documents of activities"), "accounts": gettext_noop("accounts at schools"), "drafts": gettext_noop("drafts"),
    "uploaded_rows": gettext_noop("rows of uploads"), "uploaded_files": gettext_noop("uploaded files"),
    "simulation_files": gettext_noop("files of simulations"), "papers": gettext_noop("papers"), "own_data": gettext_noop("files of your own data"),
    "civil_number": gettext_noop("number of the identity card"),
}  # fmt: skip
"""What a receipt counts, in words."""


@login_required
def erasure(request: HttpRequest) -> HttpResponse:
    """What would go and what would stay, and the wish itself."""
    person = cast("SignedInRequest", request).user
    form = ErasureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ask_for_erasure(person, reason=form.cleaned_data["reason"], at=timezone.now())
        except ErasureBlocked:
            form.add_error(None, _("Something has to end first. Nothing was sent."))
        else:
            messages.success(request, _("Your wish was sent. Until it is carried out you can take it back."))
            return redirect("identity:erasure")
    rows = ErasureRequest.objects.filter(person_uuid=person.uuid)
    context = {"form": form, "prospect": prospect_of(person), "wishes": rows, "open": rows.filter(state=ErasureState.ASKED).first()}
    return render(request, "identity/erasure.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take the open wish back."""
    row = ErasureRequest.objects.filter(person_uuid=cast("SignedInRequest", request).user.uuid, state=ErasureState.ASKED).first()
    try:
        done = row is not None and bool(withdraw_erasure(row, actor=request.user, at=timezone.now()))
    except WrongErasureState:
        done = False
    if done:
        messages.success(request, _("You stay. Nothing was erased."))
    else:
        messages.error(request, _("There is no open wish."))
    return redirect("identity:erasure")


@never_cache
@require_safe
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """For whoever has the code: when it was carried out, what was taken away and what stays. It names nobody."""
    row = get_object_or_404(ErasureRequest, code=code, state=ErasureState.DONE)
    taken = [(_(TAKEN.get(name, name)), number) for name, number in row.receipt.items()]
    return render(request, "identity/erasure_receipt.html", {"wish": row, "taken": taken})


@login_required
def erasures(request: HttpRequest) -> HttpResponse:
    """All wishes, open ones first, for operators and auditors."""
    person = cast("SignedInRequest", request).user
    if not person.acts_as("operator", "auditor"):
        raise PermissionDenied
    page = Paginator(visible_to(person, ErasureRequest).order_by("-state", "-id"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "identity/erasures.html", {"page": page, "asked": ErasureState.ASKED, "ops_nav": "erasures"})


@login_required
def answer_erasure(request: HttpRequest, wish_uuid: str) -> HttpResponse:
    """One wish: who asks, what would go, and the answer."""
    row = access(ErasureRequest, wish_uuid, user=request.user, to="decide")
    person = User.objects.filter(uuid=row.person_uuid).first()
    form = ErasureAnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if form.cleaned_data["choice"] == "erase":
                carry_out_erasure(row, actor=request.user, at=timezone.now())
                messages.success(request, _("Erased. The receipt is on its way."))
            else:
                refuse_erasure(row, answer=form.cleaned_data["answer"], actor=request.user, at=timezone.now())
                messages.success(request, _("Refused; the person reads why."))
        except ErasureBlocked as error:
            form.add_error(None, " ".join(error.obstacles))
        except OwnErasure:
            form.add_error(None, _("Nobody decides on the own wish."))
        except WrongErasureState:
            messages.error(request, _("This was answered before."))
            return redirect("identity:erasures")
        else:
            return redirect("identity:erasures")
    context = {
        "wish": row,
        "person": person,
        "form": form,
        "prospect": prospect_of(person) if person and row.state == ErasureState.ASKED else None,
    }
    return render(request, "identity/erasure_answer.html", context, status=400 if form.errors else 200)
