"""The demo city."""

from __future__ import annotations

from django.apps import AppConfig


class SeedsConfig(AppConfig):
    """Data files and the loader that builds a city from them."""

    name = "seeds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from seeds import checks  # noqa: F401, PLC0415  registers itself
