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
