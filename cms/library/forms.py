"""What people type at the desk of a course."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.library.enums import ReasonCode, SharingScope
from cms.library.models import CoursePage
from identity.api import Alliance, Institution


class ReviewForm(forms.Form):
    """A reason and a note; which of them a step needs, the action says."""

    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *ReasonCode.choices], required=False)
    note = forms.CharField(label=_("Note to the school"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class SharingForm(forms.Form):
    """Who may preview, read, download and adopt."""

    preview = forms.TypedChoiceField(label=_("may preview"), choices=SharingScope.choices, coerce=int)
    read = forms.TypedChoiceField(label=_("may read"), choices=SharingScope.choices, coerce=int)
    download = forms.TypedChoiceField(label=_("may download"), choices=SharingScope.choices, coerce=int)
    adopt = forms.TypedChoiceField(label=_("may adopt"), choices=SharingScope.choices, coerce=int)
    named_schools = forms.ModelMultipleChoiceField(label=_("named schools"), queryset=Institution.objects.active(), required=False)
    alliance = forms.ModelChoiceField(label=_("alliance"), queryset=Alliance.objects.all(), required=False)

    def __init__(self, *args: Any, course: CoursePage, **kwargs: Any) -> None:
        initial = {name: getattr(course, f"{name}_scope") for name in ("preview", "read", "download", "adopt")}
        initial |= {"named_schools": course.named_schools.all(), "alliance": course.alliance}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
