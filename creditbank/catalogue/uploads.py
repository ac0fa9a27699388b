"""From uploaded files to the rows of their tables: CSV, XLSX, JSON, or an archive of CSV files; sizes bounded before anything is read."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from creditbank.rules.files.cells import Problems, Row
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.files.tables import COLUMNS, read_file

LARGEST = 20 * 1024 * 1024
LARGEST_UNPACKED = 64 * 1024 * 1024


def read_uploads(files: Iterable[tuple[str, bytes]], problems: Problems, *, only: Sequence[str] | None = None) -> dict[str, list[Row]]:
    """Rows of all tables in uploaded files: CSV files named after their table, workbooks, documents, or an archive of CSV files.

    ``only`` names the tables that are wanted; others are passed over.
    """
    found: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for at, (name, content) in enumerate(files):
            if len(content) > LARGEST:
                problems.add(name, 0, "", Complaint("large_file", most=20))
                continue
            for path, tables in _places(name, content, Path(folder) / str(at), problems).items():
                wanted = [table for table in tables if only is None or table in only]
                for table, rows in read_file(path, wanted, problems).items() if wanted else ():
                    if table in found and rows:
                        problems.add(name, 0, "", Complaint("table_twice", table=table))
                    found.setdefault(table, rows)
    return {name: rows for name, rows in found.items() if rows}


def _places(name: str, content: bytes, folder: Path, problems: Problems) -> dict[Path, list[str]]:
    """Where a file was put for reading, and which tables it may hold."""
    folder.mkdir()
    kept, suffix = PurePosixPath(name.replace("\\", "/")).name[:80] or "file", PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        return _unpacked(kept, content, folder, problems)
    path = folder / kept
    path.write_bytes(content)
    if suffix == ".csv":
        if path.stem not in COLUMNS:
            problems.add(kept, 0, "", Complaint("no_table", known=", ".join(COLUMNS)))
            return {}
        return {path: [path.stem]}
    if suffix == ".json":
        return {path: list(COLUMNS)}
    if suffix == ".xlsx":
        return {path: _sheets(path, problems)}
    problems.add(kept, 0, "", Complaint("no_kind"))
    return {}


def _sheets(path: Path, problems: Problems) -> list[str]:
    """Tables that a workbook has a sheet for; a workbook of one sheet is the table that the file is named after, else the rules."""
    import openpyxl  # noqa: PLC0415  slow to load

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_UNPACKED:
                problems.add(path.name, 0, "", Complaint("large_unpacked", most=64))
                return []
        book = openpyxl.load_workbook(path, read_only=True)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        problems.add(path.name, 0, "", Complaint("cannot_read", why=type(error).__name__))
        return []
    names = list(book.sheetnames)
    book.close()
    known = [name for name in names if name in COLUMNS]
    return known or ([path.stem if path.stem in COLUMNS else "rules"] if len(names) == 1 else [])


def _unpacked(name: str, content: bytes, folder: Path, problems: Problems) -> dict[Path, list[str]]:
    found: dict[Path, list[str]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_UNPACKED:
                problems.add(name, 0, "", Complaint("large_unpacked", most=64))
                return {}
            for item in archive.infolist():
                inner = PurePosixPath(item.filename)
                if inner.suffix.lower() == ".csv" and inner.stem in COLUMNS:
                    path = folder / f"{inner.stem}.csv"
                    with archive.open(item) as handle:
                        path.write_bytes(handle.read(LARGEST_UNPACKED))
                    found[path] = [inner.stem]
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        problems.add(name, 0, "", Complaint("cannot_read", why=type(error).__name__))
    return found
