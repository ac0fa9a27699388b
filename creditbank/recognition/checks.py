"""Settings that would take rights away from learners."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import Error, Tags, register

LEAST_MINUTES = 10


@register(Tags.security, deploy=True)
def check_withdrawal_window(app_configs: object, **kwargs: object) -> list[Error]:
    """At least ten minutes to take back what has legal effect (MIIT 2021)."""
    if settings.WITHDRAWAL_MINUTES >= LEAST_MINUTES:
        return []
    return [Error("WITHDRAWAL_MINUTES is below 10.", hint="Set it to 10 or more.", id="creditbank.E001")]
