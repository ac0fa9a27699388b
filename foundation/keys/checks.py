"""What a deployment needs before it can issue papers and keep what is personal."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import Error, Tags, register

from foundation.keys.exceptions import BadMasterKey
from foundation.keys.masters import master_names
from foundation.keys.signing import key_files


@register(Tags.security, deploy=True)
def check_signing_key(app_configs: object, **kwargs: object) -> list[Error]:
    """A private key lies where the settings say."""
    if settings.SIGNING_KEYS_MADE_HERE or any(row.can_sign for row in key_files()):
        return []
    hint = "Run manage.py signing_key new, and keep the folder outside of database backups."
    return [Error(f"No signing key in {settings.SIGNING_KEYS_DIR}.", hint=hint, id="foundation.E001")]


@register(Tags.security, deploy=True)
def check_master_key(app_configs: object, **kwargs: object) -> list[Error]:
    """A master key lies where the settings say, and every file there is one."""
    hint = "Run manage.py master_key new, and keep the folder apart from the database, the files and the backups of both."
    try:
        names = master_names()
    except BadMasterKey as error:
        return [Error(f"{error} in {settings.MASTER_KEYS_DIR} is no master key.", hint=hint, id="foundation.E003")]
    if settings.MASTER_KEYS_MADE_HERE or names:
        return []
    return [Error(f"No master key in {settings.MASTER_KEYS_DIR}.", hint=hint, id="foundation.E002")]
