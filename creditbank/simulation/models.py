"""Simulations of a rule book's versions over the people whom it concerns."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.agreements.models import RuleBookVersion
from creditbank.simulation.enums import RunState
from foundation.api import Job
from identity.api import Role

SIMULATION_ROLES = (Role.CREDIT_OFFICER, Role.REVIEWER)


class SimulationRunQuerySet(models.QuerySet["SimulationRun"]):
    """Simulations as their reader may see them."""

    def visible_to(self, user: Any) -> SimulationRunQuerySet:
        """Those of the institutions at whose desk the person works; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(version__book__institution__in=user.institutions_as(*SIMULATION_ROLES))


def learners_path(run: SimulationRun, filename: str) -> str:
    """Where the rows lie: by the run, never under a name that somebody typed."""
    return f"simulations/{run.uuid}.parquet"


class SimulationRun(models.Model):
    """One comparison of a version with the version in force, over everybody whom the institution's rules concern.

    Personal data: the file with a row a learner, by pseudonym; examples in the report, by pseudonym; the pseudonym of who started it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="simulations", verbose_name=_("version"))
    compared_with = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="+", verbose_name=_("version before"))
    on = models.DateField(_("day of the comparison"))
    state = models.CharField(_("state"), max_length=8, choices=RunState.choices, default=RunState.RUNNING)
    report = models.JSONField(_("report"), null=True, blank=True)
    learners_total = models.PositiveIntegerField(_("learners"), default=0)
    learners = models.FileField(_("a row for each learner"), upload_to=learners_path, max_length=200, blank=True)
    started_by_uuid = models.UUIDField(_("started by"))
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = SimulationRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("simulation")
        verbose_name_plural = _("simulations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="simulation_state_is_known"),
            models.CheckConstraint(condition=~Q(version=F("compared_with")), name="simulation_compares_two_versions"),
            models.CheckConstraint(
                condition=~Q(state=RunState.DONE) | Q(report__isnull=False, finished_at__isnull=False), name="simulation_done_has_report"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} / {self.compared_with}"
