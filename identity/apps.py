"""People, institutions, sign-in."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentityConfig(AppConfig):
    """Who somebody is and where they belong; see the parts."""

    name = "identity"
    verbose_name = _("identity")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The parts register themselves once the models are loaded.
        from foundation.api import register_recipient_finder  # noqa: PLC0415
        from identity.institutions import handlers as institution_handlers  # noqa: F401, PLC0415
        from identity.institutions import permissions as institutions  # noqa: F401, PLC0415
        from identity.institutions.queries import alliance_ids, roles_held  # noqa: PLC0415
        from identity.people import handlers, permissions  # noqa: F401, PLC0415
        from identity.people.holding import register_holdings  # noqa: PLC0415
        from identity.people.queries import find_recipient  # noqa: PLC0415
        from identity.signin import handlers as signin  # noqa: F401, PLC0415

        register_holdings(roles_held, alliance_ids)
        register_recipient_finder(find_recipient)
