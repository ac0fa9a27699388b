"""Routes for institutions' own systems (token): upload results as data or as a file, see what became of them. Persons release them."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Query, Router
from ninja.files import UploadedFile

from creditbank.results.actions import discard_batch, submit_batch, upload_results
from creditbank.results.actions import read_batch as read_file
from creditbank.results.columns import COLUMNS
from creditbank.results.enums import BatchState
from creditbank.results.exceptions import NothingToEnter
from creditbank.results.exports import errors_xlsx, template_csv, template_xlsx
from creditbank.results.forms import LARGEST_MB
from creditbank.results.models import ResultBatch
from creditbank.results.problems import told
from creditbank.results.queries import bad_rows
from creditbank.results.rest.schemas import (
    BatchDetailOut,
    BatchesOut,
    BatchOut,
    BatchQuestion,
    ErrorQuestion,
    ErrorsOut,
    ResultIn,
    ResultsIn,
)
from creditbank.results.rest.telling import page_of_errors, tell_batch, tell_whole_batch
from foundation.api import (
    PRIVATE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    OnceKey,
    Problem,
    RetryKey,
    answer_again,
    answer_once,
    as_stored,
    cursor_page,
    file_answer,
    file_content,
    only_known,
)
from identity.api import InstitutionToken

router = Router(tags=["credit bank: results"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
READS, WRITES = InstitutionToken("results:read"), InstitutionToken("results:write")


@router.post("/results", response={201: BatchDetailOut, **WRITE_PROBLEMS}, auth=WRITES, summary="Upload results")
def create_batch(request: Any, body: ResultsIn, idempotency_key: OnceKey) -> tuple[int, Any]:
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
        return 201, as_stored(BatchDetailOut, tell_whole_batch(batch))

    return answer_once(principal=str(token.uuid), endpoint="results", key=idempotency_key, body=body.dict(), work=work)


@router.post("/results/file", response={201: BatchOut, **WRITE_PROBLEMS}, auth=WRITES, summary="Upload a file of results")
def create_batch_from_file(request: Any, file: File[UploadedFile], idempotency_key: OnceKey) -> tuple[int, Any]:
    """XLSX or CSV with the headings of the template, at most 32 MB and 200,000 rows. It is read in the background: ask again how far it is,
    and confirm it once it is ``read``. The same Idempotency-Key with the same file uploads it once.
    """
    if (file.size or 0) > LARGEST_MB * 1024 * 1024:
        raise Problem(422, "too_large", _("The file is larger than %(most)s MB.") % {"most": LARGEST_MB})
    token, content, name = request.auth, file.read(), (file.name or "file")[-120:]
    body = {"sha256": hashlib.sha256(content).hexdigest(), "name": name}

    def work() -> tuple[int, Any]:
        batch = upload_results(token.institution, content=content, filename=name, actor=token, at=timezone.now())
        return 201, as_stored(BatchOut, tell_batch(batch))

    return answer_once(principal=str(token.uuid), endpoint="results/file", key=idempotency_key, body=body, work=work)


@router.get(
    "/results/template/{form}", response={200: None, **READ_PROBLEMS}, summary="The template of a file of results",
    openapi_extra=file_content("text/csv", XLSX),
)  # fmt: skip
def read_template(request: HttpRequest, form: Literal["csv", "xlsx"]) -> HttpResponse:
    """Headings, and a row as it should look, in the language of the call."""
    content, kind = (template_xlsx(), XLSX) if form == "xlsx" else (template_csv(), "text/csv")
    return file_answer(content, kind, f"results-template.{form}")


@router.get("/results", response={200: BatchesOut, **PRIVATE_PROBLEMS}, auth=READS, summary="List uploads")
def list_batches(request: Any, question: Query[BatchQuestion]) -> dict[str, Any]:
    """The institution's uploads, newest first, by cursor."""
    only_known(request, question)
    rows = ResultBatch.objects.filter(institution=request.auth.institution).select_related("job")
    if question.state:
        rows = rows.filter(state=question.state)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [tell_batch(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/results/{batch_uuid}", response={200: BatchDetailOut, **PRIVATE_PROBLEMS}, auth=READS, summary="Read one upload")
def read_batch(request: Any, batch_uuid: UUID) -> dict[str, Any]:
    """One upload of the institution, how far it is, and its first thousand errors."""
    return tell_whole_batch(_batch(request, batch_uuid))


@router.get(
    "/results/{batch_uuid}/errors", response={200: ErrorsOut, **PRIVATE_PROBLEMS}, auth=READS, summary="List the errors of an upload"
)
def list_errors(request: Any, batch_uuid: UUID, question: Query[ErrorQuestion]) -> dict[str, Any]:
    """Every error of every row, by cursor."""
    only_known(request, question)
    return page_of_errors(_batch(request, batch_uuid), cursor=question.cursor, limit=question.limit)


@router.get(
    "/results/{batch_uuid}/errors/file", response={200: None, **PRIVATE_PROBLEMS}, auth=READS, summary="Download the rows with errors",
    openapi_extra=file_content(XLSX),
)  # fmt: skip
def download_errors(request: Any, batch_uuid: UUID) -> HttpResponse:
    """As a workbook in which every error stands beside its row; corrected, it can be uploaded as it is."""
    row = _batch(request, batch_uuid)
    return file_answer(errors_xlsx(bad_rows(row).iterator(chunk_size=2000)), XLSX, "results-errors.xlsx")


@router.post("/results/{batch_uuid}/submit", response={200: BatchOut, **WRITE_PROBLEMS}, auth=WRITES, summary="Confirm an upload")
def submit(request: Any, batch_uuid: UUID, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The system that uploaded it stands for the whole file; a person of the institution may release it now."""
    row = _uploaded_by_caller(request, batch_uuid)
    return _step(request, lambda: submit_batch(row, actor=request.auth, at=timezone.now()), key=idempotency_key)


@router.post("/results/{batch_uuid}/discard", response={200: BatchOut, **WRITE_PROBLEMS}, auth=WRITES, summary="Put an upload aside")
def discard(request: Any, batch_uuid: UUID, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """By the system that uploaded it, before it was released; its rows go."""
    row = _uploaded_by_caller(request, batch_uuid)
    return _step(request, lambda: discard_batch(row, actor=request.auth), key=idempotency_key)


def _step(request: Any, work: Callable[[], ResultBatch], *, key: str | None) -> tuple[int, Any]:
    def step() -> tuple[int, Any]:
        with told():
            return 200, as_stored(BatchOut, tell_batch(work()))

    return answer_again(request, key, None, step)


def _batch(request: Any, ident: UUID) -> ResultBatch:
    batch = ResultBatch.objects.filter(institution=request.auth.institution, uuid=ident).select_related("job").first()
    if batch is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    return batch


def _uploaded_by_caller(request: Any, ident: UUID) -> ResultBatch:
    batch = _batch(request, ident)
    if batch.uploaded_by_uuid != request.auth.uuid:
        raise Problem(403, "not_your_upload", _("Only the system that uploaded this may do that."))
    return batch


def _as_file(results: list[ResultIn]) -> bytes:
    """The results as the table that people upload, so that both go one way."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.key for column in COLUMNS])
    writer.writerows([[getattr(row, column.key) for column in COLUMNS] for row in results])
    return out.getvalue().encode("utf-8", "replace")
