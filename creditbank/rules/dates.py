"""Ages, windows and years. Windows include both ends."""

from __future__ import annotations

import calendar
from datetime import date


def last_good_day(start: date, *, months: int) -> date:
    """The last day on which something of this age still counts: the same day so many months later, clamped to the end of the month."""
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def in_window(day: date, first: date | None, last: date | None) -> bool:
    """Whether a day lies in a window; a missing end is open."""
    return (first is None or day >= first) and (last is None or day <= last)


def year_of(day: date, start: tuple[int, int]) -> int:
    """The year a day belongs to where years begin on another day than 1 January (Korea's credit bank: 1 March)."""
    return day.year if (day.month, day.day) >= start else day.year - 1


def bucket_of_day(day: date, *, year_start: str, terms: tuple[tuple[str, str, str], ...], by_term: bool) -> str:
    """The year a day belongs to, or year/term; a term may run over the end of the calendar year (Korea: 09-01 to the end of February).

    Days between terms belong to the term before them.
    """
    month, number = (int(part) for part in year_start.split("-"))
    year = year_of(day, (month, number))
    if not by_term or not terms:
        return str(year)
    first = day.strftime("%m-%d")
    order = sorted(terms, key=lambda term: ((term[1] < year_start), term[1]))
    key = (first < year_start, first)
    begun = [term for term in order if ((term[1] < year_start), term[1]) <= key]
    return f"{year}/{(begun or order)[-1][0]}"
