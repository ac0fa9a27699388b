"""Reference tables of a rule book: units, rates, calendars, grades, outcomes, agreements. Plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

Pairs = tuple[tuple[str, str], ...]
"""A condition as (name, value) pairs: all of them must hold; ``a;b`` is any of."""


@dataclass(frozen=True)
class CreditSystem:
    """A unit: notional hours per credit, the step on which amounts lie, and how results are rounded onto it."""

    code: str
    hours_nominal: Decimal
    step: Decimal
    rounding: str = "down"


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

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.num, self.den)


@dataclass(frozen=True)
class Calendar:
    """When a bank's year and its terms begin; a term is (name, first month-day, last month-day), as text ``09-01``."""

    code: str
    year_start: str = "01-01"
    terms: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Grade:
    """One grade of a scale: the higher the rank, the better."""

    label: str
    rank: int
    gpa: Decimal | None = None
    passes: bool = True


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
class Outcome:
    """What a catalogue knows of an outcome: credit, level, category, and what it is the same as."""

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

    @property
    def class_key(self) -> str:
        """Outcomes of one class count once: the given class, else the cross-listing, else the common id, else the outcome itself."""
        return self.dup_class or self.cross_list or self.common_id or self.code


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
