"""Kinds of papers, and what a check of one can find."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PaperKind(models.TextChoices):
    TRANSCRIPT = "transcript", _("Transcript of credit")
    CERTIFICATE = "certificate", _("Certificate of credit")


class Standing(models.TextChoices):
    """The five answers of a check; there are no others."""

    VALID = "valid", _("valid")
    REVOKED = "revoked", _("revoked")
    EXPIRED = "expired", _("expired")
    ALTERED = "altered", _("altered")
    UNKNOWN = "unknown", _("unknown")


class SubmissionSheet(models.TextChoices):
    """The three files that Shanghai's bank takes from an institution."""

    OWN = "own", _("own courses")
    ELSEWHERE = "elsewhere", _("courses from elsewhere")
    CERTIFICATES = "certificates", _("certificates")


class CodeKind(models.TextChoices):
    """Which column of a submission file a code stands in."""

    LEVEL = "level", _("level of education")
    EDUCATION = "education", _("kind of education")
    RESULT = "result", _("how the studies ended")
    SEASON = "season", _("season of graduation")
    SOURCE = "source", _("kind of source")
    SCHOOL = "school", _("school")
