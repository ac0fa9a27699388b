"""Our xAPI profile: every verb and activity type that the platform's own statements use, and no other.

Published as JSON-LD under ``PROFILE_PATH``; the ids are published ones of ADL, Activity Streams and acrossx, so that other stores know
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

ADL = "http://adlnet.gov/expapi/"
ACROSSX = "https://w3id.org/xapi/acrossx/"
STREAMS = "http://activitystrea.ms/"
PROFILE_PATH = "/id/profile"
PROFILE_VERSION_PATH = "/id/profile/v1"
PROGRESS_EXTENSION = "https://w3id.org/xapi/cmi5/result/extensions/progress"


@dataclass(frozen=True)
class Term:
    """A verb or an activity type: its id and its names."""

    iri: str
    zh: str
    en: str

    @property
    def names(self) -> dict[str, str]:
        return {"zh-CN": self.zh, "en": self.en}


REGISTERED = Term(f"{ADL}verbs/registered", "选课", "enrolled")
LEFT = Term(f"{STREAMS}leave", "退出", "left")
EXPERIENCED = Term(f"{ADL}verbs/experienced", "学习", "studied")
PROGRESSED = Term(f"{ADL}verbs/progressed", "推进", "progressed")
COMPLETED = Term(f"{ADL}verbs/completed", "完成", "completed")
WATCHED = Term(f"{ACROSSX}verbs/watched", "观看", "watched")
ATTEMPTED = Term(f"{ADL}verbs/attempted", "开始作答", "attempted")
ANSWERED = Term(f"{ADL}verbs/answered", "回答", "answered")
PASSED = Term(f"{ADL}verbs/passed", "通过", "passed")
FAILED = Term(f"{ADL}verbs/failed", "未通过", "failed")
SUBMITTED = Term(f"{STREAMS}submit", "提交", "submitted")
SCORED = Term(f"{ADL}verbs/scored", "评分", "scored")
ATTENDED = Term(f"{ADL}verbs/attended", "参加", "attended")
POSTED = Term(f"{ACROSSX}verbs/posted", "发帖", "posted")

COURSE = Term(f"{ADL}activities/course", "课程", "course")
LESSON = Term(f"{ADL}activities/lesson", "单元", "unit")
ASSESSMENT = Term(f"{ADL}activities/assessment", "测验", "quiz")
INTERACTION = Term(f"{ADL}activities/cmi.interaction", "题目", "question")
VIDEO = Term(f"{ACROSSX}activities/video", "视频", "video")
MEETING = Term(f"{ADL}activities/meeting", "课堂", "class meeting")
DISCUSSION = Term(f"{ACROSSX}activities/online-discussion", "讨论", "discussion")

VERBS = (
    REGISTERED,
    LEFT,
    EXPERIENCED,
    PROGRESSED,
    COMPLETED,
    WATCHED,
    ATTEMPTED,
    ANSWERED,
    PASSED,
    FAILED,
    SUBMITTED,
    SCORED,
    ATTENDED,
    POSTED,
)
ACTIVITY_TYPES = (COURSE, LESSON, ASSESSMENT, INTERACTION, VIDEO, MEETING, DISCUSSION)
VERBS_BY_IRI = {term.iri: term for term in VERBS}
TYPES_BY_IRI = {term.iri: term for term in ACTIVITY_TYPES}


def site_iri(path: str) -> str:
    """A permanent id of this site; ``path`` begins with a slash."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def profile_document() -> dict[str, Any]:
    """The profile as JSON-LD, in the form of the xAPI Profiles specification 1.0."""
    version = site_iri(PROFILE_VERSION_PATH)
    concepts = [_concept(term, "Verb", version) for term in VERBS] + [_concept(term, "ActivityType", version) for term in ACTIVITY_TYPES]
    return {
        "@context": "https://w3id.org/xapi/profiles/context",
        "id": site_iri(PROFILE_PATH),
        "type": "Profile",
        "conformsTo": "https://w3id.org/xapi/profiles#1.0",
        "prefLabel": {"zh-CN": "终身学习与学分银行学习行为规范", "en": "Profile of the lifelong learning and credit bank"},
        "definition": {
            "zh-CN": "平台写入的学习行为记录所用的全部动词与活动类型。",
            "en": "All verbs and activity types of the platform's statements.",
        },
        "versions": [{"id": version, "generatedAtTime": "2026-11-24T00:00:00Z"}],
        "author": {"type": "Organization", "name": settings.WAGTAIL_SITE_NAME, "url": settings.SITE_URL},
        "concepts": concepts,
    }


def _concept(term: Term, kind: str, version: str) -> dict[str, Any]:
    return {"id": term.iri, "type": kind, "inScheme": version, "prefLabel": term.names, "definition": term.names}
