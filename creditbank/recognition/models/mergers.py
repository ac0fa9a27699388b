"""Two logins of one person: one officer proposes that the credit of one follows into the account of the other, another person agrees."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.enums import MergerState
from creditbank.recognition.models.applications import CASE_ROLES
from foundation.api import SealedTextField, append_only
from identity.api import Institution, Role, User


class AccountMergerQuerySet(models.QuerySet["AccountMerger"]):
    """Mergers as their reader may see them."""

    def visible_to(self, user: Any) -> AccountMergerQuerySet:
        """Those of the institution at whose desk the person works; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(institution__in=user.institutions_as(*CASE_ROLES))


@append_only(mutable=("state", "decided_by", "decided_at", "note", "transaction_uuid"))
class AccountMerger(models.Model):
    """A proposal to move credit from one login of a person to the other, why, and who agreed. Only the second person's word moves anything.

    Personal data: whose accounts, who proposed and who decided, and their words (sealed).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    source = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("from"))
    destination = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("to"))
    reason = SealedTextField(_("reason"), owner="source.uuid")
    state = models.CharField(_("state"), max_length=8, choices=MergerState.choices, default=MergerState.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second person"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    note = SealedTextField(_("note"), blank=True, owner="source.uuid")
    transaction_uuid = models.UUIDField(_("transaction"), null=True, blank=True)

    objects = AccountMergerQuerySet.as_manager()

    class Meta:
        verbose_name = _("merger of accounts")
        verbose_name_plural = _("mergers of accounts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=Q(state=MergerState.PROPOSED), name="merger_one_open_per_source"),
            models.CheckConstraint(condition=~Q(source=F("destination")), name="merger_of_two_logins"),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("source")) & ~Q(proposed_by=F("destination")), name="merger_not_proposed_by_its_person"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | (~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("source")) & ~Q(decided_by=F("destination"))),
                name="merger_second_is_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(state=MergerState.PROPOSED) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="merger_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.destination_id}"
