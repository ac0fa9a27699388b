"""Tables as CSV and XLSX that no spreadsheet can take for a program.

What a person typed may begin with ``=``, ``+``, ``-`` or ``@`` and is then a formula to a spreadsheet that opens the file: in CSV such a
cell gets an apostrophe in front, in XLSX every text is a text cell and is marked as quoted, its value unchanged. Identifiers are text, so
that no digit of eighteen is rounded away; amounts are numbers with the decimals of their step.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula may begin with, also in full width, which some spreadsheets read alike."""
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML does not know; they stand as the replacement character."""
LONGEST_CELL = 32_767
SHEET_NAME_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
LONGEST_SHEET_NAME = 31


class CellKind(Enum):
    """How the cells of a column are written."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True)
class Heading:
    """A heading and the kind of what stands below it; ``step`` is that of a number's unit and gives its decimals (None: as it is)."""

    text: str
    kind: CellKind = CellKind.TEXT
    step: Decimal | None = None


@dataclass(frozen=True)
class Figure:
    """A value that is written otherwise than its column: a number with another step."""

    value: Decimal
    step: Decimal


Row = Sequence[str | Decimal | int | date | Figure | None]


@dataclass(frozen=True)
class Table:
    """A sheet: its name, its columns, and rows of one value a column; None is an empty cell."""

    name: str
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]


def harmless(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def csv_of(table: Table) -> bytes:
    """The table as CSV: UTF-8 with a byte-order mark (so that Excel sees Chinese), lines ended by CR LF, numbers with a point."""
    return b"".join(csv_lines(table.headings, table.rows))


def csv_lines(headings: Sequence[Heading], rows: Iterable[Row]) -> Iterator[bytes]:
    """The same line by line, for more rows than anybody wants in memory."""
    yield b"\xef\xbb\xbf" + _csv_line([harmless(heading.text) for heading in headings])
    for row in rows:
        yield _csv_line([_csv_cell(value, heading) for value, heading in zip(row, headings, strict=True)])


def _csv_line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()


def _csv_cell(value: Any, heading: Heading) -> str:
    if value is None:
        return ""
    if isinstance(value, Figure):
        return _figure(value.value, value.step)
    if heading.kind is CellKind.NUMBER:
        return _figure(Decimal(value), heading.step)
    if heading.kind is CellKind.DATE:
        return str(value.isoformat())
    return harmless(_clean(str(value)))


def _figure(value: Decimal, step: Decimal | None) -> str:
    """2.50 with the decimals of its step; a number is no text, so its minus sign is a minus sign."""
    return format(value.normalize() if step is None else value, "f" if step is None else f".{decimals(step)}f")


def decimals(step: Decimal) -> int:
    """How many decimals a step needs: 0.5 → 1, 0.25 → 2, 1 → 0."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def xlsx_of(tables: Iterable[Table]) -> bytes:
    """Tables as the sheets of one workbook, each with its headings in the first row, which stays in view."""
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # no trace of when
    for table in tables:
        sheet = book.create_sheet(_sheet_name(table.name))
        sheet.freeze_panes = "A2"
        sheet.append([_heading(sheet, heading.text) for heading in table.headings])
        for row in table.rows:
            sheet.append([_xlsx_cell(sheet, value, heading) for value, heading in zip(row, table.headings, strict=True)])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _sheet_name(name: str) -> str:
    return SHEET_NAME_FORBIDDEN.sub(" ", _clean(name))[:LONGEST_SHEET_NAME].strip() or "Sheet"


def _heading(sheet: Any, text: str) -> Any:
    cell = _text_cell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _xlsx_cell(sheet: Any, value: Any, heading: Heading) -> Any:
    if value is None:
        return None
    if isinstance(value, Figure):
        return _number_cell(sheet, value.value, value.step)
    if heading.kind is CellKind.NUMBER:
        return _number_cell(sheet, Decimal(value), heading.step)
    if heading.kind is CellKind.DATE:
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd"
        return cell
    return _text_cell(sheet, str(value))


def _number_cell(sheet: Any, value: Decimal, step: Decimal | None) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    if step is not None:
        places = decimals(step)
        cell.number_format = f"0.{'0' * places}" if places else "0"
    return cell


def _text_cell(sheet: Any, text: str) -> Any:
    """A text, whatever it looks like: never a formula, never an error value, never a number."""
    cell = WriteOnlyCell(sheet)
    cell._value = _clean(text)[:LONGEST_CELL]  # the public setter would make a formula of a leading "="
    cell.data_type = "s"
    cell.number_format = "@"
    if text.startswith(DANGEROUS):
        cell._style.quotePrefix = 1
    return cell


def _clean(text: str) -> str:
    return UNWRITABLE.sub("\ufffd", text)
