"""What happens to papers, for those who listen."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.api import Event


@dataclass(frozen=True, kw_only=True)
class PaperIssued(Event):
    """A transcript or certificate was issued and signed."""

    kind: str
    paper_uuid: str
