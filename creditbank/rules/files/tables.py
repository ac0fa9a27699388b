"""Tables of text from CSV, XLSX and JSON files: headings checked, sizes bounded, nothing interpreted yet."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from creditbank.rules.files.cells import MOST_PROBLEMS, Problems, Row, unquoted
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.files.sources import BadFile, document_lines, text_lines, workbook_lines

LONGEST_CELL = 10_000
MOST_ROWS = 1_000_000
MOST_RECORDS = 5_000_000
MOST_POOLED, LONGEST_POOLED = 10_000, 40

_RULE = (
    "version agreement priority status window_from window_to window_date programmes fields cohorts learner_condition timing consume"
    " all_or_nothing route evidence reason_zh reason_en since source"
)
_FROM = (
    "outcome class common_id filter min_grade max_grade min_score max_score min_attendance min_credits min_hours min_level max_age_months age_at"
    " valid_on_review trust issuer same_issuer same_award"
)
_EXAMPLE = (
    "outcome issuer credits system hours grade score attendance earned_on issued_on valid_until trust state evidence award level category"
    " source_type subjects"
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
    "examples": tuple(
        f"example title_zh title_en programme unit cohort attributes reviewed_on posted record_id {_EXAMPLE} gives reason".split()
    ),
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
    "limits": ("limit_id",), "settings": ("setting", "value"), "examples": ("example", "record_id", "outcome", "earned_on"),
}  # fmt: skip


def read_tables(places: Mapping[str, Path], folder: Path | None, problems: Problems) -> dict[str, list[Row]]:
    """Rows of every table that is there: of the files named one by one, else of a folder (or workbook, or document) that holds them all."""
    if folder is not None and not folder.exists():
        problems.add(str(folder), 0, "", Complaint("no_place"))
        folder = None
    by_path: dict[Path, list[str]] = {}
    for name in COLUMNS:
        path = places.get(name) or (_in_folder(folder, name) if folder else None)
        if path is not None:
            by_path.setdefault(path, []).append(name)
    found: dict[str, list[Row]] = {}
    for path, names in by_path.items():
        found |= read_file(path, names, problems)
    return {name: found[name] for name in COLUMNS if name in found}


def _in_folder(folder: Path, name: str) -> Path | None:
    if folder.is_file():
        return folder
    return next((path for suffix in (".csv", ".xlsx", ".json") if (path := folder / f"{name}{suffix}").is_file()), None)


def read_file(path: Path, names: Sequence[str], problems: Problems) -> dict[str, list[Row]]:
    """Rows of some tables of one file; a workbook or document may hold several, each under its name."""
    reader = {".xlsx": workbook_lines, ".json": document_lines}.get(path.suffix.lower(), text_lines)
    found: dict[str, list[Row]] = {}
    try:
        for name, lines in reader(path, names):
            label = path.name if reader is text_lines else f"{path.name} ({name})"
            found[name] = []
            found[name].extend(_rows(lines, label, name, problems))
    except OSError as error:
        problems.add(path.name, 0, "", Complaint("cannot_open", why=error.strerror or error))
    except BadFile as error:
        problems.add(path.name, 0, "", error.complaint)
    return found


def _rows(lines: Iterable[Sequence[str]], label: str, name: str, problems: Problems) -> Iterator[Row]:
    most = MOST_RECORDS if name == "records" else MOST_ROWS
    headings: tuple[str, ...] = ()
    pool: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if number > most or len(problems.found) >= MOST_PROBLEMS:
            problems.add(label, number, "", Complaint("many_rows", most=f"{most:,}") if number > most else Complaint("many_problems"))
            return
        if not headings:
            headings = tuple(cell.strip() for cell in line)
            if not _headings_fit(headings, label, name, problems):
                return
            headings = tuple(heading if heading in COLUMNS[name] else "" for heading in headings)
        elif any(line):
            yield from _row(line, headings, label, number, problems, pool)
    if not headings and label.endswith(".csv"):
        problems.add(label, 1, "", Complaint("no_headings"))


def _headings_fit(headings: tuple[str, ...], label: str, name: str, problems: Problems) -> bool:
    """Whether rows can be read at all: not too many columns, and those that are needed. An unknown column is said, and left out."""
    known = COLUMNS[name]
    if len(headings) > 2 * len(known):
        problems.add(label, 1, "", Complaint("many_columns", found=f"{len(headings):,}", known=len(known)))
        return False
    for heading in headings:
        if heading not in known:
            problems.add(label, 1, heading[:40], Complaint("unknown_column", known=", ".join(known)))
    for heading in sorted({heading for heading in headings if headings.count(heading) > 1}):
        problems.add(label, 1, heading[:40], Complaint("twice"))
    missing = [heading for heading in NEEDED[name] if heading not in headings]
    for heading in missing:
        problems.add(label, 1, heading, Complaint("missing_column"))
    return not missing


def _row(
    line: Sequence[str], headings: tuple[str, ...], label: str, number: int, problems: Problems, pool: dict[str, str]
) -> Iterator[Row]:
    """One row; equal short texts are kept once (``pool``), because tables say the same words again and again."""
    if len(line) > len(headings) and any(line[len(headings) :]):
        problems.add(label, number, "", Complaint("many_cells", cells=len(line), headings=len(headings)))
        return
    cells = {}
    for heading, cell in zip(headings, line, strict=False):
        text = cell.strip()
        if not text or not heading:
            continue
        if len(text) > LONGEST_CELL or "\x00" in text:
            problems.add(
                label, number, heading, Complaint("long_cell", most=f"{LONGEST_CELL:,}") if len(text) > LONGEST_CELL else Complaint("nul")
            )
        elif text.startswith(("=", "@")):
            problems.add(label, number, heading, Complaint("formula"))
        else:
            read = unquoted(text)
            cells[heading] = pool.get(read) or (
                pool.setdefault(read, read) if len(pool) < MOST_POOLED and len(read) <= LONGEST_POOLED else read
            )
    if cells:
        yield Row(label, number, cells, problems)


def write_tables(tables: Mapping[str, Sequence[Mapping[str, str]]], place: Path) -> None:
    """Write all tables: into a folder of CSV files, one workbook (.xlsx) or one document (.json). A file appears whole or not at all."""
    if place.suffix.lower() == ".json":
        text = json.dumps({name: list(rows) for name, rows in tables.items()}, ensure_ascii=False, indent=1, sort_keys=True)
        replace_file(place, text.encode())
    elif place.suffix.lower() == ".xlsx":
        replace_file(place, _workbook(tables))
    else:
        place.mkdir(parents=True, exist_ok=True)
        replace_files({place / f"{name}.csv": _as_csv(name, rows).encode() for name, rows in tables.items()})


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
    replace_files({place: content})


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Write all beside their places first, then put all in place; where one cannot be written, none is and nothing stays behind."""
    beside = {place: place.with_name(f".{place.name}.{os.getpid()}") for place in contents}
    try:
        for place, content in contents.items():
            if place.is_dir():
                raise IsADirectoryError(errno.EISDIR, "is a folder", str(place))
            beside[place].write_bytes(content)
        for place, written_file in beside.items():
            written_file.replace(place)
    finally:
        for written_file in beside.values():
            written_file.unlink(missing_ok=True)
