"""What follows the start of a simulation: the work in the background."""

from __future__ import annotations

from creditbank.simulation.tasks import simulate_in_background
from creditbank.simulation.types import SimulationStarted
from foundation.api import enqueue, handles


@handles(SimulationStarted)
def work_what_was_started(event: SimulationStarted) -> None:
    """Work it."""
    enqueue(simulate_in_background, run_id=event.run_id)
