"""What others ask about courses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from cms.library.content import content_of
from cms.library.models import CoursePage, CourseQuerySet, CourseVersion
from cms.library.types import CourseContent


def courses_visible_to(user: Any, permission: str = "preview") -> CourseQuerySet:
    """Courses that a person may preview, read, download or adopt, by the one policy."""
    return CoursePage.objects.all().visible_to(user, permission)


def course_content(version: CourseVersion) -> CourseContent:
    """A version as learners' pages read it; no query."""
    return content_of(version.manifest)


def latest_version(course: CoursePage) -> CourseVersion | None:
    """The newest published version, or None. One query."""
    return course.versions.order_by("-number").first()


def course_by_uuid(uuid: UUID) -> CoursePage | None:
    """A course, whatever its state; for records and statements that name it. One query."""
    return CoursePage.objects.filter(uuid=uuid).first()
