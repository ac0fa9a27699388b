"""Studying, the archive, and the statement store."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    """Runs of shared courses, what people do in them, and what stays of it for life."""

    name = "learning"
    verbose_name = _("learning")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The parts register themselves once the models are loaded: permissions, handlers, wording of messages, access grants.
        from learning.archive import handlers as archive_handlers  # noqa: F401, PLC0415
        from learning.archive import permissions as archive  # noqa: F401, PLC0415
        from learning.study import handlers, permissions  # noqa: F401, PLC0415
        from learning.xapi import accounts  # noqa: F401, PLC0415
        from learning.xapi import handlers as xapi_handlers  # noqa: F401, PLC0415
        from learning.xapi import permissions as xapi  # noqa: F401, PLC0415
