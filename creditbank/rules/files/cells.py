"""Cells of a table: reading one value with a clear complaint, writing one without becoming a formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from creditbank.rules.files.complaints import Complaint

T = TypeVar("T")
LONGEST_NUMBER = 40
MOST_PROBLEMS = 1000
PLAIN_NUMBER = re.compile(r"[+-]?\d{1,16}(\.\d{1,12})?")  # 28 places in all: what Decimal keeps exactly
FORMULA = ("=", "@", "+", "-", "\t", "\r")


@dataclass(frozen=True, order=True)
class Problem:
    """Something that cannot be read: file, row (1 is the headings), column, and what is wrong with it."""

    file: str
    row: int
    column: str
    message: Complaint

    def text(self, language: str) -> str:
        """What is wrong, in words."""
        return self.message.text(language)

    def said(self, language: str) -> str:
        """Where and what, in words."""
        if language.startswith("en"):
            return str(self)
        place = f"{self.file} 第 {self.row} 行" if self.row else self.file
        return f"{place}{f' {self.column} 列' if self.column else ''}：{self.text(language)}"

    def __str__(self) -> str:
        place = f"{self.file}, row {self.row}" if self.row else self.file
        return f"{place}{f', column {self.column}' if self.column else ''}: {self.message}"


class BadFiles(Exception):
    """Files that cannot be read, with every problem in them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass
class Problems:
    """Collects what is wrong, so that everything is said at once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: str, row: int, column: str, message: Complaint) -> None:
        """Note one problem; after a thousand the rest is not listed."""
        if not self.is_full:
            self.found.append(Problem(file, row, column, message))

    @property
    def is_full(self) -> bool:
        """Whether what else is wrong would not be listed."""
        return len(self.found) >= MOST_PROBLEMS

    def stop(self) -> None:
        """Raise BadFiles if anything was noted."""
        if self.found:
            raise BadFiles(sorted(set(self.found)))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: text by column, and where it stands."""

    file: str
    number: int
    cells: Mapping[str, str]
    problems: Problems

    def text(self, column: str, default: str = "") -> str:
        """The text of a cell, or the default where it is empty."""
        return self.cells.get(column) or default

    def wrong(self, column: str, message: Complaint) -> None:
        """Note a problem of this row."""
        self.problems.add(self.file, self.number, column, message)

    def _read(self, column: str, reader: Callable[[str], T], code: str) -> T | None:
        text = self.text(column)
        if not text:
            return None
        try:
            return reader(text)
        except (ValueError, InvalidOperation, OverflowError):
            if not self.problems.is_full:
                self.wrong(column, Complaint(code, value=shown(text)))
            return None

    def amount(self, column: str) -> Decimal | None:
        """A decimal with a dot."""
        return self._read(column, decimal, "not_a_number")

    def whole(self, column: str) -> int | None:
        """A whole number."""
        return self._read(column, whole, "not_whole")

    def day(self, column: str) -> date | None:
        """An ISO date."""
        return self._read(column, day, "not_a_date")

    def flag(self, column: str) -> bool | None:
        """1 or 0."""
        return self._read(column, flag, "not_a_flag")

    def one_of(self, column: str, known: tuple[str, ...], default: str) -> str:
        """A word of a closed list."""
        text = self.text(column, default)
        if text not in known:
            if not self.problems.is_full:
                self.wrong(column, Complaint("none_of", value=shown(text), known=", ".join(known)))
            return default
        return text

    def listed(self, column: str) -> tuple[str, ...]:
        """A list with ``;``."""
        return tuple(part.strip() for part in self.text(column).split(";") if part.strip())

    def pairs(self, column: str, known: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
        """A filter ``key=value&key=value``, sorted."""
        found = []
        for part in filter(None, self.text(column).split("&")):
            name, sign, value = part.partition("=")
            if not sign or not name.strip() or (known and name.strip() not in known):
                self.wrong(column, Complaint("not_a_filter", value=shown(part), key=known[0] if known else "key"))
                continue
            found.append((name.strip(), value.strip()))
        return tuple(sorted(found))


def said_once(rows: Iterable[Row], column: str) -> str:
    """What the rows of one thing say of the whole of it: empty where none does; rows that say different things are noted."""
    told = [row for row in rows if row.text(column)]
    values = sorted({row.text(column) for row in told})
    for row in told if len(values) > 1 else ():
        row.wrong(column, Complaint("ways", n=len(values), values=", ".join(map(shown, values[:3]))))
    return values[0] if values else ""


def decimal(text: str) -> Decimal:
    """A plain decimal; no exponents, no words, at most sixteen digits before the dot and twelve after it."""
    if len(text) > LONGEST_NUMBER or not PLAIN_NUMBER.fullmatch(text) or not text.isascii():
        raise ValueError(text)
    return Decimal(text)


def whole(text: str) -> int:
    """A whole number in ASCII digits."""
    value = decimal(text)
    if value != int(value) or abs(value) > 10**9:
        raise ValueError(text)
    return int(value)


def day(text: str) -> date:
    """A date as ``2026-09-01``; a time behind it, a week or a date without dashes is refused."""
    if len(text) != len("2026-09-01") or text[4] != "-" or text[7] != "-":
        raise ValueError(text)
    return date.fromisoformat(text)


def flag(text: str) -> bool:
    """1 or 0 (and what spreadsheets make of it)."""
    return (
        {"1": True, "0": False, "TRUE": True, "FALSE": False}[text.upper()] if text.upper() in {"1", "0", "TRUE", "FALSE"} else _bad(text)
    )


def _bad(text: str) -> bool:
    raise ValueError(text)


def shown(text: str) -> str:
    """A value as a complaint quotes it."""
    return repr(text if len(text) <= LONGEST_NUMBER else f"{text[:LONGEST_NUMBER]}…")


def written(value: object) -> str:
    """A value as a cell: lists with ``;``, flags as 1 and 0, and never a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, tuple):
        return safe(";".join(map(written, value)))
    return safe(value.isoformat() if isinstance(value, date) else str(value))


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula; a number keeps its sign."""
    return f"'{text}" if text.startswith(FORMULA) and not PLAIN_NUMBER.fullmatch(text) else text


def unquoted(text: str) -> str:
    """The text that ``safe`` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
