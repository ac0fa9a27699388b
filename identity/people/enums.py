"""Choices of a person."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Theme(models.TextChoices):
    SYSTEM = "system", _("as the system")
    LIGHT = "light", _("light")
    DARK = "dark", _("dark")


class TextSize(models.TextChoices):
    NORMAL = "normal", _("normal")
    LARGE = "large", _("large")
    HUGE = "huge", _("very large")


class ExportState(models.TextChoices):
    """Where a person's own data stand."""

    ASKED = "asked", _("being put together")
    READY = "ready", _("ready")
    ENDED = "ended", _("ended")


class ErasureState(models.TextChoices):
    """Where the wish to be erased stands."""

    ASKED = "asked", _("waits for the operator")
    WITHDRAWN = "withdrawn", _("taken back")
    REFUSED = "refused", _("refused")
    DONE = "done", _("carried out")
