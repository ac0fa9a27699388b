"""From what is typed to clean values: opening a run, answers of a quiz, the player's reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from foundation.api import CreditSystem, in_language, is_on_step
from identity.api import Institution, User
from learning.study.enums import RunKind
from learning.study.models import CourseRun

ANSWER_PREFIX = "q-"
MOST_ANSWERS = 200
LONGEST_ANSWER = 500


def read_answers(data: QueryDict) -> dict[str, list[str]]:
    """Answers by question id from a submitted quiz; what is too long or too much is cut, unknown questions are the scorer's to drop."""
    names = [name for name in data if name.startswith(ANSWER_PREFIX)][:MOST_ANSWERS]
    answers = {name.removeprefix(ANSWER_PREFIX)[:64]: [_text(value) for value in data.getlist(name)[:MOST_ANSWERS]] for name in names}
    return {question: [value for value in given if value] for question, given in answers.items() if any(given)}


def _text(value: str) -> str:
    return value.replace("\x00", "").strip()[:LONGEST_ANSWER]


class TimeForm(forms.Form):
    """The player's report: active seconds so far, and the place in the unit."""

    seconds = forms.IntegerField(min_value=0, max_value=10**7)
    position = forms.CharField(max_length=120, required=False)


class AmongPeople(forms.ModelMultipleChoiceField):
    """People by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class SystemChoice(forms.ModelChoiceField):
    """Credit systems by name in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        return in_language(obj.name_zh, obj.name_en)


class OpenRunForm(forms.Form):
    """A school adopts a course: who may come, when, who teaches, what it is worth."""

    code = forms.CharField(
        label=_("Run code"), required=False, max_length=40, help_text=_("Empty: the next free number."),
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", _("Letters, digits, full stop, hyphen and underscore."))],
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Who may enrol"), choices=RunKind.choices, initial=RunKind.OPEN, widget=forms.RadioSelect)
    starts_on = forms.DateField(
        label=_("First day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: at once."),
    )
    ends_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: no end."),
    )
    instructors = AmongPeople(
        label=_("Instructors"), queryset=User.objects.none(), required=False, to_field_name="uuid", widget=forms.CheckboxSelectMultiple,
        help_text=_("Teachers of your school."),
    )  # fmt: skip
    credits = forms.DecimalField(
        label=_("Credits"), required=False, max_digits=5, decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(60))], help_text=_("Empty: this run carries no credit."),
    )  # fmt: skip
    credit_system = SystemChoice(label=_("Credit system"), queryset=CreditSystem.objects.none(), required=False, to_field_name="code")
    pass_mark = forms.DecimalField(
        label=_("Pass mark"), max_digits=5, decimal_places=2, initial=60, help_text=_("Per cent that the mean of all quizzes must reach."),
        validators=[MinValueValidator(Decimal(1)), MaxValueValidator(Decimal(100))],
    )  # fmt: skip

    def __init__(self, *args: Any, institution: Institution, teachers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.institution = institution
        self.fields["instructors"].queryset = teachers  # type: ignore[attr-defined]
        self.fields["credit_system"].queryset = CreditSystem.objects.order_by("code")  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if code and CourseRun.objects.filter(institution=self.institution, code=code).exists():
            raise ValidationError(_("Your school already has a run with this code."))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("The last day lies before the first."))
        self._check_credits(cleaned.get("credits"), cleaned.get("credit_system"))
        return cleaned

    def _check_credits(self, amount: Decimal | None, system: CreditSystem | None) -> None:
        """An amount and its unit belong together, and the amount lies on the step of the unit."""
        if amount is not None and system is None and "credit_system" not in self.errors:
            self.add_error("credit_system", _("Choose the credit system of this amount."))
        if amount is None and system is not None and "credits" not in self.errors:
            self.add_error("credits", _("Enter the amount, or choose no credit system."))
        if amount is not None and system is not None and not is_on_step(amount, system.step):
            self.add_error("credits", _("In this system credits go in steps of %(step)s.") % {"step": format(system.step.normalize(), "f")})


class ClassListForm(forms.Form):
    """People for a closed run, one e-mail address or phone number a line."""

    people = forms.CharField(label=_("E-mail addresses or phone numbers"), max_length=20000, widget=forms.Textarea(attrs={"rows": 6}))
    MOST_LINES = 500

    def clean_people(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["people"].splitlines() if line.strip()]
        if len(lines) > self.MOST_LINES:
            raise ValidationError(_("At most %(number)s lines at once.") % {"number": self.MOST_LINES})
        return lines
