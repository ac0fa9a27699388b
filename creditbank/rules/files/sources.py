"""Lines of text cells from CSV, XLSX and JSON files. Sizes and depth are bounded before anything is kept; nothing is interpreted.

Every reader gives (table, lines) for those of the wanted tables that the file holds, the headings first, and raises BadFile with one reason.
"""

from __future__ import annotations

import csv
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sys import intern
from typing import Any
from xml.etree.ElementTree import ParseError  # only its name: files are opened by openpyxl

from creditbank.rules.files.cells import written
from creditbank.rules.files.complaints import Complaint

LARGEST_FILE = 512 * 1024 * 1024
LARGEST_DOCUMENT = 64 * 1024 * 1024
LARGEST_SHEETS = 256 * 1024 * 1024
LARGEST_STRINGS = 64 * 1024 * 1024
MOST_SWOLLEN = 200
"""Times that a part of a workbook may grow when it is unpacked; sheets of numbers reach about thirty."""
MOST_PARTS = 1_000
LONGEST_LINE = 1_000_000
MOST_COLUMNS = 400
HEAD = 65_536
DECODER = json.JSONDecoder(parse_float=str, parse_int=str)
Lines = Iterator[Sequence[str]]


class BadFile(Exception):
    """A file that cannot be read, with the reason."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint)
        self.complaint = complaint


@contextmanager
def _reasons() -> Iterator[None]:
    """Whatever libraries say of a broken file, as one reason."""
    try:
        yield
    except RecursionError as error:
        raise BadFile(Complaint("nested")) from error
    except (csv.Error, ValueError, LookupError, TypeError, AttributeError, OverflowError, zipfile.BadZipFile, NotImplementedError, EOFError, ParseError,
            RuntimeError, AssertionError, zlib.error, struct.error) as error:  # fmt: skip
        raise BadFile(Complaint("cannot_read", why=str(error)[:200] or type(error).__name__)) from error


def _check_size(path: Path, most: int) -> None:
    if path.stat().st_size > most:
        raise BadFile(Complaint("large_file", most=most // 1024 // 1024))


def text_lines(path: Path, names: Sequence[str]) -> Iterator[tuple[str, Lines]]:
    """The lines of a CSV file, which holds one table."""
    _check_size(path, LARGEST_FILE)
    for name in names[:1]:
        yield name, _csv(path)


def _csv(path: Path) -> Lines:
    csv.field_size_limit(LONGEST_LINE)
    try:
        with _reasons(), path.open(encoding="utf-8-sig", newline="") as handle:
            yield from csv.reader(_bounded(handle), strict=True)
    except BadFile as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            raise BadFile(not_utf8(path)) from error
        raise


def _bounded(handle: io.TextIOBase) -> Iterator[str]:
    while line := handle.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise BadFile(Complaint("long_line", most=f"{LONGEST_LINE:,}"))
        yield line


def not_utf8(path: Path) -> Complaint:
    """What is said of a file in another encoding, with a guess at which."""
    with path.open("rb") as handle:
        head = handle.read(HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Complaint("utf16")
    try:
        head[: len(head) // 2 * 2].decode("gb18030")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return Complaint("not_utf8")
    return Complaint("gb18030")


def workbook_lines(path: Path, names: Sequence[str]) -> Iterator[tuple[str, Lines]]:
    """The sheets of a workbook that are named after tables; the only sheet of a workbook asked for one table may have any name."""
    import openpyxl  # noqa: PLC0415  slow to load

    _check_size(path, LARGEST_FILE)
    with _reasons():
        _check_parts(path)
        book = openpyxl.load_workbook(path, read_only=True, data_only=False)
        try:
            for name in names:
                alone = len(names) == 1 and len(book.sheetnames) == 1
                sheet = book[name] if name in book.sheetnames else book.worksheets[0] if alone else None
                if sheet is not None and hasattr(sheet, "iter_rows"):
                    yield name, _sheet(sheet)
        finally:
            book.close()


def _check_parts(path: Path) -> None:
    """Sizes as the archive says them (reading never goes beyond), and no part that declares entities of its own."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS:
            raise BadFile(Complaint("many_parts", most=f"{MOST_PARTS:,}"))
        if sum(part.file_size for part in parts) > LARGEST_SHEETS:
            raise BadFile(Complaint("large_unpacked", most=LARGEST_SHEETS // 1024 // 1024))
        for part in parts:
            if part.file_size > HEAD and part.file_size > MOST_SWOLLEN * max(part.compress_size, 1):
                raise BadFile(Complaint("swollen", part=part.filename[:80], most=MOST_SWOLLEN))
            if part.filename.endswith("sharedStrings.xml") and part.file_size > LARGEST_STRINGS:
                raise BadFile(Complaint("much_text", most=LARGEST_STRINGS // 1024 // 1024))
            with archive.open(part) as handle:
                if b"<!DOCTYPE" in handle.read(HEAD).replace(b"\0", b"").upper():
                    raise BadFile(Complaint("document_type", part=part.filename[:80]))


def _sheet(sheet: Any) -> Lines:
    with _reasons():
        for line in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS):
            cells = [_cell(value) for value in line]
            while cells and not cells[-1]:
                cells.pop()
            yield cells


def _cell(value: Any) -> str:
    """What a spreadsheet holds as text; a whole float is the number that was typed."""
    if value is None:
        return ""
    if hasattr(value, "date") and callable(value.date):
        return str(value.date().isoformat())
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return written(value) if isinstance(value, bool) else str(value)


def document_lines(path: Path, names: Sequence[str]) -> Iterator[tuple[str, Lines]]:
    """The tables of a JSON document: an object of lists of objects, or one such list where one table is asked for."""
    _check_size(path, LARGEST_DOCUMENT)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(not_utf8(path)) from error
    with _reasons():
        found: dict[str, list[dict[str, Any]]] = {}
        at = _blank(text, 0)
        if text[at : at + 1] == "[":
            found[names[0]], at = _items(text, at)
        elif text[at : at + 1] == "{":
            found, at = _members(text, at)
        if _blank(text, at) < len(text) or not text:
            raise BadFile(Complaint("objects_expected"))
        for name in names:
            if name in found:
                yield name, _listed(found.pop(name))


def _blank(text: str, at: int) -> int:
    """The next position that is not white space."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _members(text: str, at: int) -> tuple[dict[str, list[dict[str, Any]]], int]:
    found: dict[str, list[dict[str, Any]]] = {}
    at = _blank(text, at + 1)
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise BadFile(Complaint("table_expected"))
        name, end = json.decoder.scanstring(text, at + 1)  # type: ignore[attr-defined]
        at = _after(text, end, ":")
        if text.startswith("null", at):
            at += 4
        else:
            if name in found:
                raise BadFile(Complaint("table_twice", table=repr(name[:40])))
            found[name], at = _items(text, at)
        at = _next(text, at, "}")
    return found, at + 1


def _after(text: str, at: int, sign: str) -> int:
    at = _blank(text, at)
    if text[at : at + 1] != sign:
        raise BadFile(Complaint("sign_expected", sign=repr(sign), at=f"{at:,}"))
    return _blank(text, at + 1)


def _next(text: str, at: int, closing: str) -> int:
    """The position of the next item, or of the sign that closes the list."""
    at = _blank(text, at)
    if text[at : at + 1] == ",":
        return _blank(text, at + 1)
    if text[at : at + 1] != closing:
        raise BadFile(Complaint("sign_expected", sign=f"',' or {closing!r}", at=f"{at:,}"))
    return at


def _items(text: str, at: int) -> tuple[list[dict[str, Any]], int]:
    """Objects one by one, each of bounded size: a long list of nothing else is never built."""
    if text[at : at + 1] != "[":
        raise BadFile(Complaint("list_expected"))
    found: list[dict[str, Any]] = []
    keys: dict[str, str] = {}
    at = _blank(text, at + 1)
    while text[at : at + 1] != "]":
        if text[at : at + 1] != "{":
            raise BadFile(Complaint("list_expected"))
        item, at = _item(text, at, keys)
        found.append(item)
        at = _next(text, at, "]")
    return found, at + 1


def _item(text: str, at: int, keys: dict[str, str]) -> tuple[dict[str, Any], int]:
    for size in (4_096, 65_536, LONGEST_LINE):
        try:
            value, end = DECODER.raw_decode(text[at : at + size])
        except json.JSONDecodeError as error:
            if at + size >= len(text) or size == LONGEST_LINE:
                raise BadFile(Complaint("cannot_read_at", at=f"{at + error.pos:,}", why=error.msg)) from error
            continue
        return {keys.setdefault(key, key): _json_cell(one) for key, one in value.items()}, at + end
    raise BadFile(Complaint("cannot_read_at_all"))


def _listed(items: list[dict[str, Any]]) -> Lines:
    headings = list(dict.fromkeys(key for item in items for key in item))
    yield headings
    items.reverse()
    while items:
        item = items.pop()
        yield [item.get(key, "") for key in headings]


def _json_cell(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(_json_cell(item) for item in value)
    if isinstance(value, dict):
        raise BadFile(Complaint("object_in_cell"))
    return "" if value is None else intern(value) if isinstance(value, str) else written(value)
