"""What follows a step: the work in the background."""

from __future__ import annotations

from creditbank.results.tasks import enter_in_background, read_in_background, undo_in_background
from creditbank.results.types import ResultsReleased, ResultsUndone, ResultsUploaded
from foundation.api import enqueue, handles


@handles(ResultsUploaded)
def read_what_was_uploaded(event: ResultsUploaded) -> None:
    """Read the file."""
    enqueue(read_in_background, batch_id=event.batch_id)


@handles(ResultsReleased)
def enter_what_was_released(event: ResultsReleased) -> None:
    """Enter the rows."""
    enqueue(enter_in_background, batch_id=event.batch_id)


@handles(ResultsUndone)
def take_back_what_was_undone(event: ResultsUndone) -> None:
    """Reverse the rows."""
    enqueue(undo_in_background, batch_id=event.batch_id)
