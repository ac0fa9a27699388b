"""The person's papers: issue, read, print, download."""

from __future__ import annotations

from typing import Any, cast

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.statements.actions import issue_transcript
from creditbank.statements.models import Transcript
from foundation.api import access, rate_limited, visible_to
from identity.api import SignedInRequest


@login_required
def transcripts(request: HttpRequest) -> HttpResponse:
    """All transcripts of the person, newest first."""
    return render(request, "creditbank/transcripts.html", {"transcripts": visible_to(request.user, Transcript), "nav": "credits"})


@login_required
@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    """Issue a transcript of what stands in the account now."""
    person = cast("SignedInRequest", request).user
    if rate_limited(f"transcript:{person.uuid}", limit=10, seconds=3600):
        messages.error(request, _("You have issued many transcripts in the last hour. Please use one of them, or wait."))
        return redirect("creditbank:transcripts")
    paper = issue_transcript(person, actor=person, at=timezone.now())
    return redirect("creditbank:transcript", paper.uuid)


@login_required
def transcript(request: HttpRequest, transcript_uuid: str) -> HttpResponse:
    """One transcript as a page to read and print."""
    paper = access(Transcript, transcript_uuid, user=request.user)
    return render(request, "creditbank/transcript.html", _paper_context(paper) | {"pdf": settings.PDF_AVAILABLE, "nav": "credits"})


def _paper_context(paper: Transcript) -> dict[str, Any]:
    address = f"{settings.SITE_URL}/v/{paper.code}/"
    drawing = segno.make(address, error="m").svg_data_uri(scale=4, border=2)
    return {"paper": paper, "content": paper.content, "address": address, "qr": drawing}


@login_required
def transcript_pdf(request: HttpRequest, transcript_uuid: str) -> HttpResponse:
    """The same as a PDF; where the system lacks the library for it, the printable page takes its place."""
    paper = access(Transcript, transcript_uuid, user=request.user)
    if not settings.PDF_AVAILABLE:
        messages.info(request, _("PDF files cannot be made here; please print this page."))
        return redirect("creditbank:transcript", paper.uuid)
    from weasyprint import CSS, HTML  # noqa: PLC0415  slow to load, and only here

    html = render_to_string("creditbank/transcript_pdf.html", _paper_context(paper), request=request)
    styles = [CSS(filename=str(settings.ROOT / "static" / "css" / name)) for name in ("paper.css",)]
    answer = HttpResponse(HTML(string=html).write_pdf(stylesheets=styles, pdf_variant="pdf/ua-1"), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="transcript-{paper.printed_code}.pdf"'
    return answer
