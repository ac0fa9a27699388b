"""What study does when something happens below, and what it tells the library and the messages about itself."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from cms.api import CoursePage, register_access_grant
from foundation.api import register_notice
from identity.api import OFFICE, About, Eraser, Exporter, Treatment, register_eraser, register_exporter
from learning.study.enums import EnrolmentState
from learning.study.models import Enrolment

register_notice(
    "study.completed",
    zh=("您学完了《{title}》", "结课条件已全部满足，学习记录已写入您的终身学习档案。"),
    en=("You have completed “{title}”", "All completion conditions are met. The learning record is now in your lifelong archive."),
)


def courses_of_enrolled(user: Any) -> QuerySet:
    """Courses whose pinned version a person reads through an enrolment, whatever their scope is now."""
    if not user.is_authenticated:
        return CoursePage.objects.none()
    own = Enrolment.objects.filter(learner_id=user.pk).exclude(state=EnrolmentState.LEFT)
    return CoursePage.objects.filter(pk__in=own.values("run__course_version__course")).values("pk")


register_access_grant(courses_of_enrolled)
register_eraser(
    Eraser(
        part="learning.study",
        treats=dict.fromkeys(
            [
                "learning.CourseRun",
                "learning.ClassListEntry",
                "learning.Enrolment",
                "learning.UnitProgress",
                "learning.QuizAttempt",
                "learning.StudyDay",
            ],
            Treatment.PSEUDONYM,
        ),
    )
)
register_exporter(
    Exporter(
        part="learning.study",
        gives=(
            About("learning.ClassListEntry", of=("learner",)),
            About("learning.Enrolment", of=("learner",)),
            About("learning.UnitProgress", of=("enrolment__learner",)),
            About("learning.QuizAttempt", of=("enrolment__learner",), hidden=("seed", "question_hash", "key")),
            About("learning.StudyDay", of=("learner",)),
        ),
        left_out={"learning.CourseRun": OFFICE},
    )
)
