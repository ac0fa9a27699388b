"""The models of all parts, so that the app has one migration history."""

from cms.assessment.models import Question, Quiz
from cms.library.models import (
    CoursePage,
    CourseVersion,
    Resource,
    ReviewStep,
    SchoolPage,
    SchoolsPage,
    VersionFile,
)
from cms.library.taxonomy import KindOfEducation, Subject
from cms.site.models import HomePage, InfoPage, SiteSettings

__all__ = [
    "CoursePage",
    "CourseVersion",
    "HomePage",
    "InfoPage",
    "KindOfEducation",
    "Question",
    "Quiz",
    "Resource",
    "ReviewStep",
    "SchoolPage",
    "SchoolsPage",
    "SiteSettings",
    "Subject",
    "VersionFile",
]
