"""The teacher's desk: runs of one's school, a class with its progress, adopting a course."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from cms.api import CoursePage, courses_visible_to, latest_version
from foundation.api import access, can
from identity.api import Institution, SignedInRequest
from learning.study.actions import add_to_class_list, approve_auto_deposit, close_run, open_run
from learning.study.enums import EnrolmentState
from learning.study.exceptions import NotAdoptable, SamePerson
from learning.study.forms import ClassListForm, OpenRunForm
from learning.study.models import TEACHING_ROLES, CourseRun
from learning.study.outline import content_of
from learning.study.queries import class_of, people_at, people_by_contact, runs_taught, unit_counts, waiting_names

PAGE_SIZE = 30
RUNS = CourseRun.objects.select_related("institution", "credit_system", "course_version")


@login_required
@require_safe
def teach(request: SignedInRequest) -> HttpResponse:
    """Runs of the schools where one teaches. Four queries besides the session."""
    _schools(request)
    page = Paginator(runs_taught(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "learning/teach.html", {"page": page, "today": timezone.localdate()})


@login_required
@require_safe
def adoptable(request: SignedInRequest) -> HttpResponse:
    """Courses one's school may run: its own and what others share for adoption; ``q`` narrows by title."""
    _schools(request)
    wanted = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    courses = (
        courses_visible_to(request.user, "adopt").select_related("institution", "credit_system").order_by("institution__code", "title")
    )
    if wanted:
        courses = courses.filter(title__icontains=wanted) | courses.filter(title_en__icontains=wanted)
    page = Paginator(courses, 20).get_page(request.GET.get("page"))
    return render(
        request, "learning/adoptable.html", {"page": page, "q": wanted, "extra": f"{urlencode({'q': wanted})}&" if wanted else ""}
    )


@login_required
def open_run_view(request: SignedInRequest, course_uuid: str) -> HttpResponse:
    """Adopt a course: dates, instructors, credit. The newest version is pinned."""
    institution = _acting_school(request)
    course = _course(request, course_uuid)
    version = latest_version(course)
    if version is None:
        raise Http404
    today = timezone.localdate()
    initial = {"credits": course.credits, "credit_system": course.credit_system, "kind": "open", "pass_mark": 60, "starts_on": today}
    form = OpenRunForm(request.POST or None, initial=initial, institution=institution, teachers=people_at(institution, on=today))
    context = {"form": form, "course": course, "version": version, "institution": institution, "content": content_of(version)}
    if request.method != "POST" or not form.is_valid():
        return render(request, "learning/open_run.html", context, status=422 if form.is_bound else 200)
    try:
        run = open_run(version=version, institution=institution, actor=request.user, at=timezone.now(), **form.cleaned_data)
    except NotAdoptable as error:
        raise PermissionDenied from error
    messages.success(request, _("The run is open. Learners can enrol now."))
    return redirect("learning:teach_run", run.uuid)


@login_required
@require_safe
def teach_run(request: SignedInRequest, run_uuid: str) -> HttpResponse:
    """A class with the progress of each. Nine queries besides the session, whatever its size."""
    run = access(RUNS.all(), run_uuid, user=request.user, to="teach")
    enrolments = run.enrolments.exclude(state=EnrolmentState.LEFT).select_related("learner", "run").prefetch_related("progress", "attempts")
    page = Paginator(enrolments.order_by("enrolled_at", "id"), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = class_of(run, page.object_list)
    counts = unit_counts(rows)
    content = content_of(run.course_version)
    context: dict[str, Any] = {
        "run": run,
        "page": page,
        "rows": rows,
        "units": [(place, counts[place.unit_id]) for place in content.places],
        "waiting": waiting_names(run),
        "list_form": ClassListForm(),
        "may_approve": can(request.user, "approve_auto_deposit", run) and not run.auto_deposit and run.opened_by_uuid != request.user.uuid,
        "instructors": [person.name for person in run.instructors.order_by("name")],
    }
    return render(request, "learning/teach_run.html", context)


@login_required
@require_POST
def run_close(request: SignedInRequest, run_uuid: str) -> HttpResponse:
    """Take no more learners."""
    run = access(CourseRun, run_uuid, user=request.user, to="manage")
    close_run(run, actor=request.user)
    messages.success(request, _("The run takes no more learners. Those in it go on."))
    return redirect("learning:teach_run", run.uuid)


@login_required
@require_POST
def run_approve(request: SignedInRequest, run_uuid: str) -> HttpResponse:
    """A second person approves the automatic deposit."""
    run = access(CourseRun, run_uuid, user=request.user, to="approve_auto_deposit")
    try:
        approve_auto_deposit(run, actor=request.user)
    except SamePerson:
        messages.error(request, _("You opened this run yourself. Somebody else has to approve its automatic deposit."))
        return redirect("learning:teach_run", run.uuid)
    messages.success(request, _("Completing this run now deposits its credits at once."))
    return redirect("learning:teach_run", run.uuid)


@login_required
@require_POST
def run_list(request: SignedInRequest, run_uuid: str) -> HttpResponse:
    """Put people on the class list of a closed run. Addresses nobody has are named, not guessed."""
    run = access(CourseRun, run_uuid, user=request.user, to="manage")
    form = ClassListForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for error in form.errors.get("people", [])))
        return redirect("learning:teach_run", run.uuid)
    found, missing = people_by_contact(form.cleaned_data["people"])
    added = add_to_class_list(run, found, actor=request.user, at=timezone.now())
    messages.success(request, ngettext("%(number)s person added.", "%(number)s people added.", added) % {"number": added})
    if missing:
        messages.warning(request, _("Nobody has registered with: %(lines)s") % {"lines": ", ".join(missing[:20])})
    return redirect("learning:teach_run", run.uuid)


def _schools(request: SignedInRequest) -> list[int]:
    """Schools where the reader teaches, edits or administers; 403 without one."""
    schools = request.user.institutions_as(*TEACHING_ROLES)
    if not schools:
        raise PermissionDenied
    return schools


def _acting_school(request: SignedInRequest) -> Institution:
    """The school for which a run is opened: the chosen one of ``?school=``, else the first."""
    schools = Institution.objects.filter(pk__in=_schools(request)).order_by("pk")
    wanted = request.GET.get("school", "")
    chosen = schools.filter(code=wanted).first() if wanted and "\x00" not in wanted else None
    first = chosen or schools.first()
    if first is None:
        raise PermissionDenied
    return first


def _course(request: SignedInRequest, course_uuid: str) -> CoursePage:
    """A course one's school may adopt."""
    return access(CoursePage.objects.select_related("institution", "credit_system", "level"), course_uuid, user=request.user, to="adopt")
