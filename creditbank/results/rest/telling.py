"""Uploads of results and their errors as the routes tell them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from creditbank.results.exports import headings, problem_text
from creditbank.results.models import ResultBatch, ResultRow
from creditbank.results.queries import bad_rows
from foundation.api import Problem, file_complaint

MOST_ERRORS = 1_000


def tell_batch(row: ResultBatch) -> dict[str, Any]:
    """An upload without its errors."""
    return {
        "uuid": row.uuid, "name": row.filename, "state": row.state, "rows": row.rows_total, "rows_with_errors": row.rows_bad,
        "rows_known": row.rows_known, "credits": format(Decimal(row.credits_total).normalize(), "f"), "uploaded_at": row.uploaded_at,
        "released_at": row.released_at, "done": row.job.done if row.job else 0, "total": row.job.total if row.job else 0,
    }  # fmt: skip


def tell_whole_batch(row: ResultBatch) -> dict[str, Any]:
    """An upload with its errors, the first thousand; what is wrong with the file itself stands at row 0."""
    errors = [error for one in bad_rows(row)[:MOST_ERRORS] for error in _errors(one)]
    if row.complaint:
        message = file_complaint(row.complaint["code"], row.complaint["data"], headings())
        errors.append({"row": 0, "column": "", "code": row.complaint["code"], "message": message})
    return {**tell_batch(row), "errors": errors}


def page_of_errors(row: ResultBatch, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """The errors of so many rows behind the one that the cursor names. Raises Problem 400 for a cursor that is none of ours."""
    rows = bad_rows(row)
    if cursor:
        if not (cursor.isascii() and cursor.isdecimal()):
            raise Problem(400, "bad_cursor", _("This page marker is not valid."), _("Start again from the first page."))
        rows = rows.filter(line__gt=min(int(cursor), 2**31 - 1))
    found = list(rows[: limit + 1])
    page = found[:limit]
    return {
        "items": [error for one in page for error in _errors(one)],
        "next_cursor": str(page[-1].line) if len(found) > limit else None,
    }


def _errors(row: ResultRow) -> list[dict[str, Any]]:
    return [
        {"row": row.line - 1, "column": problem["column"], "code": problem["code"], "message": problem_text(problem)}
        for problem in row.problems
    ]
