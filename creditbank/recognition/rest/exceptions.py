"""Individual exceptions over HTTP: a learner reads the own ones; at the desk one officer proposes and another person answers (session)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.recognition.actions import NewException, answer_exception, end_exception, propose_exception
from creditbank.recognition.enums import ExceptionState
from creditbank.recognition.models import CASE_ROLES, Application, IndividualException
from creditbank.recognition.problems import told
from creditbank.recognition.rest.case_schemas import AnswerExceptionIn, ExceptionIn, ExceptionOut, ExceptionQuestion, ExceptionsOut
from creditbank.recognition.rest.schemas import TextIn
from foundation.api import (
    PRIVATE_PROBLEMS,
    WRITE_PROBLEMS,
    OnceKey,
    Problem,
    RetryKey,
    access,
    answer_again,
    answer_once,
    as_stored,
    bring_keys,
    cursor_page,
    only_known,
    visible_to,
)
from identity.api import Role

router = Router(tags=["credit bank: exceptions"], auth=django_auth)
REACHES_LEARNER = (ExceptionState.APPROVED, ExceptionState.ENDED)


@router.get("/me/exceptions", response={200: ExceptionsOut, **PRIVATE_PROBLEMS}, summary="List one's own exceptions")
def list_own(request: Any, question: Query[ExceptionQuestion]) -> dict[str, Any]:
    """What was approved for the caller, newest first, by cursor."""
    only_known(request, question)
    return _page(IndividualException.objects.filter(learner=request.user, state__in=REACHES_LEARNER), question)


@router.get("/desk/exceptions", response={200: ExceptionsOut, **PRIVATE_PROBLEMS}, summary="List exceptions at the desk")
def list_at_desk(request: Any, question: Query[ExceptionQuestion]) -> dict[str, Any]:
    """Those of the institutions at whose desk the caller works, newest first, by cursor."""
    only_known(request, question)
    if not request.user.acts_as(*CASE_ROLES, Role.AUDITOR):
        raise Problem(403, "forbidden", _("The desk is for credit officers, reviewers and auditors."))
    return _page(visible_to(request.user, IndividualException), question)


def _page(rows: Any, question: ExceptionQuestion) -> dict[str, Any]:
    if question.state:
        rows = rows.filter(state=question.state)
    if question.programme:
        rows = rows.filter(programme__code=question.programme)
    page = cursor_page(rows.select_related("programme", "institution", "learner"), cursor=question.cursor, limit=question.limit)
    bring_keys({row.learner.uuid for row in page.items})
    return {"items": [_exception(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/desk/exceptions/{exception_uuid}", response={200: ExceptionOut, **PRIVATE_PROBLEMS}, summary="Read one exception")
def read_exception(request: Any, exception_uuid: str) -> dict[str, Any]:
    """What is read otherwise, for whom, why, until when, and who answered."""
    return _exception(_one(request, exception_uuid, to="view"))


@router.post("/desk/exceptions", response={201: ExceptionOut, **WRITE_PROBLEMS}, summary="Propose an exception")
def propose(request: Any, body: ExceptionIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """For the learner of an application to the caller's institution; another person approves it. The same Idempotency-Key proposes once."""
    places = request.user.institutions_as(Role.CREDIT_OFFICER)
    if not places:
        raise Problem(403, "forbidden", _("Exceptions are proposed by credit officers."))
    rows = Application.objects.filter(institution__in=places).select_related("learner", "programme__institution", "programme__system")
    case = rows.filter(reference=body.application).first()
    if case is None:
        raise Problem(422, "unknown_application", _("There is no application with this number at your institution."))
    new = NewException(kind=str(body.kind), path=body.path, value=body.value, reason=body.reason, expires_on=body.expires_on)

    def work() -> tuple[int, Any]:
        with told():
            made = propose_exception(case.learner, case.programme, new, actor=request.user, at=timezone.now())
        return 201, as_stored(ExceptionOut, _exception(made))

    return answer_once(
        principal=str(request.user.uuid), endpoint="desk/exceptions", key=idempotency_key, body=body.model_dump(mode="json"), work=work
    )


@router.post(
    "/desk/exceptions/{exception_uuid}/answer", response={200: ExceptionOut, **WRITE_PROBLEMS}, summary="Approve or refuse an exception"
)
def answer(request: Any, exception_uuid: str, body: AnswerExceptionIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Another person than who proposed it; a refusal says why."""
    row = _one(request, exception_uuid, to="answer")
    if not body.approve and not body.note.strip():
        raise Problem(422, "note_missing", _("Please say why it is refused."))

    def work() -> tuple[int, Any]:
        with told():
            answer_exception(row, approve=body.approve, actor=request.user, at=timezone.now(), note=body.note)
        return 200, as_stored(ExceptionOut, _exception(_one(request, exception_uuid, to="view")))

    return answer_again(request, idempotency_key, body, work)


@router.post("/desk/exceptions/{exception_uuid}/end", response={200: ExceptionOut, **WRITE_PROBLEMS}, summary="End an exception")
def end(request: Any, exception_uuid: str, body: TextIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """It holds no longer; decisions that were taken under it stand."""
    row = _one(request, exception_uuid, to="end")

    def work() -> tuple[int, Any]:
        with told():
            end_exception(row, actor=request.user, at=timezone.now(), note=body.text)
        return 200, as_stored(ExceptionOut, _exception(_one(request, exception_uuid, to="view")))

    return answer_again(request, idempotency_key, body, work)


def _one(request: Any, ident: str, *, to: str) -> IndividualException:
    if not request.user.acts_as(*CASE_ROLES, Role.AUDITOR):
        raise PermissionDenied
    return access(IndividualException.objects.select_related("programme", "institution", "learner"), ident, user=request.user, to=to)


def _exception(row: IndividualException) -> dict[str, Any]:
    names = ("uuid", "kind", "path", "value", "reason", "expires_on", "state", "proposed_at", "answered_at", "answer", "ended_at")
    return {
        **{name: getattr(row, name) for name in names}, "programme": row.programme.code, "institution": row.institution.code,
        "learner": row.learner.uuid,
    }  # fmt: skip
