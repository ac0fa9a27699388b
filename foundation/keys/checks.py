"""What a deployment needs before it can issue papers."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import Error, Tags, register

from foundation.keys.signing import key_files


@register(Tags.security, deploy=True)
def check_signing_key(app_configs: object, **kwargs: object) -> list[Error]:
    """A private key lies where the settings say."""
    if settings.SIGNING_KEYS_MADE_HERE or any(row.can_sign for row in key_files()):
        return []
    hint = "Run manage.py signing_key new, and keep the folder outside of database backups."
    return [Error(f"No signing key in {settings.SIGNING_KEYS_DIR}.", hint=hint, id="foundation.E001")]
