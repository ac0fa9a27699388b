"""Periods: what an institution's policy says, and the days that follow from it. The day of an event is day 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from creditbank.recognition.enums import ApplicationState, DaysCounted, DefaultResult
from creditbank.recognition.models import Application, RecognitionPolicy
from creditbank.rules.clocks import CALENDAR_DAYS, Days, Pause, WorkingDays, deadline, reminders
from creditbank.rules.files.calendars import working_days_in

SHARES = (50, 80)
"""Per cent of a period after which somebody is reminded."""


@dataclass(frozen=True)
class Terms:
    """The periods of one institution in days. The defaults hold where nothing was published.

    Sources: answer within 15 days (Chongqing credit bank; there in working days), appeal within 120 days and decided within 30
    (University of California); 30 days to add something or to accept are our own.
    """

    decide_days: int = 15
    decide_counting: str = DaysCounted.CALENDAR
    answer_days: int = 30
    accept_days: int = 30
    appeal_days: int = 120
    appeal_decide_days: int = 30
    appeal_counting: str = DaysCounted.CALENDAR
    appeal_levels: int = 2
    default_result: str = DefaultResult.UPHOLD
    last_default_result: str = DefaultResult.UPHOLD
    people_for_review: int = 1

    @property
    def default_label(self) -> str:
        return str(DefaultResult(self.default_result).label)

    @property
    def last_default_label(self) -> str:
        return str(DefaultResult(self.last_default_result).label)

    def default_at(self, level: int) -> str:
        """What happens if nobody decides an appeal of this level in time."""
        return self.last_default_result if level >= self.appeal_levels else self.default_result


GENERAL = Terms()


def policy_in_force(institution: Any, *, on: date) -> RecognitionPolicy | None:
    """The newest published policy of an institution that holds on a day; None: the general periods. One query."""
    known = RecognitionPolicy.objects.published().filter(institution=institution, valid_from__lte=on)
    return known.order_by("-valid_from", "-id").first()


def terms_of(policy: RecognitionPolicy | None) -> Terms:
    """A policy as typed data."""
    if policy is None:
        return GENERAL
    return Terms(**{item.name: getattr(policy, item.name) for item in fields(Terms)})


def days_counted(counting: str) -> Days:
    """How days are counted. Raises NoCalendar (when a day is asked) for a year without a table."""
    return _working_days(Path(settings.WORKING_DAYS)) if counting == DaysCounted.WORKING else CALENDAR_DAYS


@cache
def _working_days(folder: Path) -> WorkingDays:
    return working_days_in(folder)


def last_day(start: date, days: int, counting: str = DaysCounted.CALENDAR, pauses: Sequence[Pause] = ()) -> date | None:
    """The last day of a period; None while a pause keeps it open. Raises NoCalendar."""
    return deadline(start, days, days_counted(counting), pauses)


def pauses_of(application: Application) -> tuple[Pause, ...]:
    """The times in which the learner owed something. One query."""
    found: list[Pause] = []
    asked: date | None = None
    for step in application.steps.order_by("id"):
        day = timezone.localdate(step.at)
        if step.to_state == ApplicationState.INFORMATION_REQUESTED:
            asked = asked or day
        elif asked is not None and step.from_state == ApplicationState.INFORMATION_REQUESTED and step.to_state == ApplicationState.CHECKING:
            found, asked = [*found, Pause(asked, day)], None
    return (*found, Pause(asked)) if asked is not None else tuple(found)


def answer_due(application: Application, *, submitted: date | None = None) -> date | None:
    """By when the institution answers; None while the learner owes something. Raises NoCalendar."""
    start = submitted or (timezone.localdate(application.submitted_at) if application.submitted_at else None)
    if start is None:
        return None
    terms = terms_of(application.policy)
    return last_day(start, terms.decide_days, terms.decide_counting, pauses_of(application))


def share_passed(start: date, days: int, counting: str, *, on: date, pauses: Sequence[Pause] = ()) -> int:
    """Which share of a period has passed on a day, of those at which somebody is reminded: 0, 50 or 80."""
    marks = reminders(start, days, days_counted(counting), pauses)
    if not marks or on < marks[0]:
        return 0
    return SHARES[-1] if len(marks) == 1 or on >= marks[-1] else SHARES[0]


def appeal_until(application: Application) -> date | None:
    """The last day on which the standing decision may be appealed; None where there is none or no level is left. One query."""
    terms = terms_of(application.policy)
    earlier = list(application.appeals.order_by("level"))
    if application.decided_at is None or len(earlier) >= terms.appeal_levels or any(not appeal.result for appeal in earlier):
        return None
    since = max([application.decided_at, *(appeal.decided_at for appeal in earlier if appeal.decided_at)])
    return last_day(timezone.localdate(since), terms.appeal_days)
