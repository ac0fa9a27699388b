"""Events of this part."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.api import Event


@dataclass(frozen=True, kw_only=True)
class ResultsUploaded(Event):
    """A file lies ready to be read."""

    batch_id: int


@dataclass(frozen=True, kw_only=True)
class ResultsReleased(Event):
    """A second person let the rows enter the archives."""

    batch_id: int


@dataclass(frozen=True, kw_only=True)
class ResultsUndone(Event):
    """A second person agreed to take the rows back."""

    batch_id: int
