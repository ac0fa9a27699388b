"""What operators and school administrators type."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from identity.institutions.enums import InstitutionKind, Role
from identity.institutions.models import Institution
from identity.institutions.tokens import SCOPES
from identity.people.models import User
from identity.people.validators import clean_phone


class PersonField(forms.CharField):
    """A person by e-mail or phone number."""

    def clean(self, value: Any) -> User | None:  # type: ignore[override]
        text = super().clean(value)
        if not text:
            return None
        known = User.objects.filter(is_active=True).filter(Q(email__iexact=text) | Q(phone=_phone_or_text(text))).first()
        if known is None:
            raise ValidationError(_("Nobody is registered with this e-mail or number."), code="unknown")
        return known


def _phone_or_text(text: str) -> str:
    try:
        return clean_phone(text)
    except ValidationError:
        return text


class OnboardForm(forms.Form):
    """A new institution and its first administrator."""

    code = forms.RegexField(
        label=_("code"), regex=r"^[A-Z][A-Z0-9]{1,19}$", help_text=_("Capital letters and digits, a letter first. It never changes."),
        error_messages={"invalid": _("Capital letters and digits, a letter first.")},
    )  # fmt: skip
    name_zh = forms.CharField(label=_("name (Chinese)"), max_length=100)
    name_en = forms.CharField(label=_("name (English)"), max_length=160, required=False)
    kind = forms.ChoiceField(label=_("kind of institution"), choices=InstitutionKind.choices)
    district = forms.CharField(label=_("district"), max_length=60, required=False)
    administrator = PersonField(
        label=_("first administrator"), max_length=254, required=False, help_text=_("E-mail or phone of a registered person.")
    )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if Institution.objects.filter(code=code).exists():
            raise ValidationError(_("Another institution has this code."), code="taken")
        return code


class GrantForm(forms.Form):
    """A role for a person."""

    person = PersonField(label=_("person"), max_length=254, help_text=_("E-mail or phone of a registered person."))
    role = forms.ChoiceField(label=_("role"), choices=Role.choices)
    ends_on = forms.DateField(label=_("until"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))

    def clean_ends_on(self) -> Any:
        ends_on = self.cleaned_data["ends_on"]
        if ends_on and ends_on < timezone.localdate():
            raise ValidationError(_("This day has passed. A role ends today at the earliest."))
        return ends_on


LONGEST_DAYS = 730


class TokenForm(forms.Form):
    """A new token for one of the institution's own systems."""

    name = forms.CharField(label=_("name of the system"), max_length=80, help_text=_("For example: student records of the nursing school."))
    scopes = forms.MultipleChoiceField(
        label=_("what it may do"), choices=list(SCOPES.items()), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )  # fmt: skip
    expires_on = forms.DateField(
        label=_("valid until"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("At most two years; then make a new one."),
    )

    def clean_expires_on(self) -> date:
        """Neither past nor for ever."""
        day: date = self.cleaned_data["expires_on"]
        today = timezone.localdate()
        if not today <= day <= today + timedelta(days=LONGEST_DAYS):
            raise ValidationError(_("Between today and two years from now."))
        return day
