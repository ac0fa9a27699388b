"""The shared library."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    """Courses, quizzes, search, and the site around them; see the parts."""

    name = "cms"
    verbose_name = _("library")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The parts register themselves once the models are loaded.
        from cms.assessment import snapshots  # noqa: F401, PLC0415
        from cms.library import erasing, handlers, permissions, views  # noqa: F401, PLC0415
        from cms.site import views as site  # noqa: F401, PLC0415
