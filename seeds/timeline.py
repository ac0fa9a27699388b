"""The days of the city in their order: what is earned enters the accounts, people act, and every few nights the calendar is run.

The order is kept so that a statement of account reads as one that grew: every entry stands below what came before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial

from django.db import transaction
from django.utils import timezone

from creditbank.api import deposit_record, run_clocks
from learning.api import LearningRecord, RecordSource
from seeds.city import City
from seeds.clock import standing_at

NIGHTS = (384, 200, 62, 40, 10, 1)
"""Nights, counted back, on which the calendar is run: credit expires and is announced, reminders go out, what was waited for too long lapses."""


@dataclass(frozen=True)
class Event:
    """Something that happens at a moment; what it does may reach a few days further."""

    at: datetime
    do: Callable[[], None]


def live(city: City, events: Iterable[Event]) -> None:
    """Let everything happen, the earliest first."""
    records = sorted(LearningRecord.objects.filter(credits__isnull=False).values_list("pk", "source", "earned_on", "recorded_at"), key=_day)
    waiting = iter([(_day(row), row[0]) for row in records])
    following = next(waiting, None)
    for event in sorted([*events, *_nights(city)], key=lambda one: one.at):
        today = []
        while following is not None and following[0] < event.at.date():
            today.append(following)
            following = next(waiting, None)
        _deposit(today)
        event.do()
    _deposit([*([following] if following else []), *waiting])


def _day(row: tuple[int, str, date, datetime]) -> date:
    """On which day a record enters the account: what a run brought when it was earned, what an institution reports when it does."""
    _pk, source, earned_on, recorded_at = row
    return earned_on if source == RecordSource.RUN else timezone.localdate(recorded_at)


def _deposit(rows: Iterable[tuple[date, int]]) -> None:
    with transaction.atomic():
        for day, pk in rows:
            with standing_at(datetime.combine(day, time(17), tzinfo=timezone.get_current_timezone())):
                deposit_record(LearningRecord.objects.select_related("learner", "institution", "credit_system").get(pk=pk), on=day)


def _nights(city: City) -> Iterable[Event]:
    for days_ago in NIGHTS:
        yield Event(city.at(days_ago, hour=2), partial(_run_night, city.at(days_ago, hour=2)))


def _run_night(at: datetime) -> None:
    with standing_at(at):
        run_clocks(on=at.date(), at=at)
