"""Rule books, in dated versions with their rules, limits, examples and what was acknowledged on publishing."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.agreements.contracts import Agreement, AgreementParty, AgreementSignature, AgreementStep
from creditbank.agreements.enums import (
    CONSUMES,
    GROUP_OPERATORS,
    MEASURES,
    OFFERS,
    OPERATORS,
    OVERFLOWS,
    PERIODS,
    ROUTES,
    RULE_STATES,
    WINDOW_DATES,
    VersionStatus,
)
from foundation.api import Seal, append_only, in_language
from identity.api import Institution, Role

__all__ = [
    "Agreement",
    "AgreementParty",
    "AgreementSignature",
    "AgreementStep",
    "ExampleRecord",
    "FindingAcknowledgement",
    "LimitRow",
    "RuleBook",
    "RuleBookVersion",
    "RuleExample",
    "RuleRow",
]

WHILE_DRAFT = Seal("version", "status", VersionStatus.DRAFT.value)


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
        """Published, begun, and not ended on a day; a retired one holds until its last day."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on).exclude(status=VersionStatus.DRAFT)


@append_only(
    mutable=("status", "valid_to"), once=("publisher_uuid", "published_at", "retired_by_uuid", "retired_why"), leaves=("status", "draft")
)
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
    retired_by_uuid = models.UUIDField(_("retired by"), null=True, blank=True)
    retired_why = models.CharField(_("why it was retired"), max_length=500, null=True, blank=True)  # noqa: DJ001  filled once: NULL until then
    content_hash = models.CharField(_("hash"), max_length=64)
    notes = models.CharField(_("what changed"), max_length=500, blank=True)
    eligible = models.JSONField(_("who may use it"), default=list, blank=True)
    not_eligible = models.JSONField(_("who may not use it"), default=list, blank=True)
    titles = models.JSONField(_("title matching"), null=True, blank=True, help_text=_("Empty: titles are not compared."))
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
            models.CheckConstraint(condition=Q(status__in=VersionStatus.values), name="rule_book_status_is_known"),
            models.CheckConstraint(
                condition=~Q(status=VersionStatus.RETIRED) | Q(valid_to__isnull=False), name="rule_book_retired_with_a_last_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book.code} v{self.number}"


@append_only(sealed_by=WHILE_DRAFT)
class RuleRow(models.Model):
    """One rule of a version: a typed column for every field, its left side and its grants as small typed trees
    (documents of ``creditbank.rules.reading``).

    Personal data: none.
    """

    version = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="rules")
    code = models.CharField(_("number"), max_length=40)
    revision = models.PositiveIntegerField(
        _("version of the rule"), null=True, blank=True, help_text=_("Empty: the number of the rule book's version.")
    )
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agreement"))
    priority = models.PositiveSmallIntegerField(_("priority"), default=100, help_text=_("Smaller comes first."))
    status = models.CharField(_("status"), max_length=10, default="active")
    window_from = models.DateField(_("holds from"), null=True, blank=True)
    window_to = models.DateField(_("holds until"), null=True, blank=True)
    window_date = models.CharField(_("by the date of"), max_length=10, default="earned")
    programmes = models.JSONField(_("programmes"), default=list, blank=True)
    fields = models.JSONField(_("fields of study"), default=list, blank=True)
    not_fields = models.JSONField(_("not for fields of study"), default=list, blank=True)
    cohorts = models.JSONField(_("cohorts"), default=list, blank=True)
    learner = models.JSONField(_("conditions on the learner"), default=list, blank=True)
    not_learner = models.JSONField(_("conditions that must not hold"), default=list, blank=True)
    route = models.CharField(_("route"), max_length=10, default="review")
    lhs = models.JSONField(_("left side"))
    grants = models.JSONField(_("grants"))
    offer = models.CharField(_("what is given"), max_length=5, default="all")
    offer_k = models.PositiveSmallIntegerField(_("how many of them"), default=1)
    all_or_nothing = models.BooleanField(_("all or nothing"), default=False)
    consume = models.CharField(_("how records are used"), max_length=10, default="whole")
    evidence = models.JSONField(_("evidence"), default=list, blank=True)
    reason_zh = models.TextField(_("reason (Chinese)"), blank=True)
    reason_en = models.TextField(_("reason (English)"), blank=True)
    since = models.DateField(_("being examined since"), null=True, blank=True)
    source = models.CharField(_("source of the figure"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["version", "code"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="rule_code_once_per_version"),
            models.CheckConstraint(condition=Q(window_to__isnull=True) | Q(window_from__lte=F("window_to")), name="rule_window_in_order"),
            models.CheckConstraint(condition=Q(window_date__in=WINDOW_DATES), name="rule_window_date_is_known"),
            models.CheckConstraint(condition=Q(route__in=ROUTES), name="rule_route_is_known"),
            models.CheckConstraint(condition=Q(offer__in=OFFERS), name="rule_offer_is_known"),
            models.CheckConstraint(condition=Q(status__in=RULE_STATES), name="rule_status_is_known"),
            models.CheckConstraint(condition=Q(consume__in=CONSUMES), name="rule_consume_is_known"),
        ]

    def __str__(self) -> str:
        return self.code


@append_only(sealed_by=WHILE_DRAFT)
class LimitRow(models.Model):
    """One limit of a version: a typed column for every field.

    Personal data: none.
    """

    version = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="limits")
    code = models.CharField(_("number"), max_length=40)
    owner = models.CharField(_("owner"), max_length=40, default="institution")
    measure = models.CharField(_("measure"), max_length=10, default="credits")
    op = models.CharField(_("at most or at least"), max_length=2, default="<=")
    bound = models.DecimalField(_("bound"), max_digits=9, decimal_places=3, null=True, blank=True)
    share_num = models.PositiveIntegerField(null=True, blank=True)
    share_den = models.PositiveIntegerField(null=True, blank=True)
    share_of = models.CharField(_("share of"), max_length=20, default="programme")
    selector = models.JSONField(_("what it counts"), default=dict, blank=True)
    exempt = models.JSONField(_("what it leaves out"), default=dict, blank=True)
    per = models.CharField(_("per"), max_length=12, default="none")
    calendar = models.CharField(_("calendar"), max_length=20, blank=True)
    year_start = models.CharField(_("year begins on"), max_length=5, default="01-01")
    overflow = models.CharField(_("overflow"), max_length=14, default="reject_whole")
    group = models.CharField(_("group"), max_length=40, blank=True)
    group_op = models.CharField(_("of the group"), max_length=3, default="all")
    last_n = models.DecimalField(_("of the last credits"), max_digits=9, decimal_places=3, null=True, blank=True)
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
            models.CheckConstraint(condition=Q(measure__in=MEASURES), name="limit_measure_is_known"),
            models.CheckConstraint(condition=Q(op__in=OPERATORS), name="limit_op_is_known"),
            models.CheckConstraint(condition=Q(per__in=PERIODS), name="limit_per_is_known"),
            models.CheckConstraint(condition=Q(overflow__in=OVERFLOWS), name="limit_overflow_is_known"),
            models.CheckConstraint(condition=Q(group_op__in=GROUP_OPERATORS), name="limit_group_op_is_known"),
        ]

    def __str__(self) -> str:
        return self.code


@append_only(sealed_by=WHILE_DRAFT)
class RuleExample(models.Model):
    """A question with the answer that the version must give, or it is not published: an invented person with invented records.

    Personal data: none.
    """

    version = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="examples")
    code = models.CharField(_("number"), max_length=40)
    title_zh = models.CharField(_("title (Chinese)"), max_length=160, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    programme = models.CharField(_("programme"), max_length=40, blank=True, help_text=_("Empty: everything counts."))
    unit = models.CharField(_("credit system"), max_length=12, blank=True)
    cohort = models.CharField(_("cohort"), max_length=20, blank=True)
    attributes = models.JSONField(_("conditions on the learner"), default=list, blank=True)
    reviewed_on = models.DateField(_("day of review"))
    posted = models.DecimalField(_("credits in all"), max_digits=9, decimal_places=3, null=True, blank=True)

    class Meta:
        verbose_name = _("example")
        verbose_name_plural = _("examples")
        ordering = ["version", "code"]
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="rule_example_once_per_version")]

    def __str__(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)


@append_only(sealed_by=WHILE_DRAFT)
class ExampleRecord(models.Model):
    """One record of an example, with the credits it must give or the reason why it must not.

    Personal data: none.
    """

    version = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="+")
    example = models.ForeignKey(RuleExample, on_delete=models.PROTECT, related_name="records")
    record = models.CharField(_("record"), max_length=40)
    outcome = models.CharField(_("outcome"), max_length=60)
    facts = models.JSONField(_("facts"), default=dict, blank=True, help_text=_("What the catalogue does not say: fields of a record."))
    gives = models.DecimalField(_("credits given"), max_digits=9, decimal_places=3, null=True, blank=True)
    reason = models.CharField(_("reason why not"), max_length=30, blank=True)

    class Meta:
        verbose_name = _("record of an example")
        verbose_name_plural = _("records of examples")
        ordering = ["example", "record"]
        constraints = [models.UniqueConstraint(fields=["example", "record"], name="example_record_once")]

    def __str__(self) -> str:
        return self.record


@append_only(sealed_by=WHILE_DRAFT)
class FindingAcknowledgement(models.Model):
    """What the publisher wrote about warnings of one kind; kept with the version, for those who ask later.

    Personal data: the pseudonym of the publisher.
    """

    version = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="acknowledgements")
    code = models.CharField(_("finding"), max_length=4)
    findings = models.JSONField(_("findings"), help_text=_("Rules or limits concerned, with what was found in both languages."))
    note = models.TextField(_("note"))
    by_uuid = models.UUIDField(_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        ordering = ["version", "code"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="acknowledged_once_per_kind"),
            models.CheckConstraint(condition=~Q(note=""), name="acknowledged_in_words"),
        ]

    def __str__(self) -> str:
        return self.code
