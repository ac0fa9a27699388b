"""Who may simulate what a version would change, and read the answer."""

from __future__ import annotations

from typing import Any

from creditbank.agreements.models import RuleBookVersion
from creditbank.simulation.models import SIMULATION_ROLES, SimulationRun
from foundation.api import permission
from identity.api import Role


@permission(RuleBookVersion, "simulate")
def can_simulate(user: Any, version: RuleBookVersion) -> bool:
    """Credit officers and reviewers of the book's institution."""
    return bool(user.is_authenticated and user.acts_as(*SIMULATION_ROLES, at=version.book.institution_id))


@permission(SimulationRun, "view")
def can_view(user: Any, run: SimulationRun) -> bool:
    """The same, and auditors."""
    at_the_desk = user.is_authenticated and user.acts_as(*SIMULATION_ROLES, at=run.version.book.institution_id)
    return bool(at_the_desk or (user.is_authenticated and user.acts_as(Role.AUDITOR)))
