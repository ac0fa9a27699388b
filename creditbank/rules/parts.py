"""What is left of a program over patterns while its levels are settled: bounds, levels that are held, prices; and its ways for a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from creditbank.rules.highs import PARTS, Prices
from creditbank.rules.patterns import Block
from creditbank.rules.reduction import WIDEST
from creditbank.rules.sweep import Field

Numbers = Any


@dataclass
class Price:
    """What no answer may exceed, in parts of a unit of some level: ``weights`` of its columns come to ``-room`` at least."""

    weights: Numbers
    room: int


@dataclass
class State:
    """Bounds of the columns, the levels that are held at a value (costs, value), and what prices say of these."""

    low: Numbers
    high: Numbers
    held: list[tuple[Numbers, int]] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)

    def copy(self) -> State:
        return State(self.low.copy(), self.high.copy(), list(self.held), list(self.prices))

    def set_aside(self, alive: Numbers, prices: Prices, least: int) -> None:
        """Leave out what cannot be worth ``least``; ``alive`` are the columns that the prices are about."""
        gone = prices.reach < least
        columns, stands = alive[gone], prices.stands[gone]
        self.low[columns] = self.high[columns] = stands

    def price(self, alive: Numbers, prices: Prices, least: int) -> Price:
        """Prices as a condition: the level they are about is worth ``least`` at least, counted over ``alive`` alone."""
        weights = np.zeros(len(self.low), dtype=np.int64)
        weights[alive] = prices.weights
        return Price(weights, prices.constant - PARTS * least)


@dataclass
class Part:
    """What is left of a program: the columns that may still move, and the rows over them with the rest taken into their sides."""

    alive: Numbers
    rows: Numbers
    lower: Numbers
    upper: Numbers
    low: Numbers
    high: Numbers

    def holds(self, columns: Numbers) -> bool:
        """Whether values of the columns keep every row and bound."""
        sums = self.rows @ columns
        return bool(
            (sums >= self.lower).all() and (sums <= self.upper).all() and (columns >= self.low).all() and (columns <= self.high).all()
        )

    def with_row(self, row: Numbers, least: int) -> Part:
        """The part with one more row: an expression that is worth at least so much."""
        rows, lower, upper = np.vstack([self.rows, row[None, :]]), np.append(self.lower, least), np.append(self.upper, WIDEST)
        return Part(self.alive, rows, lower, upper, self.low, self.high)

    def with_flag(self, row: Numbers, least: int) -> Part:
        """The part with one more column of 0 or 1 at its end, which may be 1 only where an expression is worth more than ``least``."""
        rows = np.hstack([np.vstack([self.rows, row[None, :]]), np.zeros((len(self.rows) + 1, 1), dtype=np.int64)])
        rows[-1, -1] = -1
        lower, upper = np.append(self.lower, least), np.append(self.upper, WIDEST)
        return Part(np.append(self.alive, -1), rows, lower, upper, np.append(self.low, 0), np.append(self.high, 1))

    def cut(self, kept: Numbers, stands: Numbers) -> Part:
        """The part in which only some columns may move; the others are at ``stands``."""
        gone = ~kept
        constant = self.rows[:, gone] @ stands[gone]
        rows = self.rows[:, kept]
        lower = np.where(self.lower <= -WIDEST, -WIDEST, self.lower - constant)
        upper = np.where(self.upper >= WIDEST, WIDEST, self.upper - constant)
        felt = (rows != 0).any(axis=1) | (lower > 0) | (upper < 0)
        return Part(self.alive[kept], rows[felt], lower[felt], upper[felt], self.low[kept], self.high[kept])


@dataclass
class Ways:
    """How the columns of a part may be chosen: by group one column with a value (-1 for none of them)."""

    group: Numbers
    column: Numbers
    value: Numbers

    def columns(self, chosen: Sequence[int], count: int) -> Numbers:
        """The values of a part's columns where these ways are taken."""
        found = np.zeros(count + 1, dtype=np.int64)
        found[self.column[chosen]] = self.value[chosen]
        return found[:count]

    def bounds(self, kept: Numbers, count: int) -> tuple[Numbers, Numbers]:
        """The least and the greatest value of each column where only some ways are kept."""
        group, column, value = self.group[kept], self.column[kept], self.value[kept]
        least, greatest = np.full(count + 1, WIDEST), np.zeros(count + 1, dtype=np.int64)
        np.maximum.at(greatest, column, value)
        np.minimum.at(least, column, value)
        ways_of_group = np.bincount(group)
        own = np.zeros(count + 1, dtype=np.int64)
        np.add.at(own, column, 1)
        whole = np.zeros(count + 1, dtype=bool)
        whole[column[own[column] == ways_of_group[group]]] = True
        return np.where(whole, least, 0)[:count], greatest[:count]

    def spread(self, table: Numbers) -> Numbers:
        """A table by column as one by way, times the values."""
        whole = np.vstack([table, np.zeros((1, table.shape[1]), dtype=np.int64)])
        return whole[self.column] * self.value[:, None]


def ways_of(part: Part, blocks: Sequence[Block], low: Numbers) -> Ways:
    """All ways of a part: of a block one pattern, of columns of which a row allows one at most one or none, of others each value.

    ``low`` are the columns of the whole program that no longer move.
    """
    group: list[int] = []
    column: list[int] = []
    value: list[int] = []
    number = end = 0

    def add(columns: Sequence[int], values: Sequence[int]) -> None:
        nonlocal number
        group.extend([number] * len(columns))
        column.extend(columns)
        value.extend(values)
        number += 1

    for block in blocks:
        first, end = block.start, block.start + len(block.answers)
        own = np.flatnonzero((part.alive >= first) & (part.alive < end)).tolist()
        if own:
            add([-1], [0]) if low[first:end].any() else add(own, [1] * len(own))
    free = np.flatnonzero(part.alive >= end)
    for several in _cliques(part, free):
        add([-1, *several], [0, *[1] * len(several)])
        free = free[~np.isin(free, several)]
    for one in free.tolist():
        values = range(int(part.low[one]), int(part.high[one]) + 1)
        add([one] * len(values), values)
    return Ways(np.array(group), np.array(column), np.array(value, dtype=np.int64))


def _cliques(part: Part, free: Numbers) -> list[list[int]]:
    """Columns of which a row allows one at most, the longest first, no column twice."""
    binary = np.zeros(len(part.alive), dtype=bool)
    binary[free] = (part.low[free] == 0) & (part.high[free] == 1)
    packing = part.rows[(part.upper == 1) & (part.lower <= 0) & (part.rows >= 0).all(axis=1)] == 1
    found = []
    for row in sorted((packing & binary).tolist(), key=lambda row: -sum(row)):
        several = [at for at in np.flatnonzero(row).tolist() if binary[at]]
        if len(several) > 1:
            found.append(several)
            binary[several] = False
    return found


def field_of(part: Part, ways: Ways, costs: Numbers, prices: Sequence[Price], low: Numbers) -> Field:
    """A part as a field for a sweep; ``costs`` has a line a level, over the part's columns."""
    still = np.ones(len(low), dtype=bool)
    still[part.alive] = False
    weights = np.array([price.weights[part.alive] for price in prices], dtype=np.int64).reshape(len(prices), len(part.alive))
    room = [price.room + int(price.weights[still] @ low[still]) for price in prices]
    return Field(
        ways.group, ways.spread(part.rows.T), part.lower, part.upper, ways.spread(costs.T), ways.spread(weights.T),
        np.array(room, dtype=np.int64),
    )  # fmt: skip
