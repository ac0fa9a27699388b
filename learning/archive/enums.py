"""Words of the archive's columns."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RecordSource(models.TextChoices):
    """How a record came into the archive."""

    RUN = "run", _("course run on the platform")
    INSTITUTION_UPLOAD = "institution_upload", _("reported by the institution")
    LEARNER_UPLOAD = "learner_upload", _("added by the learner")
    PACKAGE = "package", _("imported package")
    CREDENTIAL = "credential", _("credential received")


class Trust(models.TextChoices):
    """Who stands for a record."""

    INSTITUTION = "institution", _("confirmed by the institution")
    VERIFIED = "verified", _("checked by a reviewer")
    SELF = "self", _("stated by the learner")


class RecordState(models.TextChoices):
    """Whether a record counts."""

    ACTIVE = "active", _("valid")
    DISPUTED = "disputed", _("disputed")
    VOID = "void", _("void")


class Category(models.TextChoices):
    """Kind of credit that a record carries; convertibility asks for it."""

    ACADEMIC = "academic", _("academic credits")
    VOCATIONAL = "vocational", _("vocational credits")
    CULTURE_LEISURE = "culture_leisure", _("culture credits")


class SourceType(models.TextChoices):
    """What kind of achievement a record is."""

    COURSE = "course", _("course")
    MOOC = "mooc", _("online course")
    CERTIFICATE = "certificate", _("certificate")
    EXAM = "exam", _("examination")
    PRIOR_AWARD = "prior_award", _("earlier award")
    WORK = "work", _("work experience")
    PORTFOLIO = "portfolio", _("portfolio")
    COMPETITION = "competition", _("competition")
    VOLUNTEERING = "volunteering", _("volunteering")
