"""Individual exceptions: what one officer proposed for one learner and another person approved, until a day."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.catalogue.models import Programme
from creditbank.recognition.enums import ExceptionKind, ExceptionState
from creditbank.recognition.models.applications import CASE_ROLES
from foundation.api import SealedTextField, append_only
from identity.api import Institution, Role, User


class IndividualExceptionQuerySet(models.QuerySet["IndividualException"]):
    """Exceptions as their reader may see them."""

    def visible_to(self, user: Any) -> IndividualExceptionQuerySet:
        """Approved ones of one's own; those of the institution at whose desk the person works; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        own = Q(learner=user, state__in=[ExceptionState.APPROVED, ExceptionState.ENDED])
        return self.filter(own | Q(institution__in=user.institutions_as(*CASE_ROLES)))


@append_only(mutable=("state", "answered_by", "answered_at", "answer", "ended_by_uuid", "ended_at"))
class IndividualException(models.Model):
    """For one learner in one programme a node, a rule or a limit is read otherwise, for a reason, until a day.

    Only what is approved and has not expired reaches the engine. A wish that is no longer right is ended, never edited.

    Personal data: who is treated otherwise, and why (sealed).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    learner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("learner"))
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+", verbose_name=_("programme"))
    kind = models.CharField(_("kind"), max_length=10, choices=ExceptionKind.choices)
    path = models.CharField(_("requirement, rule or limit"), max_length=40)
    value = models.CharField(_("value"), max_length=60, blank=True)
    reason = SealedTextField(_("reason"), owner="learner.uuid")
    expires_on = models.DateField(_("holds until"))
    state = models.CharField(_("state"), max_length=10, choices=ExceptionState.choices, default=ExceptionState.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved or refused by")
    )
    answered_at = models.DateTimeField(_("approved or refused"), null=True, blank=True)
    answer = SealedTextField(_("note"), blank=True, owner="learner.uuid")
    ended_by_uuid = models.UUIDField(_("ended by"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = IndividualExceptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("individual exception")
        verbose_name_plural = _("individual exceptions")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(proposed_by=F("learner")), name="exception_not_proposed_by_its_learner"),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | (~Q(answered_by=F("proposed_by")) & ~Q(answered_by=F("learner"))),
                name="exception_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state=ExceptionState.PROPOSED, answered_by__isnull=True)
                | (~Q(state=ExceptionState.PROPOSED) & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="exception_answered_by_somebody",
            ),
            models.CheckConstraint(condition=Q(kind__in=ExceptionKind.values), name="exception_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"
