"""The auditor's button on a case."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditbank.recognition.models import Application
from creditbank.recognition.views.desk import desk_only
from creditbank.statements.casefile import export_case
from foundation.api import SigningKeyMissing, access


@desk_only
@require_POST
def case_file(request: HttpRequest, reference: str) -> HttpResponse:
    """The case as a signed zip; that it was taken is written down."""
    application = access(Application, reference, user=request.user, to="export_case", field="reference")
    try:
        data = export_case(application, actor=request.user)
    except SigningKeyMissing:
        messages.error(request, _("There is no key to sign with, so no case file was made."))
        return redirect("creditbank:case", reference)
    answer = HttpResponse(data, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{application.reference}.zip"'
    return answer
