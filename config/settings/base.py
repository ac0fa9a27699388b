"""What all environments share. No secret, nothing dangerous; every variable read here stands in the table of the README."""

from __future__ import annotations

import ctypes.util
from pathlib import Path
from typing import Any

import environs
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

env = environs.Env()
ROOT = Path(__file__).resolve().parent.parent.parent
VAR = Path(env.str("DATA_DIR", default=str(ROOT / "var")))

VERSION = "0.1.0"  # of the software, named in every case file; a test holds it equal to pyproject.toml

DEBUG = False
DEMO = False
ALLOWED_HOSTS: list[str] = []
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "identity.User"

INSTALLED_APPS = [
    "foundation",
    "identity",
    "cms",
    "learning",
    "creditbank",
    "seeds",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django.contrib.postgres",
    "django_filters",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "foundation.http.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "foundation.http.middleware.ContentSecurityPolicyMiddleware",
    "foundation.http.middleware.CleanInputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "foundation.http.middleware.CallerLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "identity.signin.middleware.ActingMembershipMiddleware",
    "cms.library.middleware.EditorGroupsMiddleware",
    "foundation.http.middleware.PersonalPagesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "foundation.http.middleware.MalformedEditorFormMiddleware",
    "creditbank.ledger.middleware.FrozenLedgerMiddleware",
    "foundation.http.middleware.SealedContentMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "foundation.http.context.site_facts",
                "identity.signin.context.people",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# SQLite: one writer at a time, taken at BEGIN, so that two writers queue up instead of failing; readers never wait (docs/adr/0008).
DATABASES: dict[str, Any] = {"default": env.dj_db_url("DATABASE_URL", default=f"sqlite:///{VAR / 'demo.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    # A connection costs three milliseconds; a thread keeps its own for a minute, and looks whether it still lives.
    DATABASES["default"] |= {"CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60), "CONN_HEALTH_CHECKS": True}
ATOMIC_REQUESTS = False

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [ROOT / "locale" / name for name in ("core", "wagtail")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
WAGTAIL_I18N_ENABLED = False
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
WAGTAILADMIN_PERMITTED_LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [ROOT / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

WAGTAIL_SITE_NAME = "江澜终身学习与学分银行"
WAGTAILADMIN_BASE_URL = env.str("SITE_URL", default="http://localhost:8000")
SITE_URL = WAGTAILADMIN_BASE_URL
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # the stock value sends hashes of e-mail addresses to a stranger
WAGTAILDOCS_SERVE_METHOD = "serve_view"  # every download asks the one policy first
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_WORKFLOW_ENABLED = False  # the review of a course is our own state field (docs/adr/0012)
WAGTAIL_MODERATION_ENABLED = False
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILEMBEDS_FINDERS: list[dict[str, Any]] = []
WAGTAILSEARCH_BACKENDS = {
    "default": {
        "BACKEND": "cms.search.backends.postgresql"
        if DATABASES["default"]["ENGINE"].endswith("postgresql")
        else "cms.search.backends.sqlite",
    }
}
WAGTAIL_SLUG_TRANSLITERATE = False
WAGTAIL_ALLOW_UNICODE_SLUGS = True

TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
# Hosts (with port) on this machine that the outbound guard lets the test suite call; empty everywhere else.
OUTBOUND_TEST_HOSTS: list[str] = []
# The record store: calls of one key a minute, and wrong credentials from one address a minute.
XAPI_REQUESTS_PER_MINUTE = env.int("XAPI_REQUESTS_PER_MINUTE", default=12_000)
XAPI_FAILED_SIGN_INS_PER_MINUTE = 60
CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "foundation.http.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", default="学分银行 <noreply@jianglan.example>")
SMS_BACKEND = "identity.signin.sms.ConsoleBackend"

# Minutes in which a learner can take back what has legal or credit effect (MIIT 2021, rules for apps made fit for older people: at
# least 10). Read by creditbank.recognition; below 10 `check --deploy` fails with creditbank.E001; the demo sets 1 and says so.
WITHDRAWAL_MINUTES = env.int("WITHDRAWAL_MINUTES", default=10, validate=environs.validate.Range(min=0, max=1440))
# Working days by year, one file each (see the README there); where an institution counts in working days, a year without a file is an error.
WORKING_DAYS = Path(env.str("WORKING_DAYS", default=str(ROOT / "seeds" / "data" / "working-days")))
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# Ed25519 keys that sign papers and case files (foundation.keys, docs/adr/0023): files outside of the database and its backups. The demo
# makes a key when it first needs one; production never does, and `check --deploy` fails with foundation.E001 while none is there.
SIGNING_KEYS_DIR = Path(env.str("SIGNING_KEYS_DIR", default=str(VAR / "keys")))
SIGNING_KEYS_MADE_HERE = False

# Master keys: what wraps each person's own key (foundation.keys, docs/adr/0029). Outside of the database, its backups and DATA_DIR's backups:
# together with either they open everything. Made here by the demo alone; `check --deploy` fails with foundation.E002 while none is there.
MASTER_KEYS_DIR = Path(env.str("MASTER_KEYS_DIR", default=str(VAR / "master-keys")))
MASTER_KEYS_MADE_HERE = False

# WeasyPrint draws PDF files with the system library pango; where that is missing, the printable page takes its place.
PDF_AVAILABLE = bool(ctypes.util.find_library("pango-1.0") and ctypes.util.find_library("pangoft2-1.0"))

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "foundation.http.logs.RequestIdFilter"}},
    "formatters": {"json": {"()": "foundation.http.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "django_tasks": {"level": "WARNING"},
        "psycopg": {"level": "ERROR"},  # a pipeline that a conflict ended is an answer to the caller, not news
        "wagtail": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "WARNING"},
    },
}

from config.settings.signin import *  # noqa: E402,F403  sign-in has its own page of settings
