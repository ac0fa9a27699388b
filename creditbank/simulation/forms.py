"""What an officer types into the rule editor. What it means is read by ``creditbank.rules.reading``, which also says what is wrong."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditbank.agreements.models import Agreement, RuleBook
from creditbank.catalogue.models import Outcome, Programme
from creditbank.rules.exceptions import BadRule
from creditbank.rules.reading import read_limit, read_rule
from creditbank.rules.types import Limit, Rule
from creditbank.simulation.editing import MOST_GRANTS, MOST_SOURCES, document_from

CODE = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,39}$"
KINDS = [
    ("", "—"), ("course", gettext_lazy("a course")), ("elective", gettext_lazy("elective credit")),
    ("unassigned", gettext_lazy("credit of a subject")), ("block", gettext_lazy("a block of courses")),
    ("exemption", gettext_lazy("an exemption, without credit")), ("waiver", gettext_lazy("a requirement counts as done")),
    ("subject_only", gettext_lazy("the subject, without credit")), ("deny", gettext_lazy("it is not recognised")),
    ("pending", gettext_lazy("it is being examined")),
]  # fmt: skip
CREDITS = [
    ("fixed", gettext_lazy("a fixed amount")), ("rate", gettext_lazy("by the rate between the units")),
    ("catalogue", gettext_lazy("as in the catalogue")),
]  # fmt: skip
TRUST = [
    ("verified", gettext_lazy("checked by somebody")), ("institution", gettext_lazy("confirmed by the institution")),
    ("self", gettext_lazy("the learner's word is enough")),
]  # fmt: skip
TOGETHER = [("all", gettext_lazy("all of them")), ("any", gettext_lazy("one of them")), ("n_of", gettext_lazy("so many of them"))]
ROUTES = [
    ("auto", gettext_lazy("automatic where everything is proved")), ("review", gettext_lazy("an officer and a second person")),
    ("panel", gettext_lazy("a panel of three")), ("standards", gettext_lazy("a panel of five, with an expert of practice")),
]  # fmt: skip
WINDOWS = [
    ("earned", gettext_lazy("date of earning")), ("applied", gettext_lazy("date of application")),
    ("admitted", gettext_lazy("date of admission")), ("cohort", gettext_lazy("cohort")),
]  # fmt: skip


class RuleForm(forms.Form):
    """A rule of the usual shape: up to six sources, up to four things that are given."""

    id = forms.RegexField(
        label=gettext_lazy("number"), regex=CODE, max_length=40, help_text=gettext_lazy("Letters, digits, dots and dashes; it never changes."),
        error_messages={"invalid": gettext_lazy("Letters, digits, dots and dashes, at most 40.")},
    )  # fmt: skip
    together = forms.ChoiceField(label=gettext_lazy("of several sources"), choices=TOGETHER, required=False)
    k = forms.IntegerField(label=gettext_lazy("how many"), min_value=1, max_value=MOST_SOURCES, required=False)
    offer = forms.ChoiceField(
        label=gettext_lazy("of several things given"), required=False,
        choices=[("all", gettext_lazy("all of them")), ("any", gettext_lazy("the best one"))],
    )  # fmt: skip
    agreement = forms.ModelChoiceField(Agreement.objects.none(), label=gettext_lazy("agreement"), required=False, to_field_name="code")
    programmes = forms.MultipleChoiceField(
        label=gettext_lazy("only for these programmes"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: for all."),
    )  # fmt: skip
    window_from = forms.DateField(
        label=gettext_lazy("holds from"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    window_to = forms.DateField(
        label=gettext_lazy("holds until"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    window_date = forms.ChoiceField(label=gettext_lazy("by the"), choices=WINDOWS)
    priority = forms.IntegerField(
        label=gettext_lazy("priority"), min_value=0, max_value=9999, help_text=gettext_lazy("Smaller comes first.")
    )
    route = forms.ChoiceField(label=gettext_lazy("who decides"), choices=ROUTES)
    evidence = forms.CharField(
        label=gettext_lazy("evidence"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One item a line."),
    )  # fmt: skip
    reason_zh = forms.CharField(
        label=gettext_lazy("reason (Chinese)"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    reason_en = forms.CharField(
        label=gettext_lazy("reason (English)"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    source = forms.CharField(label=gettext_lazy("source of the figure"), max_length=300, required=False)

    def __init__(self, *args: Any, book: RuleBook, number: int, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number = number
        self.rule: Rule | None = None
        agreements: Any = self.fields["agreement"]
        agreements.queryset = Agreement.objects.filter(parties=book.institution).order_by("code")
        programmes: Any = self.fields["programmes"]
        programmes.choices = [(one.code, str(one)) for one in Programme.objects.filter(institution=book.institution_id).order_by("code")]
        self.fields["id"].disabled = not is_new
        for at in range(1, MOST_SOURCES + 1):
            self._add_source(at)
        for at in range(1, MOST_GRANTS + 1):
            self._add_grant(at)

    def _add_source(self, at: int) -> None:
        amount: dict[str, Any] = {"required": False, "min_value": 0, "max_digits": 9, "decimal_places": 3}
        self.fields |= {
            f"s{at}_outcome": forms.CharField(label=_("outcome"), required=False, max_length=60),
            f"s{at}_min_score": forms.DecimalField(label=_("score of at least"), **amount),
            f"s{at}_min_grade": forms.CharField(label=_("grade of at least"), required=False, max_length=20),
            f"s{at}_min_attendance": forms.DecimalField(label=_("attendance of at least (%)"), **amount),
            f"s{at}_min_hours": forms.DecimalField(label=_("hours of at least"), **amount),
            f"s{at}_max_age_months": forms.IntegerField(label=_("within so many months"), required=False, min_value=1, max_value=1200),
            f"s{at}_trust": forms.ChoiceField(label=_("how it is confirmed"), choices=TRUST, required=False),
        }

    def _add_grant(self, at: int) -> None:
        amount: dict[str, Any] = {"required": False, "min_value": 0, "max_digits": 9, "decimal_places": 3}
        self.fields |= {
            f"g{at}_kind": forms.ChoiceField(label=_("what is given"), choices=KINDS, required=False),
            f"g{at}_outcome": forms.CharField(label=_("course"), required=False, max_length=300),
            f"g{at}_subject": forms.CharField(label=_("subject"), required=False, max_length=40),
            f"g{at}_credits": forms.ChoiceField(label=_("how much"), choices=CREDITS, required=False),
            f"g{at}_amount": forms.DecimalField(label=_("credits"), **amount),
            f"g{at}_max_amount": forms.DecimalField(label=_("at most"), **amount),
        }

    def sources(self) -> list[list[forms.BoundField]]:
        """The fields of each source, with one empty row behind those in use."""
        return self._rows(
            "s", MOST_SOURCES, ("outcome", "min_score", "min_grade", "min_attendance", "min_hours", "max_age_months", "trust")
        )

    def grants(self) -> list[list[forms.BoundField]]:
        """The fields of each thing given, with one empty row behind those in use."""
        return self._rows("g", MOST_GRANTS, ("kind", "outcome", "subject", "credits", "amount", "max_amount"))

    def _rows(self, letter: str, most: int, names: tuple[str, ...]) -> list[list[forms.BoundField]]:
        first = "outcome" if letter == "s" else "kind"
        used = max((at for at in range(1, most + 1) if self[f"{letter}{at}_{first}"].value()), default=0)
        return [[self[f"{letter}{at}_{name}"] for name in names] for at in range(1, min(used + 1, most) + 1)]

    def clean(self) -> dict[str, Any]:
        """Read what was typed as a rule; ``self.rule`` holds it."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return typed
        agreement = typed.get("agreement")
        document = document_from({**typed, "agreement": agreement.code if agreement else ""})
        self._require_outcomes(typed)
        if not any(typed.get(f"s{at}_outcome") for at in range(1, MOST_SOURCES + 1)):
            self.add_error("s1_outcome", _("Name at least one source."))
        if not document["grants"]:
            self.add_error("g1_kind", _("Say what is given."))
        if not self.errors:
            try:
                self.rule = read_rule(document, self.number)
            except BadRule as error:
                self.add_error(None, str(error))
        return typed

    def _require_outcomes(self, typed: dict[str, Any]) -> None:
        """Codes that the catalogue does not know, each at its field. One query."""
        named = {f"s{at}_outcome": [typed.get(f"s{at}_outcome") or ""] for at in range(1, MOST_SOURCES + 1)}
        for at in range(1, MOST_GRANTS + 1):
            if typed.get(f"g{at}_kind") not in {"waiver", "block", ""}:
                named[f"g{at}_outcome"] = [typed.get(f"g{at}_outcome") or ""]
        wanted = {code for codes in named.values() for code in codes if code}
        known = set(Outcome.objects.filter(code__in=wanted).values_list("code", flat=True))
        for field, codes in named.items():
            for code in codes:
                if code and code not in known:
                    self.add_error(field, _("%(value)s is not in the catalogue.") % {"value": code})


class DocumentForm(forms.Form):
    """A rule that the form cannot show, as its typed document."""

    document = forms.CharField(
        label=gettext_lazy("the rule as typed data"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 24, "class": "mono", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, number: int, code: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number, self.code = number, code
        self.rule: Rule | None = None

    def clean_document(self) -> str:
        """Read it; ``self.rule`` holds the rule."""
        text = str(self.cleaned_data["document"])
        try:
            document = json.loads(text, parse_float=str)
            rule = read_rule(document if isinstance(document, dict) else {}, self.number)
        except (json.JSONDecodeError, RecursionError) as error:
            raise forms.ValidationError(_("This is not valid JSON: %(why)s") % {"why": str(error)[:200]}) from error
        except BadRule as error:
            raise forms.ValidationError(str(error)) from error
        if self.code and rule.id != self.code:
            raise forms.ValidationError(_("The number of a rule never changes: it is %(code)s.") % {"code": self.code})
        self.rule = rule
        return text


class LimitForm(forms.Form):
    """A limit: at most so much of what it counts."""

    id = forms.RegexField(label=gettext_lazy("number"), regex=CODE, max_length=40)
    measure = forms.ChoiceField(
        label=gettext_lazy("what is counted"),
        choices=[("credits", gettext_lazy("credits")), ("records", gettext_lazy("records")), ("grants", gettext_lazy("courses given"))],
    )  # fmt: skip
    op = forms.ChoiceField(label=gettext_lazy("bound"), choices=[("<=", gettext_lazy("at most")), (">=", gettext_lazy("at least"))])
    bound = forms.DecimalField(label=gettext_lazy("amount"), required=False, min_value=0, max_digits=9, decimal_places=3)
    share = forms.RegexField(
        label=gettext_lazy("or a share of the programme"), regex=r"^\d{1,4}/\d{1,4}$", required=False, help_text=gettext_lazy("As 1/2."),
        error_messages={"invalid": gettext_lazy("Write a fraction such as 1/2.")},
    )  # fmt: skip
    source_type = forms.MultipleChoiceField(
        label=gettext_lazy("only of these kinds of source"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[
            ("course", gettext_lazy("course")), ("mooc", gettext_lazy("online course")), ("certificate", gettext_lazy("certificate")),
            ("exam", gettext_lazy("examination")), ("prior_award", gettext_lazy("earlier award")), ("work", gettext_lazy("work")),
        ],
    )  # fmt: skip
    per = forms.ChoiceField(
        label=gettext_lazy("per"),
        choices=[
            ("none", gettext_lazy("in all")), ("year", gettext_lazy("year")), ("institution", gettext_lazy("institution")),
            ("subject", gettext_lazy("subject")),
        ],
    )  # fmt: skip
    overflow = forms.ChoiceField(
        label=gettext_lazy("what exceeds"),
        choices=[
            ("reject_whole", gettext_lazy("is not recognised")), ("truncate", gettext_lazy("is cut")),
            ("subject_only", gettext_lazy("counts as the subject, without credit")), ("to_elective", gettext_lazy("becomes elective credit")),
        ],
    )  # fmt: skip
    source = forms.CharField(label=gettext_lazy("source of the figure"), max_length=300, required=False)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["id"].disabled = not is_new
        self.limit: Limit | None = None

    def clean(self) -> dict[str, Any]:
        """Read what was typed as a limit; ``self.limit`` holds it."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return typed
        if (typed.get("bound") is None) == (not typed.get("share")):
            self.add_error("bound", _("Write either an amount or a share."))
            return typed
        selector = {"source_type": typed["source_type"]} if typed.get("source_type") else {}
        document = {name: typed[name] for name in ("id", "measure", "op", "per", "overflow")}
        try:
            self.limit = read_limit(
                {**document, "bound": typed.get("bound"), "share": typed.get("share"), "selector": selector, "owner": "institution"},
                typed["id"],
            )
        except BadRule as error:
            self.add_error(None, str(error))
        return typed


class ExampleForm(forms.Form):
    """An invented person with one or two records, and what must come of it."""

    code = forms.RegexField(label=gettext_lazy("number"), regex=CODE, max_length=40)
    title_zh = forms.CharField(label=gettext_lazy("what it shows (Chinese)"), max_length=160)
    title_en = forms.CharField(label=gettext_lazy("what it shows (English)"), max_length=200, required=False)
    programme = forms.ChoiceField(label=gettext_lazy("programme"))
    reviewed_on = forms.DateField(
        label=gettext_lazy("day of the question"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    outcome = forms.CharField(label=gettext_lazy("outcome"), max_length=60)
    score = forms.DecimalField(label=gettext_lazy("score"), required=False, min_value=0, max_value=1000, max_digits=7, decimal_places=2)
    earned_on = forms.DateField(label=gettext_lazy("earned on"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    second = forms.CharField(label=gettext_lazy("another outcome"), max_length=60, required=False)
    second_score = forms.DecimalField(
        label=gettext_lazy("its score"), required=False, min_value=0, max_value=1000, max_digits=7, decimal_places=2
    )
    posted = forms.DecimalField(label=gettext_lazy("credits that must come of it"), min_value=0, max_digits=9, decimal_places=3)

    def __init__(self, *args: Any, book: RuleBook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programmes: Any = self.fields["programme"]
        programmes.choices = [
            (one.code, str(one)) for one in Programme.objects.open().filter(institution=book.institution_id).order_by("code")
        ]

    def clean(self) -> dict[str, Any]:
        """Outcomes have to be in the catalogue."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        for field in ("outcome", "second"):
            code = typed.get(field)
            if code and not Outcome.objects.filter(code=code).exists():
                self.add_error(field, _("%(value)s is not in the catalogue.") % {"value": code})
        return typed

    def document(self) -> dict[str, Any]:
        """As ``creditbank.agreements.examples`` reads it."""
        typed = self.cleaned_data
        rows = [("a", typed["outcome"], typed.get("score"))] + (
            [("b", typed["second"], typed.get("second_score"))] if typed.get("second") else []
        )
        records = [
            {"record": name, "outcome": code, "earned_on": typed["earned_on"].isoformat(), "attendance": "100",
             **({"score": str(score)} if score is not None else {})}
            for name, code, score in rows
        ]  # fmt: skip
        head = {name: typed[name] for name in ("code", "title_zh", "title_en", "programme", "reviewed_on", "posted")}
        return {**head, "records": records}


class DraftForm(forms.Form):
    """From when a draft is to hold, and what it changes."""

    valid_from = forms.DateField(label=gettext_lazy("is to hold from"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    notes = forms.CharField(label=gettext_lazy("what it changes, and why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
