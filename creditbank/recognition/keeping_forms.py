"""What people type into the desk's pages of standings, spot checks and mergers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.enums import CheckOutcome
from identity.api import Institution, Membership, Role, User

MOST_DRAWN = 500


class DayInput(forms.DateInput):
    """A day, chosen in the browser's own calendar."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class PlaceForm(forms.Form):
    """For which institution the person acts; chosen by itself where there is only one."""

    institution = forms.ModelChoiceField(Institution.objects.none(), label=_("Institution"), empty_label=None)

    def __init__(self, *args: Any, institutions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["institution"]
        choices.queryset = institutions
        if len(institutions) == 1:
            choices.initial, choices.widget = institutions[0], forms.HiddenInput()


class StandingForm(PlaceForm):
    """Since when an expert has practised without a break."""

    person = forms.ModelChoiceField(User.objects.none(), label=_("Expert"), empty_label=_("Please choose"))
    field = forms.CharField(label=_("Field of practice"), max_length=120)
    since = forms.DateField(
        label=_("In practice since"), widget=DayInput, help_text=_("Without a break until today, as the institution knows it.")
    )

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places: Any = self.fields["institution"]
        held = Membership.objects.active(on=on).filter(institution__in=places.queryset, role=Role.EXPERT)
        people: Any = self.fields["person"]
        people.queryset = User.objects.filter(pk__in=held.values("person")).order_by("name", "pk")
        people.label_from_instance = lambda person: person.name


class DrawForm(PlaceForm):
    """Which decided cases are drawn from, how many, and by which seed."""

    since = forms.DateField(label=_("Decided from"), widget=DayInput)
    until = forms.DateField(label=_("Decided until"), widget=DayInput, help_text=_("Both days count."))
    wanted = forms.IntegerField(label=_("Cases to draw"), min_value=1, max_value=MOST_DRAWN)
    seed = forms.CharField(
        label=_("Seed"), max_length=40,
        help_text=_("Any text, best one that nobody could choose, such as the numbers of a public lottery. The same seed draws the same cases again."),
    )  # fmt: skip
    only_automatic = forms.BooleanField(label=_("Only cases that the rules decided alone"), required=False)


class CheckForm(forms.Form):
    """What a second look found."""

    outcome = forms.ChoiceField(label=_("What was found"), choices=CheckOutcome.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("outcome") == CheckOutcome.WRONG and not cleaned.get("note", "").strip():
            self.add_error("note", _now("Please say what would have been right."))
        return cleaned


class MergerForm(PlaceForm):
    """Which two logins are one person, and how that is known."""

    source = forms.CharField(
        label=_("Login whose credit moves"), max_length=120, help_text=_("Learner number at this institution, or e-mail address.")
    )
    destination = forms.CharField(
        label=_("Login that receives it"), max_length=120, help_text=_("Learner number at this institution, or e-mail address.")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("How it was proved that both are one person. Both logins read this."),
    )  # fmt: skip
