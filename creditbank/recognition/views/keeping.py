"""What a desk keeps in order: who may sit on which panels, second looks at decided cases, two logins of one person."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.ledger.exceptions import LedgerFrozen
from creditbank.recognition.actions import (
    NewDraw,
    agree_to_merger,
    draw_spot_checks,
    end_expert_standing,
    propose_merger,
    record_expert_standing,
    record_spot_check,
    refuse_merger,
)
from creditbank.recognition.enums import CheckOutcome, MergerState
from creditbank.recognition.exceptions import (
    AlreadyProposed,
    BadPeriod,
    BadStanding,
    Involved,
    NothingToDraw,
    NothingToMerge,
    SamePersonTwice,
    WrongState,
)
from creditbank.recognition.forms import ReasonForm
from creditbank.recognition.keeping_forms import CheckForm, DrawForm, MergerForm, StandingForm
from creditbank.recognition.models import CASE_ROLES, AccountMerger, ExpertStanding, SpotCheck, SpotCheckDraw
from creditbank.recognition.queries import credit_that_follows, learner_at, panel_members
from creditbank.recognition.views.desk import PAGE_SIZE, desk_only
from foundation.api import access, bring_keys, can, visible_to
from identity.api import Institution, Role, SignedInRequest


def _places(request: HttpRequest, *roles: str) -> QuerySet[Institution]:
    """The institutions where the person acts in one of these roles, by code."""
    person = cast("SignedInRequest", request).user
    return Institution.objects.filter(pk__in=person.institutions_as(*roles)).order_by("code")


# --- who may sit on which panels ---


@desk_only
def standings(request: HttpRequest) -> HttpResponse:
    """Who may sit on which panels, the standings of experts, and the form of a new one."""
    on, places = timezone.localdate(), _places(request, *CASE_ROLES)
    form = StandingForm(request.POST or None, institutions=places, on=on) if places else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(_("Standings are entered by credit officers and reviewers."))
        if form.is_valid() and _entered(request, form):
            return redirect("creditbank:standings")
    rows = (
        visible_to(request.user, ExpertStanding)
        .select_related("person", "institution", "entered_by")
        .order_by("ended_on", "person__name", "id")
    )
    context = {
        "members": panel_members(places, on=on), "rows": rows.filter(ended_on__isnull=True), "ended": rows.filter(ended_on__isnull=False)[:PAGE_SIZE],
        "form": form, "desk_nav": "standings", "may_end": bool(places), "person": request.user,
    }  # fmt: skip
    return render(request, "creditbank/standings.html", context, status=400 if form is not None and form.errors else 200)


def _entered(request: HttpRequest, form: StandingForm) -> bool:
    data = form.cleaned_data
    try:
        record_expert_standing(
            data["person"], data["institution"], field=data["field"], since=data["since"], actor=request.user, at=timezone.now()
        )
    except SamePersonTwice:
        form.add_error("person", _("Nobody enters a standing of their own."))
        return False
    except BadStanding as error:
        words = {"person": _("This person is no expert of this institution."), "since": _("This day has not come yet.")}
        form.add_error(error.field, words[error.field])
        return False
    messages.success(request, _("Entered."))
    return True


@desk_only
@require_POST
def end_standing(request: HttpRequest, standing_id: int) -> HttpResponse:
    """A standing holds no longer."""
    row = access(ExpertStanding, standing_id, user=request.user, to="end", field="pk")
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please say why it ends."))
        return redirect("creditbank:standings")
    try:
        end_expert_standing(row, actor=request.user, at=timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, _("Ended. Votes that were cast under it stand."))
    except (WrongState, SamePersonTwice):
        messages.error(request, _("It cannot be ended by you now; nothing was changed."))
    return redirect("creditbank:standings")


# --- second looks ---


@desk_only
def spot_checks(request: HttpRequest) -> HttpResponse:
    """Every draw with what was found, and the form of a new one."""
    places = _places(request, Role.REVIEWER)
    form = DrawForm(request.POST or None, institutions=places) if places else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(_("Spot checks are drawn by reviewers."))
        if form.is_valid() and (draw := _drawn(request, form)) is not None:
            return redirect("creditbank:spot_check_draw", draw.uuid)
    counts = {str(value): Count("checks", filter=Q(checks__outcome=value)) for value in CheckOutcome.values}
    rows = visible_to(request.user, SpotCheckDraw).select_related("institution").annotate(
        cases=Count("checks"), open=Count("checks", filter=Q(checks__outcome="")), **counts
    )  # fmt: skip
    page = Paginator(rows.order_by("-id"), PAGE_SIZE).get_page(request.GET.get("page"))
    status = 400 if form is not None and form.errors else 200
    return render(request, "creditbank/spot_checks.html", {"page": page, "form": form, "desk_nav": "checks"}, status=status)


def _drawn(request: HttpRequest, form: DrawForm) -> SpotCheckDraw | None:
    data = form.cleaned_data
    new = NewDraw(
        seed=data["seed"], since=data["since"], until=data["until"], wanted=data["wanted"], only_automatic=data["only_automatic"]
    )  # fmt: skip
    try:
        return draw_spot_checks(data["institution"], new, actor=request.user, at=timezone.now())
    except BadPeriod:
        form.add_error("until", _("The period ends before it begins, or is longer than five years."))
    except NothingToDraw:
        form.add_error("until", _("No such case was decided in this period."))
    return None


@desk_only
def spot_check_draw(request: HttpRequest, draw_uuid: str, bad: tuple[int, CheckForm] | None = None) -> HttpResponse:
    """One draw: its cases, what is found of each, and the figures."""
    draw = access(SpotCheckDraw.objects.select_related("institution"), draw_uuid, user=request.user)
    person = cast("SignedInRequest", request).user
    rows = list(draw.checks.select_related("application__programme", "checked_by", "learner").order_by("position"))
    bring_keys({row.learner.uuid for row in rows if row.outcome})
    may_check = can(person, "check", draw)
    shown = [
        {
            "row": row, "form": bad[1] if bad and bad[0] == row.pk else CheckForm(auto_id=f"id_{row.position}_%s"),
            "may_check": may_check and not row.outcome and person.pk not in {row.learner_id, row.first_officer_id, row.second_officer_id},
            "is_bad": bool(bad and bad[0] == row.pk),
        }
        for row in rows
    ]  # fmt: skip
    figures = [(label, sum(row.outcome == value for row in rows)) for value, label in CheckOutcome.choices]
    context = {
        "draw": draw, "shown": shown, "figures": figures, "open": sum(not row.outcome for row in rows), "desk_nav": "checks",
        "bad": bad[1] if bad else None,
    }  # fmt: skip
    return render(request, "creditbank/spot_check_draw.html", context, status=400 if bad else 200)


@desk_only
@require_POST
def check_case(request: HttpRequest, draw_uuid: str, position: int) -> HttpResponse:
    """Write down what a second look found."""
    draw = access(SpotCheckDraw, draw_uuid, user=request.user, to="check")
    row = draw.checks.filter(position=min(position, 32_767)).first()
    if row is None:
        return redirect("creditbank:spot_check_draw", draw.uuid)
    form = CheckForm(request.POST, auto_id=f"id_{row.position}_%s")
    if not form.is_valid():
        return spot_check_draw(request, draw_uuid, (row.pk, form))
    return _checked(request, draw, row, form)


def _checked(request: HttpRequest, draw: SpotCheckDraw, row: SpotCheck, form: CheckForm) -> HttpResponse:
    data = form.cleaned_data
    try:
        record_spot_check(row, outcome=data["outcome"], actor=request.user, at=timezone.now(), note=data["note"])
        messages.success(request, _("Written down. Nothing is changed by it."))
    except (SamePersonTwice, Involved):
        messages.error(request, _("Somebody who had no part in this case has to look at it."))
    except WrongState:
        messages.error(request, _("Somebody else has looked at it meanwhile; nothing was changed."))
    return redirect("creditbank:spot_check_draw", draw.uuid)


# --- two logins of one person ---


@desk_only
def mergers(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, what was decided, and the form of a new proposal."""
    person, places = cast("SignedInRequest", request).user, _places(request, Role.CREDIT_OFFICER)
    form = MergerForm(request.POST or None, institutions=places) if places else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(_("Mergers are proposed by credit officers."))
        if form.is_valid() and _proposed(request, form):
            return redirect("creditbank:mergers")
    rows = visible_to(person, AccountMerger).select_related("source", "destination", "proposed_by", "decided_by", "institution")
    proposed = list(rows.filter(state=MergerState.PROPOSED)[:PAGE_SIZE])
    page = Paginator(rows.exclude(state=MergerState.PROPOSED), PAGE_SIZE).get_page(request.GET.get("page"))
    bring_keys({row.source.uuid for row in (*proposed, *page)})
    waiting = [
        {
            "row": row, "follows": credit_that_follows(row.source.uuid),
            "may_decide": can(person, "decide", row) and person.pk not in {row.proposed_by_id, row.source_id, row.destination_id},
        }
        for row in proposed
    ]  # fmt: skip
    context = {"waiting": waiting, "page": page, "form": form, "desk_nav": "mergers"}
    return render(request, "creditbank/mergers.html", context, status=400 if form is not None and form.errors else 200)


def _proposed(request: HttpRequest, form: MergerForm) -> bool:
    data: dict[str, Any] = form.cleaned_data
    found = {name: learner_at(data["institution"], data[name]) for name in ("source", "destination")}
    for name, person in found.items():
        if person is None:
            form.add_error(name, _("This institution knows no learner by this number or address."))
    if form.errors:
        return False
    try:
        propose_merger(data["institution"], **found, actor=request.user, at=timezone.now(), reason=data["reason"])
    except SamePersonTwice:
        form.add_error(None, _("Nobody merges accounts of their own."))
    except NothingToMerge:
        form.add_error("source", _("Both are the same login, or this one has no credit that could follow."))
    except AlreadyProposed:
        form.add_error("source", _("This was proposed before."))
    else:
        messages.success(request, _("Proposed. Nothing moves until a second person agrees."))
        return True
    return False


@desk_only
@require_POST
def decide_merger(request: HttpRequest, merger_uuid: str) -> HttpResponse:
    """The second person agrees, or does not and says why."""
    row = access(AccountMerger, merger_uuid, user=request.user, to="decide")
    try:
        if request.POST.get("answer") == "agree":
            agree_to_merger(row, actor=request.user, at=timezone.now())
            messages.success(request, _("Done: the credit is in the other account. Both logins are told."))
        elif (form := ReasonForm(request.POST)).is_valid():
            refuse_merger(row, actor=request.user, at=timezone.now(), note=form.cleaned_data["reason"])
            messages.success(request, _("Not agreed: nothing was changed."))
        else:
            messages.error(request, _("Please say why."))
    except SamePersonTwice:
        messages.error(request, _("The second person must be another one than the first, and neither is the learner."))
    except NothingToMerge:
        messages.error(request, _("Nothing is left in this account that could follow; nothing was changed."))
    except WrongState:
        messages.error(request, _("The case has moved on meanwhile; nothing was changed."))
    except LedgerFrozen:
        messages.error(request, _("Posting is stopped at the moment; please try later."))
    return redirect("creditbank:mergers")
