"""What a school's administrator types about the record store."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from identity.api import PersonField

READ_SCOPES = (
    ("mine", _("write, and read back what this key wrote")),
    ("institution", _("write, and read everything of the institution")),
    ("write", _("write only")),
)


class KeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(label=_("name of the system"), max_length=80, help_text=_("For example: Moodle of the nursing school."))
    reading = forms.ChoiceField(label=_("what the key may do"), choices=READ_SCOPES, initial="mine")

    @property
    def scopes(self) -> list[str]:
        """The standard's scopes of the choice."""
        base = ["statements/write", "state", "profile", "define"]
        return base + {"mine": ["statements/read/mine"], "institution": ["statements/read"], "write": []}[self.cleaned_data["reading"]]


class HomeForm(forms.Form):
    """A system whose accounts are the institution's own learners."""

    address = forms.URLField(
        label=_("address of the system"), max_length=200, assume_scheme="https",
        help_text=_("Exactly as the system writes it into account.homePage, for example https://moodle.example.edu.cn."),
    )  # fmt: skip


class LinkForm(forms.Form):
    """Whose number it is."""

    number = forms.CharField(label=_("learner number"), max_length=120)
    person = PersonField(label=_("person"), max_length=254, help_text=_("E-mail or phone of a registered person."))


class ForwardForm(forms.Form):
    """Another store that statements are sent on to."""

    url = forms.URLField(
        label=_("address of the other store"), max_length=300, assume_scheme="https",
        help_text=_("Without “/statements” at the end; https only."),
    )  # fmt: skip
    username = forms.CharField(label=_("key of the other store"), max_length=200)
    secret = forms.CharField(
        label=_("secret of the other store"), max_length=400, required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept encrypted and never shown. Leave it empty to keep the one that is known."),
    )  # fmt: skip

    def __init__(self, *args: object, needs_secret: bool = True, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.needs_secret = needs_secret

    def clean_secret(self) -> str:
        secret = str(self.cleaned_data["secret"])
        if self.needs_secret and not secret:
            raise ValidationError(_("The other store asks for a secret."), code="required")
        return secret
