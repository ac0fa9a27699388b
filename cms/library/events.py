"""What the library tells the apps above."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.api import Event


@dataclass(frozen=True, kw_only=True)
class CoursePublished(Event):
    """A new version of a course is live."""

    course_id: int
    version_id: int


@dataclass(frozen=True, kw_only=True)
class CourseRemoved(Event):
    """A course was withdrawn or taken down."""

    course_id: int
    state: str
