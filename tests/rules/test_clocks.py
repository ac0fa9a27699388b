"""Deadlines in calendar days and working days, pauses, reminders, and the clock of an appeal."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.rules.clocks import (
    CALENDAR_DAYS,
    BadCalendar,
    NoCalendar,
    Pause,
    WorkingDays,
    appeal_clock,
    days_counted,
    deadline,
    read_working_days,
    reminders,
)
from creditbank.rules.files.calendars import working_days_in
from tests.rules.cases import cases

FILES = Path(__file__).parents[2] / "seeds/data/working-days"
HEADINGS = "first,last,kind,name_zh,name_en"


@pytest.fixture(scope="module")
def working():
    return working_days_in(FILES)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases("clock")])
def test_the_clock_of_an_appeal_is_as_written(case):
    given, expected = case["given"], case["expect"]

    clock = appeal_clock(
        given["decided"], given["submitted"], appeal_days=given["appeal_days"], decide_days=given["decide_days"], default=given["default"]
    )

    assert {name: getattr(clock, name) for name in expected} == expected
    assert clock.in_time
    late = appeal_clock(given["decided"], expected["too_late"], appeal_days=120, decide_days=30, default="grant")
    assert not late.in_time


def test_days_of_reminders_are_a_half_and_four_fifths_rounded_up():
    assert reminders(date(2026, 3, 1), 30) == (date(2026, 3, 16), date(2026, 3, 25))
    assert reminders(date(2026, 3, 1), 15) == (date(2026, 3, 9), date(2026, 3, 13))
    assert reminders(date(2026, 3, 1), 1) == (date(2026, 3, 2),)
    assert reminders(date(2026, 3, 1), 0) == ()


def test_working_days_leave_out_weekends_and_holidays_and_count_days_that_are_made_up(working):
    assert deadline(date(2026, 9, 24), 1, working) == date(2026, 9, 28)  # Mid-Autumn Festival is Friday to Sunday
    assert deadline(date(2026, 9, 30), 3, working) == date(2026, 10, 10)  # the Saturday after National Day is worked
    assert deadline(date(2026, 2, 13), 2, working) == date(2026, 2, 24)  # Saturday 14 is worked, then nine days off
    assert deadline(date(2026, 11, 2), 15, working) == date(2026, 11, 23)
    assert sum(working.counts(date(2026, 1, 1) + timedelta(days=number)) for number in range(365)) == 248
    assert reminders(date(2026, 11, 2), 15, working) == (date(2026, 11, 12), date(2026, 11, 18))


def test_a_year_without_working_days_is_an_error_and_no_guess(working):
    with pytest.raises(NoCalendar, match="2028"):
        deadline(date(2027, 12, 30), 5, working)
    assert deadline(date(2027, 12, 30), 5) == date(2028, 1, 4)


def test_the_clock_stands_still_while_the_learner_owes_something():
    pause = Pause(date(2026, 3, 4), date(2026, 3, 10))

    assert deadline(date(2026, 3, 1), 10, CALENDAR_DAYS, [pause]) == date(2026, 3, 17)
    assert deadline(date(2026, 3, 1), 3, CALENDAR_DAYS, [pause]) == date(2026, 3, 4)
    assert deadline(date(2026, 3, 1), 4, CALENDAR_DAYS, [pause]) == date(2026, 3, 11)
    assert deadline(date(2026, 3, 1), 10, CALENDAR_DAYS, [Pause(date(2026, 3, 4))]) is None
    assert deadline(date(2026, 3, 1), 3, CALENDAR_DAYS, [Pause(date(2026, 3, 4))]) == date(2026, 3, 4)
    assert days_counted(date(2026, 3, 1), date(2026, 3, 12), CALENDAR_DAYS, [pause]) == 5
    assert reminders(date(2026, 3, 1), 10, CALENDAR_DAYS, [Pause(date(2026, 3, 7))]) == (date(2026, 3, 6),)
    open_appeal = appeal_clock(
        date(2026, 3, 1), date(2026, 3, 2), appeal_days=10, decide_days=30, default="uphold", pauses=[Pause(date(2026, 3, 4))]
    )
    assert (open_appeal.due, open_appeal.executed) == (None, None)


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 200),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 30)), max_size=3),
)
def test_exactly_so_many_days_are_counted_until_the_deadline_and_one_less_before(start, days, spans):
    weekdays = WorkingDays(frozenset(range(2019, 2033)), frozenset(), frozenset())
    pauses = [Pause(start + timedelta(days=at), start + timedelta(days=at + long)) for at, long in spans]

    for calendar in (CALENDAR_DAYS, weekdays):
        last = deadline(start, days, calendar, pauses)
        assert days_counted(start, last, calendar, pauses) == days
        assert days == 0 or days_counted(start, last - timedelta(days=1), calendar, pauses) == days - 1


@pytest.mark.parametrize("days", [-1, 4000])
def test_a_period_below_nothing_or_of_more_than_ten_years_is_refused(days):
    with pytest.raises(ValueError, match="a period of"):
        deadline(date(2026, 1, 1), days)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("2026-10-03,2026-10-01,off,,", "first to last in 2026"), ("2025-12-31,2026-01-01,off,,", "first to last in 2026"),
        ("2026-10-01,2026-10-01,rest,,", "off or work"), ("1 October,2026-10-01,off,,", "a day like 2026-10-01"),
        ("2026-10-02,2026-10-02,work,,", "is no Saturday or Sunday"), ("2026-10-01", "a day like"),
        ("2026-10-01,2026-10-01,off,,\n2026-10-01,2026-10-01,off,,", "row 3: 2026-10-01 is there twice"),
    ],
)  # fmt: skip
def test_a_table_of_working_days_that_says_nothing_clear_is_refused(line, complaint):
    with pytest.raises(BadCalendar, match=complaint):
        read_working_days([(2026, [HEADINGS, *line.split("\n")])])
    with pytest.raises(BadCalendar, match="the columns are"):
        read_working_days([(2026, ["day,kind"])])
