"""The ground floor."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class FoundationConfig(AppConfig):
    """What every room stands on; see the parts for their promises."""

    name = "foundation"
    verbose_name = _("foundation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The parts register themselves once the models are loaded.
        from foundation.audit.immutability import install_triggers  # noqa: PLC0415
        from foundation.keys import checks  # noqa: F401, PLC0415
        from foundation.notices import handlers, permissions  # noqa: F401, PLC0415

        post_migrate.connect(install_triggers, sender=self, dispatch_uid="foundation.install_triggers")
