"""Forms of an erasure, and of the identity card's number."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from identity.people.validators import clean_civil_number


class ErasureForm(forms.Form):
    """The wish of a person."""

    reason = forms.CharField(label=_("Why (you need not say)"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    sure = forms.BooleanField(label=_("I have read what goes and what stays. It cannot be undone."))


class ErasureAnswerForm(forms.Form):
    """The operator's answer."""

    choice = forms.ChoiceField(
        label=_("Answer"), choices=[("erase", _("erase for good")), ("refuse", _("refuse"))], widget=forms.RadioSelect
    )
    answer = forms.CharField(
        label=_("Why it is refused"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The person reads this. Needed for a refusal."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("choice") == "refuse" and not data.get("answer", "").strip():
            self.add_error("answer", _("Please say why."))
        return data


class CivilNumberForm(forms.Form):
    """The number of one's identity card."""

    number = forms.CharField(
        label=_("Identity card number"), max_length=40, help_text=_("18 characters; the last may be an X."),
        error_messages={"required": _("Please enter the number of your identity card.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "class": "mono"}),
    )  # fmt: skip

    def clean_number(self) -> str:
        return clean_civil_number(self.cleaned_data["number"], on=timezone.localdate())
