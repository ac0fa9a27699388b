"""Uploads of results at the desk (session of the site, in the acting role): look, release as the second person, undo by two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.results.actions import answer_undo, ask_to_undo, go_on, release_batch
from creditbank.results.models import RESULT_ROLES, ResultBatch
from creditbank.results.problems import told
from creditbank.results.rest.schemas import AnswerUndoIn, BatchDetailOut, BatchesOut, BatchOut, BatchQuestion, ReasonIn
from creditbank.results.rest.telling import tell_batch, tell_whole_batch
from foundation.api import (
    PRIVATE_PROBLEMS,
    WRITE_PROBLEMS,
    Problem,
    RetryKey,
    access,
    answer_again,
    as_stored,
    cursor_page,
    only_known,
    visible_to,
)
from identity.api import Role

router = Router(tags=["credit bank: results"], auth=django_auth)


@router.get("/desk/results", response={200: BatchesOut, **PRIVATE_PROBLEMS}, summary="List uploads at the desk")
def list_batches(request: Any, question: Query[BatchQuestion]) -> dict[str, Any]:
    """Uploads of the caller's institutions, newest first, by cursor."""
    only_known(request, question)
    if not request.user.acts_as(*RESULT_ROLES, Role.AUDITOR):
        raise Problem(403, "forbidden", _("The desk is for credit officers, reviewers and auditors."))
    rows = visible_to(request.user, ResultBatch).select_related("job")
    if question.state:
        rows = rows.filter(state=question.state)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [tell_batch(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/desk/results/{batch_uuid}", response={200: BatchDetailOut, **PRIVATE_PROBLEMS}, summary="Read one upload at the desk")
def read_batch(request: Any, batch_uuid: str) -> dict[str, Any]:
    """How far it is, and its first thousand errors."""
    return tell_whole_batch(access(ResultBatch.objects.select_related("job"), batch_uuid, user=request.user))


@router.post("/desk/results/{batch_uuid}/release", response={200: BatchOut, **WRITE_PROBLEMS}, summary="Release an upload")
def release(request: Any, batch_uuid: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Another person than who uploaded it; every good row enters its archive and account, in the background."""
    work = lambda row: release_batch(row, actor=request.user, at=timezone.now())  # noqa: E731
    return _step(request, batch_uuid, "release", work, key=idempotency_key)


@router.post(
    "/desk/results/{batch_uuid}/go-on", response={200: BatchOut, **WRITE_PROBLEMS}, summary="Go on with an upload that was stopped"
)
def resume(request: Any, batch_uuid: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Who had released it (or its undoing) lost the role in the middle: another reviewer stands for the rows that still wait."""
    return _step(request, batch_uuid, "release", lambda row: go_on(row, actor=request.user), key=idempotency_key)


@router.post("/desk/results/{batch_uuid}/ask-undo", response={200: BatchOut, **WRITE_PROBLEMS}, summary="Ask to undo an upload")
def ask_undo(request: Any, batch_uuid: str, body: ReasonIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Say why a released upload was wrong; another person has to agree."""
    work = lambda row: ask_to_undo(row, reason=body.reason, actor=request.user)  # noqa: E731
    return _step(request, batch_uuid, "prepare", work, key=idempotency_key, body=body)


@router.post(
    "/desk/results/{batch_uuid}/answer-undo", response={200: BatchOut, **WRITE_PROBLEMS}, summary="Agree to undo an upload, or refuse"
)
def undo(request: Any, batch_uuid: str, body: AnswerUndoIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Another person than who asked; what is still unused is reversed in the background."""
    work = lambda row: answer_undo(row, agree=body.agree, actor=request.user)  # noqa: E731
    return _step(request, batch_uuid, "release", work, key=idempotency_key, body=body)


def _step(
    request: Any, ident: str, to: str, work: Callable[[ResultBatch], ResultBatch], *, key: str | None, body: Any = None
) -> tuple[int, Any]:
    row = access(ResultBatch, ident, user=request.user, to=to)

    def step() -> tuple[int, Any]:
        with told():
            return 200, as_stored(BatchOut, tell_batch(work(row)))

    return answer_again(request, key, body, step)
