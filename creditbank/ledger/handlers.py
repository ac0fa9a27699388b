"""What the ledger does when the log is found broken: as with books that are wrong, nothing is posted any more."""

from __future__ import annotations

from dataclasses import asdict

from django.utils import timezone

from creditbank.ledger.actions import freeze_ledger
from creditbank.ledger.types import Fault
from foundation.api import LogBroken, handles


@handles(LogBroken)
def stop_posting(event: LogBroken) -> None:
    """Freeze, with what was found; two persons lift it."""
    freeze_ledger([Fault(**asdict(fault)) for fault in event.faults], at=timezone.now())
