"""The file that a person gets: everything as JSON, as tables for a spreadsheet, as one page to read, and the person's files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from foundation.api import Heading, Table, csv_of
from identity.people.exporting import PersonTable, files_of, tables_of

MOST_SHOWN = 200
"""So many rows of a table stand on the page; the rest is in the files."""


def pack_data(person: Any, *, at: datetime) -> bytes:
    """A ZIP archive of all that is known of a person, in the person's language."""
    out = BytesIO()
    with translation.override(person.language), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        tables = list(tables_of(person))
        names = list(_pack_files(archive, person))
        archive.writestr("data.json", json.dumps(_document(person, tables, names, at), ensure_ascii=False, indent=1))
        for table in tables:
            archive.writestr(f"tables/{table.label.lower()}.csv", csv_of(_sheet(table)))
        archive.writestr("index.html", _page(person, tables, names, at))
        archive.writestr("style.css", _style())
    return out.getvalue()


def _pack_files(archive: zipfile.ZipFile, person: Any) -> Iterator[str]:
    known: set[str] = set()
    for file in files_of(person):
        name = f"files/{file.name}"
        if name in known:  # the same content with two records is packed once
            continue
        try:
            content = file.read()
        except FileNotFoundError:
            continue
        known.add(name)
        archive.writestr(name, content)
        yield name


def _document(person: Any, tables: list[PersonTable], names: list[str], at: datetime) -> dict[str, Any]:
    return {
        "made_at": at.isoformat(), "person": str(person.uuid), "files": names,
        "tables": {table.label: {"title": table.title, "columns": dict(table.headings), "rows": list(table.rows)} for table in tables},
    }  # fmt: skip


def _sheet(table: PersonTable) -> Table:
    headings = tuple(Heading(text) for _name, text in table.headings)
    return Table(table.title, headings, tuple(tuple(in_cell(row[name]) for name, _text in table.headings) for row in table.rows))


def in_cell(value: Any) -> str:
    """A value as a person reads it in a table."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)


def _page(person: Any, tables: list[PersonTable], names: list[str], at: datetime) -> str:
    shown = [
        {
            "table": table, "headings": [text for _name, text in table.headings], "file": f"tables/{table.label.lower()}.csv",
            "rows": [[in_cell(row[name])[:500] for name, _text in table.headings] for row in table.rows[:MOST_SHOWN]],
            "left": max(0, len(table.rows) - MOST_SHOWN),
        }
        for table in tables
    ]  # fmt: skip
    return render_to_string("identity/export_file.html", {"person": person, "tables": shown, "files": names, "at": at})


def _style() -> str:
    path = finders.find("css/export.css")
    if not isinstance(path, str):
        return ""
    return Path(path).read_text(encoding="utf-8")
