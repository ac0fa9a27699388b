"""The template to fill in, and the rows with errors as a workbook in which every error stands beside its row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from creditbank.results.columns import COLUMNS, HEADINGS, TEXTS
from creditbank.results.models import ResultRow
from foundation.api import cell_complaint

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def headings() -> dict[str, str]:
    """Headings by key, in the reader's language."""
    english = (get_language() or "").startswith("en")
    return {column.key: column.heading_en if english else column.heading_zh for column in COLUMNS}


def problem_text(problem: Mapping[str, Any]) -> str:
    """One problem of a row in the reader's language."""
    return cell_complaint(problem["code"], problem["data"], TEXTS)


def template_csv() -> bytes:
    """The template as CSV that spreadsheets open in the right characters: headings, and a row as it should look."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_starred(key, text) for key, text in headings().items()])
    writer.writerow([column.example for column in COLUMNS])
    return ("\ufeff" + out.getvalue()).encode()


def template_xlsx() -> bytes:
    """The template as a workbook; every cell is text, so that long numbers keep their digits."""
    return _workbook([[_starred(key, text) for key, text in headings().items()], [column.example for column in COLUMNS]])


def errors_xlsx(rows: Iterable[ResultRow]) -> bytes:
    """Rows with errors as they were given, each with all its errors in a last column; corrected, it can be uploaded again as it is."""
    names = headings()
    lines = [[_starred(key, text) for key, text in names.items()] + [_("Errors")]]
    for row in rows:
        said = "; ".join(f"{names.get(problem['column'], '')}: {problem_text(problem)}" for problem in row.problems)
        lines.append([row.values.get(key, "") for key in names] + [said])
    return _workbook(lines)


def _starred(key: str, text: str) -> str:
    return f"{text}*" if HEADINGS[key].required else text


def _workbook(lines: Iterable[Iterable[str]]) -> bytes:
    import openpyxl  # noqa: PLC0415  slow to load
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(_("Results"))
    for line in lines:
        cells = []
        for text in line:
            cell = WriteOnlyCell(sheet, value=f"'{text}" if text.startswith(FORMULA_STARTS) else text)
            cell.data_type, cell.number_format = "s", "@"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
