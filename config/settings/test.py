"""The test suite: a database of its own, quick password hashing, mail in memory, tasks at once."""

from __future__ import annotations

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES, STORAGES, VAR, env

DEMO = True
SIGNING_KEYS_MADE_HERE = True
MASTER_KEYS_MADE_HERE = True
SECRET_KEY = "test-only-not-a-secret-" + "0" * 40
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SMS_BACKEND = "identity.signin.mailbox.SmsBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
MEDIA_ROOT = VAR / "test-media"
SIGNING_KEYS_DIR = VAR / "test-keys"
MASTER_KEYS_DIR = VAR / "test-master-keys"
DATABASES["default"].setdefault("TEST", {})
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)  # clones are dropped while their users would still hold on
WHITENOISE_AUTOREFRESH = True
LOG_LEVEL = env.str("LOG_LEVEL", default="ERROR")
WHITENOISE_USE_FINDERS = True
