"""From what is typed to clean values: the filter of the timeline, and a learner's own record."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, ProhibitNullCharactersValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.api import KindOfEducation
from foundation.api import in_language
from learning.archive.enums import Category, RecordSource, RecordState, SourceType, Trust
from learning.archive.queries import ArchiveFilter

LARGEST_FILE_BYTES = 10 * 1024 * 1024
LONGEST_CODE = 30
EARLIEST_YEAR = 1930
# What a certificate comes as, told by its first bytes, never by its name.
SIGNATURES = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


@dataclass(frozen=True)
class CleanFile:
    """An accepted evidence file."""

    content: bytes
    filename: str
    media_type: str


def read_filter(query: QueryDict) -> ArchiveFilter:
    """The filter in an address; a value that is none of ours counts as none."""

    def one_of(name: str, values: Any) -> str:
        value = query.get(name, "")
        return value if value in values else ""

    return ArchiveFilter(
        category=one_of("category", Category.values),
        kind=_word(query.get("kind", "")),
        source=one_of("source", RecordSource.values),
        trust=one_of("trust", Trust.values),
        state=one_of("state", [RecordState.ACTIVE, RecordState.DISPUTED, RecordState.VOID]),
        institution=_word(query.get("institution", "")),
        with_void=query.get("void") == "1" or query.get("state") == RecordState.VOID,
    )


def _word(value: str) -> str:
    """A code: letters, digits, hyphen, underscore; anything else is none."""
    return value if len(value) <= LONGEST_CODE and value.replace("_", "").replace("-", "").isalnum() else ""


class OwnRecordForm(forms.Form):
    """A result that a learner adds to the own archive."""

    title = forms.CharField(label=_("What did you complete?"), max_length=200, help_text=_("As it stands on the certificate."))
    institution = forms.CharField(label=_("Who issued it?"), max_length=200, help_text=_("School, company or authority."))
    source_type = forms.ChoiceField(label=_("Kind of achievement"), choices=SourceType.choices, initial=SourceType.CERTIFICATE)
    kind_of_education = forms.ChoiceField(label=_("Kind of education"))
    category = forms.ChoiceField(label=_("Field of learning"), choices=Category.choices)
    earned_on = forms.DateField(label=_("Earned on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    valid_until = forms.DateField(
        label=_("Valid until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Only if it expires."),
    )  # fmt: skip
    hours = forms.DecimalField(
        label=_("Hours of study"), required=False, max_digits=7, decimal_places=2,
        validators=[MinValueValidator(Decimal("0.5")), MaxValueValidator(Decimal(10000))], help_text=_("A rough figure is enough."),
    )  # fmt: skip
    description = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[ProhibitNullCharactersValidator()],
    )
    evidence = forms.FileField(
        label=_("Evidence"), required=False, max_length=200, allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,image/*"}),
        help_text=_("A photograph or PDF of the certificate, at most 10 MB."),
    )  # fmt: skip
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind.code, in_language(kind.name_zh, kind.name_en)) for kind in KindOfEducation.objects.order_by("pk")]
        self.fields["kind_of_education"].choices = kinds  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial.setdefault("key", uuid.uuid4())

    def clean_earned_on(self) -> Any:
        earned_on = self.cleaned_data["earned_on"]
        if earned_on > timezone.localdate():
            raise ValidationError(_("This day has not come yet. Enter the day on which you earned it."))
        if earned_on.year < EARLIEST_YEAR:
            raise ValidationError(_("Check the year."))
        return earned_on

    def clean_evidence(self) -> CleanFile | None:
        upload = self.cleaned_data.get("evidence")
        if not upload:
            return None
        if upload.size > LARGEST_FILE_BYTES:
            raise ValidationError(_("The file is larger than 10 MB. A photograph in normal quality is enough."))
        content = upload.read()
        for signature, media_type in SIGNATURES:
            if content.startswith(signature):
                return CleanFile(content, upload.name, media_type)
        raise ValidationError(_("This is not a PDF, JPEG or PNG file."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        earned_on, valid_until = cleaned.get("earned_on"), cleaned.get("valid_until")
        if earned_on and valid_until and valid_until < earned_on:
            self.add_error("valid_until", _("This lies before the day on which you earned it."))
        return cleaned
