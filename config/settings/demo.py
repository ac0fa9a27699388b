"""The demo city on one machine: SQLite, mail and text messages into a mailbox page, DEBUG off so that error pages are the real ones."""

from __future__ import annotations

from config.settings.base import *  # noqa: F403
from config.settings.base import env

DEMO = True
SIGNING_KEYS_MADE_HERE = True
MASTER_KEYS_MADE_HERE = True
SECRET_KEY = env.str("SECRET_KEY", default="demo-only-not-a-secret-" + "0" * 40)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
EMAIL_BACKEND = "identity.signin.mailbox.EmailBackend"
SMS_BACKEND = "identity.signin.mailbox.SmsBackend"
WITHDRAWAL_MINUTES = env.int("WITHDRAWAL_MINUTES", default=1)
CSRF_TRUSTED_ORIGINS: list[str] = []
