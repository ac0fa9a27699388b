"""One's own papers over HTTP: issue, list, read as a signed document or PDF, revoke (session of the site)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.recognition.models import Application
from creditbank.statements.actions import issue_certificate, issue_transcript, revoke_transcript
from creditbank.statements.checking import check_paper
from creditbank.statements.keeping import pdf_of
from creditbank.statements.models import Certificate, Transcript
from creditbank.statements.problems import told
from creditbank.statements.rest.schemas import PaperOut, PaperQuestion, PapersOut, ReasonIn, TranscriptIn
from creditbank.statements.seals import document_of
from creditbank.statements.views.papers import PAPERS_PER_HOUR
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
    cursor_page,
    file_answer,
    file_content,
    only_known,
    rate_limited,
    visible_to,
)

router = Router(tags=["credit bank: papers"], auth=django_auth)
Paper = Transcript | Certificate
DOCUMENT, PDF = file_content("application/json"), file_content("application/pdf")


@router.get("/me/transcripts", response={200: PapersOut, **PRIVATE_PROBLEMS}, summary="List one's own transcripts")
def list_transcripts(request: Any, question: Query[PaperQuestion]) -> dict[str, Any]:
    """Newest first, by cursor, each as it stands today."""
    only_known(request, question)
    page = cursor_page(visible_to(request.user, Transcript), cursor=question.cursor, limit=question.limit)
    return {"items": [tell_paper(row) for row in page.items], "next_cursor": page.next_cursor}


@router.post("/me/transcripts", response={201: PaperOut, **WRITE_PROBLEMS}, summary="Issue a transcript")
def create_transcript(request: Any, body: TranscriptIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """Of what stands in the account now, signed. The same Idempotency-Key issues once; ten papers an hour."""
    at = timezone.now()
    until = timezone.localdate(at) + timedelta(days=body.days) if body.days else None
    work = lambda: issue_transcript(request.user, actor=request.user, at=at, valid_until=until)  # noqa: E731
    return _issued(request, "me/transcripts", idempotency_key, body.model_dump(mode="json"), work)


@router.post("/me/applications/{reference}/certificate", response={201: PaperOut, **WRITE_PROBLEMS}, summary="Fetch a certificate")
def create_certificate(request: Any, reference: str, idempotency_key: OnceKey) -> tuple[int, Any]:
    """Of an application that was credited, once. The same Idempotency-Key issues once; ten papers an hour."""
    row = access(Application.objects.filter(learner=request.user), reference, user=request.user, field="reference")
    work = lambda: issue_certificate(row, actor=request.user, at=timezone.now())  # noqa: E731
    return _issued(request, f"certificate/{row.reference}", idempotency_key, {}, work)


def _issued(request: Any, endpoint: str, key: str, body: Any, work: Callable[[], Paper]) -> tuple[int, Any]:
    def issue() -> tuple[int, Any]:
        """A paper more; an answer that is told again counts for none."""
        if rate_limited(f"paper:{request.user.uuid}", limit=PAPERS_PER_HOUR, seconds=3600):
            raise Problem(429, "too_many_requests", _("You have issued many papers in the last hour. Please use one of them, or wait."))
        with told():
            return 201, as_stored(PaperOut, tell_paper(work()))

    return answer_once(principal=str(request.user.uuid), endpoint=endpoint, key=key, body=body, work=issue)


@router.get("/me/transcripts/{transcript_uuid}", response={200: PaperOut, **PRIVATE_PROBLEMS}, summary="Read one transcript")
def read_transcript(request: Any, transcript_uuid: str) -> dict[str, Any]:
    """How it stands today."""
    return tell_paper(access(Transcript, transcript_uuid, user=request.user))


@router.get(
    "/me/transcripts/{transcript_uuid}/document", response={200: None, **PRIVATE_PROBLEMS}, summary="A transcript as signed JSON",
    openapi_extra=DOCUMENT,
)  # fmt: skip
def read_transcript_document(request: Any, transcript_uuid: str) -> HttpResponse:
    """With its content, hash and signature; whoever holds it can check it."""
    return _document(access(Transcript, transcript_uuid, user=request.user))


@router.get(
    "/me/transcripts/{transcript_uuid}/pdf", response={200: None, **WRITE_PROBLEMS}, summary="A transcript as PDF", openapi_extra=PDF
)
def read_transcript_pdf(request: Any, transcript_uuid: str) -> HttpResponse:
    """In the language of the call; 503 where PDF files cannot be made."""
    return _pdf(access(Transcript, transcript_uuid, user=request.user))


@router.post("/me/transcripts/{transcript_uuid}/revoke", response={200: PaperOut, **WRITE_PROBLEMS}, summary="Revoke a transcript")
def revoke(request: Any, transcript_uuid: str, body: ReasonIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Whoever checks it is told so from now on, with the reason."""
    row = access(Transcript, transcript_uuid, user=request.user, to="revoke")

    def work() -> tuple[int, Any]:
        with told():
            return 200, as_stored(PaperOut, tell_paper(revoke_transcript(row, actor=request.user, at=timezone.now(), reason=body.reason)))

    return answer_again(request, idempotency_key, body, work)


@router.get("/me/certificates", response={200: PapersOut, **PRIVATE_PROBLEMS}, summary="List one's own certificates")
def list_certificates(request: Any, question: Query[PaperQuestion]) -> dict[str, Any]:
    """Newest first, by cursor, each as it stands today."""
    only_known(request, question)
    rows = Certificate.objects.filter(learner=request.user).select_related("application")
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [tell_paper(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/me/certificates/{certificate_uuid}", response={200: PaperOut, **PRIVATE_PROBLEMS}, summary="Read one certificate")
def read_certificate(request: Any, certificate_uuid: str) -> dict[str, Any]:
    """How it stands today."""
    return tell_paper(_own(request, certificate_uuid))


@router.get(
    "/me/certificates/{certificate_uuid}/document", response={200: None, **PRIVATE_PROBLEMS}, summary="A certificate as signed JSON",
    openapi_extra=DOCUMENT,
)  # fmt: skip
def read_certificate_document(request: Any, certificate_uuid: str) -> HttpResponse:
    """With its content, hash and signature; whoever holds it can check it."""
    return _document(_own(request, certificate_uuid))


@router.get(
    "/me/certificates/{certificate_uuid}/pdf", response={200: None, **WRITE_PROBLEMS}, summary="A certificate as PDF", openapi_extra=PDF
)
def read_certificate_pdf(request: Any, certificate_uuid: str) -> HttpResponse:
    """In the language of the call; 503 where PDF files cannot be made."""
    return _pdf(_own(request, certificate_uuid))


def _own(request: Any, ident: str) -> Certificate:
    rows = Certificate.objects.filter(learner=request.user).select_related("application")
    return access(rows, ident, user=request.user, to="print")


def _document(paper: Paper) -> HttpResponse:
    return file_answer(document_of(paper), "application/json", f"{paper.number or paper.printed_code}.json")


def _pdf(paper: Paper) -> HttpResponse:
    with told():
        data = pdf_of(paper, get_language())
    if data is None:
        raise Problem(503, "no_pdf", _("PDF files cannot be made here; please print the page of the paper."))
    return file_answer(data, "application/pdf", f"{paper.number or paper.printed_code}.pdf")


def tell_paper(paper: Paper) -> dict[str, Any]:
    """A paper with how it stands today. At most one query."""
    checked = check_paper(paper, on=timezone.localdate())
    names = ("uuid", "number", "issued_at", "valid_until")
    return {
        **{name: getattr(paper, name) for name in names}, "kind": paper.kind, "code": paper.printed_code, "standing": checked.standing,
        "since": checked.since, "reason": checked.reason,
        "application": paper.application.reference if isinstance(paper, Certificate) else None,
    }  # fmt: skip
