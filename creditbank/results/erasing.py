"""What uploads of results do when somebody is erased: the person's rows go, and every uploaded file that has one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from creditbank.results.enums import BatchState
from creditbank.results.models import ResultBatch, ResultRow
from identity.api import Eraser, Treatment, register_eraser

MOVING = (BatchState.READING, BatchState.RELEASING, BatchState.HALTED, BatchState.UNDOING, BatchState.UNDO_HALTED)


def erase(person: Any, at: datetime) -> dict[str, int]:
    """What entered is a record of the archive, which does not need the row or the file it came in."""
    rows = ResultRow.objects.filter(values__person=str(person.uuid))
    batches = list(ResultBatch.objects.filter(rows__in=rows).exclude(file="").distinct())
    for batch in batches:
        transaction.on_commit(lambda file=batch.file: file.storage.delete(file.name))  # type: ignore[misc]
    ResultBatch.objects.filter(pk__in=[batch.pk for batch in batches]).update(file="", filename="", complaints=[])
    return {"uploaded_rows": rows.delete()[0], "uploaded_files": len(batches)}


def obstacles(person: Any) -> list[str]:
    """A file that is just being worked through."""
    moving = ResultBatch.objects.filter(state__in=MOVING, rows__values__person=str(person.uuid)).exists()
    return [_("Results of yours are being entered just now; please try again in a few minutes.")] if moving else []


register_eraser(
    Eraser(
        part="creditbank.results", erase=erase, obstacles=obstacles,
        treats={"creditbank.ResultBatch": Treatment.EMPTIED, "creditbank.ResultRow": Treatment.DELETED},
    )
)  # fmt: skip
