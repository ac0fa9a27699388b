"""What is wrong with a file or a cell, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

FILES = {
    "empty": gettext_noop("The file is empty."),
    "too_large": gettext_noop("The file is larger than %(most)s MB."),
    "not_a_table": gettext_noop("This is neither an XLSX nor a CSV file."),
    "damaged": gettext_noop("The file cannot be opened: it is damaged or protected."),
    "encoding": gettext_noop("The characters cannot be read; save the file as UTF-8 or GB18030."),
    "unknown_headings": gettext_noop("Unknown columns: %(headings)s. Use the headings of the template."),
    "missing_headings": gettext_noop("Missing columns: %(headings)s."),
    "repeated_headings": gettext_noop("Columns that stand twice: %(headings)s."),
    "too_many_rows": gettext_noop("More than %(most)s rows; divide the file."),
}
CELLS = {
    "formula": gettext_noop("A formula; write the value itself."),
    "too_long": gettext_noop("Longer than %(most)s characters."),
    "control_character": gettext_noop("Holds characters that cannot be shown."),
    "beyond_headings": gettext_noop("Something stands to the right of the last column."),
    "required": gettext_noop("Must not be empty."),
    "not_a_number": gettext_noop("%(value)s is not a number."),
    "not_a_date": gettext_noop("%(value)s is not a date like 2026-09-01."),
    "repeated": gettext_noop("%(value)s stands in row %(line)s too."),
    "out_of_range": gettext_noop("%(value)s is not between %(low)s and %(high)s."),
}


def file_complaint(code: str, data: Mapping[str, Any], headings: Mapping[str, str] | None = None) -> str:
    """One sentence about a whole file; ``headings`` names columns in the reader's language."""
    words = dict(data)
    if isinstance(words.get("headings"), (list, tuple)):
        words["headings"] = "、".join((headings or {}).get(one, one) for one in words["headings"])
    return _(FILES[code]) % words


def cell_complaint(code: str, data: Mapping[str, Any], more: Mapping[str, str] | None = None) -> str:
    """One sentence about a cell; ``more`` holds the sentences that a part adds of its own."""
    return _({**CELLS, **(more or {})}[code]) % dict(data)
