"""Reference tables of a rule book: units, rates, calendars, grades, outcomes, agreements. Plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

Pairs = tuple[tuple[str, str], ...]
"""A condition as (name, value) pairs: all of them must hold; ``a;b`` is any of."""


LATER = {"later": True}
"""Marks a field that came after decisions had been stored: the canonical form leaves it out where it has its default.

So a question that does not use it keeps the bytes, and the hash, that it had before.
"""


@dataclass(frozen=True)
class CreditSystem:
    """A unit: notional hours per credit, the step on which amounts lie, and how results are rounded onto it."""

    code: str
    hours_nominal: Decimal
    step: Decimal
    rounding: str = "down"
    hours_min: Decimal | None = field(default=None, metadata=LATER)
    hours_max: Decimal | None = field(default=None, metadata=LATER)


@dataclass(frozen=True)
class Rate:
    """An explicit rate between two units; beats the hours of both."""

    source: str
    target: str
    num: int
    den: int
    window_from: date | None = None
    window_to: date | None = None
    chainable: bool = False

    def holds_on(self, day: date) -> bool:
        """Whether a day lies in its window, both ends included."""
        return (self.window_from is None or day >= self.window_from) and (self.window_to is None or day <= self.window_to)

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.num, self.den)


@dataclass(frozen=True)
class Calendar:
    """When a bank's year and its terms begin; a term is (name, first month-day, last month-day), as text ``09-01``.

    ``last_term_ends`` are the days on which the last term before an award may end.
    """

    code: str
    year_start: str = "01-01"
    terms: tuple[tuple[str, str, str], ...] = ()
    last_term_ends: tuple[str, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True)
class Grade:
    """One grade of a scale: the higher the rank, the better; ``share`` is how many per cent of those who pass receive it."""

    label: str
    rank: int
    gpa: Decimal | None = None
    passes: bool = True
    share: Decimal | None = field(default=None, metadata=LATER)


@dataclass(frozen=True)
class GradeScale:
    """The grades of an institution, or of everybody who has no scale of their own (``institution`` empty)."""

    code: str
    grades: tuple[Grade, ...]
    institution: str = ""

    def rank(self, label: str) -> int | None:
        """The rank of a grade, or None for a label that is not of this scale."""
        return next((grade.rank for grade in self.grades if grade.label == label), None)


@dataclass(frozen=True)
class GradeMap:
    """How grades of one scale become grades of another.

    ``table`` names the grade for each label; ``linear`` keeps the place between the lowest and the highest passing grade; ``distribution``
    keeps the place among those who pass (``Grade.share``); ``pass_only`` keeps no more than that it passed.
    """

    source: str
    target: str
    mode: str = "table"
    pairs: Pairs = ()


@dataclass(frozen=True)
class Level:
    """One level of a framework: the higher the rank, the harder. ``maps_to`` holds (framework, level) of what it is equal to elsewhere."""

    framework: str
    code: str
    rank: int
    maps_to: Pairs = ()


@dataclass(frozen=True)
class TitleMatching:
    """Which titles are one: particles are dropped, an ordinal of the first part at the end too, abbreviations are written out."""

    particles: tuple[str, ...] = ()
    first_parts: tuple[str, ...] = ()
    abbreviations: Pairs = ()


@dataclass(frozen=True)
class Outcome:
    """What a catalogue knows of an outcome: credit, level, category, and what it is the same as.

    ``aliases`` are other codes under which records and rules may name it; a ``repeatable`` one counts as often as it was earned.
    """

    code: str
    owner: str = ""
    title_zh: str = ""
    title_en: str = ""
    common_id: str = ""
    cross_list: str = ""
    credits: Decimal | None = None
    system: str = ""
    hours: Decimal | None = None
    level: int | None = None
    category: str = ""
    source_type: str = ""
    subjects: tuple[str, ...] = ()
    dup_class: str = ""
    active_from: date | None = None
    active_to: date | None = None
    version: int = 1
    framework: str = field(default="", metadata=LATER)
    repeatable: bool = field(default=False, metadata=LATER)
    codes: tuple[str, ...] = field(default=(), metadata=LATER)
    aliases: tuple[str, ...] = field(default=(), metadata=LATER)

    @property
    def class_key(self) -> str:
        """Outcomes of one class count once: the given class, else the cross-listing, else the common id, else the outcome itself."""
        return self.dup_class or self.cross_list or self.common_id or self.code

    @property
    def has_class(self) -> bool:
        """Whether it shares a class with others, beyond being itself."""
        return bool(self.dup_class or self.cross_list or self.common_id)


@dataclass(frozen=True)
class Agreement:
    """Who agreed with whom, since when, and how it ranks."""

    code: str
    kind: str = "bilateral"
    parties: Pairs = ()
    window_from: date | None = None
    window_to: date | None = None
    status: str = "active"
    precedence: int = 0
    conserve: bool = False
    version: int = 1
    supersedes: str = ""

    def days(self, on: date) -> tuple[date | None, date | None] | None:
        """First and last day (None: open) on which its rules hold, as known on a day; None where they hold on none.

        A draft, or what is signed and not yet active, holds on no day. What was suspended or has ended held until its last day, where that
        has passed; with a later day, or none, nobody knows until when it held.
        """
        stopped = self.status in {"suspended", "ended"} and self.window_to is not None and self.window_to < on
        return (self.window_from, self.window_to) if self.status == "active" or stopped else None
