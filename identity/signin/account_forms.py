"""Signing in. Apart from the other forms, because allauth's own module imports those while it loads."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.utils.translation import gettext_lazy as _

from identity.people.validators import clean_phone


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]
    """Telephone numbers are understood however they are written; the stock form wants them exactly as they are stored."""

    def clean_login(self) -> str:
        login = str(super().clean_login())
        if "@" in login:
            return login
        try:
            return clean_phone(login)
        except forms.ValidationError:
            return login


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]
    """Signing up with a phone number or an e-mail address; says once that one of the two is enough."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].help_text = _("For example 138 1234 5678. A phone number or an e-mail address: one is enough.")
        self.fields["email"].label = _("E-mail")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):  # type: ignore[misc]
    """A code by text message or e-mail. The stock form takes an empty one for valid and fails afterwards."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if not self.errors and not cleaned.get("email") and not cleaned.get("phone"):
            raise forms.ValidationError(_("Enter your phone number or your e-mail address."))
        return cleaned
