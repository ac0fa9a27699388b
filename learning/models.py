"""All models of the app, for Django; the rooms themselves import from their own ``models``."""

from learning.archive.models import Evidence, LearningRecord
from learning.study.models import ClassListEntry, CourseRun, Enrolment, QuizAttempt, StudyDay, UnitProgress
from learning.xapi.models import Statement

__all__ = [
    "ClassListEntry",
    "CourseRun",
    "Enrolment",
    "Evidence",
    "LearningRecord",
    "QuizAttempt",
    "Statement",
    "StudyDay",
    "UnitProgress",
]
