"""Pages of agreements: the public list and page, and the desk where they are drafted, signed, suspended, resumed and ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from creditbank.agreements.actions import draft_agreement, end_agreement, resume_agreement, sign_agreement, suspend_agreement
from creditbank.agreements.contracts import Agreement
from creditbank.agreements.enums import AgreementStatus
from creditbank.agreements.exceptions import AlreadySigned, BadDay, BadParties, NotAParty, OtherText, WrongStep
from creditbank.agreements.forms import DraftAgreementForm, EndForm, PartyForm, ResumeForm, SignForm, SuspendForm
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.texts import hash_of_text, must_sign
from creditbank.agreements.views.desk import DESK_ROLES, agreements_desk
from foundation.api import access, visible_to
from identity.api import Institution, Role, SignedInRequest, names_of


@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    """Every agreement that was signed, whatever became of it."""
    rows = visible_to(request.user, Agreement).exclude(status=AgreementStatus.DRAFT).prefetch_related("parties")
    return render(request, "creditbank/agreements.html", {"agreements": rows.order_by("-starts_on", "code"), "nav": "convert"})


@require_safe
def agreement(request: HttpRequest, code: str) -> HttpResponse:
    """One agreement: parties, dates, state, text, the rule books under it, and its history."""
    found = get_object_or_404(visible_to(request.user, Agreement).select_related("supersedes"), code=code[:40])
    return render(request, "creditbank/agreement.html", {**_facts(request, found), "nav": "convert"})


def _facts(request: HttpRequest, found: Agreement) -> dict[str, Any]:
    under = visible_to(request.user, RuleBookVersion).filter(rules__agreement=found).select_related("book__institution").distinct()
    return {
        "agreement": found, "parties": found.party_rows.select_related("institution"), "steps": found.steps.select_related("institution"),
        "signatures": found.signatures.select_related("institution"), "versions": under.order_by("book__code", "-number"),
        "successor": Agreement.objects.filter(supersedes=found).exclude(status=AgreementStatus.DRAFT).first(), "hash": hash_of_text(found),
    }  # fmt: skip


@agreements_desk
@require_safe
def desk_agreements(request: SignedInRequest) -> HttpResponse:
    """The agreements of one's institutions, drafts that wait for a signature first."""
    rows = visible_to(request.user, Agreement).prefetch_related("parties", "signatures")
    if not request.user.acts_as(Role.AUDITOR):
        rows = rows.filter(parties__in=request.user.institutions_as(*DESK_ROLES)).distinct()
    order = {status: place for place, status in enumerate(("draft", "signed", "suspended", "active", "ended"))}
    listed = sorted(rows, key=lambda row: (order[row.status], row.code))
    context = {"agreements": listed, "may_draft": request.user.acts_as(Role.CREDIT_OFFICER), "desk_nav": "agreements"}
    return render(request, "creditbank/desk_agreements.html", context)


@agreements_desk
def new_agreement(request: SignedInRequest) -> HttpResponse:
    """Draft an agreement for one's institution; the other parties are told."""
    mine = Institution.objects.filter(pk__in=request.user.institutions_as(Role.CREDIT_OFFICER)).order_by("code")
    if not mine:
        raise PermissionDenied
    form = DraftAgreementForm(request.POST or None, institutions=mine)
    if request.method == "POST" and form.is_valid():
        done = _draft(request, form)
        if done is not None:
            return redirect("creditbank:desk_agreement", done.code)
    return render(request, "creditbank/new_agreement.html", {"form": form, "desk_nav": "agreements"}, status=400 if form.errors else 200)


def _draft(request: SignedInRequest, form: DraftAgreementForm) -> Agreement | None:
    names = ("code", "kind", "title_zh", "title_en", "text_zh", "text_en", "starts_on", "ends_on", "supersedes")
    facts = {name: form.cleaned_data[name] for name in names}
    try:
        found = draft_agreement(**facts, parties=form.parties(), actor=request.user, at=timezone.now(), by=form.cleaned_data["institution"])
    except BadParties as bad:
        form.add_error("others", PARTIES[bad.code]())
    except BadDay:
        form.add_error("ends_on", _("The end lies before the beginning."))
    except IntegrityError:
        form.add_error("code", _("There is an agreement with this number."))
    else:
        messages.success(request, _("Drafted. The officers of the other parties are told."))
        return found
    return None


PARTIES: dict[str, Callable[[], str]] = {
    "role": lambda: _("Say for every party which way credit goes."),
    "receiver": lambda: _("Nobody receives credit."),
    "few": lambda: _("It takes another party, and one that sends credit."),
    "two": lambda: _("A bilateral agreement has two parties."),
}


def _mine(request: SignedInRequest, found: Agreement) -> Any:
    return found.parties.filter(pk__in=request.user.institutions_as(Role.CREDIT_OFFICER)).order_by("code")


@agreements_desk
@require_safe
def desk_agreement(request: SignedInRequest, code: str) -> HttpResponse:
    """One agreement with what one's institution may do next."""
    return _desk_page(request, access(Agreement, code, user=request.user, field="code"))


def _desk_page(request: SignedInRequest, found: Agreement, bad: forms.Form | None = None) -> HttpResponse:
    mine = list(_mine(request, found))
    signed = {row.institution_id for row in found.signatures.all()}
    waiting = [place for place in must_sign(found) if place.pk not in signed]
    own = Institution.objects.filter(pk__in=[place.pk for place in mine]).order_by("code")
    facts = _facts(request, found)
    offered: dict[str, PartyForm] = {}
    if found.status == AgreementStatus.DRAFT and set(mine) & set(waiting):
        unsigned = own.filter(pk__in=[place.pk for place in waiting])
        offered["sign"] = SignForm(institutions=unsigned, initial={"shown": facts["hash"]})
    if mine and found.status == AgreementStatus.ACTIVE:
        offered["suspend"] = SuspendForm(institutions=own)
    if mine and found.status == AgreementStatus.SUSPENDED:
        offered["resume"] = ResumeForm(institutions=own)
    if mine and found.status != AgreementStatus.ENDED:
        offered["end"] = EndForm(institutions=own)
    for name, form in offered.items():
        if type(bad) is type(form) and bad is not None:
            offered[name] = bad  # type: ignore[assignment]
    signers = names_of([row.signer_uuid for row in facts["signatures"]])
    context = {**facts, "offered": offered, "waiting": waiting, "signers": signers, "bad": bad, "desk_nav": "agreements"}
    return render(request, "creditbank/desk_agreement.html", context, status=400 if bad is not None else 200)


@agreements_desk
@require_POST
def sign(request: SignedInRequest, code: str) -> HttpResponse:
    """Sign for one's institution."""

    def step(found: Agreement, form: Any) -> None:
        place = form.cleaned_data["institution"]
        sign_agreement(found, institution=place, actor=request.user, at=timezone.now(), shown_hash=form.cleaned_data["shown"])

    return _step(request, code, SignForm, step, "sign")


@agreements_desk
@require_POST
def suspend(request: SignedInRequest, code: str) -> HttpResponse:
    """Suspend it from a day."""

    def step(found: Agreement, form: Any) -> None:
        facts = form.cleaned_data
        suspend_agreement(
            found, from_day=facts["from_day"], actor=request.user, at=timezone.now(), reason=facts["reason"], by=facts["institution"]
        )

    return _step(request, code, SuspendForm, step, "suspend")


@agreements_desk
@require_POST
def resume(request: SignedInRequest, code: str) -> HttpResponse:
    """Let it hold again."""

    def step(found: Agreement, form: Any) -> None:
        resume_agreement(
            found, actor=request.user, at=timezone.now(), reason=form.cleaned_data["reason"], by=form.cleaned_data["institution"]
        )

    return _step(request, code, ResumeForm, step, "suspend")


@agreements_desk
@require_POST
def end(request: SignedInRequest, code: str) -> HttpResponse:
    """End it, or withdraw a draft."""

    def step(found: Agreement, form: Any) -> None:
        facts = form.cleaned_data
        end_agreement(
            found, last_day=facts["last_day"], actor=request.user, at=timezone.now(), reason=facts["reason"], by=facts["institution"]
        )

    return _step(request, code, EndForm, step, "end")


def _step(request: SignedInRequest, code: str, kind: Any, step: Callable[[Agreement, Any], None], permission: str) -> HttpResponse:
    found = access(Agreement, code, user=request.user, to=permission, field="code")
    form = kind(request.POST, institutions=_mine(request, found))
    if not form.is_valid():
        return _desk_page(request, found, form)
    try:
        step(found, form)
    except WrongStep as wrong:
        form.add_error(None, _("This cannot be done now: the agreement is %(state)s.") % {"state": AgreementStatus(wrong.status).label})
    except (NotAParty, AlreadySigned):
        form.add_error(None, _("This institution has signed already, or need not."))
    except OtherText:
        form.add_error(None, _("This is not the text that you were shown. Please read it again."))
    except BadDay:
        form.add_error(None, _("This day has passed, or lies outside of the agreement."))
    else:
        messages.success(request, _("Done. The officers of the other parties are told."))
        return redirect("creditbank:desk_agreement", found.code)
    found.refresh_from_db()
    return _desk_page(request, found, form)
