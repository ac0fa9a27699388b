"""Simulations in the background."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from creditbank.simulation.actions import fail_simulation, work_simulation
from creditbank.simulation.exceptions import NobodyToAsk
from creditbank.simulation.models import SimulationRun


@task()
def simulate_in_background(run_id: int) -> None:
    """Work a simulation; one that breaks off says so and keeps its finished shards."""
    run = SimulationRun.objects.select_related("version__book__institution", "compared_with__book", "job").get(pk=run_id)
    try:
        work_simulation(run, at=timezone.now())
    except NobodyToAsk:
        return
    except Exception as error:
        fail_simulation(run, at=timezone.now(), why=type(error).__name__)
        raise
