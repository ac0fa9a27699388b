"""What sign-up asks besides number and password, and how a person's settings are changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from identity.people.models import User
from identity.people.validators import clean_name


class NameForm(forms.Form):
    """One name field; mixed into allauth's sign-up form."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("As on your papers, in one field."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        typed = {"phone", "email"} & {name for name in self.data if str(self.data.get(name, "")).strip()}
        if not typed:
            self.add_error("phone", _("Enter your phone number or your e-mail address."))
        return cleaned

    def signup(self, request: Any, user: User) -> None:
        """Called by allauth after the person was made."""


class SettingsForm(forms.ModelForm[User]):
    """How the person wants to be called and to read."""

    class Meta:
        model = User
        fields = ["name", "language", "text_size", "theme", "elder_mode"]

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])


class ActingForm(forms.Form):
    """Which membership to act in; empty: none chosen."""

    membership = forms.IntegerField(required=False, min_value=1, max_value=2**62)
