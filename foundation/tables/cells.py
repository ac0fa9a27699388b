"""Reading the cells of a row as numbers and days, with a complaint for each that is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from foundation.tables.reading import LONGEST_CELL
from foundation.tables.types import Column, Complaint, SheetRow

EARLIEST = date(1950, 1, 1)
NUMBER = re.compile(r"\d{1,6}(\.\d{1,3})?")


class CellReader:
    """Reads the cells of one row and collects everything that is wrong with them, each with its column."""

    def __init__(self, row: SheetRow, columns: Sequence[Column], longest: Mapping[str, int]) -> None:
        self.values: dict[str, str] = {}
        self.problems: list[Complaint] = list(row.complaints)
        told = {complaint.column for complaint in row.complaints}
        for column in columns:
            text = row.cells.get(column.key, "")
            if text and len(text) > longest.get(column.key, LONGEST_CELL):
                self.wrong(column.key, "too_long", most=longest[column.key])
            elif text:
                self.values[column.key] = text
            elif column.required and column.key not in told:
                self.wrong(column.key, "required")

    def wrong(self, column: str, code: str, **data: Any) -> None:
        """Note a complaint about a cell."""
        self.problems.append(Complaint(column, code, data))

    def number(self, column: str, low: Decimal, high: Decimal) -> Decimal | None:
        """A plain number within bounds, kept in one form; full-width digits and a per cent sign are understood."""
        text = self.values.get(column)
        if text is None:
            return None
        plain = unicodedata.normalize("NFKC", text).removesuffix("%").strip()
        try:
            value = Decimal(plain) if NUMBER.fullmatch(plain) else None
        except InvalidOperation:
            value = None
        if value is None:
            self.wrong(column, "not_a_number", value=text[:40])
        elif not low <= value <= high:
            self.wrong(column, "out_of_range", value=plain, low=str(low), high=str(high))
        else:
            self.values[column] = format(value.normalize(), "f")
            return value
        return None

    def day(self, column: str) -> date | None:
        """A date, also written with dots, slashes or 年月日."""
        text = self.values.get(column)
        if text is None:
            return None
        parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", unicodedata.normalize("NFKC", text))
        try:
            value = date(*(int(part) for part in parts.groups())) if parts else None
        except ValueError:
            value = None
        if value is None or value < EARLIEST:
            self.wrong(column, "not_a_date", value=text[:40])
            return None
        self.values[column] = value.isoformat()
        return value

    def unique(self, column: str, seen: dict[str, int], line: int) -> None:
        """Each number stands in one row of the file."""
        text = self.values.get(column)
        if text is None:
            return
        if text in seen:
            self.wrong(column, "repeated", value=text, line=seen[text])
        else:
            seen[text] = line
