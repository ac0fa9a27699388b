"""Deadlines: so many calendar or working days after an event, with pauses, reminders, and an appeal's default. No clock is read here.

The day of the event is day 0; a deadline is the last day on which something is still in time.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, Protocol

DAY = timedelta(days=1)
FRIDAY = 4
REMINDERS = (Fraction(1, 2), Fraction(4, 5))
"""Shares of the time after which somebody is reminded."""
LONGEST = 3650
COLUMNS = ("first", "last", "kind", "name_zh", "name_en")
DefaultResult = Literal["uphold", "grant", "escalate"]


class NoCalendar(Exception):
    """Working days of a year that nobody has published; a deadline is never guessed."""


class BadCalendar(Exception):
    """A table of working days that cannot be read; says the line and why."""


class Days(Protocol):
    """A way of counting days."""

    def counts(self, day: date) -> bool:
        """Whether a day is counted."""
        ...


@dataclass(frozen=True)
class CalendarDays:
    """Every day counts."""

    def counts(self, day: date) -> bool:
        """Whether a day is counted: always."""
        return isinstance(day, date)


@dataclass(frozen=True)
class WorkingDays:
    """Monday to Friday without ``off``, and the Saturdays and Sundays in ``work``; only for the years that are known."""

    years: frozenset[int]
    off: frozenset[date]
    work: frozenset[date]

    def counts(self, day: date) -> bool:
        """Whether a day is worked. Raises NoCalendar for a year that is not known."""
        if day.year not in self.years:
            raise NoCalendar(f"no working days are known for {day.year}")
        return day in self.work or (day.weekday() <= FRIDAY and day not in self.off)


CALENDAR_DAYS = CalendarDays()


def read_working_days(tables: Iterable[tuple[int, Iterable[str]]]) -> WorkingDays:
    """Working days from CSV lines by year (``first,last,kind,name_zh,name_en``; kind off or work). Raises BadCalendar."""
    off: set[date] = set()
    work: set[date] = set()
    years: set[int] = set()
    for year, lines in tables:
        years.add(year)
        for number, day, kind in _listed(year, lines):
            if day in off | work:
                raise BadCalendar(f"{year}, row {number}: {day} is there twice")
            if kind == "work" and day.weekday() <= FRIDAY:
                raise BadCalendar(f"{year}, row {number}: {day} is no Saturday or Sunday")
            (off if kind == "off" else work).add(day)
    return WorkingDays(frozenset(years), frozenset(off), frozenset(work))


def _listed(year: int, lines: Iterable[str]) -> Iterator[tuple[int, date, str]]:
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise BadCalendar(f"{year}, row 1: the columns are {','.join(COLUMNS)}")
    for number, row in enumerate(reader, start=2):
        try:
            first, last = date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
        except (TypeError, ValueError) as error:
            raise BadCalendar(f"{year}, row {number}: a day like {year}-10-01") from error
        if first > last or {first.year, last.year} != {year} or row["kind"] not in {"off", "work"}:
            raise BadCalendar(f"{year}, row {number}: first to last in {year}, and off or work")
        for offset in range((last - first).days + 1):
            yield number, first + offset * DAY, row["kind"]


@dataclass(frozen=True)
class Pause:
    """Time in which the other side owes something: the day it was asked still counts, the days after it until the answer do not."""

    asked: date
    answered: date | None = None

    def covers(self, day: date) -> bool:
        """Whether a day does not count because of this pause; the day of the answer is day 0 again."""
        return day > self.asked and (self.answered is None or day <= self.answered)


def deadline(start: date, days: int, calendar: Days = CALENDAR_DAYS, pauses: Sequence[Pause] = ()) -> date | None:
    """The last day of a period of so many days after ``start``; None while a pause without an answer keeps it open.

    Zero days end on the day itself. Raises NoCalendar where working days of a year are not known, ValueError for a period below 0.
    """
    if not 0 <= days <= LONGEST:
        raise ValueError(f"a period of {days} days")
    day, left = start, days
    while left:
        day += DAY
        if any(pause.answered is None and pause.covers(day) for pause in pauses):
            return None
        if calendar.counts(day) and not any(pause.covers(day) for pause in pauses):
            left -= 1
    return day


def days_counted(start: date, until: date, calendar: Days = CALENDAR_DAYS, pauses: Sequence[Pause] = ()) -> int:
    """How many days of a period have passed at the end of a day."""
    passed = (start + offset * DAY for offset in range(1, (until - start).days + 1))
    return sum(1 for day in passed if calendar.counts(day) and not any(pause.covers(day) for pause in pauses))


def reminders(start: date, days: int, calendar: Days = CALENDAR_DAYS, pauses: Sequence[Pause] = ()) -> tuple[date, ...]:
    """Days on which a half and four fifths of a period have passed (rounded up to whole days), each once, as far as they can be known."""
    numbers = sorted({-(-days * share.numerator // share.denominator) for share in REMINDERS})
    found = (deadline(start, number, calendar, pauses) for number in numbers if number)
    return tuple(dict.fromkeys(day for day in found if day is not None))


@dataclass(frozen=True)
class AppealClock:
    """What the days say of an appeal: until when it may be made, whether it was in time, when it is due, and what happens then."""

    appeal_until: date
    too_late: date
    in_time: bool
    due: date | None
    executed: date | None
    result: DefaultResult
    reminders: tuple[date, ...]


def appeal_clock(
    decided: date, submitted: date, *, appeal_days: int, decide_days: int, default: DefaultResult, calendar: Days = CALENDAR_DAYS, pauses: Sequence[Pause] = (),
) -> AppealClock:  # fmt: skip
    """The clock of an appeal against a decision. ``too_late`` is the first day on which it is refused; ``executed`` is the day after ``due``,
    when the default result of the institution's published policy is carried out if nobody has decided.
    """
    until = deadline(decided, appeal_days, calendar)
    if until is None:  # cannot be: nothing pauses the learner's own period
        raise ValueError("the period for an appeal has no end")
    due = deadline(submitted, decide_days, calendar, pauses)
    return AppealClock(
        until, until + DAY, decided <= submitted <= until, due, due + DAY if due else None, default,
        reminders(submitted, decide_days, calendar, pauses),
    )  # fmt: skip
