"""Who may do what with a course. Agrees with ``CourseQuerySet.visible_to`` (property test)."""

from __future__ import annotations

from typing import Any

from cms.library.enums import ReviewState, SharingScope
from cms.library.models import DESK_ROLES, CoursePage, Resource
from cms.library.registries import access_grants
from foundation.api import permission
from identity.api import Role


def _within(user: Any, course: CoursePage, scope: int) -> bool:
    """Whether a scope of this published course lets the person in."""
    if not (course.live and course.review_state == ReviewState.LIVE):
        return False
    if scope == SharingScope.PUBLIC:
        return True
    if not user.is_authenticated:
        return False
    schools = user.member_institution_ids()
    if scope == SharingScope.SIGNED_IN or course.institution_id in schools:
        return True
    if scope >= SharingScope.NAMED and any(school.pk in schools for school in course.named_schools.all()):
        return True
    return bool(scope >= SharingScope.ALLIANCE and course.alliance_id in user.member_alliance_ids())


def _works_on(user: Any, course: CoursePage) -> bool:
    """The owner's desk, the reviewers of other schools for what is submitted to them, operator and auditor for what left the draft."""
    if not user.is_authenticated:
        return False
    if user.acts_as(*DESK_ROLES, at=course.institution_id):
        return True
    shown_to_reviewers = course.review_state in {ReviewState.SUBMITTED, ReviewState.LIVE}
    reviewing = user.institutions_as(Role.LIBRARY_REVIEWER)
    if reviewing and shown_to_reviewers and course.institution_id not in reviewing:
        return True
    return bool(user.acts_as(Role.OPERATOR, Role.AUDITOR) and course.review_state != ReviewState.DRAFT)


@permission(CoursePage, "preview")
def can_preview(user: Any, course: CoursePage) -> bool:
    return _within(user, course, course.preview_scope) or _works_on(user, course)


@permission(CoursePage, "view")
def can_view(user: Any, course: CoursePage) -> bool:
    return can_preview(user, course)


@permission(CoursePage, "read")
def can_read(user: Any, course: CoursePage) -> bool:
    if _within(user, course, course.read_scope) or _works_on(user, course):
        return True
    return bool(user.is_authenticated) and any(grant(user).filter(pk=course.pk).exists() for grant in access_grants())


@permission(CoursePage, "download")
def can_download(user: Any, course: CoursePage) -> bool:
    return _within(user, course, course.download_scope)


@permission(CoursePage, "adopt")
def can_adopt(user: Any, course: CoursePage) -> bool:
    """Whether the person may take the course over for the school the person acts for."""
    return _within(user, course, course.adopt_scope)


@permission(CoursePage, "edit")
def can_edit(user: Any, course: CoursePage) -> bool:
    return bool(user.is_authenticated and user.acts_as(Role.EDITOR, at=course.institution_id))


@permission(CoursePage, "see_review")
def can_see_review(user: Any, course: CoursePage) -> bool:
    return _works_on(user, course)


@permission(CoursePage, "approve_for_school")
def can_approve_for_school(user: Any, course: CoursePage) -> bool:
    return bool(user.is_authenticated and user.acts_as(Role.SCHOOL_APPROVER, at=course.institution_id))


@permission(CoursePage, "review_for_library")
def can_review_for_library(user: Any, course: CoursePage) -> bool:
    return bool(user.is_authenticated) and any(school != course.institution_id for school in user.institutions_as(Role.LIBRARY_REVIEWER))


@permission(CoursePage, "withdraw")
def can_withdraw(user: Any, course: CoursePage) -> bool:
    return bool(user.is_authenticated and user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=course.institution_id))


@permission(CoursePage, "take_down")
def can_take_down(user: Any, course: CoursePage) -> bool:
    return bool(user.is_authenticated and user.acts_as(Role.OPERATOR))


@permission(Resource, "view")
def can_view_resource(user: Any, resource: Resource) -> bool:
    return bool(user.is_authenticated and user.acts_as(*DESK_ROLES, at=resource.institution_id))
