"""What is typed at the page of the catalogue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditbank.catalogue.uploads import LARGEST
from identity.api import Institution

CITY = "*"
"""Stands for the tables of the whole city."""


class ImportForm(forms.Form):
    """A file for the catalogue of one institution, or of the whole city."""

    place = forms.ChoiceField(label=gettext_lazy("For"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("One CSV file named after its table, or a workbook (XLSX), JSON or ZIP with several tables; at most 20 MB."),
    )

    def __init__(self, *args: Any, institutions: list[Institution], city: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._institutions = {place.code: place for place in institutions}
        choices = [(CITY, gettext_lazy("Tables of the whole city"))] if city else []
        places: Any = self.fields["place"]
        places.choices = [*choices, *((place.code, place.name) for place in institutions)]
        if len(places.choices) == 1:
            places.initial, places.widget = places.choices[0][0], forms.HiddenInput()
        self.fields["file"].widget.attrs["accept"] = ".csv,.xlsx,.json,.zip"

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than %(most)s MB.") % {"most": LARGEST // 1024 // 1024})
        return file

    @property
    def institution(self) -> Institution | None:
        """Whose rows the file brings; None: the whole city's."""
        return self._institutions.get(self.cleaned_data["place"])
