"""Tables of text from CSV, XLSX and JSON files: headings checked, sizes bounded, nothing interpreted yet."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from creditbank.rules.files.cells import Problems, Row, unquoted, written

LARGEST_FILE = 512 * 1024 * 1024
LARGEST_SHEET = 1024 * 1024 * 1024
LONGEST_LINE = 1_000_000
LONGEST_CELL = 10_000
MOST_ROWS = 5_000_000

_RULE = (
    "version agreement priority status window_from window_to window_date programmes fields cohorts learner_condition timing consume"
    " all_or_nothing route evidence reason_zh reason_en since source"
)
_FROM = (
    "outcome class common_id filter min_grade max_grade min_score max_score min_attendance min_credits min_hours min_level max_age_months age_at"
    " valid_on_review trust issuer same_issuer same_award"
)
_TO = "kind subject level credits max_credits steps grade in_gpa effects"

COLUMNS: dict[str, tuple[str, ...]] = {
    "rules": tuple(f"rule_id row path node k {_RULE} {_FROM} {_TO}".split()),
    "records": (
        "record_id",
        "learner",
        "outcome",
        "version",
        "issuer",
        "credits",
        "system",
        "hours",
        "grade",
        "score",
        "attendance",
        "earned_on",
        "issued_on",
        "valid_until",
        "trust",
        "state",
        "evidence",
        "award",
        "remaining",
    ),
    "learners": ("learner", "target", "cohort", "admitted", "applied", "attributes"),
    "exceptions": ("learner", "path", "kind", "value", "reason", "by", "approved_by", "expires"),
    "programmes": (
        "programme",
        "cohort",
        "system",
        "total",
        "path",
        "node",
        "k",
        "requirement",
        "filter",
        "need_credits",
        "need_courses",
        "need_if",
        "min_grade",
        "min_level_credits",
        "children_min",
        "children_max",
        "set",
        "share_with",
        "share_max",
        "transferable",
        "elective",
        "title_zh",
        "title_en",
        "category",
        "field",
        "owner",
        "eligible_if",
    ),
    "outcomes": (
        "outcome",
        "version",
        "owner",
        "codes",
        "title_zh",
        "title_en",
        "aliases",
        "common_id",
        "cross_list",
        "credits",
        "system",
        "hours",
        "level",
        "category",
        "source_type",
        "subjects",
        "dup_class",
        "active_from",
        "active_to",
        "repeatable",
    ),
    "agreements": ("agreement", "version", "kind", "parties", "window_from", "window_to", "status", "supersedes", "precedence", "conserve"),
    "convertibility": ("from", "to", "value"),
    "systems": ("code", "hours_min", "hours_nominal", "hours_max", "step", "rounding"),
    "rates": ("from", "to", "num", "den", "window_from", "window_to", "chainable"),
    "calendars": ("calendar", "year_start", "term", "first", "last", "last_term_ends"),
    "levels": ("framework", "level", "rank", "maps_to"),
    "grades": ("scale", "institution", "label", "rank", "gpa", "pass", "maps_to", "map_mode", "share"),
    "settings": ("setting", "value"),
    "limits": (
        "limit_id",
        "group",
        "group_op",
        "owner",
        "selector",
        "except",
        "measure",
        "op",
        "bound",
        "share_num",
        "share_den",
        "share_of",
        "per",
        "calendar",
        "overflow",
        "last_n",
        "year_start",
        "source",
    ),
}
NEEDED: dict[str, tuple[str, ...]] = {
    "rules": ("rule_id", "row"), "records": ("record_id", "learner", "outcome", "earned_on"), "learners": ("learner",),
    "exceptions": ("learner", "path", "kind", "by", "approved_by"), "programmes": ("programme", "path", "node"), "outcomes": ("outcome",),
    "agreements": ("agreement",), "convertibility": ("from", "to", "value"), "systems": ("code", "hours_nominal"),
    "rates": ("from", "to", "num", "den"), "calendars": ("calendar",), "levels": ("level", "rank"), "grades": ("scale", "label", "rank"),
    "limits": ("limit_id",), "settings": ("setting", "value"),
}  # fmt: skip


def read_tables(places: Mapping[str, Path], folder: Path | None, problems: Problems) -> dict[str, list[Row]]:
    """Rows of every table that is there: of the files named one by one, else of a folder (or workbook) that holds them all."""
    found: dict[str, list[Row]] = {}
    for name in COLUMNS:
        path = places.get(name) or (_in_folder(folder, name) if folder else None)
        if path is not None:
            found[name] = list(read_table(path, name, problems))
    return found


def _in_folder(folder: Path, name: str) -> Path | None:
    if folder.is_file():
        return folder
    return next((path for suffix in (".csv", ".xlsx", ".json") if (path := folder / f"{name}{suffix}").is_file()), None)


def read_table(path: Path, name: str, problems: Problems) -> Iterator[Row]:
    """Rows of one table. A workbook or JSON file may hold several, each under its name."""
    label = path.name
    try:
        if path.stat().st_size > LARGEST_FILE:
            problems.add(label, 0, "", "larger than 512 MB")
            return
        reader = {".xlsx": _xlsx, ".json": _json}.get(path.suffix.lower(), _csv)
        yield from _rows(reader(path, name), label if reader is _csv else f"{label} ({name})", name, problems)
    except OSError as error:
        problems.add(label, 0, "", f"cannot be opened: {error.strerror or error}")
    except UnicodeDecodeError:
        problems.add(label, 0, "", "is not UTF-8")
    except (csv.Error, ValueError, KeyError, zipfile.BadZipFile, RecursionError) as error:
        problems.add(label, 0, "", f"cannot be read: {str(error)[:200] or type(error).__name__}")


def _rows(lines: Iterable[Sequence[str]], label: str, name: str, problems: Problems) -> Iterator[Row]:
    headings: tuple[str, ...] = ()
    for number, line in enumerate(lines, start=1):
        if number > MOST_ROWS:
            problems.add(label, number, "", f"more than {MOST_ROWS:,} rows")
            return
        if not headings:
            headings = tuple(cell.strip() for cell in line)
            if not _headings_fit(headings, label, name, problems):
                return
            continue
        if any(line):
            yield from _row(line, headings, label, number, problems)


def _headings_fit(headings: tuple[str, ...], label: str, name: str, problems: Problems) -> bool:
    known, before = COLUMNS[name], len(problems.found)
    if len(headings) > 2 * len(known):
        problems.add(label, 1, "", f"{len(headings):,} columns; this table has {len(known)}")
        return False
    for heading in headings:
        if heading not in known:
            problems.add(label, 1, heading[:40], f"an unknown column; known are {', '.join(known)}")
    for heading in sorted({heading for heading in headings if headings.count(heading) > 1}):
        problems.add(label, 1, heading[:40], "there twice")
    for heading in NEEDED[name]:
        if heading not in headings:
            problems.add(label, 1, heading, "this column is missing")
    return len(problems.found) == before


def _row(line: Sequence[str], headings: tuple[str, ...], label: str, number: int, problems: Problems) -> Iterator[Row]:
    if len(line) > len(headings) and any(line[len(headings) :]):
        problems.add(label, number, "", f"{len(line)} cells under {len(headings)} headings")
        return
    cells = {}
    for heading, cell in zip(headings, line, strict=False):
        text = cell.strip()
        if len(text) > LONGEST_CELL or "\x00" in text:
            problems.add(label, number, heading, "too long, or holds a NUL")
        elif text.startswith(("=", "@")):
            problems.add(label, number, heading, "a formula; write the value itself")
        else:
            cells[heading] = unquoted(text)
    yield Row(label, number, cells, problems)


def _csv(path: Path, _name: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_LINE)
    with path.open(encoding="utf-8-sig", newline="") as handle:
        yield from csv.reader(_bounded(handle), strict=True)


def _bounded(handle: io.TextIOBase) -> Iterator[str]:
    while line := handle.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line is longer than {LONGEST_LINE:,} characters")
        yield line


def _xlsx(path: Path, name: str) -> Iterator[list[str]]:
    import openpyxl  # noqa: PLC0415  slow to load

    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > LARGEST_SHEET:
            raise ValueError("unpacks to more than 1 GB")
    book = openpyxl.load_workbook(path, read_only=True, data_only=False)
    try:
        sheet = book[name] if name in book.sheetnames else book.worksheets[0] if len(book.sheetnames) == 1 else None
        if sheet is None:
            return
        for line in sheet.iter_rows(values_only=True, max_col=4 * len(COLUMNS[name])):
            cells = [_cell(value) for value in line]
            while cells and not cells[-1]:
                cells.pop()
            yield cells
    finally:
        book.close()


def _cell(value: Any) -> str:
    """What a spreadsheet holds as text; a whole float is the number that was typed."""
    if value is None:
        return ""
    if hasattr(value, "date") and callable(value.date):
        return str(value.date().isoformat())
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return written(value) if isinstance(value, bool) else str(value)


def _json(path: Path, name: str) -> Iterator[list[str]]:
    document = json.loads(path.read_text("utf-8-sig"), parse_float=str, parse_int=str)
    listed = document.get(name) if isinstance(document, dict) else document
    if listed is None:
        return
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise ValueError("expected a list of objects")
    headings = list(dict.fromkeys(key for item in listed for key in item))
    yield headings
    for item in listed:
        yield [_json_cell(item.get(key)) for key in headings]


def _json_cell(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(_json_cell(item) for item in value)
    if isinstance(value, dict):
        raise ValueError("a cell holds an object")  # noqa: TRY004  what is wrong is the file
    return "" if value is None else written(value)


def write_tables(tables: Mapping[str, Sequence[Mapping[str, str]]], place: Path) -> None:
    """Write all tables: into a folder of CSV files, one workbook (.xlsx) or one document (.json). A file appears whole or not at all."""
    if place.suffix.lower() == ".json":
        text = json.dumps({name: list(rows) for name, rows in tables.items()}, ensure_ascii=False, indent=1, sort_keys=True)
        replace_file(place, text.encode())
    elif place.suffix.lower() == ".xlsx":
        replace_file(place, _workbook(tables))
    else:
        place.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            replace_file(place / f"{name}.csv", _as_csv(name, rows).encode())


def _as_csv(name: str, rows: Sequence[Mapping[str, str]]) -> str:
    used = [column for column in COLUMNS[name] if column in NEEDED[name] or any(row.get(column) for row in rows)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(used)
    writer.writerows([row.get(column, "") for column in used] for row in rows)
    return text.getvalue()


def _workbook(tables: Mapping[str, Sequence[Mapping[str, str]]]) -> bytes:
    import openpyxl  # noqa: PLC0415  slow to load

    book = openpyxl.Workbook(write_only=True)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        sheet.append(list(COLUMNS[name]))
        for row in rows:
            sheet.append([row.get(column, "") for column in COLUMNS[name]])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def replace_file(place: Path, content: bytes) -> None:
    """Write beside the place first, so that nobody ever sees a half."""
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(place)
