"""What a table from outside is: headings that are known, cells as text, and complaints that name their place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column that a file may have: its key, the headings it is known by (first Chinese, then English), and what a person should write."""

    key: str
    heading_zh: str
    heading_en: str
    required: bool = False
    example: str = ""

    def is_called(self, heading: str) -> bool:
        """Whether a heading means this column: either language or the key, whatever the case, a star for "required" left out."""
        return heading.strip().rstrip("*").strip().casefold() in {self.key, self.heading_zh.casefold(), self.heading_en.casefold()}


@dataclass(frozen=True)
class Complaint:
    """What is wrong with one cell, as a code with its values, so that it can be said in the reader's language."""

    column: str
    code: str
    data: dict[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {"column": self.column, "code": self.code, "data": self.data}


@dataclass(frozen=True)
class SheetRow:
    """One row: its number as a spreadsheet counts (headings are row 1), and its cells as text by column key; empty cells are left out."""

    line: int
    cells: dict[str, str]
    complaints: tuple[Complaint, ...] = ()
