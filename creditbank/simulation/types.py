"""Events of this part."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.api import Event


@dataclass(frozen=True, kw_only=True)
class SimulationStarted(Event):
    """A simulation waits to be worked."""

    run_id: int
