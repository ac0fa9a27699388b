"""Agreements between institutions, and the rule books that carry them out, in dated versions."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.agreements.enums import AgreementKind, AgreementStatus, VersionStatus
from foundation.api import append_only, in_language
from identity.api import Institution, Role


class Agreement(models.Model):
    """Institutions agree to recognise each other's outcomes.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=40, unique=True)
    title_zh = models.CharField(_("title (Chinese)"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=AgreementKind.choices)
    status = models.CharField(_("status"), max_length=12, choices=AgreementStatus.choices, default=AgreementStatus.DRAFT)
    precedence = models.SmallIntegerField(_("precedence"), default=0, help_text=_("Higher wins."))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    parties = models.ManyToManyField(Institution, related_name="+", verbose_name=_("parties"))

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="agreement_dates_in_order")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)


class RuleBook(models.Model):
    """The rules by which one institution recognises credit; its versions carry the content.

    Personal data: none.
    """

    code = models.CharField(_("code"), max_length=40, unique=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    title_zh = models.CharField(_("title (Chinese)"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("rule book")
        verbose_name_plural = _("rule books")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)


class RuleBookVersionQuerySet(models.QuerySet["RuleBookVersion"]):
    """Versions as their reader may see them."""

    def visible_to(self, user: Any) -> RuleBookVersionQuerySet:
        """Published and retired versions are public; drafts belong to the officers and reviewers of the institution, and auditors."""
        shown = ~Q(status=VersionStatus.DRAFT)
        if not user.is_authenticated:
            return self.filter(shown)
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(shown | Q(book__institution__in=user.institutions_as(Role.CREDIT_OFFICER, Role.REVIEWER)))

    def in_force(self, *, on: date) -> RuleBookVersionQuerySet:
        """Published, begun, and not ended on a day."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), status=VersionStatus.PUBLISHED, valid_from__lte=on)


@append_only(mutable=("status", "publisher_uuid", "published_at", "valid_to"))
class RuleBookVersion(models.Model):
    """A dated version of a rule book. Its content is one canonical document of typed rules; a new thought is a new version.

    Missing on purpose: editing. While a version is a draft its author replaces it by the next; what is published is never touched.

    Personal data: pseudonyms of author and publisher.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    book = models.ForeignKey(RuleBook, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    status = models.CharField(_("status"), max_length=12, choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    author_uuid = models.UUIDField(_("author"))
    publisher_uuid = models.UUIDField(_("publisher"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    content_hash = models.CharField(_("hash"), max_length=64)
    notes = models.CharField(_("what changed"), max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RuleBookVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule book version")
        verbose_name_plural = _("rule book versions")
        ordering = ["book", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="rule_book_version_once"),
            models.CheckConstraint(
                condition=Q(publisher_uuid__isnull=True) | ~Q(publisher_uuid=F("author_uuid")), name="rule_book_publisher_is_not_author"
            ),
            models.CheckConstraint(
                condition=Q(status=VersionStatus.DRAFT) | Q(publisher_uuid__isnull=False), name="rule_book_published_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book.code} v{self.number}"


@append_only
class RuleRow(models.Model):
    """One rule of a version: typed columns, with its left side and its grants as small typed trees (schema of ``creditbank.rules.types``).

    Personal data: none.
    """

    version = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="rules")
    code = models.CharField(_("number"), max_length=40)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agreement"))
    priority = models.PositiveSmallIntegerField(_("priority"), default=100, help_text=_("Smaller comes first."))
    window_from = models.DateField(_("holds from"), null=True, blank=True)
    window_to = models.DateField(_("holds until"), null=True, blank=True)
    window_date = models.CharField(_("by the date of"), max_length=10, default="earned")
    programmes = models.JSONField(_("programmes"), default=list, blank=True)
    route = models.CharField(_("route"), max_length=10, default="review")
    lhs = models.JSONField(_("left side"))
    grants = models.JSONField(_("grants"))
    evidence = models.JSONField(_("evidence"), default=list, blank=True)
    reason_zh = models.TextField(_("reason (Chinese)"), blank=True)
    reason_en = models.TextField(_("reason (English)"), blank=True)
    source = models.CharField(_("source of the figure"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["version", "code"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="rule_code_once_per_version"),
            models.CheckConstraint(condition=Q(window_to__isnull=True) | Q(window_from__lte=F("window_to")), name="rule_window_in_order"),
        ]

    def __str__(self) -> str:
        return self.code


@append_only
class LimitRow(models.Model):
    """One limit of a version.

    Personal data: none.
    """

    version = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="limits")
    code = models.CharField(_("number"), max_length=40)
    measure = models.CharField(_("measure"), max_length=10, default="credits")
    bound = models.DecimalField(_("bound"), max_digits=7, decimal_places=2, null=True, blank=True)
    share_num = models.PositiveSmallIntegerField(null=True, blank=True)
    share_den = models.PositiveSmallIntegerField(null=True, blank=True)
    selector = models.JSONField(_("what it counts"), default=dict, blank=True)
    exempt = models.JSONField(_("what it leaves out"), default=dict, blank=True)
    per = models.CharField(_("per"), max_length=12, default="none")
    overflow = models.CharField(_("overflow"), max_length=14, default="reject_whole")
    source = models.CharField(_("source of the figure"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        ordering = ["version", "code"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="limit_code_once_per_version"),
            models.CheckConstraint(
                condition=Q(bound__isnull=False) | Q(share_num__isnull=False, share_den__gt=0), name="limit_has_a_bound"
            ),
        ]

    def __str__(self) -> str:
        return self.code
