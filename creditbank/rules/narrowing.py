"""Wide programs, level after level: the prices of a relaxation leave few columns to choose from, and the solver decides among these.

A level is first believed to reach what its relaxation allows, and every column that would cost more than that is set aside; the next level
is asked among the rest. Where that leaves an answer, all levels that were believed are reached, and proved. Where it leaves none, the last
of them is asked exactly, and the levels after it begin anew.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from creditbank.rules.highs import Answer, NoTime, Prices, Problem, Relaxation, best_of, name_blocks
from creditbank.rules.patterns import Wide, gather
from creditbank.rules.reduction import WIDEST

BELIEVED = 3
"""Levels that reach their relaxation nearly always: requirements met, needed credit, credit in all leaves."""
STEPS = 2
"""How far below its relaxation a level is believed in, one step after the other, before it is asked exactly."""
WINDOW = 250
"""Columns that the solver is given first; more only where the answer shows that it takes more."""

Numbers = Any


@dataclass
class _State:
    """Bounds of the columns, and the levels that are held at a value: (costs, value)."""

    low: Numbers
    high: Numbers
    held: list[tuple[Numbers, int]] = field(default_factory=list)

    def copy(self) -> _State:
        return _State(self.low.copy(), self.high.copy(), list(self.held))

    def set_aside(self, alive: Numbers, prices: Prices, least: int) -> None:
        """Leave out what cannot be worth ``least``; ``alive`` are the columns that the prices are about."""
        gone = prices.reach < least
        columns, stands = alive[gone], prices.stands[gone]
        self.low[columns] = self.high[columns] = stands


@dataclass
class _Belief:
    """A level that is believed to reach what its relaxation allows, or so many steps ``below``; the state before."""

    number: int
    state: _State
    below: int


@dataclass
class _Part:
    """What is left of a program: the columns that may still move, and the rows over them with the rest taken into their sides."""

    alive: Numbers
    rows: Numbers
    lower: Numbers
    upper: Numbers
    low: Numbers
    high: Numbers


def by_prices(problem: Problem, *, ends: float) -> Answer | None:
    """The best values on level after level, or None where the program is not for this way (its numbers, or no answer in time)."""
    named = {*problem.names, *(variable for row in problem.order for variable in row)}
    wide = gather(problem.low, problem.high, problem.lines, problem.levels, named)
    return None if wide is None else _Narrowing(problem, wide, ends).answer()


class _Narrowing:
    """One program while it is being decided."""

    def __init__(self, problem: Problem, wide: Wide, ends: float) -> None:
        self.problem, self.wide, self.ends = problem, wide, ends
        self.state = _State(wide.low.copy(), wide.high.copy())
        self.asking = 0
        self.last = min(BELIEVED, len(wide.costs) - 1)

    def answer(self) -> Answer | None:
        columns, done, levels = None, 0, len(self.wide.costs)
        try:
            while columns is None or done < levels:
                columns, done = self._next(done)
                if columns is None:
                    return None
            columns = self._named(columns)
        except NoTime as over:
            if over.columns is not None:
                return Answer(self._values(over.columns), self.asking + 1, over.bound)
            return None if columns is None else Answer(self._values(columns), min(done + 1, levels), None)
        return Answer(self._values(columns))

    def _values(self, columns: Numbers) -> list[int]:
        return self.wide.values(columns, len(self.problem.low))

    def _next(self, done: int) -> tuple[Numbers | None, int]:
        """Believe in what can be believed and settle the level after it; where that fails, believe in less, or settle a level believed in."""
        believed: list[_Belief] = []
        number = self._believe_from(done, believed)
        columns = None if number is None else self._settle_level(number)
        while columns is None and believed:
            belief = believed.pop()
            self.state = belief.state
            number = belief.number
            if belief.below < STEPS and number < self.last - 1:
                number = self._believe_from(number, believed, below=belief.below + 1)
            columns = None if number is None else self._settle_level(number)
        return columns, done if number is None else number + 1

    def _believe_from(self, number: int, believed: list[_Belief], *, below: int = 0) -> int | None:
        """Hold level after level at what its relaxation allows, the first one so many steps below it; the number of the level after them,
        or None where these leave nothing."""
        if number >= self.last:
            return number
        part = self._part()
        relaxation = _relaxed(part)
        for level in range(number, self.last):
            belief = _Belief(level, self.state.copy(), below if level == number else 0)
            believed.append(belief)
            if not self._believe(belief, part, relaxation):
                return None
        return self.last

    def _settle_level(self, number: int) -> Numbers | None:
        self.asking = number
        return self._settle(self.wide.costs[number])

    def _believe(self, belief: _Belief, part: _Part, relaxation: Relaxation) -> bool:
        """Hold a level at what is believed of it. False where the levels before it leave nothing."""
        costs = self.wide.costs[belief.number]
        prices = relaxation.ask(costs[part.alive], self._left())
        if prices is None:
            return False
        fixed = int(costs @ self.state.low) - int(costs[part.alive] @ self.state.low[part.alive])
        value = prices.bound - belief.below
        self.state.set_aside(part.alive, prices, value)
        self.state.held.append((costs, value + fixed))
        relaxation.narrow(self.state.low[part.alive], self.state.high[part.alive])
        relaxation.hold(costs[part.alive], value)
        return True

    def _settle(self, costs: Numbers) -> Numbers | None:
        """The best answer for an expression, which is then held; None where there is no answer. Raises NoTime."""
        part = self._part()
        if not len(part.alive):
            return self._held_by(costs, self.state.low.copy()) if self._is_answer(self.state.low) else None
        moving = costs[part.alive]
        prices = _relaxed(part).ask(moving, self._left())
        if prices is None:
            return None
        found = self._best_within(part, moving, prices)
        if found is None:
            return None
        self.state.set_aside(part.alive, prices, int(moving @ found))
        return self._held_by(costs, self._whole(part, found))

    def _held_by(self, costs: Numbers, columns: Numbers) -> Numbers:
        self.state.held.append((costs, int(costs @ columns)))
        return columns

    def _best_within(self, part: _Part, costs: Numbers, prices: Prices) -> Numbers | None:
        """The best answer by the columns that may take part in it: first among few, then among all that could do better."""
        if prices.whole is not None and self._fits(part, prices.whole):
            return prices.whole
        best: Numbers | None = None
        least = _least(prices, WINDOW)
        while True:
            kept = prices.reach >= least
            found = self._asked(part, kept, costs, prices, best)
            best = best if found is None else found
            reached = None if best is None else int(costs @ best)
            if kept.all() or (reached is not None and reached >= least - 1):
                return best
            least = _least(prices, 4 * int(kept.sum())) if reached is None else reached + 1

    def _asked(self, part: _Part, kept: Numbers, costs: Numbers, prices: Prices, best: Numbers | None) -> Numbers | None:
        """The solver's answer where only some columns of a part may move."""
        inside = _cut(part, kept, prices.stands)
        if best is not None:
            constant = int(costs[~kept] @ prices.stands[~kept])
            inside = _with_row(inside, costs[kept], int(costs @ best) + 1 - constant)
        found, proved = self._solved(inside, costs[kept], surely=best is not None)
        columns = None
        if found is not None:
            columns = prices.stands.copy()
            columns[kept] = found
            if not self._fits(part, columns):
                raise NoTime
        if not proved:
            known = best if columns is None else columns
            raise NoTime if known is None else NoTime(self._whole(part, known), prices.bound + self._fixed(part, costs))
        return columns

    def _solved(self, part: _Part, costs: Numbers, *, surely: bool) -> tuple[Numbers | None, bool]:
        """The solver's answer and whether it is proved; that there is none is asked twice where something is proved by it."""
        found, proved = best_of(part.rows, part.lower, part.upper, part.low, part.high, costs, self._left())
        if found is None and proved and surely:
            found, proved = best_of(part.rows, part.lower, part.upper, part.low, part.high, costs, self._left(), presolve=False)
        return found, proved

    def _fixed(self, part: _Part, moving: Numbers) -> int:
        """What the columns that no longer move are worth on the level that is asked."""
        costs = self.wide.costs[self.asking]
        return int(costs @ self.state.low) - int(moving @ self.state.low[part.alive])

    def _whole(self, part: _Part, moving: Numbers) -> Numbers:
        columns = self.state.low.copy()
        columns[part.alive] = moving
        return columns

    def _fits(self, part: _Part, columns: Numbers) -> bool:
        sums = part.rows @ columns
        return bool(
            (sums >= part.lower).all() and (sums <= part.upper).all() and (columns >= part.low).all() and (columns <= part.high).all()
        )

    def _is_answer(self, columns: Numbers) -> bool:
        sums = self.wide.rows @ columns
        return bool((sums >= self.wide.lower).all() and (sums <= self.wide.upper).all()) and all(
            int(costs @ columns) == value for costs, value in self.state.held
        )

    def _part(self) -> _Part:
        """What is left of the program in the present state."""
        wide, state = self.wide, self.state
        rows = np.vstack([wide.rows, *(costs[None, :] for costs, _value in state.held)])
        values = np.array([value for _costs, value in state.held], dtype=np.int64)
        everything = _Part(
            np.arange(len(state.low)),
            rows,
            np.concatenate([wide.lower, values]),
            np.concatenate([wide.upper, values]),
            state.low,
            state.high,
        )
        return _cut(everything, state.low < state.high, state.low)

    def _named(self, columns: Numbers) -> Numbers:
        """Of answers that are equal on every level the lexicographically greatest. Raises NoTime."""
        problem = self.problem
        order: Sequence[Mapping[int, int]] = [row for row in problem.order if not set(row) <= set(problem.names)]
        if problem.names and self._has_other(columns):
            order = problem.order
        for expression in name_blocks(problem, order):
            found = self._settle(self.wide.expression(expression))
            if found is None:
                raise NoTime(columns)
            columns = found
        return columns

    def _has_other(self, columns: Numbers) -> bool:
        """Whether another answer is as good on every level, and differs in a name."""
        part = self._part()
        if not len(part.alive):
            return False
        values = self._values(columns)
        differing = self.wide.expression({variable: -1 if values[variable] else 1 for variable in self.problem.names})
        moving = differing[part.alive]
        if not moving.any():
            return False
        least = 1 + int(moving @ columns[part.alive])
        part = _with_row(part, moving, least)
        found, proved = self._solved(part, np.zeros(len(moving), dtype=np.int64), surely=len(moving) <= WINDOW)
        if not proved:
            raise NoTime(columns)
        return found is not None

    def _left(self) -> int:
        """Milliseconds that are left; at least a few, so that every question is asked. Raises NoTime."""
        left = int((self.ends - time.thread_time()) * 1000)
        if left <= 0:
            raise NoTime
        return left


def _relaxed(part: _Part) -> Relaxation:
    return Relaxation(part.rows, part.lower, part.upper, part.low, part.high)


def _least(prices: Prices, count: int) -> int:
    """What an answer must be worth so that about ``count`` columns may take part in it; all of them where that is most."""
    order = np.sort(prices.reach)[::-1]
    return min(prices.bound, int(order[count - 1] if 2 * count < len(order) else order[-1]))


def _with_row(part: _Part, row: Numbers, least: int) -> _Part:
    """A part with one more row: an expression that is worth at least so much."""
    rows, lower, upper = np.vstack([part.rows, row[None, :]]), np.append(part.lower, least), np.append(part.upper, WIDEST)
    return _Part(part.alive, rows, lower, upper, part.low, part.high)


def _cut(part: _Part, kept: Numbers, stands: Numbers) -> _Part:
    """A part in which only some columns may move; the others are at ``stands``."""
    gone = ~kept
    constant = part.rows[:, gone] @ stands[gone]
    rows = part.rows[:, kept]
    lower = np.where(part.lower <= -WIDEST, -WIDEST, part.lower - constant)
    upper = np.where(part.upper >= WIDEST, WIDEST, part.upper - constant)
    felt = (rows != 0).any(axis=1) | (lower > 0) | (upper < 0)
    return _Part(part.alive[kept], rows[felt], lower[felt], upper[felt], part.low[kept], part.high[kept])
