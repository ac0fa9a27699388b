"""Closed lists of the library."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SharingScope(models.IntegerChoices):
    """Who is inside, from narrow to wide; each scope contains the ones before it."""

    OWN = 10, _("own school")
    NAMED = 20, _("named schools")
    ALLIANCE = 30, _("alliance")
    SIGNED_IN = 40, _("signed-in people")
    PUBLIC = 50, _("public")


class ReviewState(models.TextChoices):
    """Where a course stands on its way into the library."""

    DRAFT = "draft", _("draft")
    SCHOOL_REVIEW = "school_review", _("with the school")
    SUBMITTED = "submitted", _("with the library")
    CHANGES_ASKED = "changes_asked", _("changes asked for")
    REJECTED = "rejected", _("rejected")
    LIVE = "live", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")
    TAKEN_DOWN = "taken_down", _("taken down")


class ReasonCode(models.TextChoices):
    """Why a reviewer says no or not yet."""

    LICENSING = "licensing", _("licence")
    TECHNICAL_QUALITY = "technical_quality", _("technical quality")
    METADATA = "metadata", _("description incomplete")
    PORTABILITY = "portability", _("cannot be reused elsewhere")
    CONTENT_ERROR = "content_error", _("error in the content")
    ACCESSIBILITY = "accessibility", _("not accessible")
    PERSONAL_DATA = "personal_data", _("personal data in the content")
    OTHER = "other", _("another reason")


class Licence(models.TextChoices):
    CC0 = "cc0", "CC0"
    CC_BY = "cc-by", "CC BY 4.0"
    CC_BY_SA = "cc-by-sa", "CC BY-SA 4.0"
    CC_BY_NC = "cc-by-nc", "CC BY-NC 4.0"
    CC_BY_NC_SA = "cc-by-nc-sa", "CC BY-NC-SA 4.0"
    CC_BY_ND = "cc-by-nd", "CC BY-ND 4.0"
    SCHOOLS_ONLY = "schools-only", _("for use in schools")
    UNKNOWN = "unknown", _("unknown")


class CourseFormat(models.TextChoices):
    TEXT = "text", _("reading")
    VIDEO = "video", _("video")
    MIXED = "mixed", _("mixed")
    CLASSROOM = "classroom", _("in class")


class CourseLanguage(models.TextChoices):
    CHINESE = "zh-hans", _("Chinese")
    ENGLISH = "en", _("English")


class ResourceKind(models.TextChoices):
    VIDEO = "video", _("video")
    AUDIO = "audio", _("audio")
    DOCUMENT = "document", _("document")
    READING = "reading", _("reading")
    QUIZ = "quiz", _("quiz")
