"""The template to fill in, and the rows with errors as a workbook in which every error stands beside its row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from creditbank.results.columns import COLUMNS, HEADINGS, TEXTS
from creditbank.results.models import ResultRow
from foundation.api import Heading, Table, cell_complaint, csv_lines, csv_of, xlsx_of


def headings() -> dict[str, str]:
    """Headings by key, in the reader's language."""
    english = (get_language() or "").startswith("en")
    return {column.key: column.heading_en if english else column.heading_zh for column in COLUMNS}


def problem_text(problem: Mapping[str, Any]) -> str:
    """One problem of a row in the reader's language."""
    return cell_complaint(problem["code"], problem["data"], TEXTS)


def template_csv() -> bytes:
    """The template as CSV that spreadsheets open in the right characters: headings, and a row as it should look."""
    return csv_of(_template())


def template_xlsx() -> bytes:
    """The template as a workbook; every cell is text, so that long numbers keep their digits."""
    return xlsx_of([_template()])


def errors_xlsx(rows: Iterable[ResultRow]) -> bytes:
    """Rows with errors as they were given, each with all its errors in a last column; corrected, it can be uploaded again as it is."""
    return xlsx_of([Table(_("Results"), (*_starred(), Heading(_("Errors"))), tuple(_lines(rows)))])


def errors_csv(rows: Iterable[ResultRow]) -> Iterator[bytes]:
    """The same as CSV, line by line, however many there are."""
    return csv_lines((*_starred(), Heading(_("Errors"))), _lines(rows))


def _lines(rows: Iterable[ResultRow]) -> Iterator[tuple[str | None, ...]]:
    names = headings()
    return ((*(row.values.get(key) for key in names), _said(row, names)) for row in rows)


def _said(row: ResultRow, names: Mapping[str, str]) -> str:
    return "; ".join(f"{names.get(problem['column'], '')}: {problem_text(problem)}" for problem in row.problems)


def _template() -> Table:
    return Table(_("Results"), _starred(), (tuple(column.example or None for column in COLUMNS),))


def _starred() -> tuple[Heading, ...]:
    return tuple(Heading(f"{text}*" if HEADINGS[key].required else text) for key, text in headings().items())
