"""What compares unlike things: categories, levels of two ladders, grades of two scales."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.catalogue.enums import ConvertibilityValue, GradeMapMode
from foundation.api import Level
from identity.api import Institution


class Convertibility(models.Model):
    """Whether credit of one category may become credit of another; a pair that is not listed may not, a category to itself always may.

    Personal data: none.
    """

    source = models.CharField(_("from category"), max_length=30)
    target = models.CharField(_("to category"), max_length=30)
    value = models.CharField(_("value"), max_length=8, choices=ConvertibilityValue.choices)

    class Meta:
        verbose_name = _("convertibility")
        verbose_name_plural = _("convertibility")
        ordering = ["source", "target"]
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="convertibility_once_per_pair"),
            models.CheckConstraint(condition=Q(value__in=ConvertibilityValue.values), name="convertibility_value_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.target}: {self.value}"


class LevelMap(models.Model):
    """A level of one ladder counts as a level of another.

    Personal data: none.
    """

    source = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="+", verbose_name=_("level"))
    target = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="+", verbose_name=_("counts as"))

    class Meta:
        verbose_name = _("level map")
        verbose_name_plural = _("level maps")
        ordering = ["source", "target"]
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="level_map_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="level_map_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"


class GradeScale(models.Model):
    """The grades of an institution, or of everybody who has no scale of their own.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=30)
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("institution")
    )

    class Meta:
        verbose_name = _("grade scale")
        verbose_name_plural = _("grade scales")
        ordering = ["code", "institution__code"]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(institution__isnull=True), name="grade_scale_once"),
            models.UniqueConstraint(fields=["code", "institution"], name="grade_scale_once_per_institution"),
        ]

    def __str__(self) -> str:
        return self.code


class Grade(models.Model):
    """One grade of a scale; a higher rank is better.

    Personal data: none.
    """

    scale = models.ForeignKey(GradeScale, on_delete=models.CASCADE, related_name="grades", verbose_name=_("grade scale"))
    label = models.CharField(_("grade"), max_length=20)
    rank = models.SmallIntegerField(_("rank"), help_text=_("Higher is better."))
    gpa = models.DecimalField(_("grade points"), max_digits=5, decimal_places=3, null=True, blank=True)
    passes = models.BooleanField(_("passed"), default=True)
    share = models.DecimalField(
        _("per cent of those who pass"), max_digits=5, decimal_places=2, null=True, blank=True, help_text=_("For maps by distribution.")
    )

    class Meta:
        verbose_name = _("grade")
        verbose_name_plural = _("grades")
        ordering = ["scale", "rank", "label"]
        constraints = [models.UniqueConstraint(fields=["scale", "label"], name="grade_once_per_scale")]

    def __str__(self) -> str:
        return self.label


class GradeMap(models.Model):
    """How grades of one scale become grades of another.

    Personal data: none.
    """

    source = models.ForeignKey(GradeScale, on_delete=models.CASCADE, related_name="+", verbose_name=_("from"))
    target = models.ForeignKey(GradeScale, on_delete=models.CASCADE, related_name="+", verbose_name=_("to"))
    mode = models.CharField(_("way"), max_length=12, choices=GradeMapMode.choices, default=GradeMapMode.TABLE)

    class Meta:
        verbose_name = _("grade map")
        verbose_name_plural = _("grade maps")
        ordering = ["source", "target"]
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="grade_map_once"),
            models.CheckConstraint(condition=Q(mode__in=GradeMapMode.values), name="grade_map_mode_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"


class GradeMapRow(models.Model):
    """One grade of a table.

    Personal data: none.
    """

    map = models.ForeignKey(GradeMap, on_delete=models.CASCADE, related_name="rows", verbose_name=_("grade map"))
    source = models.ForeignKey(Grade, on_delete=models.CASCADE, related_name="+", verbose_name=_("from"))
    target = models.ForeignKey(Grade, on_delete=models.CASCADE, related_name="+", verbose_name=_("to"))

    class Meta:
        verbose_name = _("grade of a map")
        verbose_name_plural = _("grades of a map")
        ordering = ["map", "source"]
        constraints = [models.UniqueConstraint(fields=["map", "source"], name="grade_map_row_once")]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"
