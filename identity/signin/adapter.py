"""How allauth finds, makes and reaches our people."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.translation import gettext as _

from identity.people.models import User
from identity.people.validators import clean_name, clean_phone
from identity.signin.sms import send_sms


class AccountAdapter(DefaultAccountAdapter):
    """One name field; phone numbers live on the person; codes go out as text messages."""

    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:
        """Fill a new person from the sign-up form."""
        data = form.cleaned_data
        user.name = clean_name(data["name"])
        user.email = data.get("email") or None
        user.phone = data.get("phone") or None
        user.set_password(data.get("password1"))
        if commit:
            user.save()
        return user

    def clean_phone(self, phone: str) -> str:
        """Full-width digits, blanks and a missing +86 are understood."""
        return clean_phone(phone)

    def phone_form_field(self, **kwargs: Any) -> Any:
        from django import forms  # noqa: PLC0415  a form field, wanted by this hook alone

        field = forms.CharField(label=_("Phone"), max_length=40, **{name: kwargs[name] for name in ("required",) if name in kwargs})
        field.widget.attrs.update({"type": "tel", "autocomplete": "tel", "inputmode": "tel"})
        field.help_text = _("For example 138 1234 5678")
        field.clean = _cleaning(field)  # type: ignore[method-assign]
        return field

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        User.objects.filter(pk=user.pk).update(phone=phone, phone_verified=verified)
        user.phone, user.phone_verified = phone, verified

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone_verified(self, user: User, phone: str) -> None:
        User.objects.filter(pk=user.pk, phone=phone).update(phone_verified=True)

    def get_user_by_phone(self, phone: str) -> User | None:
        """The person of a number: one who confirmed it comes first."""
        return User.objects.filter(phone=phone).order_by("-phone_verified").first()

    def send_verification_code_sms(self, user: User | None, phone: str, code: str, **kwargs: Any) -> None:
        send_sms(phone, _("Your code is %(code)s. Nobody from us ever asks you for it.") % {"code": code})

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        send_sms(phone, _("Somebody tried to sign in with this number, which is not registered with us."))

    def send_account_already_exists_sms(self, phone: str) -> None:
        send_sms(phone, _("Somebody tried to register this number, which is registered already. You can simply sign in."))


def _cleaning(field: Any) -> Any:
    plain = field.clean

    def clean(value: Any) -> str:
        text = plain(value)
        return clean_phone(text) if text else text

    return clean
