"""What is typed at the desk of rule books and agreements."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from creditbank.agreements.contracts import Agreement
from creditbank.agreements.enums import AgreementKind, AgreementStatus, PartyRole
from creditbank.catalogue.uploads import LARGEST
from identity.api import Institution

IS_CODE = RegexValidator(r"^[A-Z][A-Z0-9-]{1,39}$", gettext_lazy("Capital letters, digits and hyphens, a letter first."))
MOST_FILES = 20


class DayInput(forms.DateInput):
    """A day, chosen in the browser's own calendar."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class FilesInput(forms.ClearableFileInput):
    """Several files in one field."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        listed = data if isinstance(data, (list, tuple)) else [data] if data else []
        if not listed:
            raise forms.ValidationError(_("Choose a file."))
        if len(listed) > MOST_FILES or sum(item.size for item in listed) > LARGEST:
            raise forms.ValidationError(_("At most 20 files, together at most 20 MB."))
        return [super(FilesField, self).clean(item, initial) for item in listed]


class UploadVersionForm(forms.Form):
    """A new version of a rule book out of files."""

    uploads = FilesField(
        label=gettext_lazy("Files"),
        help_text=gettext_lazy(
            "rules.csv and limits.csv, examples.csv, settings.csv; or one workbook (XLSX), JSON or ZIP that holds them."
        ),
    )
    valid_from = forms.DateField(
        label=gettext_lazy("In force from"),
        widget=DayInput,
        help_text=gettext_lazy("May lie ahead. The version before ends the day before."),
    )
    notes = forms.CharField(label=gettext_lazy("What changed"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class PublishForm(forms.Form):
    """One note for every kind of warning; without them the version stays a draft."""

    def __init__(self, *args: Any, warnings: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, text in warnings.items():
            self.fields[code] = forms.CharField(
                label=_("Why %(code)s is right as it is") % {"code": code}, help_text=text, max_length=2000,
                widget=forms.Textarea(attrs={"rows": 2}),
            )  # fmt: skip


class RetireForm(forms.Form):
    """The last day of a version, and why."""

    last_day = forms.DateField(label=pgettext_lazy("of an agreement or a version", "Last day"), widget=DayInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class DraftAgreementForm(forms.Form):
    """A draft between the own institution and others."""

    institution = forms.ModelChoiceField(Institution.objects.none(), label=gettext_lazy("For"), empty_label=None)
    own_role = forms.ChoiceField(label=gettext_lazy("We"), choices=PartyRole.choices, initial=PartyRole.BOTH)
    code = forms.CharField(label=gettext_lazy("Number"), max_length=40, validators=[IS_CODE])
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=AgreementKind.choices)
    title_zh = forms.CharField(label=gettext_lazy("Title (Chinese)"), max_length=160)
    title_en = forms.CharField(label=gettext_lazy("Title (English)"), max_length=200)
    text_zh = forms.CharField(label=gettext_lazy("Text (Chinese)"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 6}))
    text_en = forms.CharField(label=gettext_lazy("Text (English)"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 6}))
    others = forms.ModelMultipleChoiceField(
        Institution.objects.none(), label=gettext_lazy("Other parties"), widget=forms.SelectMultiple(attrs={"size": 8})
    )
    others_role = forms.ChoiceField(label=gettext_lazy("The others"), choices=PartyRole.choices, initial=PartyRole.BOTH)
    starts_on = forms.DateField(label=gettext_lazy("In force from"), widget=DayInput)
    ends_on = forms.DateField(label=gettext_lazy("Until"), widget=DayInput, required=False)
    supersedes = forms.ModelChoiceField(
        Agreement.objects.none(), label=gettext_lazy("Takes the place of"), required=False, empty_label=gettext_lazy("no other agreement")
    )

    def __init__(self, *args: Any, institutions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named: Any = self.fields
        named["institution"].queryset = institutions
        named["others"].queryset = Institution.objects.active().order_by("code")
        live = [AgreementStatus.ACTIVE, AgreementStatus.SUSPENDED, AgreementStatus.SIGNED]
        named["supersedes"].queryset = Agreement.objects.filter(status__in=live, parties__in=institutions).distinct().order_by("code")

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if Agreement.objects.filter(code=code).exists():
            raise forms.ValidationError(_("There is an agreement with this number."))
        return code

    def parties(self) -> dict[Institution, str]:
        """The parties with their roles; the own institution first."""
        found = dict.fromkeys(self.cleaned_data["others"], self.cleaned_data["others_role"])
        return {self.cleaned_data["institution"]: self.cleaned_data["own_role"]} | {
            place: role for place, role in found.items() if place != self.cleaned_data["institution"]
        }


class PartyForm(forms.Form):
    """For which party the person acts; chosen by itself where there is only one."""

    institution = forms.ModelChoiceField(Institution.objects.none(), label=gettext_lazy("For"), empty_label=None)

    def __init__(self, *args: Any, institutions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["institution"]
        choices.queryset = institutions
        if len(institutions) == 1:
            choices.initial, choices.widget = institutions[0], forms.HiddenInput()


class SignForm(PartyForm):
    """A signature under the text that was shown."""

    shown = forms.CharField(max_length=64, widget=forms.HiddenInput())
    read = forms.BooleanField(label=gettext_lazy("I have read the text and sign it for my institution."))


class SuspendForm(PartyForm):
    """From which day, and why."""

    from_day = forms.DateField(label=gettext_lazy("From"), widget=DayInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ResumeForm(PartyForm):
    """In force again."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class EndForm(PartyForm):
    """The last day, and why."""

    last_day = forms.DateField(label=pgettext_lazy("of an agreement or a version", "Last day"), widget=DayInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
