"""The pages of the lifelong archive. Each belongs to the signed-in person; another person's record does not exist here."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms.api import KindOfEducation
from foundation.api import Problem, access, cursor_page
from identity.api import SignedInRequest
from learning.archive.actions import add_own_record, attach_evidence, open_evidence
from learning.archive.enums import Category, RecordSource, RecordState, Trust
from learning.archive.exports import activity_csv, activity_json, archive_csv
from learning.archive.forms import OwnRecordForm, read_filter
from learning.archive.models import Evidence, LearningRecord
from learning.archive.queries import counts_by_category, filtered, group_by_year, institutions_in, summary_of, timeline_page
from learning.archive.types import NewRecord
from learning.xapi.profile import ANSWERED, ATTEMPTED, EXPERIENCED, PROGRESSED, VERBS
from learning.xapi.queries import StatementInWords, in_words, sources_about, statements_about, statements_of_registration

ACTIVITY_PAGE = 50
# What a record page tells: the steps that say something, not each answer.
TOLD_VERBS = [term.iri for term in VERBS if term not in (ANSWERED, ATTEMPTED, EXPERIENCED, PROGRESSED)]


@login_required
@require_safe
def archive(request: SignedInRequest) -> HttpResponse:
    """The timeline. Seven queries besides the session, whatever the archive's size."""
    wanted = read_filter(request.GET)
    page = timeline_page(request.user, wanted, cursor=request.GET.get("cursor"))
    summary = summary_of(request.user)
    context: dict[str, Any] = {
        "nav": "archive",
        "summary": summary,
        "groups": group_by_year(page.items, summary),
        "wanted": wanted,
        "sources": RecordSource.choices,
        "trusts": Trust.choices,
        "states": RecordState.choices,
        "kinds": list(KindOfEducation.objects.order_by("pk")),
        "institutions": institutions_in(request.user),
        "next_url": _with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "is_first_page": not request.GET.get("cursor"),
        "category_links": _category_links(request),
        "void_link": _with(request, void="" if wanted.with_void else "1", cursor=""),
        "export_query": _with(request, cursor="").lstrip("?"),
        "today": timezone.localdate(),
    }
    return render(request, "learning/archive.html", context)


@login_required
@require_safe
def archive_print(request: SignedInRequest) -> HttpResponse:
    """What the filter shows, whole, for paper. Four queries."""
    wanted = read_filter(request.GET)
    records = list(filtered(request.user, wanted))
    return render(
        request,
        "learning/archive_print.html",
        {"records": records, "nav": "archive", "summary": summary_of(request.user), "at": timezone.now(), "wanted": wanted},
    )


@login_required
@require_safe
def archive_export(request: SignedInRequest) -> HttpResponse:
    """What the filter shows, as CSV. One query."""
    content = archive_csv(filtered(request.user, read_filter(request.GET)))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="archive.csv"'
    return response


@login_required
@require_safe
def activity(request: SignedInRequest) -> HttpResponse:
    """Every statement about the reader in plain words, whoever's system wrote it. Five queries besides the session."""
    source = request.GET.get("source", "")[:20]
    rows = statements_about(request.user, source=source)
    try:
        page = cursor_page(rows, cursor=request.GET.get("cursor"), limit=ACTIVITY_PAGE, order=("-timestamp", "-seq"))
    except Problem:
        page = cursor_page(rows, cursor=None, limit=ACTIVITY_PAGE, order=("-timestamp", "-seq"))
    context = {
        "nav": "archive",
        "days": _by_day(in_words(page.items)),
        "source": source,
        "sources": sources_about(request.user),
        "next_url": _with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "is_first_page": not request.GET.get("cursor"),
        "export_query": _with(request, cursor="").lstrip("?"),
    }
    return render(request, "learning/activity.html", context)


@login_required
@require_safe
def activity_export(request: SignedInRequest, form: str) -> StreamingHttpResponse:
    """The same statements as a table (CSV), or as they were written (JSON, xAPI), the latest first; streamed, so any number of them."""
    rows = statements_about(request.user, source=request.GET.get("source", "")[:20])
    content, kind = (activity_json(rows), "application/json") if form == "json" else (activity_csv(rows), "text/csv; charset=utf-8")
    response = StreamingHttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="activity.{form}"'
    return response


def _by_day(told: list[StatementInWords]) -> list[tuple[date, list[StatementInWords]]]:
    """Statements of a page under their days, in Shanghai's time."""
    days: dict[date, list[StatementInWords]] = {}
    for entry in told:
        days.setdefault(timezone.localdate(entry.at), []).append(entry)
    return list(days.items())


@login_required
@require_safe
def record(request: SignedInRequest, record_uuid: str) -> HttpResponse:
    """One record: facts, who stands for it, what was done for it, evidence, and what it replaced or was replaced by."""
    rows = LearningRecord.objects.select_related("learner", "institution", "credit_system", "level", "replaces", "replaced_by")
    found = access(rows, record_uuid, user=request.user)
    kind = KindOfEducation.objects.filter(code=found.kind_of_education).first()
    context = {
        "nav": "archive",
        "record": found,
        "kind": kind,
        "told": _told(request.user, found),
        "evidence": list(found.evidence.all()),
        "replaced_by": getattr(found, "replaced_by", None),
        "today": timezone.localdate(),
    }
    return render(request, "learning/record.html", context)


def _told(user: Any, found: LearningRecord) -> list[Any]:
    """Statements about the record in words, oldest first."""
    registration = found.enrolment_uuid
    return in_words(statements_of_registration(user, registration, verbs=TOLD_VERBS)[:60]) if registration else []


@login_required
def record_new(request: SignedInRequest) -> HttpResponse:
    """Add a result of one's own, with a photograph of the certificate if there is one."""
    form = OwnRecordForm(request.POST or None, request.FILES or None) if request.method == "POST" else OwnRecordForm()
    if request.method == "POST" and form.is_valid():
        return _added(request, form.cleaned_data)
    status = 422 if form.is_bound else 200
    return render(request, "learning/record_new.html", {"form": form, "nav": "archive"}, status=status)


def _added(request: SignedInRequest, clean: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    new = NewRecord(
        learner=request.user,
        title_zh=clean["title"],
        description_zh=clean["description"],
        institution_zh=clean["institution"],
        source=RecordSource.LEARNER_UPLOAD,
        trust=Trust.SELF,
        source_type=clean["source_type"],
        kind_of_education=clean["kind_of_education"],
        category=clean["category"],
        earned_on=clean["earned_on"],
        valid_until=clean["valid_until"],
        notional_hours=clean["hours"],
    )
    added = add_own_record(new, key=str(clean["key"] or uuid4()), actor=request.user, at=now)
    file = clean.get("evidence")
    if file is not None:
        attach_evidence(added, content=file.content, filename=file.filename, media_type=file.media_type, actor=request.user, at=now)
    messages.success(request, _("The record is in your archive. It counts as stated by you until somebody confirms it."))
    return redirect("learning:record", added.uuid)


@login_required
@require_safe
def evidence_file(request: SignedInRequest, record_uuid: str, evidence_uuid: str) -> HttpResponse:
    """A file of one's own record, always as a download."""
    found = access(LearningRecord, record_uuid, user=request.user)
    evidence = access(Evidence.objects.filter(record=found), evidence_uuid, user=request.user)
    try:
        response = HttpResponse(open_evidence(evidence, actor=request.user), content_type=evidence.media_type)
    except FileNotFoundError as error:
        raise Http404 from error
    suffix = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}.get(evidence.media_type, "bin")
    response["Content-Disposition"] = f'attachment; filename="evidence-{evidence.sha256[:12]}.{suffix}"'
    return response


def _category_links(request: SignedInRequest) -> list[tuple[str, Any, str, int]]:
    """The tabs over the timeline: value, word, address, how many records."""
    counts = counts_by_category(request.user)
    choices = [("", _("All")), *Category.choices]
    return [(value, label, _with(request, category=value, cursor=""), counts[value]) for value, label in choices]


def _with(request: HttpRequest, **changes: str | None) -> str:
    """The address of this list with some of its state changed; empty values are left out."""
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value or ""
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    return f"?{query.urlencode()}" if query else "?"
