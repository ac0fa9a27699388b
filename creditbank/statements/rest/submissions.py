"""Files that an institution hands to another credit bank, over HTTP (session of the site, in the acting role)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from ninja.security import django_auth

from creditbank.statements.actions import export_submission
from creditbank.statements.enums import SubmissionSheet
from creditbank.statements.models import SubmissionCode
from creditbank.statements.permissions import SUBMISSION_ROLES
from creditbank.statements.rest.schemas import SubmissionIn, SubmissionOutlineOut, SubmissionsOut
from creditbank.statements.submissions import HEADINGS, NAMES, Submission, submission_outline
from creditbank.statements.views.account import XLSX
from creditbank.statements.views.submissions import file_name
from foundation.api import PRIVATE_PROBLEMS, WRITE_PROBLEMS, Problem, access, file_answer, file_content, visible_to
from identity.api import Institution

router = Router(tags=["credit bank: papers"], auth=django_auth)


@router.get("/desk/submissions", response={200: SubmissionsOut, **PRIVATE_PROBLEMS}, summary="Which submission files there are")
def read_submissions(request: Any) -> dict[str, Any]:
    """Institutions for which the caller may take them, banks that have a code table, and each file with its headings in their order."""
    places = request.user.institutions_as(*SUBMISSION_ROLES)
    if not places:
        raise Problem(403, "forbidden", _("Submission files are for school administrators, credit officers and reviewers."))
    rows = visible_to(request.user, Institution).filter(pk__in=places).order_by("code")
    return {
        "institutions": list(rows.values_list("code", flat=True)),
        "banks": _banks(),
        "sheets": [{"sheet": sheet.value, "title": NAMES[sheet], "headings": list(HEADINGS[sheet])} for sheet in SubmissionSheet],
    }


@router.post(
    "/desk/submissions/{code}/look", response={200: SubmissionOutlineOut, **PRIVATE_PROBLEMS}, summary="What a submission file will hold"
)
def look(request: HttpRequest, code: str, body: SubmissionIn) -> dict[str, Any]:
    """Rows, those without an identity card number, and results without a place in it. No number is read for it, and nothing is written."""
    outline = submission_outline(_asked(request, code, body))
    return {"rows": outline.rows, "without_number": outline.without_number, "left_out": outline.left_out}


@router.post(
    "/desk/submissions/{code}", response={200: None, **WRITE_PROBLEMS}, summary="Take a submission file", openapi_extra=file_content(XLSX)
)
def take(request: HttpRequest, code: str, body: SubmissionIn) -> HttpResponse:
    """A workbook of one sheet. Who took which file, and how many identity card numbers left the sealed store with it, is written down, so each
    call says so anew.
    """
    asked = _asked(request, code, body)
    data, _made = export_submission(asked, actor=request.user)
    answer = file_answer(data, XLSX, file_name(asked))
    answer["Cache-Control"] = "no-store"
    return answer


def _asked(request: HttpRequest, code: str, body: SubmissionIn) -> Submission:
    """What was asked for, by somebody who may. Raises Http404, PermissionDenied; Problem 422."""
    institution = access(Institution, code, user=request.user, to="export_submissions", field="code")
    if body.bank not in _banks():
        raise Problem(422, "unknown_bank", _("No receiving bank of this name has a code table."))
    if body.since > body.until:
        raise Problem(422, "bad_period", _("The period ends before it begins."))
    return Submission(institution=institution, **body.dict())


def _banks() -> list[str]:
    return list(SubmissionCode.objects.order_by("bank").values_list("bank", flat=True).distinct())
