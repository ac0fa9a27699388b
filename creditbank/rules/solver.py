"""Programs in whole numbers: variables, rows, and objectives to be taken one after the other.

A program is first made smaller and taken apart (``reduction``); small components are searched exactly (``search``), the others are
written over patterns, narrowed by prices and swept, or asked of the solver (``patterns``, ``narrowing``, ``sweep``, ``highs``). ``solve_plainly`` gives the whole program to the solver, level by level: the tests hold both equal.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from creditbank.rules.highs import Answer, Expression, Problem, by_levels, value_of
from creditbank.rules.reduction import Component, Cost, Line, NoAnswer, Reduction
from creditbank.rules.search import search

TIME_LIMIT_SECONDS = 10
Level = tuple[Expression, bool]
"""An expression, and whether it is to be as large as possible (else as small)."""


@dataclass
class Program:
    """Variables with whole bounds, rows ``low ≤ Σ coefficient × variable ≤ high``, and objectives to be taken one after the other.

    ``proved`` becomes False where the time limit ended a level; ``level`` (from 1) and ``bound`` then say which and what was still possible.
    ``asked`` says whether the solver was needed.
    """

    upper: list[int] = field(default_factory=list)
    rows: list[tuple[int | None, dict[int, int], int | None]] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    block: int = 0
    proved: bool = True
    level: int = 0
    bound: int | None = None
    asked: bool = False
    seconds: float = TIME_LIMIT_SECONDS

    def variable(self, upper: int = 1) -> int:
        """A new variable from 0 to ``upper``."""
        self.upper.append(upper)
        return len(self.upper) - 1

    def at_most(self, expression: Expression, bound: int) -> None:
        """Add a row Σ ≤ bound."""
        self.rows.append((None, {variable: value for variable, value in expression.items() if value}, bound))
        self.blocks.append(self.block)

    def at_least(self, expression: Expression, bound: int) -> None:
        """Add a row Σ ≥ bound."""
        self.rows.append((bound, {variable: value for variable, value in expression.items() if value}, None))
        self.blocks.append(self.block)

    def solve(
        self, levels: Sequence[Level], *, names: Sequence[int] = (), vector: Sequence[Expression] = ()
    ) -> tuple[list[int], list[int]]:
        """Values of all variables and of all levels; each level is (expression, maximise) and fixed before the next.

        Where two answers that differ in ``names`` (binaries) are equal on every level, the one whose ``vector``, then ``names``, is
        lexicographically greatest is taken.
        """
        reduction = Reduction([0] * len(self.upper), list(self.upper), [*self._lines()], _costs(len(self.upper), levels, names, vector))
        try:
            components = reduction.components()
        except NoAnswer:
            return self.solve_plainly(levels, names=names, vector=vector)
        depth = len(levels) + len(vector) + len(names)
        found: dict[int, int] = {}
        large: list[tuple[Component, Answer]] = []
        ends, spare = time.thread_time() + self.seconds, self.seconds / 4
        for component in components:
            small = search(component, depth)
            if small is None:
                self.asked = True
                problem = _problem(component, len(levels), depth)
                answer = by_prices(problem, ends=ends - spare) or by_levels(problem, ends=max(ends, time.thread_time() + spare))
                large.append((component, answer))
                small = dict(zip(component.variables, answer.values, strict=True))
            found |= small
        values = reduction.values(found)
        if not self._hold(values):
            return self.solve_plainly(levels, names=names, vector=vector)
        self._note_gaps(large, levels, values)
        return values, [value_of(expression, values) for expression, _maximise in levels]

    def solve_plainly(
        self, levels: Sequence[Level], *, names: Sequence[int] = (), vector: Sequence[Expression] = ()
    ) -> tuple[list[int], list[int]]:
        """The same answer from the solver alone: the program as it stands, one level after the other."""
        self.asked = True
        signed = [expression if maximise else _negative(expression) for expression, maximise in levels]
        order = [*vector, *({name: 1} for name in names)]
        problem = Problem([0] * len(self.upper), list(self.upper), self._lines(), signed, names, order)
        answer = by_levels(problem, ends=time.thread_time() + self.seconds)
        if answer.level:
            self.proved, self.level = False, answer.level
            sign = 1 if levels[answer.level - 1][1] else -1
            self.bound = None if answer.bound is None else sign * answer.bound
        return answer.values, [value_of(expression, answer.values) for expression, _maximise in levels]

    def _lines(self) -> list[Line]:
        return [Line(low, dict(row), high, block) for (low, row, high), block in zip(self.rows, self.blocks, strict=True) if row]

    def _hold(self, values: list[int]) -> bool:
        """Whether every row and bound holds exactly."""
        if any(not 0 <= value <= upper for value, upper in zip(values, self.upper, strict=True)):
            return False
        return all(
            (low is None or low <= value_of(row, values)) and (high is None or value_of(row, values) <= high)
            for low, row, high in self.rows
        )

    def _note_gaps(self, large: Sequence[tuple[Component, Answer]], levels: Sequence[Level], values: list[int]) -> None:
        """The first level that some component could not prove, and what was still possible there in all."""
        self.level = min((answer.level for _component, answer in large if answer.level), default=0)
        if not self.level:
            return
        self.proved = False
        expression, maximise = levels[self.level - 1]
        more = 0
        for component, answer in large:
            if answer.level == self.level:
                if answer.bound is None:
                    return
                reached = sum(component.costs[at].get(self.level - 1, 0) * values[at] for at in component.variables)
                more += answer.bound - reached
        self.bound = value_of(expression, values) + (more if maximise else -more)


def by_prices(problem: Problem, *, ends: float) -> Answer | None:
    """The answer by patterns and prices. What it needs is loaded here: most questions never come so far."""
    from creditbank.rules import narrowing  # noqa: PLC0415

    return narrowing.by_prices(problem, ends=ends)


def _costs(count: int, levels: Sequence[Level], names: Sequence[int], vector: Sequence[Expression]) -> list[Cost]:
    """Every variable's coefficients: the levels, then the vector, then the names; more is always better."""
    costs: list[Cost] = [{} for _ in range(count)]
    for number, (expression, maximise) in enumerate(levels):
        for variable, value in expression.items():
            if value:
                costs[variable][number] = value if maximise else -value
    for number, expression in enumerate(vector, start=len(levels)):
        for variable, value in expression.items():
            costs[variable][number] = value
    for number, variable in enumerate(names, start=len(levels) + len(vector)):
        costs[variable][number] = 1
    return costs


def _problem(component: Component, levels: int, depth: int) -> Problem:
    """A component in the form of the solver: variables numbered from 0."""
    place = {variable: at for at, variable in enumerate(component.variables)}
    rows: list[dict[int, int]] = [{} for _ in range(depth)]
    for variable in component.variables:
        for number, value in component.costs[variable].items():
            rows[number][place[variable]] = value
    order = [row for row in rows[levels:] if row]
    low = [component.low[variable] for variable in component.variables]
    high = [component.high[variable] for variable in component.variables]
    names = sorted({at for row in order for at in row if high[at] - low[at] == 1 and low[at] == 0})
    lines = [
        Line(line.low, {place[variable]: value for variable, value in line.of.items()}, line.high, line.block) for line in component.lines
    ]
    return Problem(low, high, lines, rows[:levels], names, order)


def _negative(expression: Expression) -> dict[int, int]:
    return {variable: -value for variable, value in expression.items()}
