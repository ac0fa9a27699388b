"""What a desk keeps besides its cases: individual exceptions, its periods, its figures."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.catalogue.queries import requirement_titles
from creditbank.recognition.actions import NewException, answer_exception, draft_policy, end_exception, propose_exception, publish_policy
from creditbank.recognition.exceptions import BadException, SamePersonTwice, WrongState
from creditbank.recognition.forms import AnswerExceptionForm, ExceptionForm, MessageForm, PolicyForm
from creditbank.recognition.models import CASE_ROLES, Application, IndividualException, RecognitionPolicy
from creditbank.recognition.reports import PERIODS, period_of, report_of
from creditbank.recognition.terms import policy_in_force, terms_of
from creditbank.recognition.views.desk import PAGE_SIZE, desk_only
from foundation.api import access
from identity.api import Institution, Role, SignedInRequest


@desk_only
def exceptions(request: HttpRequest) -> HttpResponse:
    """All individual exceptions of the desk, newest first, and those that wait for a second person."""
    person = cast("SignedInRequest", request).user
    rows = IndividualException.objects.all().visible_to(person).select_related("learner", "programme", "proposed_by", "answered_by")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "desk_nav": "exceptions",
        "titles": requirement_titles(row.programme_id for row in page),
        "may_propose": person.acts_as(Role.CREDIT_OFFICER),
        "today": timezone.localdate(),
    }
    return render(request, "creditbank/exceptions.html", context)


@desk_only
def new_exception(request: HttpRequest) -> HttpResponse:
    """Propose an exception for the learner of an application."""
    person = cast("SignedInRequest", request).user
    if not person.acts_as(Role.CREDIT_OFFICER):
        raise PermissionDenied(_("Exceptions are proposed by credit officers."))
    form = ExceptionForm(request.POST or None, initial={"learner": request.GET.get("case", "")[:20]})
    if request.method == "POST" and form.is_valid():
        done = _propose(request, form)
        if done is not None:
            return done
    return render(request, "creditbank/exception_new.html", {"form": form, "desk_nav": "exceptions"}, status=400 if form.errors else 200)


def _propose(request: HttpRequest, form: ExceptionForm) -> HttpResponse | None:
    """Store it and go to it, or say in the form what is wrong."""
    person, data = cast("SignedInRequest", request).user, form.cleaned_data
    places = person.institutions_as(Role.CREDIT_OFFICER)
    rows = Application.objects.filter(institution__in=places).select_related("learner", "programme__institution", "programme__system")
    case = rows.filter(reference=data["learner"].strip().replace("\x00", "")).first()
    if case is None:
        form.add_error("learner", _("There is no application with this number at your institution."))
        return None
    new = NewException(kind=data["kind"], path=data["path"], value=data["value"], reason=data["reason"], expires_on=data["expires_on"])
    try:
        row = propose_exception(case.learner, case.programme, new, actor=person, at=timezone.now())
    except SamePersonTwice:
        form.add_error("learner", _("Nobody proposes an exception for oneself."))
    except BadException as error:
        words = {
            "path": _("The programme has no such requirement, and its rules no such rule or limit, that this kind could change."),
            "value": _("Enter the outcome that counts as well, or an amount."),
            "expires_on": _("This day is over."),
        }
        form.add_error(error.field, words[error.field])
    else:
        messages.success(request, _("Proposed. Another person has to approve it."))
        return redirect("creditbank:exception", row.uuid)
    return None


@desk_only
def exception(request: HttpRequest, exception_uuid: str, form: AnswerExceptionForm | None = None) -> HttpResponse:
    """One exception: what, for whom, why, until when, and who agreed."""
    person = cast("SignedInRequest", request).user
    rows = IndividualException.objects.select_related("learner", "programme__system", "proposed_by", "answered_by", "institution")
    row = access(rows, exception_uuid, user=person)
    reviewer = person.acts_as(Role.REVIEWER, at=row.institution_id)
    context = {
        "exception": row, "desk_nav": "exceptions", "form": form or AnswerExceptionForm(), "end_form": MessageForm(prefix="end"),
        "may_answer": row.state == "proposed" and reviewer and person.pk not in {row.proposed_by_id, row.learner_id},
        "may_end": row.state == "approved" and person.acts_as(*CASE_ROLES, at=row.institution_id), "today": timezone.localdate(),
        "titles": requirement_titles([row.programme_id]),
    }  # fmt: skip
    return render(request, "creditbank/exception.html", context, status=400 if form is not None else 200)


@desk_only
@require_POST
def decide_exception(request: HttpRequest, exception_uuid: str) -> HttpResponse:
    """Another person approves or refuses."""
    row = access(IndividualException, exception_uuid, user=request.user, to="answer")
    form = AnswerExceptionForm(request.POST)
    if not form.is_valid():
        return exception(request, exception_uuid, form)
    try:
        data = form.cleaned_data
        answer_exception(row, approve=data["approve"], actor=request.user, at=timezone.now(), note=data["note"])
        messages.success(request, _("Recorded."))
    except SamePersonTwice:
        messages.error(request, _("Another person than the one who proposed it has to answer."))
    except WrongState:
        messages.error(request, _("Somebody else has answered meanwhile; nothing was changed."))
    return redirect("creditbank:exception", exception_uuid)


@desk_only
@require_POST
def stop_exception(request: HttpRequest, exception_uuid: str) -> HttpResponse:
    """It holds no longer."""
    row = access(IndividualException, exception_uuid, user=request.user, to="end")
    form = MessageForm(request.POST, prefix="end")
    if not form.is_valid():
        messages.error(request, _("Please say why it ends."))
        return redirect("creditbank:exception", exception_uuid)
    try:
        end_exception(row, actor=request.user, at=timezone.now(), note=form.cleaned_data["text"])
        messages.success(request, _("Ended. Decisions that were taken under it stand."))
    except (WrongState, SamePersonTwice):
        messages.error(request, _("It cannot be ended by you now; nothing was changed."))
    return redirect("creditbank:exception", exception_uuid)


@desk_only
def policies(request: HttpRequest) -> HttpResponse:
    """The periods of the institution: what holds, what was drafted, and a new draft."""
    person = cast("SignedInRequest", request).user
    place = Institution.objects.filter(pk__in=person.institutions_as(*CASE_ROLES)).order_by("code").first()
    on = timezone.localdate()
    terms = terms_of(policy_in_force(place, on=on)) if place else terms_of(None)
    form = PolicyForm(request.POST or None, initial={**_plain(terms), "valid_from": on})
    if request.method == "POST":
        if place is None or not person.acts_as(Role.CREDIT_OFFICER, at=place):
            raise PermissionDenied(_("Periods are drafted by credit officers."))
        if form.is_valid():
            draft_policy(place, form.terms(), valid_from=form.cleaned_data["valid_from"], actor=person)
            messages.success(request, _("Drafted. Another person has to publish it."))
            return redirect("creditbank:policies")
    rows = RecognitionPolicy.objects.all().visible_to(person).filter(institution=place) if place else RecognitionPolicy.objects.none()
    context = {
        "place": place, "terms": terms, "form": form, "rows": rows, "desk_nav": "policies", "person_uuid": person.uuid,
        "may_draft": place is not None and person.acts_as(Role.CREDIT_OFFICER, at=place),
        "may_publish": place is not None and person.acts_as(Role.REVIEWER, at=place),
    }  # fmt: skip
    return render(request, "creditbank/policies.html", context, status=400 if form.errors else 200)


def _plain(terms: Any) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in terms.__dataclass_fields__}


@desk_only
@require_POST
def publish_periods(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Another person publishes a draft."""
    row = access(RecognitionPolicy, policy_id, user=request.user, to="publish", field="pk")
    try:
        publish_policy(row, actor=request.user, at=timezone.now())
        messages.success(request, _("Published. Applications that are under way keep the periods they were shown."))
    except SamePersonTwice:
        messages.error(request, _("Another person than the author has to publish it."))
    except WrongState:
        messages.error(request, _("It was published already; nothing was changed."))
    return redirect("creditbank:policies")


@desk_only
def reports(request: HttpRequest) -> HttpResponse:
    """Figures of the desk's own institutions; auditors see all."""
    person, on = cast("SignedInRequest", request).user, timezone.localdate()
    everywhere = person.acts_as(Role.AUDITOR)
    places = list(Institution.objects.values_list("pk", flat=True)) if everywhere else person.institutions_as(*CASE_ROLES)
    days, since = period_of(request.GET.get("days", ""), on=on)
    context = {
        "report": report_of(places, since=since, until=on), "days": days, "periods": PERIODS, "since": since, "until": on, "desk_nav": "reports",
    }  # fmt: skip
    return render(request, "creditbank/reports.html", context)
