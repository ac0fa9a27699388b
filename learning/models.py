"""All models of the app, for Django; the rooms themselves import from their own ``models``."""

from learning.archive.models import Evidence, LearningRecord
from learning.study.models import ClassListEntry, CourseRun, Enrolment, QuizAttempt, StudyDay, UnitProgress
from learning.xapi.models import (
    ActivityDefinition,
    Statement,
    StatementTerm,
    StatementTotal,
    XapiAccount,
    XapiAttachment,
    XapiDocument,
    XapiForward,
    XapiHome,
    XapiKey,
    XapiRefusal,
)

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
    "StatementTotal",
    "StudyDay",
    "UnitProgress",
    "XapiAccount",
    "XapiAttachment",
    "XapiDocument",
    "XapiForward",
    "XapiHome",
    "XapiKey",
    "XapiRefusal",
]
