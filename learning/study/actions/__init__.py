"""Writes of study."""

from learning.study.actions.batch import enrol_many, record_history
from learning.study.actions.enrolling import add_to_class_list, enrol, leave_run
from learning.study.actions.progress import complete_unit, open_unit, report_time, submit_quiz
from learning.study.actions.runs import approve_auto_deposit, close_run, open_run

__all__ = [
    "add_to_class_list",
    "approve_auto_deposit",
    "close_run",
    "complete_unit",
    "enrol",
    "enrol_many",
    "leave_run",
    "open_run",
    "open_unit",
    "record_history",
    "report_time",
    "submit_quiz",
]
