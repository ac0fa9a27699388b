"""Looking up a certificate by its code."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class VerifyForm(forms.Form):
    """A code as printed: any case, blanks and hyphens do not matter."""

    code = forms.CharField(
        label=_("Code"), max_length=80, help_text=_("Twelve characters, for example ABCD-EFGH-JKLM."),
        error_messages={"required": _("Please enter the code from the paper.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )  # fmt: skip
