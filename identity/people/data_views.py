"""One's own data: asking for them, and fetching the file."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from foundation.api import access, file_answer, gone, visible_to
from identity.people.enums import ExportState
from identity.people.exceptions import ExportEnded
from identity.people.models import DataExport
from identity.people.own_data import ask_for_data, fetch_data
from identity.people.requests import SignedInRequest
from identity.people.tasks import start_export

MOST_SHOWN = 10


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_data(request: HttpRequest) -> HttpResponse:
    """What the file holds, the button that asks for it, and the file where it is ready."""
    person = cast("SignedInRequest", request).user
    if request.method == "POST":
        start_export(ask_for_data(person, at=timezone.now()))
        messages.success(request, _("Your data are being put together. You get a notice when the file is ready."))
        return redirect("identity:own_data")
    rows = list(visible_to(person, DataExport)[:MOST_SHOWN])
    now = timezone.now()
    context = {
        "ready": next((row for row in rows if row.state == ExportState.READY and row.ends_at and row.ends_at >= now), None),
        "asked": next((row for row in rows if row.state == ExportState.ASKED), None), "rows": rows,
    }  # fmt: skip
    return render(request, "identity/own_data.html", context)


@login_required
@never_cache
@require_safe
def own_data_file(request: HttpRequest, export_uuid: str) -> HttpResponse:
    """The file, while its time lasts; afterwards it is said that the file is gone."""
    row = access(DataExport, export_uuid, user=request.user)
    try:
        content = fetch_data(row, actor=request.user, at=timezone.now())
    except (ExportEnded, FileNotFoundError):
        return gone(
            request, {"reason": _("This file is gone: its time is over, or a newer one is there. Ask for a new one in your settings.")}
        )
    return file_answer(content, "application/zip", f"own-data-{timezone.localdate(row.ready_at).isoformat()}.zip")
