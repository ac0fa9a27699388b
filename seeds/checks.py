"""Production does not start with people of the demo in its database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import DatabaseError

from identity.api import User


@register(Tags.database)
def check_no_demo_people(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[Error]:
    """An error where demo accounts, whose password everybody knows, meet settings that are no demo."""
    if settings.DEMO or not databases:
        return []
    try:
        found = User.objects.filter(is_demo=True).exists()
    except DatabaseError:
        return []
    hint = "Load a fresh database; demo accounts have a public password."
    return [Error("The database holds demo accounts.", hint=hint, id="seeds.E001")] if found else []
