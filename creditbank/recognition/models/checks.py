"""Spot checks: decided cases drawn by a seed for a second look, and what somebody found who had no part in them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.enums import CheckOutcome
from creditbank.recognition.models.applications import CASE_ROLES, Application
from foundation.api import SealedTextField, append_only
from identity.api import Institution, Role, User


class SpotCheckDrawQuerySet(models.QuerySet["SpotCheckDraw"]):
    """Draws as their reader may see them."""

    def visible_to(self, user: Any) -> SpotCheckDrawQuerySet:
        """Those of the institution at whose desk the person works; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(institution__in=user.institutions_as(*CASE_ROLES))


@append_only
class SpotCheckDraw(models.Model):
    """One draw: of all cases that an institution decided in a period, so many, by a seed. Who knows the seed can draw again and compares.

    Personal data: the pseudonym of who drew.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    seed = models.CharField(_("seed"), max_length=40)
    since = models.DateField(_("decided from"))
    until = models.DateField(_("decided until"))
    only_automatic = models.BooleanField(_("only what the rules decided alone"), default=False)
    wanted = models.PositiveSmallIntegerField(_("cases wanted"))
    population = models.PositiveIntegerField(_("cases there were"))
    drawn_by_uuid = models.UUIDField(_("drawn by"))
    drawn_at = models.DateTimeField(_("drawn"))

    objects = SpotCheckDrawQuerySet.as_manager()

    class Meta:
        verbose_name = _("draw of spot checks")
        verbose_name_plural = _("draws of spot checks")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="spot_check_period_in_order"),
            models.CheckConstraint(condition=~Q(seed=""), name="spot_check_has_a_seed"),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.seed}"


@append_only(mutable=("outcome", "note", "checked_by", "checked_at"))
class SpotCheck(models.Model):
    """One drawn case. Looked at by somebody who had no part in it; what is found changes nothing by itself.

    Who decided is copied, so that the schema itself refuses that they check themselves.

    Personal data: which case of a person, who looked at it, and what they wrote (sealed).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    draw = models.ForeignKey(SpotCheckDraw, on_delete=models.PROTECT, related_name="checks", verbose_name=_("draw"))
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+", verbose_name=_("application"))
    learner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("learner"))
    first_officer = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first officer")
    )
    second_officer = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second officer")
    )
    position = models.PositiveSmallIntegerField(_("place in the draw"))
    outcome = models.CharField(_("what was found"), max_length=8, choices=CheckOutcome.choices, blank=True)
    note = SealedTextField(_("note"), blank=True, owner="learner.uuid")
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("checked by"))
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)

    class Meta:
        verbose_name = _("spot check")
        verbose_name_plural = _("spot checks")
        ordering = ["draw", "position"]
        constraints = [
            models.UniqueConstraint(fields=["draw", "application"], name="spot_check_once_a_draw"),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True)
                | (
                    ~Q(checked_by=F("learner"))
                    & (Q(first_officer__isnull=True) | ~Q(checked_by=F("first_officer")))
                    & (Q(second_officer__isnull=True) | ~Q(checked_by=F("second_officer")))
                ),
                name="spot_check_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", checked_at__isnull=True, checked_by__isnull=True)
                | (~Q(outcome="") & Q(checked_at__isnull=False, checked_by__isnull=False)),
                name="spot_check_looked_at_or_open",
            ),
            models.CheckConstraint(condition=~Q(outcome="wrong") | ~Q(note=""), name="spot_check_wrong_says_what"),
        ]

    def __str__(self) -> str:
        return f"{self.draw_id}/{self.position}"
