"""What happens to agreements, for those who listen."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.api import Event


@dataclass(frozen=True, kw_only=True)
class AgreementMoved(Event):
    """An agreement was drafted, signed by a party, or went from one state to another, with effect from a day."""

    agreement_id: int
    what: str
    by_institution_id: int | None = None
    reason: str = ""
    on: str = ""
