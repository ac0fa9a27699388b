"""Going on with files whose worker died: killed, out of memory, its machine gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from creditbank.ledger.exceptions import LedgerFrozen
from creditbank.results.actions.applying import enter_rows, undo_rows
from creditbank.results.actions.taking import read_batch
from creditbank.results.enums import BatchState
from creditbank.results.exceptions import WrongBatchState
from creditbank.results.models import ResultBatch

PATIENCE = timedelta(minutes=2)
"""So long after the last sign of life a file is left to whoever is at it; a chunk of rows takes a few seconds."""
WORK: dict[str, Callable[..., ResultBatch]] = {
    BatchState.READING: read_batch,
    BatchState.RELEASING: enter_rows,
    BatchState.UNDOING: undo_rows,
}


def resume_batches(*, at: datetime, patience: timedelta = PATIENCE) -> list[str]:
    """Go on with files that were begun, are not at their end, and at which nobody worked lately; names of the files.

    Nothing is done twice, even where the first worker lives after all: a step and the rows it is about change together, under the row of the
    file. While the ledger is frozen what would be posted waits.
    """
    quiet = Q(worked_at__isnull=True) | Q(worked_at__lte=at - patience)
    resumed = []
    for batch in ResultBatch.objects.filter(quiet, state__in=WORK).order_by("id"):
        try:
            WORK[batch.state](batch, at=at)
        except (WrongBatchState, LedgerFrozen):  # the first worker lives, and was quicker; or nothing may be posted now
            continue
        resumed.append(batch.filename)
    return resumed
