"""The public check of a paper over HTTP, by its code or by its file: valid, revoked, expired, altered or unknown. Nothing is written."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Router
from ninja.files import UploadedFile

from creditbank.statements.checking import LARGEST_FILE, Checked, check_code, check_file
from creditbank.statements.problems import told
from creditbank.statements.rest.schemas import CheckOut
from creditbank.statements.views.verification import CHECKS_PER_MINUTE, FILES_PER_MINUTE
from foundation.api import READ_PROBLEMS, Problem, client_address, rate_limited
from identity.api import mask_name

router = Router(tags=["credit bank: verification"])


@router.get("/verify/{code}", response={200: CheckOut, **READ_PROBLEMS}, summary="Check a paper by its code")
def by_code(request: HttpRequest, code: str) -> dict[str, Any]:
    """The long code of the QR code, or the short one that is printed; case, blanks and hyphens do not matter. Thirty checks a minute."""
    _count(f"verify:{client_address(request)}", CHECKS_PER_MINUTE)
    return _told(check_code(code, on=timezone.localdate()))


@router.post("/verify", response={200: CheckOut, **READ_PROBLEMS}, summary="Check a paper by its file")
def by_file(request: HttpRequest, file: File[UploadedFile]) -> dict[str, Any]:
    """A PDF or JSON document as it was issued, at most 5 MB; it is read and forgotten. Ten files a minute."""
    _count(f"verify-file:{client_address(request)}", FILES_PER_MINUTE)
    content = file.read(LARGEST_FILE + 1)
    with told():
        return _told(check_file(content, on=timezone.localdate()))


def _count(key: str, limit: int) -> None:
    if rate_limited(key, limit=limit, seconds=60):
        raise Problem(429, "too_many_requests", _("Too many requests. Please wait a minute."))


def _told(checked: Checked) -> dict[str, Any]:
    paper = checked.paper
    answer: dict[str, Any] = {"standing": checked.standing, "since": checked.since, "reason": checked.reason}
    if paper is None:
        return answer
    content = paper.content
    units = content.get("units") or [{"unit": content.get("unit", ""), "total": content.get("credits", "0")}]
    return answer | {
        "kind": paper.kind, "number": paper.number, "code": paper.printed_code, "holder": mask_name(content["name"]), "issued_at": paper.issued_at,
        "valid_until": paper.valid_until, "content_hash": paper.content_hash, "programme_zh": content.get("programme_zh", ""),
        "programme_en": content.get("programme_en", ""), "credits": [{"unit": one["unit"], "credits": one["total"]} for one in units],
    }  # fmt: skip
