"""Simulations over HTTP: start one, see how far it is, read what it found, download its rows (session of the site, in the acting role)."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Field, Query, Router, Schema
from ninja.security import django_auth

from creditbank.agreements.models import RuleBookVersion
from creditbank.simulation.actions import start_simulation
from creditbank.simulation.enums import RunState
from creditbank.simulation.exceptions import NothingToCompareWith
from creditbank.simulation.models import SimulationRun
from creditbank.simulation.output import learners_file
from foundation.api import (
    PRIVATE_PROBLEMS,
    WRITE_PROBLEMS,
    OnceKey,
    Problem,
    Refusals,
    access,
    answer_once,
    as_stored,
    can,
    cursor_page,
    file_answer,
    file_content,
    only_known,
    refusals_told,
    visible_to,
)

router = Router(tags=["credit bank: simulation"], auth=django_auth)
LARGEST_NUMBER = 2**31 - 1
FORMS = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
REFUSALS: Refusals = {
    NothingToCompareWith: (
        409,
        "nothing_to_compare_with",
        gettext_noop("There is nothing to compare with: this version is the one in force, or no version is."),
    )
}


class RunOut(Schema):
    """A comparison of a version with the one in force: running, done or failed, and how far it is (``done`` of ``total`` parts)."""

    uuid: UUID
    book: str
    version: int
    compared_with: int
    on: date
    state: str
    done: int
    total: int
    learners: int
    started_at: datetime
    finished_at: datetime | None


class RunDetailOut(RunOut):
    """A comparison with its report (null until it is done): who gains and loses, by rule, institution, group, and reasons of refusal."""

    report: dict[str, Any] | None


class RunsOut(Schema):
    """A page of comparisons, newest first; ``next_cursor`` is null at the end."""

    items: list[RunOut]
    next_cursor: str | None


class RunQuestion(Schema):
    """Which comparisons."""

    book: str = Field("", max_length=40, description="Code of a rule book.")
    state: RunState | None = None
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Comparisons a page.")


@router.get("/simulations", response={200: RunsOut, **PRIVATE_PROBLEMS}, summary="List simulations")
def list_runs(request: Any, question: Query[RunQuestion]) -> dict[str, Any]:
    """Those of the caller's institutions, newest first, by cursor."""
    only_known(request, question)
    rows = _rows(request)
    if question.book:
        rows = rows.filter(version__book__code=question.book)
    if question.state:
        rows = rows.filter(state=question.state)
    page = cursor_page(rows.defer("report"), cursor=question.cursor, limit=question.limit)
    return {"items": [_run(row) for row in page.items], "next_cursor": page.next_cursor}


@router.post("/rulebooks/{book}/versions/{number}/simulations", response={201: RunOut, **WRITE_PROBLEMS}, summary="Start a simulation")
def create_run(request: Any, book: str, number: int, idempotency_key: OnceKey) -> tuple[int, Any]:
    """Compare a version with the one in force, over everybody whom it concerns, in the background. The same Idempotency-Key starts one."""
    rows = visible_to(request.user, RuleBookVersion).select_related("book__institution")
    version = rows.filter(book__code=book[:40], number=max(0, min(number, LARGEST_NUMBER))).first()
    if version is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    if not can(request.user, "simulate", version):
        raise PermissionDenied

    def work() -> tuple[int, Any]:
        with refusals_told(REFUSALS):
            started = start_simulation(version, actor=request.user, at=timezone.now())
        return 201, as_stored(RunOut, _run(started))

    endpoint = f"simulations/{version.uuid}"
    return answer_once(principal=str(request.user.uuid), endpoint=endpoint, key=idempotency_key, body={}, work=work)


@router.get("/simulations/{run_uuid}", response={200: RunDetailOut, **PRIVATE_PROBLEMS}, summary="Read one simulation")
def read_run(request: Any, run_uuid: str) -> dict[str, Any]:
    """How far it is, and what it found. Learners in it are pseudonyms."""
    row = access(_rows(request), run_uuid, user=request.user)
    return {**_run(row), "report": row.report}


@router.get(
    "/simulations/{run_uuid}/learners/{form}", response={200: None, **PRIVATE_PROBLEMS}, summary="Download the rows of a simulation",
    openapi_extra=file_content(*FORMS.values()),
)  # fmt: skip
def download_rows(request: Any, run_uuid: str, form: Literal["parquet", "csv", "xlsx"]) -> HttpResponse:
    """A row for each learner, by pseudonym, once it is done; credits are exact (thousandths in Parquet, text in the others)."""
    row = access(_rows(request), run_uuid, user=request.user)
    if not row.learners:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    with row.learners.open("rb") as stream:
        content = stream.read()
    if form != "parquet":
        content = learners_file(io.BytesIO(content), form)
    answer = file_answer(content, FORMS[form], f"simulation-{row.uuid}.{form}")
    answer["Cache-Control"] = "no-store"
    return answer


def _rows(request: Any) -> Any:
    return visible_to(request.user, SimulationRun).select_related("job", "version__book__institution", "compared_with")


def _run(row: SimulationRun) -> dict[str, Any]:
    names = ("uuid", "on", "state", "started_at", "finished_at")
    return {
        **{name: getattr(row, name) for name in names}, "book": row.version.book.code, "version": row.version.number,
        "compared_with": row.compared_with.number, "learners": row.learners_total, "done": row.job.done if row.job else 0,
        "total": row.job.total if row.job else 0,
    }  # fmt: skip
