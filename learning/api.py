"""The front door of learning: the only module that other apps import from."""

from learning.archive.actions import attach_evidence, correct_record, enter_record, enter_records, open_evidence, void_record, void_records
from learning.archive.enums import Category, RecordSource, RecordState, SourceType, Trust
from learning.archive.exceptions import ArchiveError, CreditsOffStep, RecordAlreadyEntered, RecordAlreadyVoid, WrongTrust
from learning.archive.models import Evidence, LearningRecord
from learning.archive.queries import records_of, summary_of
from learning.archive.types import ArchiveSummary, NewRecord, RecordEntered, RecordVoided
from learning.study.actions import (
    add_to_class_list,
    approve_auto_deposit,
    close_run,
    complete_unit,
    enrol,
    enrol_many,
    leave_run,
    open_run,
    open_unit,
    record_history,
    report_time,
    submit_quiz,
)
from learning.study.enums import EnrolmentState, RunKind, RunState
from learning.study.exceptions import StudyError
from learning.study.models import ClassListEntry, CourseRun, Enrolment, QuizAttempt, UnitProgress
from learning.study.queries import runs_of_course, standing_of
from learning.study.types import AttemptHistory, Enrolled, RunOpened, Standing, StudyHistory, UnitHistory
from learning.xapi.accounts import register_home
from learning.xapi.actions import write_statement, write_statements
from learning.xapi.keys import create_key, living_operator_keys
from learning.xapi.models import Statement
from learning.xapi.refusals import note_refusal
from learning.xapi.report import failing_forwards
from learning.xapi.storing import take_statements
from learning.xapi.types import Activity, StatementDraft

__all__ = [
    "Activity",
    "ArchiveError",
    "ArchiveSummary",
    "AttemptHistory",
    "Category",
    "ClassListEntry",
    "CourseRun",
    "CreditsOffStep",
    "Enrolled",
    "Enrolment",
    "EnrolmentState",
    "Evidence",
    "LearningRecord",
    "NewRecord",
    "QuizAttempt",
    "RecordAlreadyEntered",
    "RecordAlreadyVoid",
    "RecordEntered",
    "RecordSource",
    "RecordState",
    "RecordVoided",
    "RunKind",
    "RunOpened",
    "RunState",
    "SourceType",
    "Standing",
    "Statement",
    "StatementDraft",
    "StudyError",
    "StudyHistory",
    "Trust",
    "UnitHistory",
    "UnitProgress",
    "WrongTrust",
    "add_to_class_list",
    "approve_auto_deposit",
    "attach_evidence",
    "close_run",
    "complete_unit",
    "correct_record",
    "create_key",
    "enrol",
    "enrol_many",
    "enter_record",
    "enter_records",
    "failing_forwards",
    "leave_run",
    "living_operator_keys",
    "note_refusal",
    "open_evidence",
    "open_run",
    "open_unit",
    "record_history",
    "records_of",
    "register_home",
    "report_time",
    "runs_of_course",
    "standing_of",
    "submit_quiz",
    "summary_of",
    "take_statements",
    "void_record",
    "void_records",
    "write_statement",
    "write_statements",
]
