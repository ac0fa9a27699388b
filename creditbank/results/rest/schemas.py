"""What the routes of result uploads say and take."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Field, Schema

from creditbank.results.enums import BatchState

MOST_ROWS = 5_000


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
    """An upload and where it stands: reading, refused, read, submitted, releasing, released, undo_asked, undoing, undone, discarded.

    While something works on it in the background, ``done`` of ``total`` rows are through.
    """

    uuid: UUID
    name: str
    state: str
    rows: int
    rows_with_errors: int
    rows_known: int
    credits: str
    done: int
    total: int
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

    state: BatchState | None = None
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Uploads a page.")


class ErrorsOut(Schema):
    """A page of errors in the order of the file; ``next_cursor`` is null at the end."""

    items: list[ErrorOut]
    next_cursor: str | None


class ErrorQuestion(Schema):
    """Which page of errors."""

    cursor: str | None = Field(None, max_length=20, description="Where the page before ended.")
    limit: int = Field(100, ge=1, le=1000, description="Rows with errors a page.")


class ReasonIn(Schema):
    """Why a released upload has to be undone; the learners read it."""

    reason: str = Field(min_length=1, max_length=300)


class AnswerUndoIn(Schema):
    """Whether a second person agrees that a released upload is undone."""

    agree: bool
