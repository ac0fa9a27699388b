"""The words that courses are sorted by: kinds of education and subjects."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.api import in_language


class Term(models.Model):
    """A word of a list that courses are sorted by; retired words stay readable.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=30, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=60)
    name_en = models.CharField(_("name (English)"), max_length=80)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        abstract = True
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)


class KindOfEducation(Term):
    """One of the eight classes of the city's resource library (preschool … elderly).

    Personal data: none.
    """

    note_zh = models.CharField(_("note (Chinese)"), max_length=80, blank=True)
    note_en = models.CharField(_("note (English)"), max_length=120, blank=True)

    class Meta(Term.Meta):
        verbose_name = _("kind of education")
        verbose_name_plural = _("kinds of education")

    @property
    def note(self) -> str:
        return in_language(self.note_zh, self.note_en)


class Subject(Term):
    """What a course is about.

    Personal data: none.
    """

    class Meta(Term.Meta):
        verbose_name = _("subject")
        verbose_name_plural = _("subjects")
