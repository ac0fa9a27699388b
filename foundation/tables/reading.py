"""Reading a table that somebody uploads: CSV in UTF-8 or GB18030, or XLSX; row by row out of the file, nothing interpreted, nothing trusted.

A spreadsheet is an archive from a stranger: its parts are counted and measured before one is opened, formulas are complaints and are never
worked out, and nothing outside the first sheet is read.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

from foundation.tables.exceptions import UnreadableTable
from foundation.tables.types import Column, Complaint, SheetRow

LARGEST_FILE = 32 * 1024 * 1024
LARGEST_PARTS = 512 * 1024 * 1024
LARGEST_TEXTS = 128 * 1024 * 1024
"""The part of a workbook that holds its texts is the one that is kept in memory whole."""
PIECE = 1024 * 1024
LONGEST_LINE = 65_536
MOST_PARTS = 2_000
MOST_ROWS = 200_000
MOST_COLUMNS = 64
LONGEST_CELL = 500
XLSX_MAGIC, OLD_EXCEL_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class OpenTable:
    """A file whose headings are the known ones. ``rows`` is read as it is asked for; ``count`` tells how many rows, empty ones too, it has.

    The count is a look over the file, for a bar that shows how far the reading is: ask before the first row.
    """

    rows: Iterator[SheetRow]
    count: Callable[[], int]


def read_table(content: bytes | BinaryIO, columns: Sequence[Column]) -> Iterator[SheetRow]:
    """The rows of a file under known headings; wholly empty rows are left out.

    Raises UnreadableTable before the first row where the file is no table or its headings are not the known ones, and for more than
    200,000 rows. A cell that cannot be taken (a formula, too long, a control character) is a complaint of its row.
    """
    return open_table(content, columns).rows


def open_table(content: bytes | BinaryIO, columns: Sequence[Column]) -> OpenTable:
    """The same, with its count. A file that is open is read in pieces, so that memory does not grow with it."""
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    if not any(piece.strip() for piece in _pieces(file)):
        raise UnreadableTable("empty")
    if file.seek(0, os.SEEK_END) > LARGEST_FILE:
        raise UnreadableTable("too_large", most=LARGEST_FILE // 1024 // 1024)
    file.seek(0)
    rows, count = _sheet(file) if file.read(len(XLSX_MAGIC)) == XLSX_MAGIC else _text(file)
    headings = next(rows, None)
    if headings is None:
        raise UnreadableTable("empty")
    keys = _keys([_plain(cell) for cell in headings], columns)
    return OpenTable(_rows(rows, keys), lambda: min(count(), MOST_ROWS))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file from its beginning, a megabyte at a time."""
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


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


def _text(file: BinaryIO) -> tuple[Iterator[Sequence[Any]], Callable[[], int]]:
    file.seek(0)
    head = file.read(4096)
    if head.startswith(OLD_EXCEL_MAGIC) or b"\x00" in head:
        raise UnreadableTable("not_a_table")
    encoding = _encoding(file)
    with _as_text(file, encoding) as lines:
        first = lines.readline(LONGEST_LINE)
    delimiter = max(",\t;", key=first.count)
    return _csv(file, encoding, delimiter), lambda: _count_in_text(file, encoding, delimiter)


def _encoding(file: BinaryIO) -> str:
    for name in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            for piece in _pieces(file):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    raise UnreadableTable("encoding")


@contextmanager
def _as_text(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The file from its beginning as text; it stays open afterwards."""
    file.seek(0)
    lines = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield lines
    finally:
        with suppress(ValueError):  # whoever opened the file may have closed it
            lines.detach()


def _csv(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[Sequence[str]]:
    with _as_text(file, encoding) as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=False)
        while True:
            try:
                yield next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UnreadableTable("damaged") from error


def _count_in_text(file: BinaryIO, encoding: str, delimiter: str) -> int:
    """Rows below the headings; the reading goes on where it was."""
    place = file.tell()
    try:
        return max(sum(1 for _row in _csv(file, encoding, delimiter)) - 1, 0)
    finally:
        file.seek(place)


@contextmanager
def _damage_is_told() -> Iterator[None]:
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        yield
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError, TypeError, SyntaxError, EOFError) as error:
        raise UnreadableTable("damaged") from error


def _sheet(file: BinaryIO) -> tuple[Iterator[Sequence[Any]], Callable[[], int]]:
    import openpyxl  # noqa: PLC0415  slow to load, and most requests read no spreadsheet

    _weigh(file)
    with _damage_is_told():
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()
    return _cells(sheet), lambda: _count_in_sheet(file, sheet._worksheet_path)


def _cells(sheet: Any) -> Iterator[Sequence[Any]]:
    with _damage_is_told():
        yield from sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS)


ROW = re.compile(rb"<(?:\w+:)?row\b(?:[^<>]*?\sr=\"(\d{1,7})\")?")


def _count_in_sheet(file: BinaryIO, path: str) -> int:
    """Rows below the headings: the number of the last one, or how many there are where they have no numbers. Nothing is parsed."""
    found, last, rest = 0, 0, b""
    with _damage_is_told(), zipfile.ZipFile(file) as archive, archive.open(path) as part:
        while piece := part.read(PIECE):
            text = rest + piece
            whole = text.rfind(b">") + 1  # a tag that the piece cuts in two waits for the next one
            for match in ROW.finditer(text, 0, whole):
                found, last = found + 1, max(last, int(match[1] or 0))
            rest = text[whole:][-LONGEST_LINE:]
    return max(found, last) - 1 if found else 0


def _weigh(file: BinaryIO) -> None:
    """Count and measure the parts of a workbook, and refuse a document type, before anything is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise UnreadableTable("not_a_table")
            if (
                len(parts) > MOST_PARTS
                or sum(part.file_size for part in parts) > LARGEST_PARTS
                or any(part.file_size > LARGEST_TEXTS for part in parts if part.filename.endswith("sharedStrings.xml"))
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
