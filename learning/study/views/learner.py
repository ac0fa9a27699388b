"""A learner's own pages: what to go on with, one run, coming and leaving."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from foundation.api import Notice, access, can, visible_to
from identity.api import SignedInRequest
from learning.archive.models import LearningRecord
from learning.study.actions import enrol, leave_run
from learning.study.enums import EnrolmentState
from learning.study.exceptions import CompletedIsFinal, NotOnClassList, RunNotOpen
from learning.study.models import CourseRun, Enrolment
from learning.study.outline import content_of
from learning.study.queries import (
    card_of,
    cards_of,
    deadlines,
    enrolment_in,
    first_card,
    outline_of,
    standing_of,
    study_week,
    suggestions_for,
)

RUNS = CourseRun.objects.select_related("institution", "credit_system", "course_version", "course_version__course", "level")


@login_required
@require_safe
def my_learning(request: SignedInRequest) -> HttpResponse:
    """What to go on with. Nine queries besides the session, whatever the number of runs."""
    today = timezone.localdate()
    cards = cards_of(request.user)
    context: dict[str, Any] = {
        "nav": "learn",
        "cards": cards,
        "first": first_card(cards),
        "deadlines": deadlines(cards, on=today),
        "week": study_week(request.user, on=today),
        "notices": list(visible_to(request.user, Notice).filter(read_at=None)[:3]),
        "completed": Enrolment.objects.filter(learner=request.user, state=EnrolmentState.COMPLETED).count(),
        "suggestions": suggestions_for(request.user, on=today),
        "today": today,
    }
    return render(request, "learning/my_learning.html", context)


@require_safe
def run_page(request: HttpRequest, run_uuid: str) -> HttpResponse:
    """One run: how far one is in it, and its outline; for who is not in it, what it offers."""
    run = access(RUNS.all(), run_uuid, user=request.user)
    today = timezone.localdate()
    enrolment = enrolment_in(run, request.user)
    content = content_of(run.course_version)
    if enrolment is None or enrolment.state == EnrolmentState.LEFT:
        context = {
            "run": run,
            "content": content,
            "open_now": run.takes_learners(today),
            "may_enrol": _may_enrol(request.user, run),
            "was_in": enrolment,
        }
        return render(request, "learning/run_offer.html", context)
    enrolment.run = run
    standing = standing_of(enrolment, content)
    context = {
        "nav": "learn",
        "run": run,
        "enrolment": enrolment,
        "standing": standing,
        "card": card_of(enrolment),
        "outline": outline_of(enrolment, content, standing, on=today),
        "record": LearningRecord.objects.counting().filter(enrolment_uuid=enrolment.uuid, learner_id=enrolment.learner_id).first(),
        "has_begun": run.has_begun(today),
    }
    return render(request, "learning/run.html", context)


def _may_enrol(user: Any, run: CourseRun) -> bool:
    """Whether to offer the button: also to visitors, who sign in first."""
    return not user.is_authenticated or can(user, "enrol", run)


@require_POST
def enrol_view(request: HttpRequest, run_uuid: str) -> HttpResponse:
    """Start: enrol and go to the first unit; a visitor signs in first and comes back to the run."""
    run = access(RUNS.all(), run_uuid, user=request.user)
    page = reverse("learning:run", args=[run.uuid])
    if not request.user.is_authenticated:
        return redirect_to_login(page)
    access(CourseRun, run_uuid, user=request.user, to="enrol")
    try:
        enrolment = enrol(run, learner=request.user, actor=request.user, at=timezone.now())  # type: ignore[arg-type]
    except RunNotOpen:
        messages.error(request, _("This run takes nobody now."))
        return redirect(page)
    except NotOnClassList:
        messages.error(request, _("This run is for the people on its class list. Ask the school to add you."))
        return redirect(page)
    first = card_of(enrolment).next_unit
    if first is None or not run.has_begun(timezone.localdate()):
        return redirect(page)
    return redirect("learning:unit", run.uuid, first.id)


@login_required
def leave_view(request: SignedInRequest, run_uuid: str) -> HttpResponse:
    """Ask once, then leave; what was done stays."""
    run = access(RUNS.all(), run_uuid, user=request.user)
    enrolment = access(Enrolment.objects.filter(run=run, learner=request.user), _own_uuid(run, request.user), user=request.user, to="leave")
    if request.method != "POST":
        return render(request, "learning/leave.html", {"run": run, "enrolment": enrolment})
    try:
        leave_run(enrolment, actor=request.user, at=timezone.now())
    except CompletedIsFinal:
        messages.error(request, _("You have completed this run; its record stays in your archive."))
        return redirect("learning:run", run.uuid)
    messages.success(request, _("You have left “%(title)s”. What you did is kept if you come back.") % {"title": run.title})
    return redirect("learning:my_learning")


def _own_uuid(run: CourseRun, user: Any) -> str:
    """The reader's own enrolment; a malformed id (404) where there is none."""
    enrolment = enrolment_in(run, user)
    return str(enrolment.uuid) if enrolment else ""
