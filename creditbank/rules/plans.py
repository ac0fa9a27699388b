"""Counting candidates as plain data: what tells them apart, and what they are in the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.counting import Counted
from creditbank.rules.giving import Candidate
from creditbank.rules.types import RecordFacts

Fits = frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Kind:
    """Records that nothing tells apart inside a plan: leaves, worth, class of score, block, what they share, and a name if they have one."""

    fits: Fits
    worth: Fraction
    reached: int
    block: int
    together: str
    name: str = ""


@dataclass(frozen=True)
class Worth:
    """What records must be for certain amounts: their total between two bounds, the best score in a class; None asks nothing."""

    low: Fraction | None = None
    high: Fraction | None = None
    reached: int | None = None


@dataclass(frozen=True)
class Slot:
    """A counting candidate before it is solved: the class of records that leads it, what its records must be worth, and what they share."""

    told: int
    worth: Worth
    together: str
    twin: bool
    """Whether the slot before it is the same: then it is used only after that one."""


@dataclass(frozen=True)
class Plan:
    """All counting candidates of one rule and offer that draw on the same variables, with the block of every record.

    A block is a run of records of one class in the order of leads; ``classes`` are those of the blocks.
    """

    counted: Counted
    slots: tuple[tuple[Candidate, Slot], ...]
    blocks: dict[str, int]
    classes: tuple[int, ...]
    thresholds: tuple[Decimal, ...]


@dataclass
class Pool:
    """A plan in the program. ``takes`` has a variable for each record, ``counts`` one for each slot (by place) and kind it may take."""

    plan: Plan
    places: list[int]
    kinds: dict[Kind, list[RecordFacts]]
    takes: dict[str, int] = field(default_factory=dict)
    counts: dict[tuple[int, Kind], int] = field(default_factory=dict)

    def size_of(self, at: int) -> dict[int, int]:
        """How many records a slot takes."""
        return {variable: 1 for (place, _kind), variable in self.counts.items() if place == at}
