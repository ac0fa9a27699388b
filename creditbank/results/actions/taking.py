"""Reading an uploaded file into rows: every row is kept with all that is wrong with it; nothing else happens.

The file is read in pieces, five hundred rows a transaction, and where the reading stands is kept with them (``lines_read``): whoever goes on
after a kill takes the next row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from creditbank.results.actions.steps import locked, move_on, went_on
from creditbank.results.columns import COLUMNS, Judged, judge_row
from creditbank.results.enums import BatchState, RowState
from creditbank.results.exceptions import AnotherReads
from creditbank.results.models import ResultBatch, ResultRow
from creditbank.results.queries import look_up, numbers_read
from foundation.api import OpenTable, SheetRow, UnreadableTable, expect_total, finish_job, insert_rows, open_table

CHUNK = 500


def read_batch(batch: ResultBatch, *, at: datetime) -> ResultBatch:
    """Read the file of a batch; afterwards it is ``read``, or ``refused`` with the complaint of the file or of its rows.

    Goes on behind the last row that was kept, so nothing is read twice after a kill. Does nothing for a batch that was read, and leaves it to
    another process that is quicker.
    """
    batch = ResultBatch.objects.select_related("job", "institution").get(pk=batch.pk)
    if batch.state != BatchState.READING:
        return batch
    try:
        with batch.file.open("rb") as file:
            return _read(batch, open_table(file.file, COLUMNS), at=at)
    except UnreadableTable as error:
        return _refuse(batch, error, at=at)
    except AnotherReads:
        return ResultBatch.objects.get(pk=batch.pk)


def _read(batch: ResultBatch, table: OpenTable, *, at: datetime) -> ResultBatch:
    if not batch.lines_read:
        _begin(batch, rows=table.count())
    today, seen = timezone.localdate(at), numbers_read(batch)
    for chunk in _chunks(row for row in table.rows if row.line > batch.lines_read):
        batch = _take(batch, chunk, seen, today=today)
    if not batch.rows_total:
        raise UnreadableTable("empty")
    return _end(batch, at=at)


@transaction.atomic
def _begin(batch: ResultBatch, *, rows: int) -> None:
    """How many rows there are, for the progress bar; and no row is kept of a reading that left no position."""
    current = _next(batch)
    current.rows.all().delete()
    if current.job is not None:
        expect_total(current.job, total=rows)


@transaction.atomic  # a chunk each: a whole file would keep every other writer waiting on SQLite
def _take(batch: ResultBatch, chunk: list[SheetRow], seen: dict[str, int], *, today: date) -> ResultBatch:
    """Judge and keep the next rows. Raises AnotherReads where somebody else has kept them."""
    current = _next(batch)
    facts = look_up(chunk, current, today=today)
    judged = [judge_row(row, facts, seen) for row in chunk]
    insert_rows([_kept(current, row, one) for row, one in zip(chunk, judged, strict=True)])
    good = [one for one in judged if not one.problems and not one.is_known]
    done = chunk[-1].line - max(current.lines_read, 1)
    current.rows_total += len(judged)
    current.rows_bad += sum(bool(one.problems) for one in judged)
    current.rows_known += sum(one.is_known for one in judged)
    current.credits_total += sum((one.credits for one in good), Decimal(0))
    current.complaints = _summed(current.complaints, judged)
    current.lines_read = chunk[-1].line
    current.save(update_fields=["rows_total", "rows_bad", "rows_known", "credits_total", "complaints", "lines_read"])
    went_on(current, done=done)
    return current


def _summed(before: list[dict[str, Any]], judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """How often each kind of error was found so far, in the order in which they came up."""
    kinds = {(kind["column"], kind["code"]): dict(kind) for kind in before}
    for one in judged:
        for problem in one.problems:
            kinds.setdefault((problem.column, problem.code), {**problem.stored(), "n": 0})["n"] += 1
    return list(kinds.values())


def _next(batch: ResultBatch) -> ResultBatch:
    """The batch as it is now, locked, provided that it stands where this process left it."""
    current = ResultBatch.objects.select_for_update(of=("self",)).select_related("job", "institution").get(pk=batch.pk)
    if (current.state, current.lines_read) != (BatchState.READING, batch.lines_read):
        raise AnotherReads(str(batch.uuid))
    return current


def _kept(batch: ResultBatch, row: SheetRow, one: Judged) -> ResultRow:
    return ResultRow(
        batch_id=batch.pk, line=row.line, values=one.values, problems=[problem.stored() for problem in one.problems],
        state=RowState.BAD if one.problems else RowState.KNOWN if one.is_known else RowState.GOOD,
    )  # fmt: skip


@transaction.atomic
def _end(batch: ResultBatch, *, at: datetime) -> ResultBatch:
    batch = _next(batch)
    move_on(batch, BatchState.REFUSED if batch.rows_bad else BatchState.READ, verb="read", actor=None, bad=batch.rows_bad)
    if batch.job is not None:
        finish_job(batch.job, at=at)
    return batch


@transaction.atomic
def _refuse(batch: ResultBatch, error: UnreadableTable, *, at: datetime) -> ResultBatch:
    """What was kept of a file that turned out to be none goes again."""
    batch = locked(batch, BatchState.READING)
    batch.rows.all().delete()
    batch.rows_total = batch.rows_bad = batch.rows_known = 0
    batch.credits_total, batch.complaints, batch.complaint = Decimal(0), [], {"code": error.code, "data": error.data}
    move_on(batch, BatchState.REFUSED, verb="read", actor=None, file=error.code)
    if batch.job is not None:
        finish_job(batch.job, at=at)
    return batch


def _chunks(rows: Iterable[SheetRow]) -> Iterator[list[SheetRow]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
