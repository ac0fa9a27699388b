"""The front door of the library: the only module that other apps import from."""

from cms.assessment.actions import QuestionFacts, create_quiz
from cms.assessment.enums import QuestionKind
from cms.assessment.models import Quiz
from cms.assessment.scoring import score_quiz
from cms.assessment.snapshots import quiz_of
from cms.assessment.types import ItemScore, QuestionContent, QuizContent, QuizScore
from cms.library.actions import (
    approve_for_school,
    approve_in_library,
    ask_for_changes,
    create_course,
    describe_course,
    publish_version,
    reject_in_library,
    send_back_to_editor,
    set_body,
    set_sharing,
    submit_to_school,
    take_down_course,
    withdraw_course,
)
from cms.library.enums import CourseFormat, CourseLanguage, Licence, ReasonCode, ReviewState, SharingScope
from cms.library.events import CoursePublished, CourseRemoved
from cms.library.exceptions import ContentWithoutIds, IllegalTransition, MetadataIncomplete, ScopesOutOfOrder
from cms.library.models import CoursePage, CourseVersion, SchoolPage, SchoolsPage
from cms.library.queries import course_by_uuid, course_content, courses_visible_to, latest_version
from cms.library.registries import register_access_grant, register_block_snapshot
from cms.library.taxonomy import KindOfEducation, Subject
from cms.library.types import BlockContent, CourseContent, CourseFacts, SectionContent, UnitContent
from cms.site.actions import create_home
from cms.site.models import HomePage, InfoPage, SiteSettings

__all__ = [
    "BlockContent",
    "ContentWithoutIds",
    "CourseContent",
    "CourseFacts",
    "CourseFormat",
    "CourseLanguage",
    "CoursePage",
    "CoursePublished",
    "CourseRemoved",
    "CourseVersion",
    "HomePage",
    "IllegalTransition",
    "InfoPage",
    "ItemScore",
    "KindOfEducation",
    "Licence",
    "MetadataIncomplete",
    "QuestionContent",
    "QuestionFacts",
    "QuestionKind",
    "Quiz",
    "QuizContent",
    "QuizScore",
    "ReasonCode",
    "ReviewState",
    "SchoolPage",
    "SchoolsPage",
    "ScopesOutOfOrder",
    "SectionContent",
    "SharingScope",
    "SiteSettings",
    "Subject",
    "UnitContent",
    "approve_for_school",
    "approve_in_library",
    "ask_for_changes",
    "course_by_uuid",
    "course_content",
    "courses_visible_to",
    "create_course",
    "create_home",
    "create_quiz",
    "describe_course",
    "latest_version",
    "publish_version",
    "quiz_of",
    "register_access_grant",
    "register_block_snapshot",
    "reject_in_library",
    "score_quiz",
    "send_back_to_editor",
    "set_body",
    "set_sharing",
    "submit_to_school",
    "take_down_course",
    "withdraw_course",
]
