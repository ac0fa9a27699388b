"""The account, transcripts, and their public check."""

from __future__ import annotations

import csv
import io
from typing import Any, cast
from urllib.parse import urlencode

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.ledger.enums import TransactionType
from creditbank.statements.actions import issue_transcript
from creditbank.statements.forms import VerifyForm
from creditbank.statements.models import Transcript
from creditbank.statements.queries import credit_years, entries, find_transcript, purses
from foundation.api import access, client_address, format_credits, in_language, rate_limited, too_many_requests, visible_to
from identity.api import SignedInRequest, mask_name

CHECKS_PER_MINUTE = 30
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Balances by unit, the years, and the account statement of one unit with its running balance."""
    person = cast("SignedInRequest", request).user
    now = timezone.now()
    rows = purses(person, on=timezone.localdate(now))
    shown = [purse for purse in rows if purse.balance.total or purse.balance.pending or purse.balance.expired]
    unit = request.GET.get("unit", "")
    current = next((purse for purse in rows if purse.system.code == unit), shown[0] if shown else None)
    context = {
        "purses": shown, "current": current, "entries": entries(person, current.system.code) if current else [],
        "years": credit_years(person), "now": now, "nav": "credits",
    }  # fmt: skip
    return render(request, "creditbank/account.html", context)


@login_required
def statement_csv(request: HttpRequest) -> HttpResponse:
    """The account statement of all units as CSV; no cell can become a formula."""
    person = cast("SignedInRequest", request).user
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([_("Unit"), _("Date"), _("Type"), _("Subject"), _("Change"), _("Balance")])
    for purse in purses(person, on=timezone.localdate()):
        for entry in reversed(entries(person, purse.system.code)):
            line, step = entry.line, purse.system.step
            subject = (
                entry.application.reference
                if entry.application
                else "; ".join(in_language(record.title_zh, record.title_en) for record in entry.records)
            )
            change = format_credits(line.change, step).replace("−", "-")
            writer.writerow(
                [
                    purse.system.code,
                    line.on.isoformat(),
                    TransactionType(line.type).label,
                    harmless(subject),
                    change,
                    format_credits(line.balance, step),
                ]
            )
    answer = HttpResponse("\ufeff" + buffer.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="statement.csv"'
    return answer


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


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


def verify(request: HttpRequest) -> HttpResponse:
    """Check a transcript by its code, without signing in. Unknown codes all get the same answer."""
    form = VerifyForm(request.GET) if "code" in request.GET else VerifyForm()
    paper = None
    asked = form.is_bound and form.is_valid()
    if asked:
        if rate_limited(f"verify:{client_address(request)}", limit=CHECKS_PER_MINUTE, seconds=60):
            return too_many_requests(request)
        paper = find_transcript(form.cleaned_data["code"])
    context = {"form": form, "asked": asked, "paper": paper, "name": mask_name(paper.content["name"]) if paper else ""}
    return render(request, "creditbank/verify.html", context)


def verify_short(request: HttpRequest, code: str) -> HttpResponse:
    """The address in the QR code: goes to the check with the full random id."""
    return redirect(f"{reverse('creditbank:verify')}?{urlencode({'code': code})}")
