"""What the library does when somebody is erased: an author's name on a published course stays with the course."""

from __future__ import annotations

from identity.api import Eraser, Treatment, register_eraser

register_eraser(
    Eraser(part="cms.library", treats={"cms.CoursePage": Treatment.PUBLISHED, "cms.ReviewStep": Treatment.PSEUDONYM}),
)
