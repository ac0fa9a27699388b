"""Submission files of an institution: choose, look at the first rows, take the workbook."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from creditbank.statements.actions import export_submission
from creditbank.statements.enums import SubmissionSheet
from creditbank.statements.forms import SubmissionForm
from creditbank.statements.models import SubmissionCode
from creditbank.statements.permissions import SUBMISSION_ROLES
from creditbank.statements.submissions import HEADINGS, NAMES, Submission
from creditbank.statements.views.account import XLSX
from foundation.api import access, visible_to
from identity.api import Institution, SignedInRequest


@login_required
def submissions(request: HttpRequest) -> HttpResponse:
    """The institution for whose files the person is asked; with several, a list of them."""
    places = cast("SignedInRequest", request).user.institutions_as(*SUBMISSION_ROLES)
    if not places:
        raise PermissionDenied(_("Submission files are for school administrators, credit officers and reviewers."))
    rows = list(visible_to(request.user, Institution).filter(pk__in=places).order_by("code"))
    if len(rows) == 1:
        return redirect("creditbank:submission", rows[0].code)
    return render(request, "creditbank/submissions.html", {"rows": rows, "desk_nav": "submissions"})


@login_required
def submission(request: HttpRequest, code: str) -> HttpResponse:
    """The form of a file; sent off, it answers with the workbook, and who took it is written down."""
    institution = access(Institution, code, user=request.user, to="export_submissions", field="code")
    banks = list(SubmissionCode.objects.order_by("bank").values_list("bank", flat=True).distinct())
    today = timezone.localdate()
    form = SubmissionForm(request.POST if request.method == "POST" else None, banks=banks, today=today)
    if form.is_bound and form.is_valid():
        return _file(request, institution, form.cleaned_data)
    sheets = [(SubmissionSheet(sheet).label, NAMES[sheet], HEADINGS[sheet]) for sheet in SubmissionSheet]
    context = {"institution": institution, "form": form, "sheets": sheets, "banks": banks, "desk_nav": "submissions"}
    return render(request, "creditbank/submission.html", context, status=400 if form.errors else 200)


def _file(request: HttpRequest, institution: Institution, given: dict[str, Any]) -> HttpResponse:
    asked = Submission(institution=institution, **given | {"sheet": SubmissionSheet(given["sheet"])})
    data, _made = export_submission(asked, actor=request.user)
    answer = HttpResponse(data, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{institution.code}-{asked.sheet}-{asked.until:%Y%m}.xlsx"'
    return answer
