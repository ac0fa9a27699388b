"""Reading a table that somebody uploads: CSV in UTF-8 or GB18030, or XLSX; row by row, nothing interpreted, nothing trusted.

A spreadsheet is an archive from a stranger: its parts are counted and measured before one is opened, formulas are complaints and are never
worked out, and nothing outside the first sheet is read.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from foundation.tables.exceptions import UnreadableTable
from foundation.tables.types import Column, Complaint, SheetRow

LARGEST_FILE = 32 * 1024 * 1024
LARGEST_PARTS = 512 * 1024 * 1024
MOST_PARTS = 2_000
MOST_ROWS = 200_000
MOST_COLUMNS = 64
LONGEST_CELL = 500
XLSX_MAGIC, OLD_EXCEL_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_table(content: bytes, columns: Sequence[Column]) -> Iterator[SheetRow]:
    """The rows of a file under known headings; wholly empty rows are left out.

    Raises UnreadableTable before the first row where the file is no table or its headings are not the known ones, and for more than
    200,000 rows. A cell that cannot be taken (a formula, too long, a control character) is a complaint of its row.
    """
    if not content.strip():
        raise UnreadableTable("empty")
    if len(content) > LARGEST_FILE:
        raise UnreadableTable("too_large", most=LARGEST_FILE // 1024 // 1024)
    rows = _sheet(content) if content.startswith(XLSX_MAGIC) else _text(content)
    headings = next(rows, None)
    if headings is None:
        raise UnreadableTable("empty")
    keys = _keys([_plain(cell) for cell in headings], columns)
    return _rows(rows, keys)


def _rows(rows: Iterator[Sequence[Any]], keys: Sequence[str]) -> Iterator[SheetRow]:
    for line, cells in enumerate(rows, start=2):
        if line > MOST_ROWS + 1:
            raise UnreadableTable("too_many_rows", most=MOST_ROWS)
        row = _row(line, cells, keys)
        if row.cells or row.complaints:
            yield row


def _row(line: int, cells: Sequence[Any], keys: Sequence[str]) -> SheetRow:
    found: dict[str, str] = {}
    complaints = []
    for key, cell in zip(keys, cells, strict=False):
        text = _plain(cell)
        if not text or not key:
            continue
        if text.startswith("="):
            complaints.append(Complaint(key, "formula"))
        elif len(text) > LONGEST_CELL:
            complaints.append(Complaint(key, "too_long", {"most": LONGEST_CELL}))
        elif any(ord(letter) < 32 or letter == "\ufeff" for letter in text):  # noqa: PLR2004  control characters
            complaints.append(Complaint(key, "control_character"))
        else:
            found[key] = text
    if any(_plain(cell) for cell in cells[len(keys) :]):
        complaints.append(Complaint("", "beyond_headings"))
    return SheetRow(line, found, tuple(complaints))


def _keys(headings: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """The key of each heading. A column may be absent unless it is required; a column called 错误 or "Errors" is our own of an earlier report."""
    while headings and not headings[-1]:
        headings = headings[:-1]
    if len(headings) > MOST_COLUMNS:
        raise UnreadableTable("not_a_table")
    keys, unknown = [], []
    for heading in headings:
        key = next((column.key for column in columns if column.is_called(heading)), None)
        if key is None and heading.casefold() not in {"", "错误", "errors"}:
            unknown.append(heading[:60])
        keys.append(key or "")
    if unknown:
        raise UnreadableTable("unknown_headings", headings=unknown)
    repeated = sorted({key for key in keys if key and keys.count(key) > 1})
    if repeated:
        raise UnreadableTable("repeated_headings", headings=repeated)
    missing = [column.key for column in columns if column.required and column.key not in keys]
    if missing:
        raise UnreadableTable("missing_headings", headings=missing)
    return keys


def _plain(cell: Any) -> str:
    """A cell as text: whole numbers without a point, dates as ISO, white space at the ends away; our own guard against formulas too."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    text = repr(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    text = text.strip().strip("\u3000")
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@"} else text


def _text(content: bytes) -> Iterator[Sequence[str]]:
    if content.startswith(OLD_EXCEL_MAGIC) or b"\x00" in content[:4096]:
        raise UnreadableTable("not_a_table")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise UnreadableTable("encoding") from error
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    return _csv(text, delimiter)


def _csv(text: str, delimiter: str) -> Iterator[Sequence[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableTable("damaged") from error


def _sheet(content: bytes) -> Iterator[Sequence[Any]]:
    import openpyxl  # noqa: PLC0415  slow to load, and most requests read no spreadsheet
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    _weigh(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        yield from sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError, TypeError, SyntaxError, EOFError) as error:
        raise UnreadableTable("damaged") from error


def _weigh(content: bytes) -> None:
    """Count and measure the parts of a workbook, and refuse a document type, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise UnreadableTable("not_a_table")
            if (
                len(parts) > MOST_PARTS
                or sum(part.file_size for part in parts) > LARGEST_PARTS
                or any(part.flag_bits & 1 for part in parts)
            ):
                raise UnreadableTable("damaged")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as opened:
                        if b"<!DOCTYPE" in opened.read(2048).upper():
                            raise UnreadableTable("damaged")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise UnreadableTable("damaged") from error
