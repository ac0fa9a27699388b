"""Wide programs, level after level: the prices of a relaxation leave few columns to choose from, and the best answer is looked for among these.

A level is first believed to reach what its relaxation allows, and every column that would cost more than that is set aside; the next level
is settled among the rest, and with it all that follow: by a sweep, or where that is too wide by the solver, level after level. Where there
is an answer, all levels that were believed are reached, and proved. Where there is none, less is believed, or the last of them is asked
exactly, and the levels after it begin anew.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np

from creditbank.rules.highs import PARTS, Answer, NoTime, Prices, Problem, Relaxation, best_of, name_blocks
from creditbank.rules.parts import Part, State, Ways, field_of, ways_of
from creditbank.rules.patterns import Wide, gather
from creditbank.rules.sweep import Sweep, Thin, TooWide, thinned

BELIEVED = 3
"""Levels that reach their relaxation nearly always: requirements met, needed credit, credit in all leaves."""
STEPS = 2
"""How far below its relaxation a level is believed in, one step after the other (the last of them one step), before it is asked exactly."""
WINDOW = 250
"""Columns that the solver is given first; more only where the answer shows that it takes more."""

WORK, LITTLE = 8_000_000, 1_000_000
"""Continuations that one sweep may look at: where a level is to be settled, and where there may be no answer at all."""
IN_ALL = 80_000_000
"""Continuations that all sweeps of a program may look at."""

Numbers = Any


@dataclass
class _Belief:
    """A level that is believed to reach what its relaxation allows, or ``most`` after so many ``steps`` down; the state before."""

    number: int
    state: State
    steps: int = 0
    most: int | None = None


@dataclass
class _Swept:
    """An answer that is best on all levels: over the columns of a part, over all of them, and whether no other is as good."""

    columns: Numbers
    whole: Numbers
    alone: bool


def by_prices(problem: Problem, *, ends: float) -> Answer | None:
    """The best values on level after level, or None where the program is not for this way (its numbers, or no answer in time)."""
    named = {*problem.names, *(variable for row in problem.order for variable in row)}
    wide = gather(problem.low, problem.high, problem.lines, problem.levels, named)
    return None if wide is None else _Narrowing(problem, wide, ends).answer()


class _Narrowing:
    """One program while it is being decided."""

    def __init__(self, problem: Problem, wide: Wide, ends: float) -> None:
        self.problem, self.wide, self.ends = problem, wide, ends
        self.state = State(wide.low.copy(), wide.high.copy())
        self.asking = 0
        self.last = min(BELIEVED, len(wide.costs) - 1)
        self.work = IN_ALL
        """Continuations that sweeps may still look at."""
        self.unique = False
        """Whether the answer is the only one that is as good on every level."""
        self.too_many = len(wide.low)
        """So many columns were too many for a sweep."""

    def answer(self) -> Answer | None:
        columns, done, levels = None, 0, len(self.wide.costs)
        try:
            while columns is None or done < levels:
                columns, done = self._next(done)
                if columns is None:
                    return None
            if not self.unique:
                columns = self._named(columns)
        except NoTime as over:
            if over.columns is not None:
                return Answer(self._values(over.columns), self.asking + 1, over.bound)
            return None if columns is None else Answer(self._values(columns), min(done + 1, levels), None)
        return Answer(self._values(columns))

    def _values(self, columns: Numbers) -> list[int]:
        return self.wide.values(columns, len(self.problem.low))

    def _next(self, done: int) -> tuple[Numbers | None, int]:
        """The best answer on the next levels, and how many are settled by it.

        What can be believed is believed, and the level after it settled; where that fails, less is believed, or a level believed in is settled.
        """
        believed: list[_Belief] = []
        number = self._believe_from(done, believed)
        columns, settled = (None, done) if number is None else self._settle_level(number)
        while columns is None and believed:
            belief = believed.pop()
            self.state = belief.state
            columns, settled = self._disbelieved(belief, believed)
        return columns, settled

    def _disbelieved(self, belief: _Belief, believed: list[_Belief]) -> tuple[Numbers | None, int]:
        """The same where a level is not what was believed: there may be no answer at all, or one further below, or it is asked exactly."""
        levels = len(self.wide.costs)
        if not belief.steps:
            try:
                return self._swept(belief.number, LITTLE), levels
            except TooWide:
                pass
        if belief.most is not None and belief.steps < (STEPS if belief.number < self.last - 1 else 1):
            number = self._believe_from(belief.number, believed, steps=belief.steps + 1, most=belief.most - 1)
            return (None, levels) if number is None else self._settle_level(number)
        return self._settle_exactly(belief.number)

    def _believe_from(self, number: int, believed: list[_Belief], *, steps: int = 0, most: int | None = None) -> int | None:
        """Hold level after level at what its relaxation allows, the first one at ``most`` at most; the number of the level after them,
        or None where these leave nothing."""
        if number >= self.last:
            return number
        part = self._part()
        relaxation = _relaxed(part)
        for level in range(number, self.last):
            belief = _Belief(level, self.state.copy(), steps, most) if level == number else _Belief(level, self.state.copy())
            believed.append(belief)
            if not self._believe(belief, part, relaxation):
                return None
        return self.last

    def _settle_level(self, number: int) -> tuple[Numbers | None, int]:
        """The best answer on a level, on all that follow if that can be found at once; and how many levels are settled by it."""
        alive = int((self.state.low < self.state.high).sum())
        if number > self.last and 2 * alive > self.too_many:
            return self._settle_exactly(number)
        try:
            columns = self._swept(number, WORK, priced=True)
        except TooWide:
            self.too_many = alive
            return self._settle_exactly(number)
        return columns, len(self.wide.costs)

    def _settle_exactly(self, number: int) -> tuple[Numbers | None, int]:
        self.asking = number
        return self._settle(self.wide.costs[number]), number + 1

    def _swept(self, number: int, work: int, *, priced: bool = False) -> Numbers | None:
        """The best answer on a level and all that follow, which are then held; None where there is no answer. Raises TooWide, NoTime.

        ``priced``: a relaxation is asked first what the level may be worth, and answers are looked for that are worth nearly as much.
        """
        self._left()
        self.asking = number
        part, state = self._part(), self.state
        if not len(part.alive):
            return self._only_answer(number)
        ways = ways_of(part, self.wide.blocks, state.low)
        thin = thinned(field_of(part, ways, self.wide.costs[number:, part.alive], state.prices, state.low))
        if thin is None:
            return None
        state.low[part.alive], state.high[part.alive] = ways.bounds(thin.ways, len(part.alive))
        if not priced:
            found = self._best(part, ways, thin, work)
            return None if found is None else self._held_from(number, found)
        return self._near(number, work)

    def _only_answer(self, number: int) -> Numbers | None:
        """The same where no column may move."""
        only = self.state.low.copy()
        return self._held_from(number, _Swept(only, only, alone=True)) if self._is_answer(only) else None

    def _near(self, number: int, work: int) -> Numbers | None:
        """The same by the prices of the level: first among answers that are worth nearly what it may be, then further below.

        What is found may be worth less than was looked for; then a better one may have been left out, and it is looked for as far below.
        """
        part, state = self._part(), self.state
        if not len(part.alive):
            return self._only_answer(number)
        costs = self.wide.costs[number][part.alive]
        prices = _relaxed(part).ask(costs, self._left())
        if prices is None:
            return None
        ways = ways_of(part, self.wide.blocks, state.low)
        most = _most_lost(ways, prices.weights)
        below = min(most, max(2 * (gcd(*costs.tolist()) or 1) - 1, most // 64))
        while True:
            price = state.price(part.alive, prices, prices.bound - below)
            thin = thinned(field_of(part, ways, self.wide.costs[number:, part.alive], [*state.prices, price], state.low))
            found = None if thin is None else self._best(part, ways, thin, work)
            if found is not None and prices.bound - int(costs @ found.columns) <= below:
                state.prices.append(price)
                return self._held_from(number, found)
            if found is not None:
                below = prices.bound - int(costs @ found.columns)
            elif below == most or (thin is not None and len(thin.ways) == len(ways.group) and thin.forgives(-1)):
                return None
            else:
                below = min(most, 8 * below + 7)

    def _best(self, part: Part, ways: Ways, thin: Thin, work: int) -> _Swept | None:
        """What a sweep finds. Raises TooWide."""
        sweep = Sweep(thin, min(work, self.work))
        allowed = sweep.work
        try:
            found = sweep.found()
        finally:
            self.work -= allowed - max(sweep.work, 0)
        if found is None:
            return None
        columns = ways.columns(found.ways, len(part.alive))
        if not part.holds(columns):
            raise TooWide
        return _Swept(columns, self._whole(part, columns), alone=not found.tied)

    def _held_from(self, number: int, found: _Swept) -> Numbers:
        """Hold a level and all that follow at what an answer is worth."""
        for costs in self.wide.costs[number:]:
            self._held_by(costs, found.whole)
        self.asking, self.unique = len(self.wide.costs) - 1, found.alone
        return found.whole

    def _believe(self, belief: _Belief, part: Part, relaxation: Relaxation) -> bool:
        """Hold a level at what is believed of it. False where the levels before it leave nothing."""
        costs = self.wide.costs[belief.number]
        prices = relaxation.ask(costs[part.alive], self._left())
        if prices is None:
            return False
        fixed = int(costs @ self.state.low) - int(costs[part.alive] @ self.state.low[part.alive])
        value = prices.bound if belief.most is None else min(prices.bound, belief.most - fixed)
        belief.most = value + fixed
        self.state.prices.append(self.state.price(part.alive, prices, value))
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
        self.state.prices.append(self.state.price(part.alive, prices, int(moving @ found)))
        self.state.set_aside(part.alive, prices, int(moving @ found))
        return self._held_by(costs, self._whole(part, found))

    def _held_by(self, costs: Numbers, columns: Numbers) -> Numbers:
        self.state.held.append((costs, int(costs @ columns)))
        return columns

    def _best_within(self, part: Part, costs: Numbers, prices: Prices) -> Numbers | None:
        """The best answer by the columns that may take part in it: first among few, then among all that could do better."""
        if prices.whole is not None and part.holds(prices.whole):
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

    def _asked(self, part: Part, kept: Numbers, costs: Numbers, prices: Prices, best: Numbers | None) -> Numbers | None:
        """The solver's answer where only some columns of a part may move; None where there is none, or none better than the best known."""
        inside = part.cut(kept, prices.stands)
        if best is not None:
            inside = inside.with_row(costs[kept], int(costs @ best) - int(costs[~kept] @ prices.stands[~kept]))
        found, proved = self._solved(inside, costs[kept], None if best is None else best[kept])
        columns = None
        if found is not None:
            columns = prices.stands.copy()
            columns[kept] = found
            if not part.holds(columns):
                raise NoTime
        if not proved:
            known = best if columns is None else columns
            raise NoTime if known is None else NoTime(self._whole(part, known), prices.bound + self._fixed(part, costs))
        return None if columns is None or (best is not None and int(costs @ columns) <= int(costs @ best)) else columns

    def _solved(self, part: Part, costs: Numbers, known: Numbers | None) -> tuple[Numbers | None, bool]:
        """The solver's answer and whether it is proved. Where something is proved by it, it is asked in such a way that there is a known answer."""
        return best_of(part.rows, part.lower, part.upper, part.low, part.high, costs, self._left(), known=known)

    def _fixed(self, part: Part, moving: Numbers) -> int:
        """What the columns that no longer move are worth on the level that is asked."""
        costs = self.wide.costs[self.asking]
        return int(costs @ self.state.low) - int(moving @ self.state.low[part.alive])

    def _whole(self, part: Part, moving: Numbers) -> Numbers:
        columns = self.state.low.copy()
        columns[part.alive] = moving
        return columns

    def _is_answer(self, columns: Numbers) -> bool:
        sums = self.wide.rows @ columns
        return bool((sums >= self.wide.lower).all() and (sums <= self.wide.upper).all()) and all(
            int(costs @ columns) == value for costs, value in self.state.held
        )

    def _part(self) -> Part:
        """What is left of the program in the present state."""
        wide, state = self.wide, self.state
        rows = np.vstack([wide.rows, *(costs[None, :] for costs, _value in state.held)])
        values = np.array([value for _costs, value in state.held], dtype=np.int64)
        everything = Part(
            np.arange(len(state.low)),
            rows,
            np.concatenate([wide.lower, values]),
            np.concatenate([wide.upper, values]),
            state.low,
            state.high,
        )
        return everything.cut(state.low < state.high, state.low)

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
        here = columns[part.alive]
        other = np.append(np.zeros(len(moving), dtype=np.int64), 1)
        found, proved = self._solved(part.with_flag(moving, int(moving @ here)), other, np.append(here, 0))
        if not proved:
            raise NoTime(columns)
        return found is not None and bool(found[-1])

    def _left(self) -> int:
        """Milliseconds that are left; at least a few, so that every question is asked. Raises NoTime."""
        left = int((self.ends - time.thread_time()) * 1000)
        if left <= 0:
            raise NoTime
        return left


def _relaxed(part: Part) -> Relaxation:
    return Relaxation(part.rows, part.lower, part.upper, part.low, part.high)


def _least(prices: Prices, count: int) -> int:
    """What an answer must be worth so that about ``count`` columns may take part in it; all of them where that is most."""
    order = np.sort(prices.reach)[::-1]
    return min(prices.bound, int(order[count - 1] if 2 * count < len(order) else order[-1]))


def _most_lost(ways: Ways, weights: Numbers) -> int:
    """How far below its prices an answer can be at all, in whole units."""
    weight = ways.spread(weights[:, None])[:, 0]
    starts = np.flatnonzero(np.diff(ways.group, prepend=-1))
    spread = np.maximum.reduceat(weight, starts) - np.minimum.reduceat(weight, starts)
    return int(spread.sum()) // PARTS + 1
