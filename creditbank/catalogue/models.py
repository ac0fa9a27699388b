"""The bank's catalogue: outcomes in versions, rates between units, calendars, and what programmes require."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.catalogue.enums import NodeKind
from creditbank.catalogue.maps import Convertibility, Grade, GradeMap, GradeMapRow, GradeScale, LevelMap
from foundation.api import CreditSystem, Level, append_only, in_language
from identity.api import Institution

__all__ = [
    "Calendar",
    "CalendarTerm",
    "Convertibility",
    "Grade",
    "GradeMap",
    "GradeMapRow",
    "GradeScale",
    "LevelMap",
    "Outcome",
    "OutcomeFacts",
    "OutcomeVersion",
    "Programme",
    "Rate",
    "Requirement",
]

IS_MONTH_DAY = RegexValidator(r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", _("A month and day like 09-01."))


class OutcomeFacts(models.Model):
    """What the catalogue says of an outcome; the current row and every version of it have these columns."""

    owner = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    title_zh = models.CharField(_("title (Chinese)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    codes = models.JSONField(_("further codes"), default=list, blank=True)
    aliases = models.JSONField(_("other titles"), default=list, blank=True)
    common_id = models.CharField(_("common number"), max_length=60, blank=True)
    cross_list = models.CharField(_("cross-listed as"), max_length=60, blank=True)
    credits = models.DecimalField(_("credits"), max_digits=6, decimal_places=2, null=True, blank=True)
    system = models.ForeignKey(
        CreditSystem, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("credit system")
    )
    hours = models.DecimalField(_("notional hours"), max_digits=7, decimal_places=1, null=True, blank=True)
    level = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("level"))
    category = models.CharField(_("category"), max_length=30, default="academic", blank=True)
    source_type = models.CharField(_("kind of source"), max_length=20, default="course", blank=True)
    subjects = models.JSONField(_("subjects"), default=list, blank=True)
    dup_class = models.CharField(_("counts once with"), max_length=60, blank=True)
    repeatable = models.BooleanField(_("may count more than once"), default=False)
    active_from = models.DateField(_("offered from"), null=True, blank=True)
    active_to = models.DateField(_("offered until"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)

    @property
    def class_key(self) -> str:
        """Outcomes of one class count once: the given class, else the cross-listing, else the common number; empty: the outcome itself."""
        return self.dup_class or self.cross_list or self.common_id


class Outcome(OutcomeFacts):
    """An item that rules refer to, as it is now: a course, certificate or examination, whoever offers it.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=60, unique=True, help_text=_("INSTITUTION:CODE, as on learning records."))
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        ordering = ["code"]
        indexes = [models.Index(fields=["common_id"], name="outcome_by_common_id", condition=~Q(common_id=""))]
        constraints = [
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_from__isnull=True) | Q(active_to__gte=F("active_from")),
                name="outcome_window_in_order",
            ),
            models.CheckConstraint(condition=Q(credits__isnull=True) | Q(credits__gte=0), name="outcome_credits_not_below_zero"),
        ]

    def __str__(self) -> str:
        return self.title


@append_only
class OutcomeVersion(OutcomeFacts):
    """What was said of an outcome from a moment on; kept for ever, so that an old record finds what it was earned for.

    Personal data: the pseudonym of whoever recorded it.
    """

    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="versions", verbose_name=_("outcome"))
    version = models.PositiveIntegerField(_("version"))
    recorded_by_uuid = models.UUIDField(_("recorded by"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("version of an outcome")
        verbose_name_plural = _("versions of outcomes")
        ordering = ["outcome", "version"]
        constraints = [models.UniqueConstraint(fields=["outcome", "version"], name="outcome_version_once")]

    def __str__(self) -> str:
        return f"{self.outcome_id} v{self.version}"


class Rate(models.Model):
    """An explicit rate between two units in a window, as a fraction; beats the hours of both.

    Personal data: none.
    """

    source = models.ForeignKey(CreditSystem, on_delete=models.PROTECT, related_name="+", verbose_name=_("from"))
    target = models.ForeignKey(CreditSystem, on_delete=models.PROTECT, related_name="+", verbose_name=_("to"))
    num = models.PositiveIntegerField(_("numerator"))
    den = models.PositiveIntegerField(_("denominator"))
    window_from = models.DateField(_("holds from"), null=True, blank=True)
    window_to = models.DateField(_("holds until"), null=True, blank=True)
    chainable = models.BooleanField(_("may be combined with another rate"), default=False)

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], condition=Q(window_from__isnull=True), name="rate_once_per_pair"),
            models.UniqueConstraint(fields=["source", "target", "window_from"], name="rate_once_per_pair_and_day"),
            models.CheckConstraint(condition=Q(num__gt=0) & Q(den__gt=0), name="rate_above_zero"),
            models.CheckConstraint(
                condition=Q(window_to__isnull=True) | Q(window_from__isnull=True) | Q(window_to__gte=F("window_from")),
                name="rate_window_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id} {self.num}/{self.den}"


class Calendar(models.Model):
    """When a bank's year and its terms begin.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    year_start = models.CharField(_("year begins on"), max_length=5, default="01-01", validators=[IS_MONTH_DAY])
    last_term_ends = models.JSONField(_("days on which the last term before graduation ends"), default=list, blank=True)

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class CalendarTerm(models.Model):
    """A term of a calendar, from a month and day to another; it may run over the end of the year.

    Personal data: none.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="terms", verbose_name=_("calendar"))
    position = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("name"), max_length=40)
    first = models.CharField(_("first day"), max_length=5, validators=[IS_MONTH_DAY])
    last = models.CharField(_("last day"), max_length=5, validators=[IS_MONTH_DAY])

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ["calendar", "position"]
        constraints = [models.UniqueConstraint(fields=["calendar", "name"], name="calendar_term_once")]

    def __str__(self) -> str:
        return self.name


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    """Programmes as their reader may see them."""

    def visible_to(self, user: Any) -> ProgrammeQuerySet:
        """Programmes are public."""
        return self.all()

    def open(self) -> ProgrammeQuerySet:
        return self.filter(is_open=True)


class Programme(models.Model):
    """What a qualification of an institution requires, for one cohort.

    Personal data: none.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(_("code"), max_length=40, unique=True, help_text=_("Stands in addresses; names the programme of one cohort."))
    shared_code = models.CharField(
        _("code in rules"),
        max_length=40,
        blank=True,
        help_text=_("What rules and files call the programme of all cohorts; empty: the code."),
    )
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    title_zh = models.CharField(_("title (Chinese)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=160, blank=True)
    cohort = models.CharField(_("cohort"), max_length=20, blank=True)
    system = models.ForeignKey(CreditSystem, on_delete=models.PROTECT, related_name="+", verbose_name=_("credit system"))
    total = models.DecimalField(_("total credits"), max_digits=6, decimal_places=2)
    totals = models.JSONField(_("parts of the total"), default=dict, blank=True, help_text=_("Such as major and general."))
    category = models.CharField(_("category"), max_length=30, default="academic")
    field = models.CharField(_("field of study"), max_length=40, blank=True)
    eligible = models.JSONField(_("who may use it"), default=list, blank=True)
    not_eligible = models.JSONField(_("who may not use it"), default=list, blank=True)
    is_open = models.BooleanField(_("takes applications"), default=True)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["institution__code", "code"]
        constraints = [
            models.CheckConstraint(condition=Q(total__gt=0), name="programme_total_above_zero"),
            models.UniqueConstraint(fields=["shared_code", "cohort"], condition=~Q(shared_code=""), name="programme_once_per_cohort"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)

    @property
    def rule_code(self) -> str:
        """What rules and files call it."""
        return self.shared_code or self.code


class Requirement(models.Model):
    """One node of a programme's tree: a leaf with what it accepts and needs, or an inner node over those that name it as parent.

    Personal data: none.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="requirements")
    path = models.CharField(_("position"), max_length=40)
    parent = models.CharField(_("hangs below"), max_length=40, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    node = models.CharField(_("kind of node"), max_length=4, choices=NodeKind.choices, default=NodeKind.LEAF)
    k = models.PositiveSmallIntegerField(_("how many of them"), default=0)
    title_zh = models.CharField(_("title (Chinese)"), max_length=120, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=160, blank=True)
    requirement = models.BooleanField(_("counts as a requirement"), null=True, blank=True)
    outcomes = models.JSONField(_("accepted outcomes"), default=list, blank=True)
    subjects = models.JSONField(_("accepted subjects"), default=list, blank=True)
    all_keys = models.BooleanField(_("outcome and subject must both fit"), default=False)
    level = models.PositiveSmallIntegerField(_("level at least"), null=True, blank=True, help_text=_("A rank."))
    category = models.CharField(_("category"), max_length=30, blank=True)
    kinds = models.JSONField(_("kinds of grant"), default=list, blank=True)
    min_grade = models.CharField(_("grade at least"), max_length=10, blank=True)
    need_credits = models.DecimalField(_("credits needed"), max_digits=6, decimal_places=2, null=True, blank=True)
    need_courses = models.PositiveSmallIntegerField(_("courses needed"), null=True, blank=True)
    need_if = models.JSONField(_("other needs by condition"), default=list, blank=True)
    level_credits = models.JSONField(_("credits needed at a level"), default=list, blank=True)
    children_min = models.PositiveSmallIntegerField(_("fewest parts filled"), null=True, blank=True)
    children_max = models.PositiveSmallIntegerField(_("most parts filled"), null=True, blank=True)
    exclusive = models.CharField(_("counts once inside"), max_length=40, blank=True)
    share_with = models.CharField(_("shared with"), max_length=40, blank=True)
    share_max = models.DecimalField(_("shared credits at most"), max_digits=6, decimal_places=2, null=True, blank=True)
    transferable = models.BooleanField(_("takes recognised credit"), default=True)
    elective = models.BooleanField(_("elective"), default=False)

    class Meta:
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        ordering = ["programme", "position", "path"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "path"], name="requirement_once_per_position"),
            models.CheckConstraint(condition=~Q(node=NodeKind.N_OF) | Q(k__gt=0), name="requirement_n_of_says_how_many"),
            models.CheckConstraint(
                condition=Q(children_max__isnull=True) | Q(children_min__isnull=True) | Q(children_max__gte=F("children_min")),
                name="requirement_parts_in_order",
            ),
        ]

    def __str__(self) -> str:
        return in_language(self.title_zh, self.title_en)
