"""What may not be done with an upload."""

from __future__ import annotations


class ResultsError(Exception):
    """Base of this part's refusals."""


class WrongBatchState(ResultsError):
    """The upload has moved on."""


class SecondPersonRequired(ResultsError):
    """Whoever uploaded (or asked to undo) cannot release (or undo) it as well."""


class NothingToEnter(ResultsError):
    """Every row is entered already."""


class AnotherReads(Exception):
    """Another process is at the same file, and was quicker."""
