"""What the library does when somebody is erased: an author's name on a published course stays with the course."""

from __future__ import annotations

from identity.api import OFFICE, Eraser, Exporter, Treatment, register_eraser, register_exporter

register_eraser(
    Eraser(part="cms.library", treats={"cms.CoursePage": Treatment.PUBLISHED, "cms.ReviewStep": Treatment.PSEUDONYM}),
)
register_exporter(
    Exporter(
        part="cms.library",
        left_out={"cms.CoursePage": "What was published under a name can be read by everybody.", "cms.ReviewStep": OFFICE},
    )
)
