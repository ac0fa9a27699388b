"""Sign-in: django-allauth's settings, read by the base settings."""

from __future__ import annotations

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/my/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
WAGTAILADMIN_LOGIN_URL = "/accounts/login/"
