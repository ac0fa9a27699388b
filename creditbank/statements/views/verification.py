"""The public check of a paper: by code, by QR code, by file. No sign-in, and nothing is written."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from creditbank.statements.checking import Checked, check_code, check_file
from creditbank.statements.drawing import paper_facts
from creditbank.statements.exceptions import NotAPaper
from creditbank.statements.forms import FileForm, VerifyForm, refusal
from creditbank.statements.views.papers import paper_years
from foundation.api import client_address, rate_limited, too_many_requests
from identity.api import mask_name

CHECKS_PER_MINUTE = 30
FILES_PER_MINUTE = 10


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Check a paper by its code. Unknown codes all get the same answer."""
    form = VerifyForm(request.GET) if "code" in request.GET else VerifyForm()
    if not (form.is_bound and form.is_valid()):
        return _answer(request, form=form)
    if rate_limited(f"verify:{client_address(request)}", limit=CHECKS_PER_MINUTE, seconds=60):
        return too_many_requests(request)
    return _answer(request, form=form, checked=check_code(form.cleaned_data["code"], on=timezone.localdate()))


def verify_file(request: HttpRequest) -> HttpResponse:
    """Check a paper by its file, which is read and forgotten."""
    if request.method != "POST":
        return redirect("creditbank:verify")
    if rate_limited(f"verify-file:{client_address(request)}", limit=FILES_PER_MINUTE, seconds=60):
        return too_many_requests(request)
    form = FileForm(request.POST, request.FILES)
    checked = None
    if form.is_valid():
        try:
            checked = check_file(form.cleaned_data["file"].read(), on=timezone.localdate())
        except NotAPaper as error:
            form.add_error("file", refusal(error.code))
    return _answer(request, file_form=form, checked=checked, by_file=True)


def _answer(
    request: HttpRequest, *, form: VerifyForm | None = None, file_form: FileForm | None = None, checked: Checked | None = None,
    by_file: bool = False,
) -> HttpResponse:  # fmt: skip
    paper = checked.paper if checked else None
    context: dict[str, Any] = {
        "form": form or VerifyForm(), "file_form": file_form or FileForm(), "checked": checked, "paper": paper, "by_file": by_file,
        "now": timezone.now(),
    }  # fmt: skip
    if paper is not None:
        context |= paper_facts(paper) | {"name": mask_name(paper.content["name"]), "years": paper_years(paper)}
    failed = bool((form and form.errors) or (file_form and file_form.errors))
    return render(request, "creditbank/verify.html", context, status=400 if failed else 200)


def verify_short(request: HttpRequest, code: str) -> HttpResponse:
    """The address in the QR code: goes to the check with the full random id."""
    return redirect(f"{reverse('creditbank:verify')}?{urlencode({'code': code})}")
