"""The way of a course into the library, one step a function; every other step is refused and changes nothing."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from cms.library.actions.versions import publish_version
from cms.library.enums import Licence, ReasonCode, ReviewState, SharingScope
from cms.library.events import CourseRemoved
from cms.library.exceptions import IllegalTransition, MetadataIncomplete
from cms.library.models import CoursePage, CourseVersion, ReviewStep
from foundation.api import announce, notify, record_audit_entry

State = ReviewState


def missing_metadata(course: CoursePage) -> list[str]:
    """Names of the fields that a review needs and that are empty."""
    wanted = ["title", "summary_zh", "aims_zh", "subject", "level", "notional_hours", "teacher_names"]
    missing = [name for name in wanted if not getattr(course, name)]
    if not course.kinds.exists():
        missing.append("kinds")
    if course.licence == Licence.UNKNOWN:
        missing.append("licence")
    if not course.body:
        missing.append("body")
    return missing


@transaction.atomic
def submit_to_school(course: CoursePage, *, actor: Any) -> CoursePage:
    """The editor hands the course to the own school's approver, declaring that the school may share it.

    Raises IllegalTransition, or MetadataIncomplete with the names of the empty fields.
    """
    course = _locked(course, State.DRAFT, State.CHANGES_ASKED, State.LIVE)
    missing = missing_metadata(course)
    if missing:
        raise MetadataIncomplete(missing)
    return _move(course, State.SCHOOL_REVIEW, actor=actor, action="library.submit_to_school")


@transaction.atomic
def send_back_to_editor(course: CoursePage, *, actor: Any, note: str) -> CoursePage:
    """The school's approver hands it back with a note."""
    return _move(_locked(course, State.SCHOOL_REVIEW), State.DRAFT, actor=actor, action="library.send_back", note=note)


@transaction.atomic
def approve_for_school(course: CoursePage, *, actor: Any) -> CoursePage:
    """The school says yes: inside the own school the course is published at once, beyond it the library decides.

    Raises IllegalTransition("same_person") where the approver submitted it, ("changed_since") where the text is no longer what was submitted.
    """
    course = _as_submitted(_locked(course, State.SCHOOL_REVIEW))
    if _last_step(course).by_uuid == getattr(actor, "uuid", None):
        raise IllegalTransition("same_person", course.review_state)
    if course.preview_scope > SharingScope.OWN:
        return _move(course, State.SUBMITTED, actor=actor, action="library.approve_for_school")
    course = _move(course, State.LIVE, actor=actor, action="library.approve_for_school")
    publish_version(course, actor=actor)
    return CoursePage.objects.get(pk=course.pk)


@transaction.atomic
def approve_in_library(course: CoursePage, *, actor: Any, notes: str = "") -> CourseVersion:
    """A reviewer of another school lets the course into the library: it is published as the next version.

    Raises IllegalTransition("own_school") for a reviewer of the owning school, ("changed_since") where the text is no longer what was
    submitted.
    """
    course = _as_submitted(_for_reviewer(course, actor))
    course = _move(course, State.LIVE, actor=actor, action="library.approve")
    version = publish_version(course, actor=actor, notes=notes)
    _tell_school(course, "library.approved")
    return version


@transaction.atomic
def ask_for_changes(course: CoursePage, *, actor: Any, reason: str, note: str) -> CoursePage:
    """The reviewer wants something changed: a reason code, and a text that the school reads."""
    return _refuse(course, State.CHANGES_ASKED, actor=actor, reason=reason, note=note, action="library.ask_changes")


@transaction.atomic
def reject_in_library(course: CoursePage, *, actor: Any, reason: str, note: str) -> CoursePage:
    """The reviewer refuses the course."""
    return _refuse(course, State.REJECTED, actor=actor, reason=reason, note=note, action="library.reject")


@transaction.atomic
def withdraw_course(course: CoursePage, *, actor: Any, note: str) -> CoursePage:
    """The school takes its course out of the library; runs that pinned a version go on to their end."""
    return _remove(_locked(course, State.LIVE), State.WITHDRAWN, actor=actor, note=note, action="library.withdraw")


@transaction.atomic
def take_down_course(course: CoursePage, *, actor: Any, note: str) -> CoursePage:
    """The operator takes a course off the site at once."""
    shown = (State.LIVE, State.SUBMITTED, State.SCHOOL_REVIEW, State.CHANGES_ASKED)
    return _remove(_locked(course, *shown), State.TAKEN_DOWN, actor=actor, note=note, action="library.take_down")


def _refuse(course: CoursePage, state: State, *, actor: Any, reason: str, note: str, action: str) -> CoursePage:
    course = _for_reviewer(course, actor)
    if reason not in ReasonCode.values or (reason == ReasonCode.OTHER and not note.strip()):
        raise IllegalTransition("reason_needed", course.review_state)
    course = _move(course, state, actor=actor, action=action, reason=reason, note=note)
    _tell_school(course, "library.changes_asked" if state == State.CHANGES_ASKED else "library.rejected")
    return course


def _for_reviewer(course: CoursePage, actor: Any) -> CoursePage:
    course = _locked(course, State.SUBMITTED)
    if actor is not None and course.institution_id in actor.member_institution_ids():
        raise IllegalTransition("own_school", course.review_state)
    return course


def _remove(course: CoursePage, state: State, *, actor: Any, note: str, action: str) -> CoursePage:
    course = _move(course, state, actor=actor, action=action, note=note)
    course.live = False
    course.save(update_fields=["live"])
    announce(CourseRemoved(course_id=course.pk, state=state))
    return course


def _locked(course: CoursePage, *states: State) -> CoursePage:
    course = CoursePage.objects.select_for_update().get(pk=course.pk)
    if course.review_state not in states:
        raise IllegalTransition("wrong_state", course.review_state)
    return course


def _as_submitted(course: CoursePage) -> CoursePage:
    """Nobody says yes to a text that another person changed after it was handed in (the editor locks it; this holds for every other way)."""
    if _last_step(course).revision_id != course.latest_revision_id:
        raise IllegalTransition("changed_since", course.review_state)
    return course


def _last_step(course: CoursePage) -> ReviewStep:
    return course.review_steps.order_by("-id")[0]


def _move(course: CoursePage, state: State, *, actor: Any, action: str, reason: str = "", note: str = "") -> CoursePage:
    before = course.review_state
    course.review_state, course.state_reason, course.state_since = state, note[:300], timezone.now()
    course.save(update_fields=["review_state", "state_reason", "state_since"])
    ReviewStep.objects.create(
        course=course, from_state=before, to_state=state, revision=course.latest_revision, by_uuid=getattr(actor, "uuid", None),
        reason_code=reason, note=note,
    )  # fmt: skip
    record_audit_entry(action, actor=actor, about=course, reason=note, data={"from": before, "to": state, "code": reason})
    return course


def _tell_school(course: CoursePage, code: str) -> None:
    """The person who submitted hears what became of it."""
    step = course.review_steps.filter(to_state=State.SCHOOL_REVIEW).order_by("-id").first()
    if step is not None and step.by_uuid is not None:
        notify(step.by_uuid, code, data={"title": {"zh": course.title, "en": course.title_en or course.title}, "note": course.state_reason})
