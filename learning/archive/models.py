"""The lifelong archive: what a person has learnt, as it stood when it was confirmed."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from foundation.api import SealedTextField, append_only, in_language, unseal
from learning.archive.enums import Category, RecordSource, RecordState, SourceType, Trust


class LearningRecordQuerySet(models.QuerySet["LearningRecord"]):
    """Records as their reader may see them."""

    def visible_to(self, user: Any) -> LearningRecordQuerySet:
        """The archive belongs to the person: nobody else opens it here (an application shows what was handed in with it)."""
        return self.filter(learner_id=user.pk) if user.is_authenticated else self.none()

    def counting(self) -> LearningRecordQuerySet:
        """What is not void."""
        return self.exclude(state=RecordState.VOID)


@append_only(mutable=("state", "void_reason", "voided_at", "voided_by_uuid"))
class LearningRecord(models.Model):
    """One learning result in a person's life.

    A snapshot: names, credits, level and grade are those of the day it was entered, so a renamed school or a deleted course changes no
    byte of it. A mistake is corrected by declaring the record void and entering one that ``replaces`` it; both stay readable.

    Missing on purpose: a ForeignKey to the course, its run or its enrolment (the archive lies below them and outlives them), and any
    converted amount: the record claims, the ledger holds.

    Personal data: who learnt what, when, with which result; why it is void (sealed). Part of the person's archive; exported with it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("learner"), on_delete=models.PROTECT, related_name="+")
    title_zh = models.CharField(_("title (Chinese)"), max_length=255)
    title_en = models.CharField(_("title (English)"), max_length=300, blank=True)
    description_zh = models.TextField(_("description (Chinese)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    institution = models.ForeignKey(
        "identity.Institution", verbose_name=_("institution"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    institution_zh = models.CharField(_("institution's name (Chinese)"), max_length=200)
    institution_en = models.CharField(_("institution's name (English)"), max_length=300, blank=True)
    kind_of_education = models.CharField(_("kind of education"), max_length=30)
    source = models.CharField(_("source"), max_length=20, choices=RecordSource.choices)
    brought_by_uuid = models.UUIDField(_("entered by"), null=True, blank=True)
    trust = models.CharField(_("trust"), max_length=12, choices=Trust.choices)
    outcome_code = models.CharField(_("outcome"), max_length=80, blank=True)
    outcome_version = models.CharField(_("version of the outcome"), max_length=20, blank=True)
    level = models.ForeignKey(
        "foundation.Level", verbose_name=_("level"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    learning_aims = models.JSONField(_("learning aims"), default=dict, blank=True)
    grade = models.CharField(_("grade"), max_length=40, blank=True)
    grade_scale = models.CharField(_("grading scale"), max_length=40, blank=True)
    score = models.DecimalField(_("score"), max_digits=6, decimal_places=2, null=True, blank=True)
    attendance = models.DecimalField(_("attendance"), max_digits=5, decimal_places=2, null=True, blank=True)
    credits = models.DecimalField(_("credits"), max_digits=8, decimal_places=3, null=True, blank=True)
    credit_system = models.ForeignKey(
        "foundation.CreditSystem", verbose_name=_("credit system"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    notional_hours = models.DecimalField(_("notional hours"), max_digits=7, decimal_places=2, null=True, blank=True)
    category = models.CharField(_("category"), max_length=30, choices=Category.choices, blank=True)
    source_type = models.CharField(_("kind of achievement"), max_length=20, choices=SourceType.choices, default=SourceType.COURSE)
    earned_on = models.DateField(_("earned on"))
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    enrolment_uuid = models.UUIDField(_("enrolment"), null=True, blank=True)
    course_uuid = models.UUIDField(_("course"), null=True, blank=True)
    course_version = models.PositiveIntegerField(_("version of the course"), null=True, blank=True)
    external_id = models.CharField(_("the institution's record id"), max_length=120, blank=True)
    auto_deposit = models.BooleanField(_("deposited without a further officer"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=RecordState.choices, default=RecordState.ACTIVE)
    replaces = models.OneToOneField(
        "self", verbose_name=_("replaces"), on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    void_reason = SealedTextField(_("reason for declaring it void"), blank=True, owner="learner.uuid")
    voided_at = models.DateTimeField(_("declared void"), null=True, blank=True)
    voided_by_uuid = models.UUIDField(_("declared void by"), null=True, blank=True)
    content_hash = models.CharField(_("content hash"), max_length=64)
    recorded_at = models.DateTimeField(_("entered"))

    objects = LearningRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("learning record")
        verbose_name_plural = _("learning records")
        ordering = ["-earned_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment_uuid"], condition=~Q(state="void"), name="record_once_per_enrolment"),
            models.UniqueConstraint(
                fields=["institution", "external_id"], condition=~Q(state="void") & ~Q(external_id=""), name="record_once_per_external_id"
            ),
            models.CheckConstraint(
                condition=Q(credits__isnull=True, credit_system__isnull=True) | Q(credits__gt=0, credit_system__isnull=False),
                name="record_credits_with_system",
            ),
            models.CheckConstraint(condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=100), name="record_score_per_cent"),
            models.CheckConstraint(
                condition=Q(attendance__isnull=True) | Q(attendance__gte=0, attendance__lte=100), name="record_attendance"
            ),
            models.CheckConstraint(condition=Q(notional_hours__isnull=True) | Q(notional_hours__gt=0), name="record_hours_above_zero"),
            models.CheckConstraint(
                condition=~Q(source="learner_upload") | ~Q(trust="institution"), name="record_of_learner_not_institution"
            ),
            models.CheckConstraint(
                condition=~Q(trust="institution") | Q(institution__isnull=False), name="record_institution_stands_for_it"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("earned_on")), name="record_validity_in_order"
            ),
            models.CheckConstraint(condition=~Q(state="void") | Q(voided_at__isnull=False), name="record_void_with_date"),
        ]
        indexes = [
            models.Index(fields=["learner", "-earned_on", "-id"], name="record_timeline"),
            models.Index(fields=["institution", "-earned_on"], name="record_by_institution"),
            models.Index(fields=["outcome_code"], name="record_by_outcome"),
            models.Index(fields=["external_id", "institution"], name="record_by_external_id"),
            # Among all records few replace one: by the unique index alone SQLite would rather read them all than look for these.
            models.Index(fields=["replaces"], name="record_replacing", condition=Q(replaces__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title_zh

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)

    @property
    def institution_name(self) -> str:
        return in_language(self.institution_zh, self.institution_en)

    @property
    def aims(self) -> list[str]:
        """The learning aims in the reader's language, as they were."""
        zh, en = self.learning_aims.get("zh", []), self.learning_aims.get("en", [])
        return in_language("\n".join(zh), "\n".join(en)).splitlines()

    @property
    def is_void(self) -> bool:
        return self.state == RecordState.VOID

    @property
    def is_confirmed(self) -> bool:
        return self.trust != Trust.SELF

    @property
    def amount(self) -> Decimal:
        """Credits claimed; 0 where the record carries none."""
        return self.credits or Decimal(0)


EVIDENCE = "learning.evidence"
"""What a sealed file is for."""


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Files as their reader may see them."""

    def visible_to(self, user: Any) -> EvidenceQuerySet:
        return self.filter(record__learner_id=user.pk) if user.is_authenticated else self.none()


def evidence_path(evidence: Evidence, filename: str) -> str:
    """Where a file lies: by content hash, never under a name that somebody typed."""
    return f"evidence/{evidence.sha256[:2]}/{evidence.sha256}"


@append_only(purgeable=True)
class Evidence(models.Model):
    """A file that supports a record: a certificate, a photograph of one.

    Served only through the page of its record, as a download; the folder of evidence has no address.

    It is sealed under the learner's key; ``size`` and ``sha256`` are those of the content.

    Personal data: the file itself and its name, and the pseudonym of who brought it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    record = models.ForeignKey(LearningRecord, verbose_name=_("record"), on_delete=models.PROTECT, related_name="evidence")
    file = models.FileField(_("file"), upload_to=evidence_path, max_length=200)
    filename = models.CharField(_("file name"), max_length=200)
    media_type = models.CharField(_("media type"), max_length=80)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_by_uuid = models.UUIDField(_("brought by"))
    uploaded_at = models.DateTimeField(_("brought on"))

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence file")
        verbose_name_plural = _("evidence files")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["record", "sha256"], name="evidence_once_per_record")]

    def __str__(self) -> str:
        return self.filename

    @property
    def content(self) -> bytes:
        """What was brought. Raises FileNotFoundError, SealingProblem."""
        with self.file.open("rb") as stream:
            return unseal(EVIDENCE, stream.read())
