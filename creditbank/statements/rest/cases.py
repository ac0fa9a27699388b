"""Case files over HTTP: an auditor takes one; whoever holds one has it checked. Nothing of a checked file is kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Router
from ninja.files import UploadedFile
from ninja.security import django_auth

from creditbank.recognition.models import Application
from creditbank.statements.casefile import export_case
from creditbank.statements.caseverify import LARGEST_FILE, NotACaseFile, verify_case_file
from creditbank.statements.problems import told
from creditbank.statements.rest.schemas import CaseCheckOut
from creditbank.statements.views.verification import FILES_PER_MINUTE
from foundation.api import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    Problem,
    access,
    client_address,
    file_answer,
    file_content,
    rate_limited,
)

router = Router(tags=["credit bank: papers"])
ZIP = "application/zip"


@router.post(
    "/desk/applications/{reference}/case-file", response={200: None, **WRITE_PROBLEMS}, auth=django_auth, summary="Take a case file",
    openapi_extra=file_content(ZIP),
)  # fmt: skip
def take_case_file(request: HttpRequest, reference: str) -> HttpResponse:
    """The case as a signed zip, for auditors; the same case gives the same bytes. That it was taken is written down, so each call says so anew."""
    application = access(Application, reference, user=request.user, to="export_case", field="reference")
    with told():
        data = export_case(application, actor=request.user)
    return file_answer(data, ZIP, f"{application.reference}.zip")


@router.post("/case-files/check", response={200: CaseCheckOut, **READ_PROBLEMS}, summary="Check a case file")
def check_case_file(request: HttpRequest, file: File[UploadedFile]) -> dict[str, Any]:
    """Signature by a published key, every hash, and the decision made again; at most 64 MB, read and forgotten. Ten files a minute.

    Anybody may ask, as with a paper: the file says nothing that its holder does not have. Only what we signed is decided again.
    """
    if rate_limited(f"verify-file:{client_address(request)}", limit=FILES_PER_MINUTE, seconds=60):
        raise Problem(429, "too_many_requests", _("Too many requests. Please wait a minute."))
    try:
        findings = verify_case_file(file.read(LARGEST_FILE + 1))
    except NotACaseFile as error:
        raise Problem(422, "not_a_case_file", _("This file is no case file of ours."), str(error)) from error
    return {
        "genuine": all(one.ok is not False for one in findings) and findings[0].ok is True,
        "findings": [{"name": one.name, "ok": one.ok, "found": one.found} for one in findings],
    }
