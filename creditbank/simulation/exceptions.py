"""What a simulation refuses. A refusal changes nothing."""

from __future__ import annotations


class NothingToCompareWith(Exception):
    """The institution has no rules in force, so nobody can gain or lose by new ones."""


class NobodyToAsk(Exception):
    """Nobody learns at the institution or has applied there, or it has no programme."""
