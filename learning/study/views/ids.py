"""Permanent ids of what statements speak of: they lead to today's page of the thing, or say that there is none for this reader."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from cms.api import CoursePage
from foundation.api import access
from learning.study.models import CourseRun


@require_safe
def course(request: HttpRequest, course_uuid: str, rest: str = "") -> HttpResponse:
    """A course, also for an id of one of its parts."""
    page = access(CoursePage, course_uuid, user=request.user, to="preview")
    return redirect(page.get_url(request) or "/")


@require_safe
def run(request: HttpRequest, run_uuid: str) -> HttpResponse:
    """A run."""
    return redirect("learning:run", access(CourseRun, run_uuid, user=request.user).uuid)
