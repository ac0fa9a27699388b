"""What is typed at the pages of uploads."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identity.api import Institution

LARGEST_MB = 32


class UploadForm(forms.Form):
    """A file of results for one of the institutions where the person is an officer."""

    institution = forms.ModelChoiceField(Institution.objects.none(), label=gettext_lazy("Institution"), empty_label=None)
    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("XLSX or CSV, with the headings of the template; at most 200,000 rows.")
    )

    def __init__(self, *args: Any, institutions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["institution"]
        choices.queryset = institutions
        self.fields["file"].widget.attrs["accept"] = ".xlsx,.csv,.txt"
        if len(institutions) == 1:
            choices.initial, choices.widget = institutions[0], forms.HiddenInput()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_MB * 1024 * 1024:
            raise forms.ValidationError(_("The file is larger than %(most)s MB.") % {"most": LARGEST_MB})
        return file


class UndoForm(forms.Form):
    """Why a released file is to be undone; its learners read it."""

    reason = forms.CharField(
        label=gettext_lazy("Why it has to be undone"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The learners read this beside the record."),
    )  # fmt: skip
