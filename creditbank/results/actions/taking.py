"""Reading an uploaded file into rows: every row is kept with all that is wrong with it; nothing else happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.db import transaction
from django.utils import timezone

from creditbank.results.actions.steps import locked, move_on
from creditbank.results.columns import COLUMNS, judge_row
from creditbank.results.enums import BatchState, RowState
from creditbank.results.exceptions import ReadTwice
from creditbank.results.models import ResultBatch, ResultRow
from creditbank.results.queries import look_up
from foundation.api import SheetRow, UnreadableTable, finish_job, read_table, report_progress

CHUNK = 1000


def read_batch(batch: ResultBatch, *, at: datetime) -> ResultBatch:
    """Read the file of a batch; afterwards it is ``read``, or ``refused`` with the complaint of the file or of its rows.

    Runs again from the beginning where it was broken off: until the end nothing can be done with its rows. Does nothing for a batch that was
    read. Raises ReadTwice where another process read it at the same time; it is read again then.
    """
    batch = ResultBatch.objects.select_related("job", "institution").get(pk=batch.pk)
    if batch.state != BatchState.READING:
        return batch
    try:
        return _read(batch, at=at)
    except UnreadableTable as error:
        return _refuse(batch, error, at=at)


def _read(batch: ResultBatch, *, at: datetime) -> ResultBatch:
    with batch.file.open("rb") as file:
        rows = read_table(file.read(), COLUMNS)
    today, seen = timezone.localdate(at), dict[str, int]()
    total = bad = known = 0
    credits = Decimal(0)
    batch.rows.all().delete()  # what a reading left that was broken off
    for chunk in _chunks(rows):
        with transaction.atomic():  # a chunk each: a whole file would keep every other writer waiting on SQLite
            locked(batch, BatchState.READING)
            facts = look_up(chunk, batch, today=today)
            judged = [(row, judge_row(row, facts, seen)) for row in chunk]
            ResultRow.objects.bulk_create(
                [
                    ResultRow(
                        batch=batch, line=row.line, values=one.values, problems=[problem.stored() for problem in one.problems],
                        state=RowState.BAD if one.problems else RowState.KNOWN if one.is_known else RowState.GOOD,
                    )
                    for row, one in judged
                ]
            )  # fmt: skip
        total += len(judged)
        bad += sum(bool(one.problems) for _row, one in judged)
        known += sum(one.is_known for _row, one in judged)
        credits += sum((one.credits for _row, one in judged if not one.problems and not one.is_known), Decimal(0))
        if batch.job is not None:
            report_progress(batch.job, done=0, message=str(total))
    if not total:
        raise UnreadableTable("empty")
    with transaction.atomic():
        batch = locked(batch, BatchState.READING)
        if batch.rows.count() != total:
            raise ReadTwice(str(batch.uuid))
        batch.rows_total, batch.rows_bad, batch.rows_known, batch.credits_total = total, bad, known, credits
        move_on(batch, BatchState.REFUSED if bad else BatchState.READ, verb="read", actor=None, bad=bad)
    if batch.job is not None:
        finish_job(batch.job, at=at)
    return batch


@transaction.atomic
def _refuse(batch: ResultBatch, error: UnreadableTable, *, at: datetime) -> ResultBatch:
    batch = locked(batch, BatchState.READING)
    batch.complaint = {"code": error.code, "data": error.data}
    move_on(batch, BatchState.REFUSED, verb="read", actor=None, file=error.code)
    if batch.job is not None:
        finish_job(batch.job, at=at)
    return batch


def _chunks(rows: Iterable[SheetRow]) -> Iterator[list[SheetRow]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
