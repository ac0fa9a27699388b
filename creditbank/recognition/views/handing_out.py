"""Several cases at once: take them, or give them to an officer."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from creditbank.recognition.actions import hand_out
from creditbank.recognition.exceptions import Involved, SamePersonTwice
from creditbank.recognition.models import Application
from creditbank.recognition.views.desk import PAGE_SIZE, desk_only, officers_of
from foundation.api import access
from identity.api import Role, SignedInRequest


def taken_by(application: Application) -> str:
    """Who has a case and since when, in words; for whoever wanted it and was slower."""
    row = Application.objects.select_related("first_officer").get(pk=application.pk)
    step = row.steps.order_by("-id").first()
    if row.first_officer is None or step is None:
        return _("%(reference)s: it has moved on meanwhile.") % {"reference": row.reference}
    facts = {"reference": row.reference, "name": row.first_officer.name, "moment": f"{timezone.localtime(step.at):%Y-%m-%d %H:%M}"}
    return _("%(reference)s: %(name)s has it since %(moment)s.") % facts


@desk_only
@require_POST
def hand_out_cases(request: HttpRequest) -> HttpResponse:
    """Take the chosen cases, or give them to an officer; each for itself. Nothing is done where one of them is out of reach."""
    person = cast("SignedInRequest", request).user
    wanted = list(dict.fromkeys(request.POST.getlist("case")))[:PAGE_SIZE]
    chosen = request.POST.get("to", "")
    rows = Application.objects.select_related("institution", "learner", "first_officer", "policy", "programme")
    cases = [access(rows, reference, user=person, to="assign" if chosen else "decide", field="reference") for reference in wanted]
    back = _back_to(request)
    if not cases:
        messages.error(request, _("Please choose at least one case."))
        return redirect(back)
    officer = next((one for one in officers_of(person) if str(one.uuid) == chosen), None) if chosen else person
    if officer is None or not all(officer.acts_as(Role.CREDIT_OFFICER, at=case.institution_id) for case in cases):
        messages.error(request, _("Please choose an officer of this institution."))
        return redirect(back)
    done = hand_out(cases, to=officer, actor=person, at=timezone.now())
    if done.given:
        words = ngettext("%(n)s case is with %(name)s now.", "%(n)s cases are with %(name)s now.", len(done.given))
        messages.success(request, words % {"n": len(done.given), "name": officer.name})
    for case, error in done.kept:
        messages.error(request, _why_kept(case, error))
    return redirect(back)


def _why_kept(case: Application, error: Exception) -> str:
    if isinstance(error, SamePersonTwice):
        return _("%(reference)s: nobody decides on the own application.") % {"reference": case.reference}
    if isinstance(error, Involved):
        return _("%(reference)s: this officer is involved in what is to be recognised.") % {"reference": case.reference}
    return taken_by(case)


def _back_to(request: HttpRequest) -> str:
    """The queue as it stood, with its filter; an address of anything else is not followed."""
    wanted = request.POST.get("next", "")
    return wanted if wanted.startswith(("/desk/?", "/en/desk/?")) else reverse("creditbank:desk")
