"""Appeals over HTTP: a learner opens, reads and withdraws them; somebody new at the desk takes and decides them (session of the site)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.recognition.actions import carry_out_reversal, decide_appeal, submit_appeal, take_appeal, withdraw_appeal
from creditbank.recognition.enums import DECIDED_RESULTS, AppealResult
from creditbank.recognition.models import CASE_ROLES, Appeal, Application
from creditbank.recognition.problems import told
from creditbank.recognition.rest.case_schemas import AppealIn, AppealOut, AppealQuestion, AppealsOut, DecideAppealIn
from creditbank.recognition.rest.cases import case_step
from creditbank.recognition.rest.desk import read_line
from creditbank.recognition.rest.finding import case_of, own_application
from creditbank.recognition.rest.schemas import ApplicationDetailOut, TextIn
from foundation.api import (
    PRIVATE_PROBLEMS,
    WRITE_PROBLEMS,
    OnceKey,
    Problem,
    RetryKey,
    answer_again,
    answer_once,
    as_stored,
    can,
    cursor_page,
    only_known,
    visible_to,
)
from identity.api import Role

router = Router(tags=["credit bank: appeals"], auth=django_auth)


def _page(rows: QuerySet[Appeal], question: AppealQuestion) -> dict[str, Any]:
    if question.open is not None:
        rows = rows.filter(result="") if question.open else rows.exclude(result="")
    page = cursor_page(rows.select_related("application"), cursor=question.cursor, limit=question.limit)
    return {"items": [_appeal(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/me/appeals", response={200: AppealsOut, **PRIVATE_PROBLEMS}, summary="List one's own appeals")
def listown_application(request: Any, question: Query[AppealQuestion]) -> dict[str, Any]:
    """Newest first, by cursor."""
    only_known(request, question)
    return _page(Appeal.objects.filter(learner=request.user), question)


@router.post("/me/applications/{reference}/appeals", response={201: AppealOut, **WRITE_PROBLEMS}, summary="Appeal")
def open_appeal(request: Any, reference: str, body: AppealIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """Against a decision within the published period, or against an answer that is overdue. The same Idempotency-Key appeals once."""
    row = own_application(request, reference, to="appeal")

    def work() -> tuple[int, Any]:
        with told():
            made = submit_appeal(row, actor=request.user, at=timezone.now(), ground=str(body.ground), text=body.text)
        return 201, as_stored(AppealOut, _appeal(made))

    endpoint = f"appeals/{row.reference}"
    return answer_once(
        principal=str(request.user.uuid), endpoint=endpoint, key=idempotency_key, body=body.model_dump(mode="json"), work=work
    )


@router.get("/me/applications/{reference}/appeals/{level}", response={200: AppealOut, **PRIVATE_PROBLEMS}, summary="Read one's own appeal")
def readown_application(request: Any, reference: str, level: int) -> dict[str, Any]:
    """By when it is decided, what happens if it is not, and how it ended."""
    return _appeal(_at_level(own_application(request, reference), level))


@router.post(
    "/me/applications/{reference}/appeals/{level}/withdraw", response={200: AppealOut, **WRITE_PROBLEMS}, summary="Withdraw an appeal"
)
def withdraw(request: Any, reference: str, level: int, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """While nobody has decided it. The application stands where it stood before; the level is used up."""
    appeal = _at_level(own_application(request, reference, to="appeal"), level)
    if not can(request.user, "withdraw", appeal):
        raise Http404

    def work() -> tuple[int, Any]:
        if appeal.result:
            raise Problem(409, "wrong_state", _("This appeal was decided already."), state=appeal.application.state)
        with told():
            withdraw_appeal(appeal, actor=request.user, at=timezone.now())
        return 200, as_stored(AppealOut, _appeal(Appeal.objects.select_related("application").get(pk=appeal.pk)))

    return answer_again(request, idempotency_key, None, work)


@router.get("/desk/appeals", response={200: AppealsOut, **PRIVATE_PROBLEMS}, summary="List appeals at the desk")
def list_at_desk(request: Any, question: Query[AppealQuestion]) -> dict[str, Any]:
    """Appeals on cases of the institutions at whose desk the caller works, newest first, by cursor."""
    only_known(request, question)
    if not request.user.acts_as(*CASE_ROLES, Role.AUDITOR):
        raise Problem(403, "forbidden", _("The desk is for credit officers, reviewers and auditors."))
    cases = visible_to(request.user, Application).exclude(learner=request.user)
    return _page(Appeal.objects.filter(Exists(cases.filter(pk=OuterRef("application_id")))), question)


@router.post("/desk/applications/{reference}/appeal/take", response={200: AppealOut, **WRITE_PROBLEMS}, summary="Take an appeal")
def take(request: Any, reference: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Somebody who had no part in the case; from now on it is known who is late."""
    row = case_of(request, reference, to="decide_appeal")

    def work() -> tuple[int, Any]:
        with told():
            return 200, as_stored(AppealOut, _appeal(take_appeal(_undecided(row), actor=request.user, at=timezone.now())))

    return answer_again(request, idempotency_key, None, work)


@router.post(
    "/desk/applications/{reference}/appeal/decide", response={200: ApplicationDetailOut, **WRITE_PROBLEMS}, summary="Decide an appeal"
)
def decide(request: Any, reference: str, body: DecideAppealIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The decision stands, more is recognised (``lines``; without them everything as proposed), or the award is to be taken back."""
    if body.result not in DECIDED_RESULTS:
        raise Problem(422, "invalid", _("Some values are not valid."), result=[str(one) for one in DECIDED_RESULTS])
    granted = body.result == AppealResult.GRANTED
    decisions = {line.position: read_line(line) for line in body.lines} if granted and body.lines else None
    work = lambda row: decide_appeal(  # noqa: E731
        _undecided(row), result=str(body.result), actor=request.user, at=timezone.now(), answer=body.answer, decisions=decisions
    )
    return case_step(request, reference, "decide_appeal", work, key=idempotency_key, body=body)


@router.post(
    "/desk/applications/{reference}/appeal/reverse", response={200: ApplicationDetailOut, **WRITE_PROBLEMS},
    summary="Second person takes the award back",
)  # fmt: skip
def reverse(request: Any, reference: str, body: TextIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """What an appeal decided to take back, by another person than who decided it, with a reason."""
    work = lambda row: carry_out_reversal(row, actor=request.user, at=timezone.now(), reason=body.text)  # noqa: E731
    return case_step(request, reference, "reverse", work, key=idempotency_key, body=body)


def _at_level(application: Application, level: int) -> Appeal:
    appeal = application.appeals.filter(level=level).first() if 0 < level < 10 else None  # noqa: PLR2004  there are three levels at most
    if appeal is None:
        raise Http404
    appeal.application = application
    return appeal


def _undecided(application: Application) -> Appeal:
    appeal = application.appeals.filter(result="").select_related("application").first()
    if appeal is None:
        raise Problem(409, "wrong_state", _("There is no appeal to decide."), state=application.state)
    return appeal


def _appeal(row: Appeal) -> dict[str, Any]:
    names = (
        "level",
        "ground",
        "text",
        "submitted_at",
        "due_on",
        "default_result",
        "taken_at",
        "result",
        "by_default",
        "decided_at",
        "answer",
    )
    return {**{name: getattr(row, name) for name in names}, "application": row.application.reference}
