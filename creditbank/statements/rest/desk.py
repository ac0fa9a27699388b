"""Certificates at the desk over HTTP: find, revoke as the second person, issue the next (session of the site, in the acting role)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.recognition.models import CASE_ROLES
from creditbank.statements.actions import issue_certificate, revoke_certificate
from creditbank.statements.models import Certificate
from creditbank.statements.problems import told
from creditbank.statements.queries import certificates_at
from creditbank.statements.rest.papers import tell_paper
from creditbank.statements.rest.schemas import CertificateQuestion, PaperOut, PapersOut, ReasonIn
from foundation.api import PRIVATE_PROBLEMS, WRITE_PROBLEMS, Problem, RetryKey, access, answer_again, as_stored, cursor_page, only_known
from identity.api import Role

router = Router(tags=["credit bank: papers"], auth=django_auth)


@router.get("/desk/certificates", response={200: PapersOut, **PRIVATE_PROBLEMS}, summary="List certificates at the desk")
def list_certificates(request: Any, question: Query[CertificateQuestion]) -> dict[str, Any]:
    """Certificates of the institution, newest first, by cursor."""
    only_known(request, question)
    if not request.user.acts_as(*CASE_ROLES, Role.AUDITOR):
        raise Problem(403, "forbidden", _("The desk is for credit officers, reviewers and auditors."))
    page = cursor_page(certificates_at(request.user, search=question.q.strip()), cursor=question.cursor, limit=question.limit)
    return {"items": [tell_paper(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get(
    "/desk/certificates/{certificate_uuid}", response={200: PaperOut, **PRIVATE_PROBLEMS}, summary="Read one certificate at the desk"
)
def read_certificate(request: Any, certificate_uuid: str) -> dict[str, Any]:
    """How it stands today."""
    return tell_paper(_paper(request, certificate_uuid, to="view_at_desk"))


@router.post("/desk/certificates/{certificate_uuid}/revoke", response={200: PaperOut, **WRITE_PROBLEMS}, summary="Revoke a certificate")
def revoke(request: Any, certificate_uuid: str, body: ReasonIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """A second person, neither the learner nor who decided; whoever checks it is told so from now on, with the reason."""
    row = _paper(request, certificate_uuid, to="revoke")

    def work() -> tuple[int, Any]:
        with told():
            revoke_certificate(row, actor=request.user, at=timezone.now(), reason=body.reason)
        return 200, as_stored(PaperOut, tell_paper(_paper(request, certificate_uuid, to="view_at_desk")))

    return answer_again(request, idempotency_key, body, work)


@router.post(
    "/desk/certificates/{certificate_uuid}/renew", response={201: PaperOut, **WRITE_PROBLEMS}, summary="Issue the next certificate"
)
def renew(request: Any, certificate_uuid: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """After a revocation, of the same application; one is valid at a time, so a repeated call is refused."""
    row = _paper(request, certificate_uuid, to="renew")

    def work() -> tuple[int, Any]:
        with told():
            return 201, as_stored(PaperOut, tell_paper(issue_certificate(row.application, actor=request.user, at=timezone.now())))

    return answer_again(request, idempotency_key, None, work)


def _paper(request: Any, ident: str, *, to: str) -> Certificate:
    rows = Certificate.objects.select_related("application__programme", "application__institution", "learner")
    return access(rows, ident, user=request.user, to=to)
