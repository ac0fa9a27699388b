"""The public check of a paper."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from creditbank.statements.forms import VerifyForm
from creditbank.statements.queries import find_transcript
from foundation.api import client_address, rate_limited, too_many_requests
from identity.api import mask_name

CHECKS_PER_MINUTE = 30


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
