"""Public pages of schools and courses, and the desk where a course passes its review."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cms.library import actions
from cms.library.content import content_of, manifest_of
from cms.library.enums import ReviewState
from cms.library.exceptions import ContentWithoutIds, IllegalTransition, MetadataIncomplete, ScopesOutOfOrder
from cms.library.forms import ReviewForm, SharingForm
from cms.library.models import DESK_ROLES, CoursePage, CourseVersion
from cms.library.queries import courses_visible_to, latest_version
from cms.library.registries import register_page_view
from foundation.api import access, can, gone
from identity.api import Role

STEPS: dict[str, tuple[str, Callable[..., Any]]] = {
    "submit": ("edit", lambda course, actor, **_form: actions.submit_to_school(course, actor=actor)),
    "approve": ("approve_for_school", lambda course, actor, **_form: actions.approve_for_school(course, actor=actor)),
    "send_back": ("approve_for_school", lambda course, actor, note, **_form: actions.send_back_to_editor(course, actor=actor, note=note)),
    "accept": ("review_for_library", lambda course, actor, note, **_form: actions.approve_in_library(course, actor=actor, notes=note)),
    "ask": (
        "review_for_library",
        lambda course, actor, reason, note: actions.ask_for_changes(course, actor=actor, reason=reason, note=note),
    ),
    "reject": (
        "review_for_library",
        lambda course, actor, reason, note: actions.reject_in_library(course, actor=actor, reason=reason, note=note),
    ),
    "withdraw": ("withdraw", lambda course, actor, note, **_form: actions.withdraw_course(course, actor=actor, note=note)),
    "take_down": ("take_down", lambda course, actor, note, **_form: actions.take_down_course(course, actor=actor, note=note)),
}
"""Each step of a review: the permission it asks for, and the action it calls."""


def course_page(request: HttpRequest, page: CoursePage) -> HttpResponse:
    """A course, for whoever may preview it; 410 where it was removed, 404 outside of one's scope."""
    if page.review_state in {ReviewState.WITHDRAWN, ReviewState.TAKEN_DOWN}:
        facts = {"title": page.name, "institution": page.institution.name, "reason": page.state_reason}
        return gone(request, facts)
    if not can(request.user, "preview", page):
        raise Http404
    version = latest_version(page)
    return _show_course(request, page, version, content_of(version.manifest) if version else _draft_content(page))


def course_preview(request: HttpRequest, page: CoursePage) -> HttpResponse:
    """What the page would be with the text in the editor; Wagtail has asked for the right to edit before it gets here."""
    return _show_course(request, page, latest_version(page), _draft_content(page))


def _show_course(request: HttpRequest, page: CoursePage, version: CourseVersion | None, content: Any) -> HttpResponse:
    context = {
        "page": page, "course": page, "version": version, "content": content, "nav": "courses", "kinds": page.kinds.all(),
        "can_read": can(request.user, "read", page), "can_edit": can(request.user, "edit", page), "json_ld": _json_ld(page),
    }  # fmt: skip
    return render(request, "cms/library/course_page.html", context)


def _draft_content(page: CoursePage) -> Any:
    """What the desk sees before the first version; ids may still be missing there."""
    try:
        return content_of(manifest_of(page))
    except ContentWithoutIds:
        return None


def _json_ld(page: CoursePage) -> str:
    """schema.org of a public course; ``<`` is escaped so that no text can end the script element."""
    facts = {
        "@context": "https://schema.org",
        "@type": "Course",
        "@id": f"{settings.SITE_URL}/id/course/{page.uuid}",
        "name": page.name,
        "description": page.summary,
        "inLanguage": page.language,
        "courseCode": page.code,
        "timeRequired": f"PT{int(page.notional_hours)}H",
        "teaches": page.aims,
        "provider": {"@type": "Organization", "name": page.institution.name},
        "isAccessibleForFree": True,
    }
    return json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")


def school_page(request: HttpRequest, page: Any) -> HttpResponse:
    """A school with the courses that this person may see. Flat query count."""
    courses = (
        courses_visible_to(request.user)
        .filter(institution=page.institution, live=True)
        .select_related("subject", "institution", "credit_system")
    )
    context = {"page": page, "institution": page.institution, "courses": courses.order_by("title")[:60], "nav": "courses"}
    return render(request, "cms/library/school_page.html", context)


def schools_page(request: HttpRequest, page: Any) -> HttpResponse:
    """All schools."""
    return redirect("identity:institutions")


register_page_view("course", course_page)
register_page_view("course_preview", course_preview)
register_page_view("school", school_page)
register_page_view("schools", schools_page)


def short_link(request: HttpRequest, course_uuid: str) -> HttpResponse:
    """``/c/<uuid>/``: the lasting address of a course."""
    course = access(CoursePage.objects.all(), course_uuid, user=request.user)
    return redirect(course.get_url(request) or "/")


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """Courses at whose desk the person works: the own school's, and those submitted to the library."""
    user: Any = request.user
    if not user.acts_as(*DESK_ROLES, Role.LIBRARY_REVIEWER, Role.OPERATOR):
        raise PermissionDenied(_("This desk is for editors, approvers and reviewers."))
    rows = CoursePage.objects.select_related("institution").order_by("-latest_revision_created_at", "-pk")
    own = rows.filter(institution__in=user.institutions_as(*DESK_ROLES))
    reviewing = user.institutions_as(Role.LIBRARY_REVIEWER)
    waiting = rows.filter(review_state=ReviewState.SUBMITTED).exclude(institution__in=reviewing) if reviewing else rows.none()
    return render(request, "cms/library/desk.html", {"own": own[:100], "waiting": waiting[:100]})


@login_required
def review(request: HttpRequest, course_uuid: str, form: ReviewForm | None = None, sharing: SharingForm | None = None) -> HttpResponse:
    """One course on its way: state, sharing, steps so far, and what this person may do next."""
    course = access(CoursePage.objects.select_related("institution"), course_uuid, user=request.user, to="see_review")
    possible = [name for name, (permission, _action) in STEPS.items() if can(request.user, permission, course)]
    context = {
        "course": course, "form": form or ReviewForm(), "sharing": sharing or SharingForm(course=course), "steps": course.review_steps.all(),
        "possible": possible, "may_edit": can(request.user, "edit", course), "versions": course.versions.all(),
    }  # fmt: skip
    bad = (form is not None and form.errors) or (sharing is not None and sharing.errors)
    return render(request, "cms/library/review.html", context, status=400 if bad else 200)


@login_required
@require_POST
def take_step(request: HttpRequest, course_uuid: str) -> HttpResponse:
    """Take one step of the review."""
    name = request.POST.get("step", "")
    if name not in STEPS:
        raise Http404
    permission, action = STEPS[name]
    course = access(CoursePage.objects.select_related("institution"), course_uuid, user=request.user, to=permission)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return review(request, course_uuid, form=form)
    try:
        action(course, request.user, reason=form.cleaned_data["reason"], note=form.cleaned_data["note"])
    except MetadataIncomplete as error:
        names = ", ".join(str(CoursePage._meta.get_field(field).verbose_name) for field in error.fields)
        form.add_error(None, _("Still missing: %(names)s") % {"names": names})
        return review(request, course_uuid, form=form)
    except IllegalTransition as error:
        form.add_error(None, _refusal(error.code))
        return review(request, course_uuid, form=form)
    except ContentWithoutIds:
        form.add_error(None, _("Open the course in the editor and save it once; parts of it have no lasting number yet."))
        return review(request, course_uuid, form=form)
    messages.success(request, _("Done."))
    return redirect("cms:review", course_uuid)


def _refusal(code: str) -> str:
    words = {
        "same_person": _("Another person of the school has to approve what you submitted."),
        "own_school": _("A course is reviewed by people of another school."),
        "changed_since": _("The course was changed after it was submitted. Send it back, so that it is submitted again as it is now."),
        "reason_needed": _("Please choose a reason; another reason needs a note."),
        "wider_scope_needs_review": _("A wider scope needs a new review: submit the course again first."),
    }
    return words.get(code, _("The course is not in a state that allows this."))


@login_required
@require_POST
def share(request: HttpRequest, course_uuid: str) -> HttpResponse:
    """Say who may use the course."""
    course = access(CoursePage.objects.select_related("institution"), course_uuid, user=request.user, to="edit")
    form = SharingForm(request.POST, course=course)
    if not form.is_valid():
        return review(request, course_uuid, sharing=form)
    data = form.cleaned_data
    try:
        actions.set_sharing(
            course, preview=data["preview"], read=data["read"], download=data["download"], adopt=data["adopt"],
            named_schools=data["named_schools"], alliance=data["alliance"], actor=request.user,
        )  # fmt: skip
    except ScopesOutOfOrder as error:
        form.add_error(
            error.field.removesuffix("_scope"),
            _("This is wider than what it is a part of: adopt and download lie within read, read within preview."),
        )
        return review(request, course_uuid, sharing=form)
    except IllegalTransition as error:
        form.add_error(None, _refusal(error.code))
        return review(request, course_uuid, sharing=form)
    messages.success(request, _("Sharing is set."))
    return redirect("cms:review", course_uuid)
