"""Going on with files whose worker died: killed, out of memory, its machine gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from creditbank.results.actions.applying import enter_rows, undo_rows
from creditbank.results.actions.taking import read_batch
from creditbank.results.enums import BatchState
from creditbank.results.exceptions import WrongBatchState
from creditbank.results.models import ResultBatch

PATIENCE = timedelta(minutes=15)
"""So long a file is left to whoever is at it; a hundred thousand rows take less."""
WORK: dict[str, Callable[..., ResultBatch]] = {
    BatchState.READING: read_batch,
    BatchState.RELEASING: enter_rows,
    BatchState.UNDOING: undo_rows,
}


def resume_batches(*, at: datetime, patience: timedelta = PATIENCE) -> list[str]:
    """Read, enter or take back what was begun long enough ago and is not at its end; names of the files.

    Nothing is done twice, even where the first worker lives after all: a step and the rows it is about change together, under the row of the file.
    """
    before = at - patience
    begun = Q(state=BatchState.READING, uploaded_at__lte=before) | Q(
        state__in=[BatchState.RELEASING, BatchState.UNDOING], released_at__lte=before
    )
    found = list(ResultBatch.objects.filter(begun).order_by("id"))
    for batch in found:
        try:
            WORK[batch.state](batch, at=at)
        except WrongBatchState:  # the first worker lives, and was quicker
            continue
    return [batch.filename for batch in found]
