"""What people type about papers: a code, a file, how long, why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from creditbank.statements.checking import LARGEST_FILE
from creditbank.statements.enums import SubmissionSheet

SECOND_TERM = 8
"""A school year begins after this month."""


class VerifyForm(forms.Form):
    """A code as printed: any case, blanks and hyphens do not matter."""

    code = forms.CharField(
        label=_("Code"), max_length=80, help_text=_("Twelve characters, for example ABCD-EFGH-JKLM."),
        error_messages={"required": _("Please enter the code from the paper.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )  # fmt: skip


class FileForm(forms.Form):
    """A paper as the file that somebody received."""

    file = forms.FileField(
        label=_("File"), help_text=_("The PDF or the JSON document that you received, at most 5 MB. We compare it and keep nothing."),
        error_messages={"required": _("Please choose the file of the paper."), "empty": _("This file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".pdf,.json,application/pdf,application/json"}),
        validators=[FileExtensionValidator(["pdf", "json"], _("Only PDF files and our JSON documents can be checked."))],
    )  # fmt: skip

    def clean_file(self) -> UploadedFile:
        """Refused by its size before it is read."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            size = filesizeformat(LARGEST_FILE)
            raise forms.ValidationError(
                _now("This file is larger than %(size)s; papers are much smaller.") % {"size": size}, code="too_large"
            )
        return file


class TranscriptForm(forms.Form):
    """For how long a new transcript can be shown."""

    DAYS = (("", _("without end")), ("90", _("90 days")), ("365", _("one year")))

    days = forms.ChoiceField(
        label=_("Valid"), choices=DAYS, required=False, help_text=_("Afterwards the check says that it has expired. You can issue another.")
    )

    def valid_until(self, on: date) -> date | None:
        """The last day, counted from the day of issue; None without end."""
        chosen = self.cleaned_data["days"]
        return on + timedelta(days=int(chosen)) if chosen else None


class ReasonForm(forms.Form):
    """Why a paper is no longer to be believed; whoever checks it reads this."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Whoever checks the paper reads this. Name no other person."),
        error_messages={"required": _("Please say why, in one sentence.")}, widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


def refusal(code: str) -> str:
    """Why a file cannot be checked, in words."""
    words: dict[str, Any] = {
        "empty": _now("This file is empty."),
        "too_large": _now("This file is larger than a paper can be."),
        "kind": _now("This is neither a PDF nor one of our JSON documents."),
        "unsealed": _now(
            "This file carries no seal of ours: it was not issued here, or was saved anew by a program. Please check the code printed on it."
        ),
    }
    return str(words[code])


class PeriodForm(forms.Form):
    """From when to when, and as which kind of file."""

    since = forms.DateField(label=_("From day"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    until = forms.DateField(
        label=_("To day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Both days count. Empty: everything."),
    )
    kind = forms.ChoiceField(
        label=_("Kind of file"), choices=[("xlsx", _("Excel (XLSX)")), ("csv", _("CSV, for any program"))], initial="xlsx", widget=forms.RadioSelect
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """The days in order."""
        data: dict[str, Any] = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", _now("The period ends before it begins."))
        return data


class SubmissionForm(forms.Form):
    """Which submission file of which days, and what the school alone knows of the class that it hands in."""

    RESULTS = (
        ("", _("not given")),
        ("studying", _("still studying")),
        ("graduated", _("graduated")),
        ("completed", _("completed without a diploma")),
    )
    SEASONS = (("", _("not given")), ("spring", _("spring")), ("autumn", _("autumn")))

    sheet = forms.ChoiceField(label=_("File"), choices=SubmissionSheet.choices, widget=forms.RadioSelect, initial=SubmissionSheet.OWN)
    bank = forms.ChoiceField(label=_("Receiving bank"), error_messages={"required": _("No receiving bank has a code table yet.")})
    since = forms.DateField(label=_("From day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    until = forms.DateField(
        label=_("To day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), help_text=_("Own courses by the day of the result, conversions by the day they were credited.")
    )  # fmt: skip
    graduates = forms.RegexField(
        label=_("Graduating class"), regex=r"^\d{4}$", required=False, help_text=_("A year; holds for the whole file, as do the two below."),
        error_messages={"invalid": _("Write the year with four digits.")}, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    result = forms.ChoiceField(label=_("How the studies ended"), choices=RESULTS, required=False)
    season = forms.ChoiceField(label=_("Season of graduation"), choices=SEASONS, required=False)

    def __init__(self, data: Any = None, *, banks: list[str], today: date) -> None:
        first = date(today.year if today.month > SECOND_TERM else today.year - 1, 9, 1)
        super().__init__(data, initial={"since": first, "until": today})
        self.fields["bank"].choices = [(bank, bank) for bank in banks]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The days in order."""
        data: dict[str, Any] = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", _now("The period ends before it begins."))
        return data


class StatementForm(forms.Form):
    """Which days of the account statement a page shows; nothing chosen shows them all."""

    since = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Please enter a day.")},
    )
    until = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Please enter a day.")},
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day is before the first one."))
        return cleaned

    def chosen(self) -> dict[str, str]:
        """The valid days as they stand in an address."""
        if not self.is_bound or not self.is_valid():
            return {}
        return {name: day.isoformat() for name, day in self.cleaned_data.items() if day}

    def covers(self, day: date) -> bool:
        """Whether a day is shown; all are while nothing valid is chosen."""
        chosen = self.chosen()
        return chosen.get("since", "") <= day.isoformat() <= chosen.get("until", "9999")
