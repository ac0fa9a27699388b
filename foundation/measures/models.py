"""Units and levels that learning and the bank share; they know no institution."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from foundation.measures.enums import Rounding


class CreditSystem(models.Model):
    """A unit of credit: how many notional hours one credit stands for, and on which step amounts lie.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=12, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=60)
    name_en = models.CharField(_("name (English)"), max_length=80)
    category = models.CharField(
        _("category"), max_length=30, help_text=_("academic, vocational or culture_leisure; decides convertibility.")
    )
    hours_min = models.DecimalField(
        _("fewest hours per credit"), max_digits=6, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    hours_nominal = models.DecimalField(_("notional hours per credit"), max_digits=6, decimal_places=2)
    hours_max = models.DecimalField(_("most hours per credit"), max_digits=6, decimal_places=2)
    step = models.DecimalField(_("step"), max_digits=6, decimal_places=3, help_text=_("Every amount is a whole number of steps."))
    rounding = models.CharField(_("rounding"), max_length=10, choices=Rounding.choices, default=Rounding.DOWN)

    class Meta:
        verbose_name = _("credit system")
        verbose_name_plural = _("credit systems")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hours_min__gt=0) & Q(hours_min__lte=F("hours_nominal")) & Q(hours_nominal__lte=F("hours_max")),
                name="credit_system_hours_in_order",
            ),
            models.CheckConstraint(condition=Q(step__gt=0), name="credit_system_step_above_zero"),
        ]

    def __str__(self) -> str:
        return self.name_zh


class LevelFramework(models.Model):
    """A ladder of levels.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=12, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=60)
    name_en = models.CharField(_("name (English)"), max_length=80)

    class Meta:
        verbose_name = _("level framework")
        verbose_name_plural = _("level frameworks")

    def __str__(self) -> str:
        return self.name_zh


class Level(models.Model):
    """One rung; a higher rank is harder.

    Personal data: none.
    """

    framework = models.ForeignKey(LevelFramework, verbose_name=_("framework"), on_delete=models.PROTECT, related_name="levels")
    code = models.CharField(_("code"), max_length=12)
    rank = models.PositiveSmallIntegerField(_("rank"), help_text=_("Higher is harder."))
    name_zh = models.CharField(_("name (Chinese)"), max_length=60)
    name_en = models.CharField(_("name (English)"), max_length=80)

    class Meta:
        verbose_name = _("level")
        verbose_name_plural = _("levels")
        ordering = ["framework", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "code"], name="level_code_once_per_framework"),
            models.UniqueConstraint(fields=["framework", "rank"], name="level_rank_once_per_framework"),
        ]

    def __str__(self) -> str:
        return self.name_zh
