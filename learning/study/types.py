"""What travels inside study and out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from foundation.api import Event


@dataclass(frozen=True, kw_only=True)
class RunOpened(Event):
    """A school has opened a run of a course."""

    run_id: int


@dataclass(frozen=True, kw_only=True)
class Enrolled(Event):
    """A person has enrolled in a run."""

    enrolment_id: int


@dataclass(frozen=True)
class Standing:
    """How far an enrolment is, judged by the completion condition: all required units done and the pass line reached.

    ``score`` is the mean over the quizzes of required units in per cent (best attempt each, 0 where there is none yet), None without
    quizzes. ``completed_at`` is the moment at which the last of the conditions came true, None while one is open.
    """

    done: int
    required: int
    score: Decimal | None
    pass_mark: Decimal
    completed_at: datetime | None
    done_units: frozenset[str]
    minutes_left: int = 0

    @property
    def is_complete(self) -> bool:
        return self.completed_at is not None

    @property
    def percent(self) -> int:
        """Whole per cent of the required units, rounded down: 100 only when all are done."""
        return self.done * 100 // self.required if self.required else 0

    @property
    def left(self) -> int:
        return self.required - self.done


@dataclass(frozen=True)
class OutlineUnit:
    """A unit in the outline: ``state`` is done, begun, open or locked; ``reason`` says what opens a locked one."""

    id: str
    title: str
    minutes: int
    required: bool
    state: str
    has_quiz: bool
    number: int
    reason: str = ""


@dataclass(frozen=True)
class OutlineSection:
    """A section of the outline with its units."""

    id: str
    title: str
    number: int
    units: tuple[OutlineUnit, ...]


@dataclass(frozen=True)
class RunCard:
    """A run in a person's list: where to go on and what is left."""

    enrolment: Any
    run: Any
    standing: Standing
    next_unit: OutlineUnit | None
    place: str
    due_on: date | None


@dataclass(frozen=True)
class StudyWeek:
    """Minutes per day of the last seven days, oldest first."""

    days: tuple[tuple[date, int], ...]

    @property
    def minutes(self) -> int:
        return sum(minutes for _day, minutes in self.days)

    @property
    def most(self) -> int:
        return max((minutes for _day, minutes in self.days), default=0)


@dataclass(frozen=True)
class UnitHistory:
    """One unit in a history: opened, and done at ``done_at`` (None: not yet). Units with a quiz are done by their attempts instead."""

    unit_id: str
    opened_at: datetime
    done_at: datetime | None = None
    seconds: int = 0


@dataclass(frozen=True)
class AttemptHistory:
    """One handed-in quiz in a history: answers by question id. ``key`` makes a second load of the same history the same attempt."""

    block_id: str
    answers: dict[str, list[str]]
    at: datetime
    key: str


@dataclass(frozen=True)
class StudyHistory:
    """All that one learner did in one run, for ``record_history``."""

    run: Any
    learner: Any
    enrolled_at: datetime
    units: tuple[UnitHistory, ...] = field(default_factory=tuple)
    attempts: tuple[AttemptHistory, ...] = field(default_factory=tuple)
    left_at: datetime | None = None
