"""The explorer asked with a file: read, answered, forgotten."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from creditbank.catalogue.models import Programme
from creditbank.recognition.exploring import answers, flow_of
from creditbank.recognition.forms import OwnRecordsForm
from creditbank.recognition.own_records import COLUMNS, TEXTS, OwnRecords, read_own_records
from creditbank.rules.types import Facts, Target
from foundation.api import (
    Heading,
    Table,
    UnreadableTable,
    cell_complaint,
    client_address,
    csv_of,
    file_complaint,
    rate_limited,
    too_many_requests,
)

FILES_PER_MINUTE = 10
SHOWN = 12
"""So many columns the page and the template name; the others of the table are understood where a file has them."""


@never_cache
def explorer_file(request: HttpRequest) -> HttpResponse:
    """A form for a file of one's own records; its answer for every open programme, or every cell that is wrong. Nothing is stored."""
    if request.method == "POST" and rate_limited(f"explorer:{client_address(request)}", limit=FILES_PER_MINUTE, seconds=60):
        return too_many_requests(request)
    form = OwnRecordsForm(request.POST, request.FILES) if request.method == "POST" else OwnRecordsForm()
    context: dict[str, Any] = {"form": form, "columns": [_column(column) for column in COLUMNS[:SHOWN]], "nav": "convert"}
    if request.method == "POST" and form.is_valid():
        try:
            read = read_own_records(form.cleaned_data["file"].read(), on=timezone.localdate())
        except UnreadableTable as error:
            form.add_error("file", _file_words(error))
        else:
            context |= _bad(form, read) if read.bad else _answered(read)
    return render(request, "creditbank/explorer_file.html", context, status=400 if form.errors else 200)


def _answered(read: OwnRecords) -> dict[str, Any]:
    on = timezone.localdate()
    programmes = list(Programme.objects.open().select_related("institution", "system"))
    given = answers(programmes, Facts("", read.records, Target("", ""), on), on=on, language=get_language() or "zh-hans")
    giving = [(answer, flow_of(answer, read.records)) for answer in given if answer.counts]
    refusing = [answer for answer in given if not answer.counts and answer.version is not None]
    return {"records": read.records, "giving": giving, "refusing": refusing}


def _bad(form: OwnRecordsForm, read: OwnRecords) -> dict[str, Any]:
    """Every bad cell as a row of a table, and one sentence in the summary on top."""
    headings = {column.key: _heading(column) for column in COLUMNS}
    rows = [
        {
            "line": cell.line, "column": headings.get(cell.complaint.column, ""),
            "text": cell_complaint(cell.complaint.code, cell.complaint.data, TEXTS),
        }
        for cell in read.bad
    ]  # fmt: skip
    form.add_error("file", _("Some cells cannot be read; they are listed below. Correct them and choose the file again."))
    return {"bad": rows}


def _file_words(error: UnreadableTable) -> str:
    if error.code == "not_a_table":
        return _("This is neither an XLSX, a CSV nor a JSON file of records.")
    return file_complaint(error.code, error.data, {column.key: _heading(column) for column in COLUMNS})


def _heading(column: Any) -> str:
    return str(column.heading_en if (get_language() or "").startswith("en") else column.heading_zh)


def _column(column: Any) -> dict[str, Any]:
    return {"heading": _heading(column), "key": column.key, "required": column.required, "example": column.example}


@require_safe
def explorer_template(request: HttpRequest) -> HttpResponse:
    """An empty table with the headings and one row as an example, as CSV."""
    shown = COLUMNS[:SHOWN]
    table = Table(_("Records"), tuple(Heading(_heading(column)) for column in shown), (tuple(column.example or None for column in shown),))
    answer = HttpResponse(csv_of(table), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="records.csv"'
    return answer
