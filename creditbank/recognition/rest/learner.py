"""One's own proposals and applications over HTTP, for the site's own scripts and a learner's other programs (session of the site)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.recognition.actions import accept_decision, answer_request, request_withdrawal, send_application, withdraw_application
from creditbank.recognition.models import Application
from creditbank.recognition.problems import told
from creditbank.recognition.rest.finding import draft_of, fresh_proposal, own_application, programme_of, state_of
from creditbank.recognition.rest.schemas import ApplicationDetailOut, ApplicationQuestion, ApplicationsOut, ApplyIn, ProposalOut, TextIn
from creditbank.recognition.rest.telling import tell_application, tell_proposal, tell_whole_application
from foundation.api import (
    PRIVATE_PROBLEMS,
    WRITE_PROBLEMS,
    OnceKey,
    Problem,
    RetryKey,
    answer_again,
    answer_once,
    as_stored,
    cursor_page,
    only_known,
)

router = Router(tags=["credit bank: my applications"], auth=django_auth)


@router.get("/me/proposals/{programme}", response={200: ProposalOut, **WRITE_PROBLEMS}, summary="The best recognition of one's archive")
def read_proposal(request: Any, programme: str) -> dict[str, Any]:
    """What the rules in force would recognise for an open programme today, with a reason for every record that is not used.

    A draft that narrows the archive to some records (``PUT …/records``) narrows this too.
    """
    row = programme_of(request, programme)
    with told():
        proposal = fresh_proposal(request.user, row, draft_of(request.user, row))
    return tell_proposal(proposal.document(), programme=row.code, book=proposal.version.book.code, version=proposal.version.number)


@router.get("/me/applications", response={200: ApplicationsOut, **PRIVATE_PROBLEMS}, summary="List one's own applications")
def listown_application(request: Any, question: Query[ApplicationQuestion]) -> dict[str, Any]:
    """Newest first, by cursor."""
    only_known(request, question)
    rows = Application.objects.filter(learner=request.user).select_related("programme", "institution")
    if state := state_of(question):
        rows = rows.filter(state=state)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [tell_application(row) for row in page.items], "next_cursor": page.next_cursor}


@router.post("/me/applications", response={201: ApplicationDetailOut, **WRITE_PROBLEMS}, summary="Apply")
def apply(request: Any, body: ApplyIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """Apply for exactly the proposal that was read. The same Idempotency-Key with the same body answers as before and does nothing."""
    if not body.declaration:
        raise Problem(422, "declaration_missing", _("Please confirm the declaration."))
    programme = programme_of(request, body.programme)

    def work() -> tuple[int, Any]:
        with told():
            sent = send_application(programme, learner=request.user, at=timezone.now(), shown_hash=body.snapshot_hash)
        return 201, as_stored(ApplicationDetailOut, tell_whole_application(sent))

    return answer_once(principal=str(request.user.uuid), endpoint="me/applications", key=idempotency_key, body=body.dict(), work=work)


@router.get("/me/applications/{reference}", response={200: ApplicationDetailOut, **PRIVATE_PROBLEMS}, summary="Read one's own application")
def readown_application(request: Any, reference: str) -> dict[str, Any]:
    """With its lines, its steps, and the reason for everything that was not used."""
    return tell_whole_application(own_application(request, reference, to="view"))


@router.post("/me/applications/{reference}/withdraw", response={200: ApplicationDetailOut, **WRITE_PROBLEMS}, summary="Take it back")
def withdraw(request: Any, reference: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Within the free minutes, without a reason."""
    work = lambda row: withdraw_application(row, actor=request.user, at=timezone.now())  # noqa: E731
    return _step(request, reference, "withdraw", work, key=idempotency_key)


@router.post(
    "/me/applications/{reference}/withdrawal-request", response={200: ApplicationDetailOut, **WRITE_PROBLEMS}, summary="Ask to take it back"
)
def ask_to_withdraw(request: Any, reference: str, body: TextIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """After the free minutes; an officer grants it."""
    work = lambda row: request_withdrawal(row, actor=request.user, at=timezone.now(), reason=body.text)  # noqa: E731
    return _step(request, reference, "request_withdrawal", work, key=idempotency_key, body=body)


@router.post("/me/applications/{reference}/answer", response={200: ApplicationDetailOut, **WRITE_PROBLEMS}, summary="Answer the officer")
def answer(request: Any, reference: str, body: TextIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """What was asked for; the clock runs again."""
    work = lambda row: answer_request(row, actor=request.user, at=timezone.now(), text=body.text)  # noqa: E731
    return _step(request, reference, "answer", work, key=idempotency_key, body=body)


@router.post("/me/applications/{reference}/accept", response={200: ApplicationDetailOut, **WRITE_PROBLEMS}, summary="Accept the decision")
def accept(request: Any, reference: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """A decision other than the proposal waits for this."""
    work = lambda row: accept_decision(row, actor=request.user, at=timezone.now())  # noqa: E731
    return _step(request, reference, "accept", work, key=idempotency_key)


def _step(
    request: Any, reference: str, to: str, work: Callable[[Application], object], *, key: str | None, body: Any = None
) -> tuple[int, Any]:
    row = own_application(request, reference, to=to)

    def step() -> tuple[int, Any]:
        with told():
            work(row)
        return 200, as_stored(ApplicationDetailOut, tell_whole_application(own_application(request, reference, to="view")))

    return answer_again(request, key, body, step)
