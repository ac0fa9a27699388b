"""All models of the app, for Django; the rooms themselves import from their own ``models``."""

from learning.archive.models import Evidence, LearningRecord
from learning.study.models import ClassListEntry, CourseRun, Enrolment, QuizAttempt, StudyDay, UnitProgress
from learning.xapi.models import ActivityDefinition, Statement, StatementTerm, XapiAttachment, XapiDocument, XapiKey

__all__ = [
    "ActivityDefinition",
    "ClassListEntry",
    "CourseRun",
    "Enrolment",
    "Evidence",
    "LearningRecord",
    "QuizAttempt",
    "Statement",
    "StatementTerm",
    "StudyDay",
    "UnitProgress",
    "XapiAttachment",
    "XapiDocument",
    "XapiKey",
]
