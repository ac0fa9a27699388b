"""A thin layer over HiGHS for programs in whole numbers: levels of objectives, each fixed exactly before the next.

Floating point lives in this module alone, inside the solver; every objective is recomputed in whole numbers from the rounded solution
before it is fixed, because large coefficients times the solver's tolerance can exceed one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TIME_LIMIT_SECONDS = 10
ABSOLUTE_GAP = 0.5
"""All objectives are whole numbers, so a gap below one proves the optimum; a relative gap of zero alone did not end in 150 s.

Each level begins anew, and where HiGHS 1.16 says after presolving that a program has no answer, although the answer of the level before is
one, it is asked again without presolving (the oracle found such a program).
"""
BLOCK = 15
"""Binaries of a lexicographic order that are decided in one solve, with weights 2^14 … 1: still exact."""

Expression = Mapping[int, int]
"""Coefficients by variable."""


@dataclass
class Program:
    """Variables with whole bounds, rows ``low ≤ Σ coefficient × variable ≤ high``, and objectives to be taken one after the other.

    ``proved`` becomes False where the time limit ended a level; ``level`` (from 1) and ``bound`` then say which and what was still possible.
    """

    upper: list[int] = field(default_factory=list)
    rows: list[tuple[int | None, dict[int, int], int | None]] = field(default_factory=list)
    proved: bool = True
    level: int = 0
    bound: int | None = None
    seconds: float = TIME_LIMIT_SECONDS
    _solver: Any = None
    _costs: list[int] = field(default_factory=list)

    def variable(self, upper: int = 1) -> int:
        """A new variable from 0 to ``upper``."""
        self.upper.append(upper)
        return len(self.upper) - 1

    def at_most(self, expression: Expression, bound: int) -> None:
        """Add a row Σ ≤ bound."""
        self.rows.append((None, {variable: value for variable, value in expression.items() if value}, bound))

    def at_least(self, expression: Expression, bound: int) -> None:
        """Add a row Σ ≥ bound."""
        self.rows.append((bound, {variable: value for variable, value in expression.items() if value}, None))

    def solve(
        self, levels: Sequence[tuple[Expression, bool]], *, names: Sequence[int] = (), vector: Sequence[Expression] = ()
    ) -> tuple[list[int], list[int]]:
        """Values of all variables and of all levels; each level is (expression, maximise) and fixed before the next.

        Where two answers that differ in ``names`` (binaries) are equal on every level, the one whose ``vector``, then ``names``, is
        lexicographically greatest is taken.
        """
        self._open()
        ends = time.monotonic() + self.seconds
        values, reached = [0] * len(self.upper), []
        tied = False
        for number, (expression, maximise) in enumerate(levels, start=1):
            is_last = number == len(levels)
            values = self._best(expression, maximise, values, number, ends)
            tied = is_last and bool(names) and self.proved and bool(expression) and self._has_equal(names, expression, values, ends)
            self._fix(expression, values)
            reached.append(value_of(expression, values))
        cut = [expression for expression in vector if len(expression) == 1 and self.upper[next(iter(expression))] > 1]
        for expression in [*vector, *_blocks(names)] if tied else cut:
            if self.proved:
                values = self._best(expression, True, values, len(levels), ends)  # noqa: FBT003
                self._fix(expression, values)
        return values, reached

    def _best(self, expression: Expression, maximise: bool, start: list[int], number: int, ends: float) -> list[int]:  # noqa: FBT001
        """The best on one level, or what there is where nothing is asked or the time is over."""
        if not self.proved or not any(expression.values()):
            return start
        return self._run(expression, maximise=maximise, start=start, number=number, ends=ends)

    def _fix(self, expression: Expression, values: list[int]) -> None:
        """Hold a level at the value that was reached. An equality: with "at least" alone the next level takes two to three times as long."""
        row = {variable: value for variable, value in expression.items() if value}
        if row:
            fixed = value_of(row, values)
            self._add_row(fixed, row, fixed)

    def _open(self) -> None:
        import highspy  # noqa: PLC0415  slow to load, and most pages never decide
        import numpy as np  # noqa: PLC0415

        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", ABSOLUTE_GAP),
        ):  # fmt: skip
            solver.setOptionValue(name, value)
        infinity, count = solver.getInfinity(), len(self.upper)
        solver.addVars(count, np.zeros(count), np.array(self.upper, dtype=np.double))
        kinds = np.array([highspy.HighsVarType.kInteger] * count)
        solver.changeColsIntegrality(count, np.arange(count, dtype=np.int32), kinds)
        rows = [row for row in self.rows if row[1]]
        lows = np.array([-infinity if low is None else low for low, _row, _high in rows], dtype=np.double)
        highs = np.array([infinity if high is None else high for _low, _row, high in rows], dtype=np.double)
        starts = np.cumsum([0] + [len(row) for _low, row, _high in rows])[:-1].astype(np.int32)
        index = np.array([variable for _low, row, _high in rows for variable in row], dtype=np.int32)
        values = np.array([coefficient for _low, row, _high in rows for coefficient in row.values()], dtype=np.double)
        if rows:
            solver.addRows(len(rows), lows, highs, len(index), starts, index, values)
        self._solver, self._costs = solver, []

    def _add_row(self, low: int, row: Expression, high: int | None) -> None:
        self._solver.addRow(low, self._solver.getInfinity() if high is None else high, len(row), list(row), list(row.values()))

    def _run(self, expression: Expression, *, maximise: bool, start: list[int], number: int, ends: float) -> list[int]:
        import highspy  # noqa: PLC0415

        solver = self._solver
        solver.clearSolver()
        for variable in self._costs:
            solver.changeColCost(variable, 0)
        for variable, coefficient in expression.items():
            solver.changeColCost(variable, coefficient)
        self._costs = list(expression)
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize)
        solver.setOptionValue("time_limit", float(solver.getRunTime() + max(0.05, ends - time.monotonic())))
        solver.run()
        if solver.getModelStatus() not in {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit}:
            solver.setOptionValue("presolve", "off")
            solver.clearSolver()
            solver.run()
            solver.setOptionValue("presolve", "choose")
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            if number:
                self._give_up(number, maximise=maximise)
            if solver.getInfo().primal_solution_status == 0:
                return start
        return [round(value) for value in solver.getSolution().col_value]

    def _give_up(self, number: int, *, maximise: bool) -> None:
        reach = self._solver.getInfo().mip_dual_bound
        self.proved, self.level = False, number
        self.bound = None if abs(reach) > 1e15 else int(reach + 1e-6) if maximise else -int(-reach + 1e-6)  # noqa: PLR2004

    def _has_equal(self, names: Sequence[int], expression: Expression, values: list[int], ends: float) -> bool:
        """Whether another answer exists that is as good on the last level too: the best one that chooses otherwise."""
        row = {variable: -1 if values[variable] else 1 for variable in names}
        place = self._solver.getNumRow()
        self._add_row(1 - sum(values[variable] for variable in names), row, None)
        nothing = [0] * len(self.upper)
        found = self._run(expression, maximise=True, start=nothing, number=0, ends=ends)
        self._solver.changeRowBounds(place, -self._solver.getInfinity(), self._solver.getInfinity())
        return found is not nothing and value_of(expression, found) >= value_of(expression, values)


def value_of(expression: Expression, values: Sequence[int]) -> int:
    """The exact value of an expression."""
    return sum(coefficient * values[variable] for variable, coefficient in expression.items())


def _blocks(names: Sequence[int]) -> list[dict[int, int]]:
    listed = list(names)
    return [
        {variable: 1 << (BLOCK - 1 - at) for at, variable in enumerate(listed[first : first + BLOCK])}
        for first in range(0, len(listed), BLOCK)
    ]
