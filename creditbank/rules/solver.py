"""A thin layer over HiGHS for programs in whole numbers: levels of objectives, each fixed exactly before the next.

Floating point lives in this module alone, inside the solver; every objective is recomputed in whole numbers from the rounded solution
before it is fixed, because large coefficients times the solver's tolerance can exceed one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TIME_LIMIT_SECONDS = 10
ABSOLUTE_GAP = 0.5
"""All objectives are whole numbers, so a gap below one proves the optimum; a relative gap of zero alone did not end in 150 s."""

Expression = Mapping[int, int]
"""Coefficients by variable."""


@dataclass
class Program:
    """Variables with whole bounds, rows ``low ≤ Σ coefficient × variable ≤ high``, and objectives to be taken one after the other."""

    upper: list[int] = field(default_factory=list)
    rows: list[tuple[int | None, dict[int, int], int | None]] = field(default_factory=list)
    proved: bool = True

    def variable(self, upper: int = 1) -> int:
        """A new variable from 0 to ``upper``."""
        self.upper.append(upper)
        return len(self.upper) - 1

    def at_most(self, expression: Expression, bound: int) -> None:
        """Add a row Σ ≤ bound."""
        self.rows.append((None, dict(expression), bound))

    def at_least(self, expression: Expression, bound: int) -> None:
        """Add a row Σ ≥ bound."""
        self.rows.append((bound, dict(expression), None))

    def solve(self, levels: Sequence[tuple[Expression, bool]]) -> tuple[list[int], list[int]]:
        """Values of all variables and of all levels; each level is (expression, maximise) and fixed before the next.

        ``proved`` becomes False where the time limit ended a level first; the best found is used.
        """
        values, reached = [0] * len(self.upper), []
        for expression, maximise in levels:
            if expression:
                values = self._solve_one(expression, maximise=maximise, start=values)
            value = sum(coefficient * values[variable] for variable, coefficient in expression.items())
            reached.append(value)
            if expression:
                (self.at_least if maximise else self.at_most)(expression, value)
        return values, reached

    def _solve_one(self, expression: Expression, *, maximise: bool, start: list[int]) -> list[int]:
        import highspy  # noqa: PLC0415  slow to load, and most pages never decide

        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", ABSOLUTE_GAP),
            ("time_limit", float(TIME_LIMIT_SECONDS)),
        ):  # fmt: skip
            solver.setOptionValue(name, value)
        infinity = solver.getInfinity()
        for upper in self.upper:
            solver.addVar(0, upper)
        for variable in range(len(self.upper)):
            solver.changeColIntegrality(variable, highspy.HighsVarType.kInteger)
        for low, row, high in self.rows:
            solver.addRow(-infinity if low is None else low, infinity if high is None else high, len(row), list(row), list(row.values()))
        for variable, coefficient in expression.items():
            solver.changeColCost(variable, coefficient)
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self.proved = False
            if solver.getInfo().primal_solution_status == 0:
                return start
        return [round(value) for value in solver.getSolution().col_value]
