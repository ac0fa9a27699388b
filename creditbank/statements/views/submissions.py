"""Submission files of an institution: choose, look at the first rows, take the workbook."""

from __future__ import annotations

from typing import cast

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
from creditbank.statements.submissions import HEADINGS, NAMES, Submission, submission_outline
from creditbank.statements.views.account import XLSX
from foundation.api import access, file_answer, visible_to
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
    """The form of a file. It answers with what the file would hold, or with the workbook, and who took that is written down."""
    institution = access(Institution, code, user=request.user, to="export_submissions", field="code")
    banks = list(SubmissionCode.objects.order_by("bank").values_list("bank", flat=True).distinct())
    today = timezone.localdate()
    form = SubmissionForm(request.POST if request.method == "POST" else None, banks=banks, today=today)
    outline = None
    if form.is_bound and form.is_valid():
        asked = Submission(institution=institution, **form.cleaned_data | {"sheet": SubmissionSheet(form.cleaned_data["sheet"])})
        if request.POST.get("step") != "look":
            return _file(request, asked)
        outline = submission_outline(asked)
    sheets = [(SubmissionSheet(sheet).label, NAMES[sheet], HEADINGS[sheet]) for sheet in SubmissionSheet]
    context = {
        "institution": institution, "form": form, "sheets": sheets, "banks": banks, "outline": outline, "desk_nav": "submissions",
        "left_out": sum(outline.left_out.values()) if outline else 0,
    }  # fmt: skip
    return render(request, "creditbank/submission.html", context, status=400 if form.errors else 200)


def _file(request: HttpRequest, asked: Submission) -> HttpResponse:
    data, _made = export_submission(asked, actor=request.user)
    answer = file_answer(data, XLSX, file_name(asked))
    answer["Cache-Control"] = "no-store"
    return answer


def file_name(asked: Submission) -> str:
    """Whose file, which one, up to which month."""
    return f"{asked.institution.code}-{asked.sheet}-{asked.until:%Y%m}.xlsx"
