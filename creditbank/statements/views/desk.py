"""Certificates at the desk: find one, revoke it as the second person, issue the next."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.recognition.views.desk import PAGE_SIZE, desk_only
from creditbank.statements.actions import issue_certificate, revoke_certificate
from creditbank.statements.checking import check_paper
from creditbank.statements.exceptions import AlreadyRevoked, CertificateExists, NameNotPrintable, NothingToCertify, SameHand
from creditbank.statements.forms import ReasonForm
from creditbank.statements.models import Certificate
from creditbank.statements.queries import certificates_at
from creditbank.statements.views.papers import not_printable
from foundation.api import SigningKeyMissing, access, can, stretch_of
from identity.api import SignedInRequest


@desk_only
def desk_certificates(request: HttpRequest) -> HttpResponse:
    """Certificates of the institution, newest first."""
    search = request.GET.get("q", "").strip()
    page = stretch_of(certificates_at(request.user, search=search), request.GET, size=PAGE_SIZE)
    rows = [check_paper(paper, on=timezone.localdate()) for paper in page.items]
    return render(request, "creditbank/desk_certificates.html", {"page": page, "rows": rows, "q": search, "desk_nav": "certificates"})


def _paper(request: HttpRequest, ident: str, *, to: str) -> Certificate:
    rows = Certificate.objects.select_related("application__programme", "application__institution", "learner")
    return access(rows, ident, user=request.user, to=to)


@desk_only
def desk_certificate(request: HttpRequest, certificate_uuid: str, form: ReasonForm | None = None) -> HttpResponse:
    """One certificate: what it says, how it stands, and what this person may do about it."""
    paper, person = _paper(request, certificate_uuid, to="view_at_desk"), cast("SignedInRequest", request).user
    checked = check_paper(paper, on=timezone.localdate())
    replaced = Certificate.objects.filter(application=paper.application, revoked_at__isnull=True).exclude(pk=paper.pk).first()
    context = {
        "paper": paper, "content": paper.content, "checked": checked, "desk_nav": "certificates", "form": form or ReasonForm(),
        "may_revoke": paper.revoked_at is None and can(person, "revoke", paper) and paper.decided_by_uuid != person.uuid,
        "may_renew": paper.revoked_at is not None and replaced is None and can(person, "renew", paper), "replaced": replaced,
    }  # fmt: skip
    return render(request, "creditbank/desk_certificate.html", context, status=400 if form and form.errors else 200)


@desk_only
@require_POST
def revoke(request: HttpRequest, certificate_uuid: str) -> HttpResponse:
    """The second person declares a certificate invalid."""
    paper = _paper(request, certificate_uuid, to="revoke")
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return desk_certificate(request, certificate_uuid, form)
    try:
        revoke_certificate(paper, actor=request.user, at=timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, _("Revoked. The learner is told, and so is whoever checks it."))
    except SameHand:
        messages.error(request, _("Somebody else than the first officer and the learner has to revoke it."))
    except AlreadyRevoked:
        messages.error(request, _("This paper was revoked before; nothing was changed."))
    return redirect("creditbank:desk_certificate", paper.uuid)


@desk_only
@require_POST
def renew(request: HttpRequest, certificate_uuid: str) -> HttpResponse:
    """After a revocation, an officer issues the next certificate of the same application."""
    paper = _paper(request, certificate_uuid, to="renew")
    try:
        paper = issue_certificate(paper.application, actor=request.user, at=timezone.now())
        messages.success(request, _("Issued. The learner finds it among the certificates."))
    except (NothingToCertify, CertificateExists):
        messages.error(request, _("There is no new certificate to issue for this application."))
    except NameNotPrintable as error:
        messages.error(request, not_printable(error.characters))
    except SigningKeyMissing:
        messages.error(request, _("Papers cannot be signed at the moment, so none was issued. Please try again later."))
    return redirect("creditbank:desk_certificate", paper.uuid)
