"""How an amount is brought onto the step of its unit."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Rounding(models.TextChoices):
    DOWN = "down", _("down to the step")
    HALF_UP = "half_up", _("to the nearest step, half upwards")
    NONE = "none", _("not rounded: must lie on the step")
