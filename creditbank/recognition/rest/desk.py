"""The desk over HTTP (session of the site, in the acting role), and applications for institutions' systems (token), which only read."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.recognition.actions import (
    LineDecision,
    claim_application,
    confirm_decision,
    decide_application,
    request_information,
    send_back,
)
from creditbank.recognition.enums import ApplicationState, LineChoice, RefusalReason
from creditbank.recognition.models import DESK_ROLES, Application
from creditbank.recognition.queries import cases_of
from creditbank.recognition.rest.cases import case_step
from creditbank.recognition.rest.finding import case_of, state_of
from creditbank.recognition.rest.schemas import ApplicationDetailOut, ApplicationQuestion, ApplicationsOut, DecideIn, LineDecisionIn, TextIn
from creditbank.recognition.rest.telling import tell_application, tell_whole_application
from foundation.api import PRIVATE_PROBLEMS, WRITE_PROBLEMS, Problem, RetryKey, cursor_page, only_known
from identity.api import InstitutionToken, Role

router = Router(tags=["credit bank: desk"])


@router.get("/desk/applications", response={200: ApplicationsOut, **PRIVATE_PROBLEMS}, auth=django_auth, summary="The desk's queue")
def list_queue(request: Any, question: Query[ApplicationQuestion]) -> dict[str, Any]:
    """Cases of the institutions at whose desk the caller works, newest first, by cursor."""
    only_known(request, question)
    if not request.user.acts_as(*DESK_ROLES, Role.AUDITOR):
        raise Problem(403, "forbidden", _("The desk is for credit officers, reviewers and auditors."))
    rows = cases_of(request.user, state=state_of(question))
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [tell_application(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get(
    "/desk/applications/{reference}", response={200: ApplicationDetailOut, **PRIVATE_PROBLEMS}, auth=django_auth, summary="Read one case"
)
def readcase_of(request: Any, reference: str) -> dict[str, Any]:
    """With its lines, its steps and what was not used."""
    return tell_whole_application(case_of(request, reference, to="view_case"))


@router.post(
    "/desk/applications/{reference}/claim", response={200: ApplicationDetailOut, **WRITE_PROBLEMS}, auth=django_auth, summary="Take a case"
)
def claim(request: Any, reference: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """A submitted case that nobody has taken."""
    return case_step(
        request, reference, "decide", lambda row: claim_application(row, actor=request.user, at=timezone.now()), key=idempotency_key
    )


@router.post(
    "/desk/applications/{reference}/ask",
    response={200: ApplicationDetailOut, **WRITE_PROBLEMS},
    auth=django_auth,
    summary="Ask the learner",
)
def ask(request: Any, reference: str, body: TextIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Something is missing; the clock stands still until the answer."""
    work = lambda row: request_information(row, actor=request.user, at=timezone.now(), text=body.text)  # noqa: E731
    return case_step(request, reference, "decide", work, key=idempotency_key, body=body)


@router.post(
    "/desk/applications/{reference}/decide",
    response={200: ApplicationDetailOut, **WRITE_PROBLEMS},
    auth=django_auth,
    summary="First opinion",
)
def decide(request: Any, reference: str, body: DecideIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """What the first officer says about every line."""
    decisions = {line.position: read_line(line) for line in body.lines}
    work = lambda row: decide_application(  # noqa: E731
        row, decisions=decisions, actor=request.user, at=timezone.now(), message=body.message
    )
    return case_step(request, reference, "decide", work, key=idempotency_key, body=body)


@router.post(
    "/desk/applications/{reference}/confirm",
    response={200: ApplicationDetailOut, **WRITE_PROBLEMS},
    auth=django_auth,
    summary="Second person agrees",
)
def confirm(request: Any, reference: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """By somebody who is neither the learner nor the first officer."""
    work = lambda row: confirm_decision(row, actor=request.user, at=timezone.now())  # noqa: E731
    return case_step(request, reference, "confirm", work, key=idempotency_key)


@router.post(
    "/desk/applications/{reference}/send-back",
    response={200: ApplicationDetailOut, **WRITE_PROBLEMS},
    auth=django_auth,
    summary="Second person sends back",
)
def back(request: Any, reference: str, body: TextIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """With a reason, to the first officer."""
    work = lambda row: send_back(row, actor=request.user, at=timezone.now(), note=body.text)  # noqa: E731
    return case_step(request, reference, "confirm", work, key=idempotency_key, body=body)


@router.get(
    "/applications", response={200: ApplicationsOut, **PRIVATE_PROBLEMS}, auth=InstitutionToken("applications:read"),
    summary="Applications to one's institution",
)  # fmt: skip
def list_for_institution(request: Any, question: Query[ApplicationQuestion]) -> dict[str, Any]:
    """For the institution's own systems: submitted applications, newest first, by cursor; nobody is named."""
    only_known(request, question)
    rows = Application.objects.filter(institution=request.auth.institution).exclude(state=ApplicationState.DRAFT)
    if state := state_of(question):
        rows = rows.filter(state=state)
    page = cursor_page(rows.select_related("programme", "institution"), cursor=question.cursor, limit=question.limit)
    return {"items": [tell_application(row) for row in page.items], "next_cursor": page.next_cursor}


def read_line(line: LineDecisionIn) -> LineDecision:
    """What was said about one line. Raises Problem 422 for words that do not exist."""
    if line.choice not in LineChoice.values:
        raise Problem(422, "invalid", _("Some values are not valid."), choice=list(LineChoice.values))
    if line.reason and line.reason not in RefusalReason.values:
        raise Problem(422, "invalid", _("Some values are not valid."), reason=list(RefusalReason.values))
    return LineDecision(line.choice, line.amount, line.reason, line.note)
