"""Words of the columns of study."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RunKind(models.TextChoices):
    """Who may enrol."""

    OPEN = "open", _("open to everyone")
    CLOSED = "closed", _("for a class list")


class RunState(models.TextChoices):
    """Whether a run takes learners."""

    DRAFT = "draft", _("being prepared")
    OPEN = "open", _("taking learners")
    CLOSED = "closed", _("closed to newcomers")


class EnrolmentState(models.TextChoices):
    """Where a learner stands in a run."""

    ACTIVE = "active", _("studying")
    COMPLETED = "completed", _("completed")
    LEFT = "left", _("left the run")
