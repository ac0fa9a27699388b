"""Writes of the library: schools' pages, courses, sharing, review, publishing."""

from cms.library.actions.courses import create_course, describe_course, set_body, set_sharing
from cms.library.actions.review import (
    approve_for_school,
    approve_in_library,
    ask_for_changes,
    reject_in_library,
    send_back_to_editor,
    submit_to_school,
    take_down_course,
    withdraw_course,
)
from cms.library.actions.schools import create_school_page, mirror_memberships
from cms.library.actions.versions import publish_version

__all__ = [
    "approve_for_school",
    "approve_in_library",
    "ask_for_changes",
    "create_course",
    "create_school_page",
    "describe_course",
    "mirror_memberships",
    "publish_version",
    "reject_in_library",
    "send_back_to_editor",
    "set_body",
    "set_sharing",
    "submit_to_school",
    "take_down_course",
    "withdraw_course",
]
