"""The player: a unit of the pinned version, and the learner's steps in it. Reading writes nothing; every step is a POST."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from foundation.api import access
from identity.api import SignedInRequest
from learning.study.actions import complete_unit, open_unit, report_time, submit_quiz
from learning.study.enums import EnrolmentState
from learning.study.exceptions import EnrolmentNotActive, StudyError, UnitLocked, UnitNeedsQuiz, UnknownBlock
from learning.study.forms import TimeForm, read_answers
from learning.study.models import CourseRun, Enrolment
from learning.study.outline import Place, RunContent, content_of
from learning.study.permissions import is_of_the_school
from learning.study.queries import enrolment_in, outline_of, progress_in, quiz_states, standing_of

RUNS = CourseRun.objects.select_related("institution", "credit_system", "course_version", "course_version__course")


@require_safe
def unit_page(request: HttpRequest, run_uuid: str, unit_id: str) -> HttpResponse:
    """One unit. Learners of the run read all of them, its school's teachers too; everybody else reads samples."""
    run = access(RUNS.all(), run_uuid, user=request.user)
    content = content_of(run.course_version)
    place = _place(content, unit_id)
    enrolment = enrolment_in(run, request.user)
    if enrolment is not None and enrolment.state != EnrolmentState.LEFT:
        enrolment.run = run
        return _player(request, enrolment, content, place)
    looks_in = request.user.is_authenticated and is_of_the_school(request.user, run)
    context = {
        **_neighbours(content, place),
        "nav": "learn",
        "run": run,
        "place": place,
        "content": content,
        "open_now": run.takes_learners(timezone.localdate()),
    }
    if looks_in or place.unit.sample:
        return render(request, "learning/unit_sample.html", {**context, "looks_in": looks_in, "quiz": {}})
    return render(request, "learning/unit_locked.html", {**context, "reason": "enrol"})


def _player(request: HttpRequest, enrolment: Enrolment, content: RunContent, place: Place) -> HttpResponse:
    """The learner's view. Six queries besides the session, whatever the length of the course."""
    run = enrolment.run
    today = timezone.localdate()
    standing = standing_of(enrolment, content)
    context: dict[str, Any] = {
        **_neighbours(content, place),
        "nav": "learn",
        "run": run,
        "place": place,
        "content": content,
        "enrolment": enrolment,
        "standing": standing,
        "outline": outline_of(enrolment, content, standing, on=today),
        "total": len(content.places),
    }
    if not run.has_begun(today):
        return render(request, "learning/unit_locked.html", {**context, "reason": "date"})
    context["progress"] = progress_in(enrolment, place.unit_id)
    context["is_done"] = place.unit_id in standing.done_units
    context["quizzes"] = quiz_states(enrolment, place.quiz_ids)
    context["submission_key"] = uuid.uuid4().hex
    return render(request, "learning/unit.html", context)


def _neighbours(content: RunContent, place: Place) -> dict[str, Place | None]:
    return {"before": content.before(place), "after": content.after(place)}


@login_required
@require_POST
def unit_open(request: SignedInRequest, run_uuid: str, unit_id: str) -> HttpResponse:
    """Note that the unit was opened (sent by the player's script when the page is shown)."""
    enrolment = _own(request, run_uuid)
    try:
        open_unit(enrolment, unit_id, actor=request.user, at=timezone.now())
    except UnknownBlock as error:
        raise Http404 from error
    except StudyError:
        return HttpResponse(status=409)
    return HttpResponse(status=204)


@login_required
@require_POST
def unit_time(request: SignedInRequest, run_uuid: str, unit_id: str) -> HttpResponse:
    """Take the player's count of active seconds and the place in the unit."""
    enrolment = _own(request, run_uuid)
    form = TimeForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    clean = form.cleaned_data
    try:
        report_time(enrolment, unit_id, seconds=clean["seconds"], position=clean["position"], actor=request.user, at=timezone.now())
    except UnknownBlock as error:
        raise Http404 from error
    except StudyError:
        return HttpResponse(status=409)
    return HttpResponse(status=204)


@login_required
@require_POST
def unit_complete(request: SignedInRequest, run_uuid: str, unit_id: str) -> HttpResponse:
    """Done with this unit: on to the next one, or to the run's page after the last."""
    enrolment = _own(request, run_uuid)
    here = redirect("learning:unit", run_uuid, unit_id)
    was_completed = enrolment.is_completed
    try:
        after = complete_unit(enrolment, unit_id, actor=request.user, at=timezone.now())
    except UnknownBlock as error:
        raise Http404 from error
    except UnitNeedsQuiz:
        messages.error(request, _("This unit is done when its quiz is passed."))
        return here
    except (UnitLocked, EnrolmentNotActive):
        messages.error(request, _("This unit is not open for you now."))
        return redirect("learning:run", run_uuid)
    return _onward(request, after, unit_id, just_completed=after.is_completed and not was_completed)


def _onward(request: HttpRequest, enrolment: Enrolment, unit_id: str, *, just_completed: bool) -> HttpResponse:
    run = enrolment.run
    if just_completed:
        messages.success(request, _("You have completed the course. The record is in your archive."))
        return redirect("learning:run", run.uuid)
    content = content_of(run.course_version)
    after = content.after(content.place(unit_id))
    return redirect("learning:unit", run.uuid, after.unit_id) if after else redirect("learning:run", run.uuid)


@login_required
@require_POST
def quiz_submit(request: SignedInRequest, run_uuid: str, block_id: str) -> HttpResponse:
    """Hand in a quiz; the server scores it, and the unit's page shows what was right."""
    enrolment = _own(request, run_uuid)
    was_completed = enrolment.is_completed
    key = request.POST.get("key", "").replace("\x00", "")[:64]
    try:
        attempt = submit_quiz(enrolment, block_id, read_answers(request.POST), actor=request.user, at=timezone.now(), key=key)
    except UnknownBlock as error:
        raise Http404 from error
    except StudyError:
        messages.error(request, _("This unit is not open for you now."))
        return redirect("learning:run", run_uuid)
    enrolment.refresh_from_db()
    if enrolment.is_completed and not was_completed:
        messages.success(request, _("You have completed the course. The record is in your archive."))
    return redirect(f"{reverse('learning:unit', args=[run_uuid, attempt.unit_id])}#quiz-{block_id}")


def _own(request: SignedInRequest, run_uuid: str) -> Enrolment:
    """The reader's own enrolment, if it still studies: 404 otherwise."""
    run = access(CourseRun, run_uuid, user=request.user)
    enrolment = enrolment_in(run, request.user)
    if enrolment is None:
        raise Http404
    return access(Enrolment.objects.filter(learner=request.user), enrolment.uuid, user=request.user, to="study")


def _place(content: RunContent, unit_id: str) -> Place:
    try:
        return content.place(unit_id)
    except UnknownBlock as error:
        raise Http404 from error
