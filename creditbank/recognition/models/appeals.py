"""Appeals against what was decided, or against its delay: one level after the other, each with a clock and a default."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.enums import AppealGround, AppealResult, ApplicationState, DefaultResult
from creditbank.recognition.models.applications import CASE_ROLES, Application
from foundation.api import SealedTextField, append_only
from identity.api import Role, User


class AppealQuerySet(models.QuerySet["Appeal"]):
    """Appeals as their reader may see them."""

    def visible_to(self, user: Any) -> AppealQuerySet:
        """The learner's own; those of the institution at whose desk the person works; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(Q(learner=user) | Q(application__institution__in=user.institutions_as(*CASE_ROLES)))

    def undecided(self) -> AppealQuerySet:
        return self.filter(result="")


@append_only(
    mutable=("taken_by", "due_on", "reminded", "result", "by_default", "late_uuid", "decided_by", "decided_at", "answer", "taken_at")
)
class Appeal(models.Model):
    """A learner appeals: why, until when it is decided, and what happens if nobody does.

    ``learner``, ``first_officer`` and ``second_officer`` are copied, so that the schema itself refuses a decision of any of them. The
    default result is the one of the policy that was in force when the application was submitted.

    Personal data: that somebody appealed, the reasons in that person's words and the answer (sealed), and who decided.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="appeals")
    level = models.PositiveSmallIntegerField(_("level"), default=1)
    ground = models.CharField(_("ground"), max_length=10, choices=AppealGround.choices)
    text = SealedTextField(_("reasons"), owner="learner.uuid")
    from_state = models.CharField(_("state before"), max_length=24, choices=ApplicationState.choices)
    learner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("learner"))
    first_officer = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first officer")
    )
    second_officer = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second officer")
    )
    submitted_at = models.DateTimeField(_("submitted"))
    due_on = models.DateField(_("to be decided by"))
    default_result = models.CharField(_("if nobody decides in time"), max_length=8, choices=DefaultResult.choices)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("taken by"))
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    reminded = models.PositiveSmallIntegerField(_("share of the time at which was reminded"), default=0)
    result = models.CharField(_("result"), max_length=9, choices=AppealResult.choices, blank=True)
    by_default = models.BooleanField(_("because nobody decided in time"), default=False)
    late_uuid = models.UUIDField(_("who was late"), null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answer = SealedTextField(_("answer"), blank=True, owner="learner.uuid")

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ["application", "level"]
        constraints = [
            models.UniqueConstraint(fields=["application", "level"], name="appeal_once_a_level"),
            models.UniqueConstraint(fields=["application"], condition=Q(result=""), name="appeal_one_open"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | (
                    ~Q(decided_by=F("learner"))
                    & (Q(first_officer__isnull=True) | ~Q(decided_by=F("first_officer")))
                    & (Q(second_officer__isnull=True) | ~Q(decided_by=F("second_officer")))
                ),
                name="appeal_decided_by_somebody_new",
            ),
            models.CheckConstraint(
                condition=Q(result="", decided_at__isnull=True, by_default=False)
                | (
                    ~Q(result="")
                    & Q(decided_at__isnull=False)
                    & (Q(by_default=True) | Q(decided_by__isnull=False) | Q(result=AppealResult.WITHDRAWN))
                ),
                name="appeal_decided_or_open",
            ),
        ]
        indexes = [models.Index(fields=["result", "due_on"], name="appeal_by_due")]

    def __str__(self) -> str:
        return f"{self.application_id}/{self.level}"
