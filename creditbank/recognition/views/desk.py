"""The desk: the queue with its filters, the next case, and deposits to confirm."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.catalogue.models import Programme
from creditbank.recognition.actions import claim_next, confirm_record
from creditbank.recognition.actions.steps import people_at
from creditbank.recognition.enums import DESK_STATES, ApplicationState
from creditbank.recognition.models import CASE_ROLES, DESK_ROLES
from creditbank.recognition.queries import QueueFilter, next_due, queue_of, to_claim, waiting_for_confirmation
from creditbank.recognition.views.shared import issued_record
from foundation.api import stretch_of
from identity.api import Role, SignedInRequest, User

PAGE_SIZE = 20
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


def officers_of(person: User) -> list[User]:
    """To whom this person may give cases: the credit officers of the institutions where they work, by name, themselves left out."""
    on = timezone.localdate()
    found: dict[int, User] = {}
    for place in person.institutions_as(*CASE_ROLES):
        found |= {officer.pk: officer for officer in people_at(place, Role.CREDIT_OFFICER, on=on)}
    found.pop(person.pk, None)
    return sorted(found.values(), key=lambda officer: officer.name)


@desk_only
def desk(request: HttpRequest) -> HttpResponse:
    """The queue: open cases by due date, with filters in the address."""
    person, on = cast("SignedInRequest", request).user, timezone.localdate()
    given = request.GET
    wanted = QueueFilter(
        state=given.get("state", ""), search=given.get("q", "").strip().replace("\x00", ""), programme=given.get("programme", ""),
        due=given.get("due", ""), mine=given.get("mine") == "1",
    )  # fmt: skip
    page = stretch_of(queue_of(person, wanted, on=on), given, size=PAGE_SIZE, order=wanted.order)
    states = [*((value, ApplicationState(value).label) for value in DESK_STATES), ("check", _("to be checked afterwards"))]
    places = person.institutions_as(*CASE_ROLES)
    context = {
        "page": page, "states": states, "wanted": wanted, "desk_nav": "queue", "today": on,
        "programmes": Programme.objects.filter(institution__in=places), "next_due": None if page.items else next_due(person),
        "query": _query(given, "q", "state", "due", "programme", "mine"),
        "may_claim": person.acts_as(Role.CREDIT_OFFICER), "may_hand_out": person.acts_as(*CASE_ROLES), "officers": officers_of(person),
    }  # fmt: skip
    return render(request, "creditbank/desk.html", context)


def _query(given: QueryDict, *names: str) -> str:
    """The filter as it stands in the address, ending with &: whoever goes on keeps it."""
    kept = {name: given[name] for name in names if given.get(name)}
    return urlencode(kept) + "&" if kept else ""


@desk_only
@require_POST
def claim_next_case(request: HttpRequest) -> HttpResponse:
    """Take the case that is due first among those that this person may decide."""
    person = cast("SignedInRequest", request).user
    if not person.acts_as(Role.CREDIT_OFFICER):
        raise PermissionDenied(_("Cases are taken by credit officers."))
    case = claim_next(to_claim(person)[:PAGE_SIZE], actor=person, at=timezone.now())
    if case is None:
        messages.info(request, _("No case waits to be taken."))
        return redirect("creditbank:desk")
    return redirect("creditbank:case", case.reference)


@desk_only
def deposits(request: HttpRequest) -> HttpResponse:
    """Records of this institution whose credit waits for confirmation."""
    places = cast("SignedInRequest", request).user.institutions_as(Role.CREDIT_OFFICER)
    rows = waiting_for_confirmation().filter(institution__in=places)
    page = stretch_of(rows.select_related("learner", "credit_system", "institution"), request.GET, size=PAGE_SIZE, order=("id",))
    return render(request, "creditbank/deposits.html", {"page": page, "desk_nav": "deposits"})


@desk_only
@require_POST
def confirm_deposit(request: HttpRequest, record_uuid: str) -> HttpResponse:
    """The awarding institution's officer confirms one record's credit."""
    record = issued_record(request, record_uuid)
    if confirm_record(record, actor=request.user, on=timezone.localdate()) is None:
        messages.error(request, _("This record is void or disputed; nothing was changed."))
    else:
        messages.success(request, _("Confirmed: the credit is in the learner's account."))
    return redirect("creditbank:deposits")
