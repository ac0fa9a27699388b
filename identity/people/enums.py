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
