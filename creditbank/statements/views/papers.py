"""The person's papers: issue, read, print, download, take back."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.recognition.models import Application
from creditbank.statements.actions import issue_certificate, issue_transcript, revoke_transcript
from creditbank.statements.checking import check_paper
from creditbank.statements.drawing import paper_facts
from creditbank.statements.exceptions import AlreadyRevoked, CertificateExists, NameNotPrintable, NothingToCertify, OfficerNeeded
from creditbank.statements.fonts import pdf_possible
from creditbank.statements.forms import ReasonForm, TranscriptForm
from creditbank.statements.keeping import pdf_of
from creditbank.statements.models import Certificate, Transcript
from creditbank.statements.queries import to_certify
from creditbank.statements.seals import document_of
from foundation.api import SigningKeyMissing, access, rate_limited, visible_to
from identity.api import SignedInRequest

PAPERS_PER_HOUR = 10
Paper = Transcript | Certificate


@login_required
def transcripts(request: HttpRequest, form: TranscriptForm | None = None) -> HttpResponse:
    """All transcripts of the person, newest first, and the form of a new one."""
    rows = [check_paper(paper, on=timezone.localdate()) for paper in visible_to(request.user, Transcript)]
    context = {"rows": rows, "form": form or TranscriptForm(), "nav": "credits"}
    return render(request, "creditbank/transcripts.html", context, status=400 if form and form.errors else 200)


@login_required
@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    """Issue a transcript of what stands in the account now."""
    person, now = cast("SignedInRequest", request).user, timezone.now()
    form = TranscriptForm(request.POST)
    if not form.is_valid():
        return transcripts(request, form)
    until = form.valid_until(timezone.localdate(now))
    paper = _issued(request, lambda: issue_transcript(person, actor=person, at=now, valid_until=until))
    return redirect("creditbank:transcript", paper.uuid) if paper else redirect("creditbank:transcripts")


@login_required
def certificates(request: HttpRequest) -> HttpResponse:
    """Certificates of the person: what can be fetched, and what was issued."""
    mine = Certificate.objects.filter(learner=cast("SignedInRequest", request).user).select_related("application")
    rows = [check_paper(paper, on=timezone.localdate()) for paper in mine.order_by("-id")]
    return render(request, "creditbank/certificates.html", {"rows": rows, "ready": to_certify(request.user), "nav": "credits"})


@login_required
@require_POST
def fetch_certificate(request: HttpRequest, reference: str) -> HttpResponse:
    """Fetch the certificate of an application that was credited."""
    person = cast("SignedInRequest", request).user
    application = access(Application.objects.filter(learner=person), reference, user=person, field="reference")
    paper = _issued(request, lambda: issue_certificate(application, actor=person, at=timezone.now()))
    return redirect("creditbank:certificate", paper.uuid) if paper else redirect("creditbank:certificates")


def _issued(request: HttpRequest, work: Callable[[], Paper]) -> Paper | None:
    """The new paper, or None after saying in words why there is none."""
    person = cast("SignedInRequest", request).user
    if rate_limited(f"paper:{person.uuid}", limit=PAPERS_PER_HOUR, seconds=3600):
        messages.error(request, _("You have issued many papers in the last hour. Please use one of them, or wait."))
        return None
    try:
        return work()
    except NameNotPrintable as error:
        messages.error(request, not_printable(error.characters))
    except (NothingToCertify, CertificateExists):
        messages.error(request, _("There is no new certificate to issue for this application."))
    except OfficerNeeded:
        messages.error(request, _("An earlier certificate of this application was revoked. The institution issues the next one."))
    except SigningKeyMissing:
        messages.error(request, _("Papers cannot be signed at the moment, so none was issued. Please try again later."))
    return None


def not_printable(characters: str) -> str:
    """Why a paper would have empty boxes, and what to do."""
    return _("The papers' font cannot draw “%(characters)s” of the name, so no paper was issued. Please tell the help desk.") % {
        "characters": characters
    }


@login_required
def transcript(request: HttpRequest, transcript_uuid: str, form: ReasonForm | None = None) -> HttpResponse:
    """One transcript as a page to read and print."""
    return _page(request, access(Transcript, transcript_uuid, user=request.user), form)


@login_required
def certificate(request: HttpRequest, certificate_uuid: str) -> HttpResponse:
    """One certificate as a page to read and print."""
    return _page(request, _own_certificate(request, certificate_uuid))


def _own_certificate(request: HttpRequest, ident: str) -> Certificate:
    rows = Certificate.objects.filter(learner=cast("SignedInRequest", request).user).select_related("application")
    return access(rows, ident, user=request.user, to="print")


def _page(request: HttpRequest, paper: Paper, form: ReasonForm | None = None) -> HttpResponse:
    checked = check_paper(paper, on=timezone.localdate())
    extra = {"pdf": pdf_possible(), "nav": "credits", "checked": checked, "form": form or ReasonForm(), "years": paper_years(paper)}
    return render(request, "creditbank/paper.html", paper_facts(paper) | extra, status=400 if form and form.errors else 200)


def paper_years(paper: Paper) -> list[dict[str, Any]]:
    """Credit by year and unit for the ribbon, from the paper's own content; none where it would add a source to what it became."""
    years: dict[int, dict[str, Decimal]] = {}
    for year, unit, amount in _brought(paper):
        known = years.setdefault(year, {})
        known[unit] = known.get(unit, Decimal(0)) + Decimal(amount)
    return [{"year": year, "in": amounts, "out": {}} for year, amounts in sorted(years.items())]


def _brought(paper: Paper) -> list[tuple[int, str, str]]:
    content = paper.content
    if isinstance(paper, Transcript):
        return [(int(row["on"][:4]), unit["unit"], row["credits"]) for unit in content["units"] for row in unit["rows"]]
    awarded = int(content["on"][:4])
    used = {
        (source["title_zh"], source["earned_on"]): (int(source["earned_on"][:4]), source["unit"], source["credits"])
        for line in content["lines"]
        for source in line["sources"]
        if source["credits"]
    }
    if any(year == awarded for year, _unit, _amount in used.values()):
        return []
    return [*used.values(), (awarded, content["unit"], content["credits"])]


@login_required
def transcript_pdf(request: HttpRequest, transcript_uuid: str) -> HttpResponse:
    """The same as a PDF; where none can be drawn, the printable page takes its place."""
    return _pdf(request, access(Transcript, transcript_uuid, user=request.user), "creditbank:transcript")


@login_required
def certificate_pdf(request: HttpRequest, certificate_uuid: str) -> HttpResponse:
    """The certificate as a PDF."""
    return _pdf(request, _own_certificate(request, certificate_uuid), "creditbank:certificate")


def _pdf(request: HttpRequest, paper: Paper, page: str) -> HttpResponse:
    data = pdf_of(paper, get_language())
    if data is None:
        messages.info(request, _("PDF files cannot be made here; please print this page."))
        return redirect(page, paper.uuid)
    return _file(data, paper, "pdf", "application/pdf")


@login_required
def transcript_document(request: HttpRequest, transcript_uuid: str) -> HttpResponse:
    """The transcript as a signed JSON document."""
    paper = access(Transcript, transcript_uuid, user=request.user)
    return _file(document_of(paper), paper, "json", "application/json")


@login_required
def certificate_document(request: HttpRequest, certificate_uuid: str) -> HttpResponse:
    """The certificate as a signed JSON document."""
    paper = _own_certificate(request, certificate_uuid)
    return _file(document_of(paper), paper, "json", "application/json")


def _file(data: bytes, paper: Paper, ending: str, media_type: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{paper.number or paper.printed_code}.{ending}"'
    return answer


@login_required
@require_POST
def take_back(request: HttpRequest, transcript_uuid: str) -> HttpResponse:
    """The person declares a transcript invalid, for instance one that reached the wrong hands."""
    paper = access(Transcript, transcript_uuid, user=request.user, to="revoke")
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return transcript(request, transcript_uuid, form)
    try:
        revoke_transcript(paper, actor=request.user, at=timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, _("Revoked: whoever checks this transcript is told so from now on."))
    except AlreadyRevoked:
        messages.error(request, _("This paper was revoked before; nothing was changed."))
    return redirect("creditbank:transcript", paper.uuid)
