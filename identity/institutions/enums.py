"""Kinds of institutions and the roles people hold there."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class InstitutionKind(models.TextChoices):
    SCHOOL = "school", _("school")
    VOCATIONAL = "vocational", _("vocational college")
    HIGHER = "higher", _("university")
    ADULT = "adult", _("adult education")
    COMMUNITY = "community", _("community college")
    ELDERLY = "elderly", _("university of the third age")
    COMPANY = "company", _("company")
    AWARDING_BODY = "awarding_body", _("awarding body")


class InstitutionStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    CLOSED = "closed", _("closed")


class Role(models.TextChoices):
    """The ten roles with power, and three plain ones that only say somebody belongs there."""

    INSTRUCTOR = "instructor", _("instructor")
    EDITOR = "editor", _("editor")
    SCHOOL_APPROVER = "school_approver", _("school approver")
    LIBRARY_REVIEWER = "library_reviewer", _("library reviewer")
    SCHOOL_ADMINISTRATOR = "school_administrator", _("school administrator")
    CREDIT_OFFICER = "credit_officer", _("credit officer")
    REVIEWER = "reviewer", _("reviewer")
    EXPERT = "expert", _("expert")
    AUDITOR = "auditor", _("auditor")
    OPERATOR = "operator", _("operator")
    LEARNER = "learner", _("learner")
    TEACHER = "teacher", _("teacher")
    STAFF = "staff", _("staff")


PLAIN_ROLES = frozenset({Role.LEARNER, Role.TEACHER, Role.STAFF})
SCHOOL_ROLES = frozenset({Role.INSTRUCTOR, Role.EDITOR, Role.SCHOOL_APPROVER})
"""What a school administrator may grant at the own school; every other role with power is granted by an operator."""
