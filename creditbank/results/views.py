"""Uploads of results: the list with the form, one upload with its report, and the steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST, require_safe

from creditbank.results.actions import answer_undo, ask_to_undo, discard_batch, go_on, release_batch, submit_batch, upload_results
from creditbank.results.actions.resuming import PATIENCE
from creditbank.results.enums import BatchState, RowState
from creditbank.results.exceptions import NothingToEnter, ResultsError, SecondPersonRequired
from creditbank.results.exports import errors_csv, errors_xlsx, headings, problem_text, template_csv, template_xlsx
from creditbank.results.forms import UndoForm, UploadForm
from creditbank.results.models import RESULT_ROLES, ResultBatch
from creditbank.results.queries import bad_rows, batches_of, counts_by_state
from foundation.api import access, can, file_complaint
from identity.api import Institution, Role, SignedInRequest

PAGE_SIZE = 20
MOST_SHOWN = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKING = (BatchState.READING, BatchState.RELEASING, BatchState.UNDOING)
MOST_IN_WORKBOOK = 10_000
"""More rows than these take a request too long to put into a workbook; they are told as CSV."""
Download = TypeVar("Download", bound=HttpResponseBase)
View = Callable[..., HttpResponseBase]


def results_desk(view: View) -> View:
    """For officers and reviewers, and auditors who read."""

    @wraps(view)
    @login_required
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.acts_as(*RESULT_ROLES, Role.AUDITOR):
            raise PermissionDenied(_("The desk is for credit officers, reviewers and auditors."))
        return view(request, *args, **kwargs)

    return guarded


@results_desk
def results(request: SignedInRequest) -> HttpResponse:
    """The uploads of one's institutions, and the form for another one."""
    mine = Institution.objects.filter(pk__in=request.user.institutions_as(Role.CREDIT_OFFICER)).order_by("code")
    form = UploadForm(request.POST or None, request.FILES or None, institutions=mine) if mine else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(_("Only credit officers upload results."))
        if form.is_valid():
            file = form.cleaned_data["file"]
            batch = upload_results(
                form.cleaned_data["institution"], content=file.read(), filename=file.name, actor=request.user, at=timezone.now()
            )
            return redirect("creditbank:result_batch", batch.uuid)
    page = Paginator(batches_of(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "creditbank/results.html", {"page": page, "form": form, "desk_nav": "results"})


@results_desk
@require_safe
def template(request: SignedInRequest, kind: str) -> HttpResponse:
    """The template to fill in, as CSV or XLSX."""
    content, media_type = (template_xlsx(), XLSX) if kind == "xlsx" else (template_csv(), "text/csv; charset=utf-8")
    return _download(content, media_type, f"results-template.{kind}")


@results_desk
def batch(request: SignedInRequest, batch_uuid: str) -> HttpResponse:
    """One upload: how far it is, what is wrong with it, and the next step for whoever may take it."""
    return _page(request, access(ResultBatch, batch_uuid, user=request.user, to="view"))


def _page(request: SignedInRequest, row: ResultBatch, form: UndoForm | None = None) -> HttpResponse:
    names, now = headings(), timezone.now()
    bad = [
        {"line": one.line, "values": one.values, "problems": [(names.get(p["column"], ""), problem_text(p)) for p in one.problems]}
        for one in bad_rows(row)[:MOST_SHOWN]
    ]
    kinds = sorted(row.complaints, key=lambda kind: -kind["n"]) if row.rows_bad > MOST_SHOWN else []
    is_working, may_release = row.state in WORKING, can(request.user, "release", row)
    starter = row.uploaded_by_uuid if row.state == BatchState.HALTED else row.undo_asked_by_uuid
    context = {
        "batch": row, "bad": bad, "counts": [(names.get(kind["column"], ""), problem_text(kind), kind["n"]) for kind in kinds],
        "is_working": is_working, "is_quiet": is_working and (row.worked_at is None or row.worked_at < now - PATIENCE), "desk_nav": "results",
        "file_problem": file_complaint(row.complaint["code"], row.complaint["data"], names) if row.complaint else "",
        "may_prepare": can(request.user, "prepare", row), "may_release": may_release,
        "is_halted": row.state in {BatchState.HALTED, BatchState.UNDO_HALTED}, "may_go_on": may_release and starter != request.user.uuid,
        "is_uploader": row.uploaded_by_uuid == request.user.uuid, "is_asker": row.undo_asked_by_uuid == request.user.uuid,
        "undo_form": form or UndoForm(), "ended": counts_by_state(row) if row.released_at and not is_working else {},
        "sample": row.rows.exclude(state=RowState.BAD).order_by("line")[:5], "names": names, "as_workbook": row.rows_bad <= MOST_IN_WORKBOOK,
    }  # fmt: skip
    return render(request, "creditbank/result_batch.html", context, status=400 if form is not None else 200)


@results_desk
@require_safe
def errors(request: SignedInRequest, batch_uuid: str, kind: str) -> HttpResponseBase:
    """The rows with errors, all of them: as a workbook, or as CSV where they are too many for one."""
    row = access(ResultBatch, batch_uuid, user=request.user, to="view")
    if not row.rows_bad:
        raise Http404
    rows = bad_rows(row).iterator(chunk_size=2000)
    if kind == "csv":
        return _named(StreamingHttpResponse(errors_csv(rows), content_type="text/csv; charset=utf-8"), "results-errors.csv")
    if row.rows_bad > MOST_IN_WORKBOOK:
        return redirect("creditbank:result_errors_csv", row.uuid)
    return _download(errors_xlsx(rows), XLSX, "results-errors.xlsx")


def _step(to: str, work: Callable[[ResultBatch, SignedInRequest], ResultBatch], done: str) -> View:
    """A page that takes one step of an upload and goes back to it."""

    @results_desk
    @require_POST
    def taken(request: SignedInRequest, batch_uuid: str) -> HttpResponse:
        row = access(ResultBatch, batch_uuid, user=request.user, to=to)
        try:
            work(row, request)
        except SecondPersonRequired:
            messages.error(request, _("Another person has to do this: nobody releases what they uploaded themselves."))
        except NothingToEnter:
            messages.error(request, _("Every row of this file is entered already."))
        except ResultsError:
            messages.error(request, _("The upload has moved on meanwhile; this is how it stands now."))
        else:
            messages.success(request, _(done))
        return redirect("creditbank:result_batch", row.uuid)

    return taken


submit = _step(
    "prepare",
    lambda row, request: submit_batch(row, actor=request.user, at=timezone.now()),
    gettext_noop("Confirmed. Another person releases it now."),
)
discard = _step(
    "prepare", lambda row, request: discard_batch(row, actor=request.user), gettext_noop("The file is put aside; nothing was entered.")
)
release = _step(
    "release",
    lambda row, request: release_batch(row, actor=request.user, at=timezone.now()),
    gettext_noop("Released. The results are being entered."),
)
agree_undo = _step(
    "release", lambda row, request: answer_undo(row, agree=True, actor=request.user), gettext_noop("The results are being taken back.")
)
refuse_undo = _step("release", lambda row, request: answer_undo(row, agree=False, actor=request.user), gettext_noop("The results stay."))


resume = _step("release", lambda row, request: go_on(row, actor=request.user), gettext_noop("The work goes on in your name."))


@results_desk
@require_POST
def ask_undo(request: SignedInRequest, batch_uuid: str) -> HttpResponse:
    """Say why a released file has to be undone."""
    row = access(ResultBatch, batch_uuid, user=request.user, to="prepare")
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form)
    try:
        ask_to_undo(row, reason=form.cleaned_data["reason"], actor=request.user)
    except ResultsError:
        messages.error(request, _("The upload has moved on meanwhile; this is how it stands now."))
    else:
        messages.success(request, _("Asked. Another person has to agree."))
    return redirect("creditbank:result_batch", row.uuid)


def _download(content: bytes, media_type: str, name: str) -> HttpResponse:
    return _named(HttpResponse(content, content_type=media_type), name)


def _named(answer: Download, name: str) -> Download:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
