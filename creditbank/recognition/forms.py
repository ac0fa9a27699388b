"""What people type into the pages of recognition."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from creditbank.recognition.enums import DECIDED_RESULTS, AppealGround, DaysCounted, DefaultResult, ExceptionKind, LineChoice, RefusalReason
from creditbank.recognition.exceptions import BadFile
from creditbank.recognition.models import Application
from creditbank.recognition.terms import Terms
from creditbank.recognition.uploads import LARGEST_BYTES, KeptFile, clean_file


class DeclarationForm(forms.Form):
    """The declaration with which a learner submits; it accepts exactly what was shown."""

    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)
    declare = forms.BooleanField(
        label=_("What I state is true, and I accept exactly the proposal shown above."),
        error_messages={"required": _("Please confirm the declaration.")},
    )


class OwnRecordsForm(forms.Form):
    """A file of one's own records for the explorer."""

    file = forms.FileField(
        label=_("File of your records"),
        help_text=_("CSV, XLSX or JSON, at most 100 records and 1 MB. It is read, answered and forgotten."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.json,.txt"}),
        error_messages={"required": _("Please choose a file.")},
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


class FileField(forms.FileField):
    """A photograph or a PDF; what comes out is the file as it may be kept. A phone offers its camera."""

    complaints = {
        "size": _("The file is empty or larger than 10 MB. A photograph in normal quality is enough."),
        "kind": _("This is not a PDF, JPEG or PNG file."),
        "pixels": _("The picture has too many pixels. A photograph in normal quality is enough."),
    }

    def __init__(self, *, camera: bool = False, **kwargs: Any) -> None:
        attributes = {"accept": "image/*", "capture": "environment"} if camera else {"accept": "image/*,application/pdf"}
        super().__init__(max_length=200, allow_empty_file=True, widget=forms.FileInput(attrs=attributes), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> KeptFile | None:
        upload = super().clean(data, initial)
        if not upload:
            return None
        try:
            return clean_file(upload.read() if upload.size <= LARGEST_BYTES else b"", upload.name)
        except BadFile as error:
            raise ValidationError(self.complaints[error.code]) from error


class EvidenceForm(forms.Form):
    """A file for one item of the evidence list: taken now with the camera, or chosen."""

    number = forms.IntegerField(min_value=1, max_value=999, widget=forms.HiddenInput)
    photo = FileField(label=_("Take a photograph"), required=False, camera=True)
    file = FileField(
        label=_("Or choose a file"), required=False, help_text=_("PDF, JPEG or PNG, at most 10 MB. Place and camera are removed from photographs.")
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("photo") and not cleaned.get("file"):
            self.add_error("file", _("Please take a photograph or choose a file."))
        return cleaned

    @property
    def kept(self) -> KeptFile:
        """The file, whichever way it came."""
        kept: KeptFile = self.cleaned_data.get("photo") or self.cleaned_data["file"]
        return kept


class AnswerForm(MessageForm):
    """What the learner answers, perhaps with a file."""

    file = FileField(
        label=_("Photograph or PDF"), required=False, help_text=_("PDF, JPEG or PNG, at most 10 MB. Place and camera are removed from photographs.")
    )  # fmt: skip


class AppealForm(forms.Form):
    """Why a learner appeals."""

    ground = forms.ChoiceField(label=_("What is wrong"), choices=AppealGround.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Your reasons"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Say which record or which step it is about, and what should be looked at again."),
        error_messages={"required": _("Please write your reasons.")},
    )  # fmt: skip


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


class ExceptionForm(forms.Form):
    """What an officer proposes to read otherwise for one learner."""

    learner = forms.CharField(label=_("Learner"), max_length=80, help_text=_("Reference number of one of the learner's applications."))
    kind = forms.ChoiceField(label=_("What changes"), choices=ExceptionKind.choices, widget=forms.RadioSelect)
    path = forms.CharField(
        label=_("Requirement, rule or limit"), max_length=40, help_text=_("Its number, for example 1.2 or JLOU-NUR-003.")
    )
    value = forms.CharField(
        label=_("Value"), max_length=60, required=False, help_text=_("The outcome that counts as well, or the other amount; empty for a waiver.")
    )  # fmt: skip
    expires_on = forms.DateField(label=_("Holds until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class AnswerExceptionForm(forms.Form):
    """What another person says to a proposed exception; a refusal says why."""

    approve = forms.TypedChoiceField(
        label=_("Answer"), choices=[("yes", _("Approve")), ("no", _("Refuse"))], coerce=lambda value: value == "yes", widget=forms.RadioSelect
    )  # fmt: skip
    note = forms.CharField(label=pgettext_lazy("of an officer", "Note"), max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("approve") is False and not cleaned.get("note", "").strip():
            self.add_error("note", _("Please say why it is refused."))
        return cleaned


class PolicyForm(forms.Form):
    """The periods of an institution; bounds as in the schema."""

    valid_from = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    decide_days = forms.IntegerField(label=_("Days until an answer"), min_value=1, max_value=180)
    decide_counting = forms.ChoiceField(label=_("Answers counted in"), choices=DaysCounted.choices)
    answer_days = forms.IntegerField(label=_("Days for the learner to add something"), min_value=7, max_value=180)
    accept_days = forms.IntegerField(label=_("Days for the learner to accept"), min_value=7, max_value=180)
    appeal_days = forms.IntegerField(label=_("Days in which to appeal"), min_value=10, max_value=365)
    appeal_decide_days = forms.IntegerField(label=_("Days until an appeal is decided"), min_value=1, max_value=180)
    appeal_counting = forms.ChoiceField(label=_("Appeals counted in"), choices=DaysCounted.choices)
    appeal_levels = forms.IntegerField(label=_("Levels of appeal"), min_value=1, max_value=3)
    default_result = forms.ChoiceField(label=_("If nobody decides an appeal in time"), choices=DefaultResult.choices)
    last_default_result = forms.ChoiceField(
        label=_("If nobody decides the last appeal in time"),
        choices=[(value, label) for value, label in DefaultResult.choices if value != DefaultResult.ESCALATE],
    )
    people_for_review = forms.IntegerField(label=_("Persons who agree on a reviewed case"), min_value=1, max_value=2)

    def terms(self) -> Terms:
        """What was typed, as periods."""
        return Terms(**{item.name: self.cleaned_data[item.name] for item in fields(Terms)})


class DecisionForm(forms.Form):
    """The first officer's opinion, line by line. ``seen`` is the last step that the page showed."""

    changed_since: Any = None
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    message = forms.CharField(label=_("Message to the learner"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, application: Application, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in application.lines.all():
            self._add_line(line.position, line.proposed)

    def _add_line(self, number: int, proposed: Decimal) -> None:
        self.fields[f"choice_{number}"] = forms.ChoiceField(
            label=_("Decision on line %(n)s") % {"n": number}, choices=LineChoice.choices, initial=LineChoice.ACCEPT
        )
        self.fields[f"amount_{number}"] = forms.DecimalField(
            label=_("Other amount"), min_value=Decimal(0), max_value=proposed, max_digits=8, decimal_places=3, required=False
        )
        self.fields[f"reason_{number}"] = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *RefusalReason.choices], required=False)
        self.fields[f"note_{number}"] = forms.CharField(label=pgettext_lazy("of an officer", "Note"), max_length=500, required=False)

    def line_fields(self, number: int) -> dict[str, Any]:
        """The four bound fields of one line."""
        return {name: self[f"{name}_{number}"] for name in ("choice", "amount", "reason", "note")}


class AppealDecisionForm(DecisionForm):
    """How somebody new decides an appeal; the lines count where it is granted."""

    result = forms.ChoiceField(
        label=_("Result of the appeal"), widget=forms.RadioSelect,
        choices=[(value.value, value.label) for value in DECIDED_RESULTS],
    )  # fmt: skip
    answer = forms.CharField(
        label=_("Reasons for the learner"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write your reasons.")},
    )  # fmt: skip
