"""What is taken back, and who has to look at what follows from it: rows beside the ledger, in which the second person is named."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.enums import ApplicationState, CorrectionKind, CorrectionState, ReviewState
from creditbank.recognition.models import CASE_ROLES, PAIR, Application
from foundation.api import SealedTextField
from identity.api import Institution, Role, User

STANDING = (CorrectionState.PROPOSED, CorrectionState.DONE)


class CorrectionQuerySet(models.QuerySet["Correction"]):
    """Corrections as their reader may see them."""

    def visible_to(self, user: Any) -> CorrectionQuerySet:
        """Those of the institution at whose desk the person works; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self
        return self.filter(institution__in=user.institutions_as(*CASE_ROLES))


class Correction(models.Model):
    """One person of an institution proposes to take something back, another agrees or does not.

    A result (``record_uuid``) is taken back by the institution that issued it, an award (``application``) by the one that made it. Only the
    second person's word moves anything.

    Personal data: whose credit it is, who proposed and who decided, and their words (sealed).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=CorrectionKind.choices)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    learner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("learner"))
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("application")
    )
    record_uuid = models.UUIDField(_("learning record"), null=True, blank=True)
    title_zh = models.CharField(_("title (Chinese)"), max_length=255)
    title_en = models.CharField(_("title (English)"), max_length=300, blank=True)
    reason = SealedTextField(_("reason"), owner="learner.uuid")
    state = models.CharField(_("state"), max_length=8, choices=CorrectionState.choices, default=CorrectionState.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second person"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    note = SealedTextField(_("note"), blank=True, owner="learner.uuid")

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["application"], condition=Q(state__in=STANDING), name="correction_once_per_application"),
            models.UniqueConstraint(fields=["record_uuid"], condition=Q(state__in=STANDING), name="correction_once_per_record"),
            models.CheckConstraint(
                condition=Q(kind="revoke", record_uuid__isnull=False, application__isnull=True)
                | Q(kind="reverse", record_uuid__isnull=True, application__isnull=False),
                name="correction_of_one_thing",
            ),
            models.CheckConstraint(condition=~Q(proposed_by=F("learner")), name="correction_not_by_its_owner"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | (~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("learner"))),
                name="correction_second_is_third_person",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | Q(decided_by__isnull=False, decided_at__isnull=False), name="correction_decided_by_somebody"
            ),
        ]
        indexes = [models.Index(fields=["institution", "state", "-id"], name="correction_queue")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


class SourceReviewQuerySet(models.QuerySet["SourceReview"]):
    """Reviews as their reader may see them."""

    def visible_to(self, user: Any) -> SourceReviewQuerySet:
        """Those of applications that the person sees at a desk."""
        if not user.is_authenticated:
            return self.none()
        rows = self.exclude(application__learner_id=user.pk).exclude(application__state=ApplicationState.DRAFT)
        if user.acts_as(Role.AUDITOR):
            return rows
        case, panel = user.institutions_as(*CASE_ROLES), user.institutions_as(Role.EXPERT)
        return rows.filter(
            Q(application__institution__in=case) | Q(application__institution__in=panel, application__required_approvals__gt=PAIR)
        )


class SourceReview(models.Model):
    """A record that an application holds or has used was taken back by its issuer: the desk that recognised it looks at the case again.

    Opened by the revocation, closed when the award was reversed, or when an officer says why it stands. Nothing is undone by itself.

    Personal data: which case of a person, who closed it, and why (sealed).
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    record_uuid = models.UUIDField(_("learning record"))
    title_zh = models.CharField(_("title (Chinese)"), max_length=255)
    title_en = models.CharField(_("title (English)"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=ReviewState.choices, default=ReviewState.OPEN)
    opened_at = models.DateTimeField(_("opened"))
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("closed by"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    note = SealedTextField(_("note"), blank=True, owner="application.learner.uuid")

    objects = SourceReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review after a revocation")
        verbose_name_plural = _("reviews after revocations")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "record_uuid"], name="review_once_per_record"),
            models.CheckConstraint(condition=Q(state="open") | Q(closed_at__isnull=False), name="review_closed_with_date"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(state="open"), name="review_open")]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.record_uuid}"
