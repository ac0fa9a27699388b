"""The bank's catalogue: outcomes, rates between units, and what programmes require."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.api import CreditSystem, in_language
from identity.api import Institution


class Outcome(models.Model):
    """An item that rules refer to: a course, certificate or examination, whoever offers it.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=60, unique=True, help_text=_("INSTITUTION:CODE, as on learning records."))
    owner = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    title_zh = models.CharField(_("title (Chinese)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    credits = models.DecimalField(_("credits"), max_digits=6, decimal_places=2, null=True, blank=True)
    system = models.ForeignKey(
        CreditSystem, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("credit system")
    )
    hours = models.DecimalField(_("notional hours"), max_digits=7, decimal_places=1, null=True, blank=True)
    category = models.CharField(_("category"), max_length=30, default="academic")
    source_type = models.CharField(_("kind of source"), max_length=20, default="course")
    subjects = models.JSONField(_("subjects"), default=list, blank=True)
    dup_class = models.CharField(_("counts once with"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)


class Rate(models.Model):
    """An explicit rate between two units, as a fraction; beats the hours of both.

    Personal data: none.
    """

    source = models.ForeignKey(CreditSystem, on_delete=models.PROTECT, related_name="+", verbose_name=_("from"))
    target = models.ForeignKey(CreditSystem, on_delete=models.PROTECT, related_name="+", verbose_name=_("to"))
    num = models.PositiveIntegerField(_("numerator"))
    den = models.PositiveIntegerField(_("denominator"))

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="rate_once_per_pair"),
            models.CheckConstraint(condition=Q(num__gt=0) & Q(den__gt=0), name="rate_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id} {self.num}/{self.den}"


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
    code = models.CharField(_("code"), max_length=40, unique=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    title_zh = models.CharField(_("title (Chinese)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=160, blank=True)
    cohort = models.CharField(_("cohort"), max_length=20, blank=True)
    system = models.ForeignKey(CreditSystem, on_delete=models.PROTECT, related_name="+", verbose_name=_("credit system"))
    total = models.DecimalField(_("total credits"), max_digits=6, decimal_places=2)
    category = models.CharField(_("category"), max_length=30, default="academic")
    is_open = models.BooleanField(_("takes applications"), default=True)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["institution__code", "code"]
        constraints = [models.CheckConstraint(condition=Q(total__gt=0), name="programme_total_above_zero")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)


class Requirement(models.Model):
    """One leaf of a programme: what it accepts and how much it needs.

    Personal data: none.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="requirements")
    path = models.CharField(_("position"), max_length=20)
    title_zh = models.CharField(_("title (Chinese)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=160, blank=True)
    outcomes = models.JSONField(_("accepted outcomes"), default=list, blank=True)
    subjects = models.JSONField(_("accepted subjects"), default=list, blank=True)
    need_credits = models.DecimalField(_("credits needed"), max_digits=6, decimal_places=2, null=True, blank=True)
    need_courses = models.PositiveSmallIntegerField(_("courses needed"), null=True, blank=True)
    elective = models.BooleanField(_("elective"), default=False)

    class Meta:
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        ordering = ["programme", "path"]
        constraints = [models.UniqueConstraint(fields=["programme", "path"], name="requirement_once_per_position")]

    def __str__(self) -> str:
        return in_language(self.title_zh, self.title_en)
