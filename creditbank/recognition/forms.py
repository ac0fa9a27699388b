"""What people type into the pages of recognition."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.enums import LineChoice, RefusalReason
from creditbank.recognition.models import Application


class DeclarationForm(forms.Form):
    """The declaration with which a learner submits; it accepts exactly what was shown."""

    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)
    declare = forms.BooleanField(
        label=_("What I state is true, and I accept exactly the proposal shown above."),
        error_messages={"required": _("Please confirm the declaration.")},
    )


class MessageForm(forms.Form):
    """A text from one person to another."""

    text = forms.CharField(
        label=_("Message"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write a message.")},
    )


class ReasonForm(forms.Form):
    """Why something is taken back, is not, or stands."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}), error_messages={"required": _("Please say why.")}
    )


class WithdrawalForm(forms.Form):
    """An officer's answer to the wish to withdraw: a refusal says why."""

    grant = forms.TypedChoiceField(
        label=_("Answer"), choices=[("yes", _("Let it be withdrawn")), ("no", _("Go on with the case"))],
        coerce=lambda value: value == "yes",
    )  # fmt: skip
    text = forms.CharField(label=_("Message"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("grant") is False and not cleaned.get("text", "").strip():
            self.add_error("text", _("Please say why the case goes on."))
        return cleaned


class DecisionForm(forms.Form):
    """The first officer's opinion, line by line."""

    message = forms.CharField(label=_("Message to the learner"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, application: Application, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in application.lines.order_by("position"):
            self._add_line(line.position, line.proposed)

    def _add_line(self, number: int, proposed: Decimal) -> None:
        self.fields[f"choice_{number}"] = forms.ChoiceField(
            label=_("Decision on line %(n)s") % {"n": number}, choices=LineChoice.choices, initial=LineChoice.ACCEPT
        )
        self.fields[f"amount_{number}"] = forms.DecimalField(
            label=_("Other amount"), min_value=Decimal(0), max_value=proposed, max_digits=8, decimal_places=3, required=False
        )
        self.fields[f"reason_{number}"] = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *RefusalReason.choices], required=False)
        self.fields[f"note_{number}"] = forms.CharField(label=_("Note"), max_length=500, required=False)

    def line_fields(self, number: int) -> dict[str, Any]:
        """The four bound fields of one line."""
        return {name: self[f"{name}_{number}"] for name in ("choice", "amount", "reason", "note")}
