"""Closed lists of the catalogue."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConvertibilityValue(models.TextChoices):
    ALLOW = "allow", _("may be converted")
    PARTIAL = "partial", _("only where a rule names the outcome itself")
    DENY = "deny", _("may not be converted")


class GradeMapMode(models.TextChoices):
    TABLE = "table", _("grade by grade")
    LINEAR = "linear", _("linear")
    DISTRIBUTION = "distribution", _("by distribution")
    PASS_ONLY = "pass_only", _("passed or not")


class NodeKind(models.TextChoices):
    LEAF = "leaf", _("requirement")
    ALL = "all", _("all of them")
    ANY = "any", _("one of them")
    N_OF = "n_of", _("so many of them")


class ImportState(models.TextChoices):
    """Where a file for the catalogue stands."""

    READ = "read", _("read, not yet confirmed")
    STORED = "stored", _("stored in the catalogue")
    ASIDE = "aside", _("put aside")
