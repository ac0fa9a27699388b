"""Routes of the HTTP API for institutions' own systems: upload results, and see what became of them."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Header, Query, Router, Schema

from creditbank.results.actions import read_batch as read_file
from creditbank.results.actions import submit_batch, upload_results
from creditbank.results.columns import COLUMNS
from creditbank.results.enums import BatchState
from creditbank.results.exceptions import NothingToEnter
from creditbank.results.exports import problem_text
from creditbank.results.models import ResultBatch
from creditbank.results.queries import bad_rows
from foundation.api import PRIVATE_PROBLEMS, WRITE_PROBLEMS, Problem, answer_once, cursor_page, only_known
from identity.api import InstitutionToken

router = Router(tags=["credit bank: results"])
MOST_ROWS = 5_000
MOST_ERRORS = 1_000


class ResultIn(Schema):
    """One result. Amounts and dates are text, as in the template; the learner is a learner number, phone or e-mail."""

    learner: str = Field(max_length=120)
    result_id: str = Field(max_length=80, description="The institution's own number of this result; it enters once.")
    outcome: str = Field(max_length=60, description="Code of an outcome of this institution.", examples=["JLHV:NUR101"])
    earned_on: str = Field(max_length=20, examples=["2026-06-30"])
    name: str = Field("", max_length=50)
    score: str = Field("", max_length=20)
    grade: str = Field("", max_length=40)
    attendance: str = Field("", max_length=20)
    credits: str = Field("", max_length=20)
    hours: str = Field("", max_length=20)
    valid_until: str = Field("", max_length=20)


class ResultsIn(Schema):
    """Results that belong together; all enter or none."""

    name: str = Field(max_length=120, description="By what people will know this upload.", examples=["2026 spring, class 3"])
    results: list[ResultIn] = Field(min_length=1, max_length=MOST_ROWS)


class ErrorOut(Schema):
    """What is wrong with one value; ``row`` counts results from 1."""

    row: int
    column: str
    code: str
    message: str


class BatchOut(Schema):
    """An upload and where it stands: reading, refused, read, submitted, releasing, released, undo_asked, undoing, undone, discarded."""

    uuid: UUID
    name: str
    state: str
    rows: int
    rows_with_errors: int
    rows_known: int
    credits: str
    uploaded_at: datetime
    released_at: datetime | None


class BatchDetailOut(BatchOut):
    """An upload with its errors, the first thousand."""

    errors: list[ErrorOut]


class BatchesOut(Schema):
    """A page of uploads, newest first."""

    items: list[BatchOut]
    next_cursor: str | None


class BatchQuestion(Schema):
    """Which uploads."""

    state: str = Field("", max_length=12, description="One of the states.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Uploads a page.")


@router.post("/results", response={201: BatchDetailOut, **WRITE_PROBLEMS}, auth=InstitutionToken("results:write"), summary="Upload results")
def create_batch(
    request: Any, body: ResultsIn, idempotency_key: str = Header(alias="Idempotency-Key", min_length=1, max_length=200)
) -> tuple[int, Any]:
    """Check the results, and keep them if they are right, for a person of the institution to release; nothing enters an archive by this.

    The same Idempotency-Key with the same body answers as before and does nothing.
    """
    token = request.auth

    def work() -> tuple[int, Any]:
        content = _as_file(body.results)
        batch = upload_results(token.institution, content=content, filename=body.name, actor=token, at=timezone.now())
        batch = read_file(batch, at=timezone.now())
        if batch.state == BatchState.READ:
            with suppress(NothingToEnter):
                batch = submit_batch(batch, actor=token, at=timezone.now())
        return 201, _plain(_detail(batch))

    return answer_once(principal=str(token.uuid), endpoint="results", key=idempotency_key, body=body.dict(), work=work)


@router.get("/results", response={200: BatchesOut, **PRIVATE_PROBLEMS}, auth=InstitutionToken("results:read"), summary="List uploads")
def list_batches(request: Any, question: Query[BatchQuestion]) -> dict[str, Any]:
    """The institution's uploads, newest first, by cursor."""
    only_known(request, question)
    rows = ResultBatch.objects.filter(institution=request.auth.institution)
    if question.state:
        if question.state not in BatchState.values:
            raise Problem(422, "invalid", _("Some values are not valid."), state=list(BatchState.values))
        rows = rows.filter(state=question.state)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [_batch(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get(
    "/results/{batch_uuid}",
    response={200: BatchDetailOut, **PRIVATE_PROBLEMS},
    auth=InstitutionToken("results:read"),
    summary="Read one upload",
)
def read_batch(request: Any, batch_uuid: UUID) -> dict[str, Any]:
    """One upload of the institution, with its errors."""
    batch = ResultBatch.objects.filter(institution=request.auth.institution, uuid=batch_uuid).first()
    if batch is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    return _detail(batch)


def _as_file(results: list[ResultIn]) -> bytes:
    """The results as the table that people upload, so that both go one way."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.key for column in COLUMNS])
    writer.writerows([[getattr(row, column.key) for column in COLUMNS] for row in results])
    return out.getvalue().encode("utf-8", "replace")


def _batch(row: ResultBatch) -> dict[str, Any]:
    return {
        "uuid": row.uuid, "name": row.filename, "state": row.state, "rows": row.rows_total, "rows_with_errors": row.rows_bad,
        "rows_known": row.rows_known, "credits": format(row.credits_total.normalize(), "f"), "uploaded_at": row.uploaded_at,
        "released_at": row.released_at,
    }  # fmt: skip


def _detail(row: ResultBatch) -> dict[str, Any]:
    errors = [
        {"row": one.line - 1, "column": problem["column"], "code": problem["code"], "message": problem_text(problem)}
        for one in bad_rows(row)[:MOST_ERRORS]
        for problem in one.problems
    ]
    if row.complaint:
        errors.append({"row": 0, "column": "", "code": row.complaint["code"], "message": ""})
    return {**_batch(row), "errors": errors}


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    """As JSON keeps it, so that a repeated answer is the same."""
    dates = {name: answer[name].isoformat() for name in ("uploaded_at", "released_at") if answer[name]}
    return {**answer, "uuid": str(answer["uuid"]), **dates}
