"""A thin layer over HiGHS for programs in whole numbers: levels of objectives, each fixed exactly before the next.

Floating point lives in this module alone, inside the solver; every objective is recomputed in whole numbers from the rounded solution
before it is fixed, because large coefficients times the solver's tolerance can exceed one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from creditbank.rules.reduction import WIDEST, Line

ABSOLUTE_GAP = 0.5
"""All objectives are whole numbers, so a gap below one proves the optimum; a relative gap of zero alone did not end in 150 s.

Each level begins anew, and where HiGHS 1.16 says after presolving that a program has no answer, although the answer of the level before is
one, or gives values that are not worth what it says, it is asked again without presolving (the oracle found such programs).
"""
TOLERANCE = 1e-6
"""What the solver takes for a whole number, and for a bound that holds."""
PARTS = 1 << 12
"""Prices are counted in so many parts of a unit."""
PATIENCE = 3
"""Where other work keeps the processor, a question may take this many times its processor time."""
BLOCK = 1 << 15
"""What comes one after the other is decided in one solve while its weights, 2^14 … 1 for binaries, stay below this: still exact."""

Expression = Mapping[int, int]
"""Coefficients by variable."""


@dataclass
class Problem:
    """Variables 0 … n-1 with bounds, lines over them, and levels to be maximised one after the other.

    Where two answers that differ in ``names`` (binaries) are equal on every level, the one that is lexicographically greatest in ``order``
    is taken; of ``order``, what is not made of names alone is maximised in any case.
    """

    low: list[int]
    high: list[int]
    lines: list[Line]
    levels: Sequence[Expression]
    names: Sequence[int] = ()
    order: Sequence[Expression] = ()


@dataclass
class Answer:
    """Values; where the time ended a level its number (from 1) and what was still possible there, else 0."""

    values: list[int]
    level: int = 0
    bound: int | None = None


@dataclass
class _Asking:
    """One problem while it is being solved."""

    problem: Problem
    ends: float
    solver: Any = None
    costs: list[int] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: Answer([]))
    integer: Any = None

    def run(self, expression: Expression, *, start: list[int], warm: bool = False) -> tuple[list[int], bool]:
        """The greatest value of an expression, or the start where there is no answer; whether it is proved."""
        import highspy  # noqa: PLC0415

        solver = self.solver
        solver.clearSolver()
        for variable in self.costs:
            solver.changeColCost(variable, 0)
        for variable, coefficient in expression.items():
            solver.changeColCost(variable, coefficient)
        self.costs = list(expression)
        if warm:
            solution = highspy.HighsSolution()
            solution.col_value = [float(value) for value in start]
            solver.setSolution(solution)
        _within(solver, max(0.05, self.ends - time.thread_time()))
        solver.run()
        if not self._is_plausible(expression):
            solver.setOptionValue("presolve", "off")
            solver.clearSolver()
            solver.run()
            solver.setOptionValue("presolve", "choose")
        proved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        if not proved and solver.getInfo().primal_solution_status == 0:
            return start, False
        return self._rounded(), proved

    def _rounded(self) -> list[int]:
        return [round(value) for value in self.solver.getSolution().col_value]

    def _is_plausible(self, expression: Expression) -> bool:
        """Whether the solver ended as it should: every problem here has an answer, and its worth is what the solver says it is."""
        import highspy  # noqa: PLC0415

        status = self.solver.getModelStatus()
        if status in {highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt}:
            return True
        if status != highspy.HighsModelStatus.kOptimal:
            return False
        return value_of(expression, self._rounded()) == round(self.solver.getInfo().objective_function_value)

    def add(self, low: int | None, row: Expression, high: int | None) -> None:
        infinity = self.solver.getInfinity()
        self.solver.addRow(-infinity if low is None else low, infinity if high is None else high, len(row), list(row), list(row.values()))

    def fix(self, expression: Expression, values: list[int]) -> None:
        """Hold a level at the value that was reached. An equality: with "at least" alone the next level takes two to three times as long."""
        if expression:
            fixed = value_of(expression, values)
            self.add(fixed, expression, fixed)

    def has_equal(self, expression: Expression, values: list[int]) -> bool | None:
        """Whether another answer exists that is as good on the last level too; None where the time was too short to know.

        To be another answer is worth half a unit, and nothing else is.
        """
        names = self.problem.names
        other = self.solver.getNumCol()
        self.solver.addVar(0, 1)
        self.solver.changeColIntegrality(other, self.integer)
        differing = {variable: 1 if values[variable] else -1 for variable in names}
        self.add(None, {**differing, other: 1}, sum(values[variable] for variable in names))
        doubled = {variable: 2 * value for variable, value in expression.items()}
        found, proved = self.run({**doubled, other: 1}, start=[*values, 0], warm=True)
        self.solver.deleteVars(1, [other])
        self.costs.remove(other)
        if not proved:
            return None
        return 2 * value_of(expression, found) + found[other] > 2 * value_of(expression, values)


def by_levels(problem: Problem, *, ends: float) -> Answer:
    """The best values on level after level, until a time (of this thread's processor time)."""
    import highspy

    asking = _Asking(problem, ends, _open(problem), integer=highspy.HighsVarType.kInteger)
    asking.answer.values = list(problem.low)
    for number, expression in enumerate(problem.levels):
        if any(expression.values()):
            _improve(asking, number, expression)
            if asking.answer.level:
                return asking.answer
    last = problem.levels[-1] if problem.levels else {}
    _name(asking, last if any(last.values()) else {})
    return asking.answer


def _improve(asking: _Asking, number: int, expression: Expression) -> None:
    """One level: solve, note what was still possible where the time ended, and hold it at what was reached."""
    answer = asking.answer
    answer.values, proved = asking.run(expression, start=answer.values)
    if not proved:
        answer.level = number + 1
        reach = asking.solver.getInfo().mip_dual_bound
        if abs(reach) < 1e15:  # noqa: PLR2004
            answer.bound = max(int(reach + TOLERANCE), value_of(expression, answer.values))
    asking.fix(expression, answer.values)


def _name(asking: _Asking, last: Expression) -> None:
    """Of answers that are equal on every level, the lexicographically greatest."""
    problem, answer = asking.problem, asking.answer
    tied = asking.has_equal(last, answer.values) if problem.names and last else False
    if tied is None:
        answer.level = len(problem.levels)
        return
    order = problem.order if tied else [one for one in problem.order if not set(one) <= set(problem.names)]
    for expression in name_blocks(problem, order):
        found, proved = asking.run(expression, start=answer.values)
        if not proved:
            answer.level = len(problem.levels)
            return
        answer.values = found
        asking.fix(expression, found)


def name_blocks(problem: Problem, order: Sequence[Expression]) -> list[dict[int, int]]:
    """An order in as few objectives as stay exact: each weighs more than all that follow in its block."""
    blocks: list[dict[int, int]] = []
    room = 0
    for expression in reversed(order):
        reach = sum(abs(value) * (problem.high[variable] - problem.low[variable]) for variable, value in expression.items())
        if not blocks or room * (reach + 1) > BLOCK:
            blocks.append({})
            room = 1
        for variable, value in expression.items():
            blocks[-1][variable] = blocks[-1].get(variable, 0) + room * value
        room *= reach + 1
    return blocks[::-1]


def _open(problem: Problem) -> Any:
    import highspy  # noqa: PLC0415  slow to load, and most pages never decide
    import numpy as np  # noqa: PLC0415

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    _set_options(solver)
    infinity, count = solver.getInfinity(), len(problem.high)
    solver.addVars(count, np.array(problem.low, dtype=np.double), np.array(problem.high, dtype=np.double))
    kinds = np.array([highspy.HighsVarType.kInteger] * count)
    solver.changeColsIntegrality(count, np.arange(count, dtype=np.int32), kinds)
    rows = [line for line in problem.lines if line.of]
    lows = np.array([-infinity if line.low is None else line.low for line in rows], dtype=np.double)
    highs = np.array([infinity if line.high is None else line.high for line in rows], dtype=np.double)
    starts = np.cumsum([0] + [len(line.of) for line in rows])[:-1].astype(np.int32)
    index = np.array([variable for line in rows for variable in line.of], dtype=np.int32)
    values = np.array([coefficient for line in rows for coefficient in line.of.values()], dtype=np.double)
    if rows:
        solver.addRows(len(rows), lows, highs, len(index), starts, index, values)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    return solver


def _within(solver: Any, seconds: float) -> None:
    """Stop the next run after so many seconds of processor time, or after ``PATIENCE`` times as many on the clock."""
    ends = time.thread_time() + seconds

    def look(event: Any) -> None:
        if time.thread_time() > ends:
            event.interrupt()

    solver.cbMipInterrupt.clear()
    solver.cbMipInterrupt.subscribe(look)
    solver.setOptionValue("time_limit", float(solver.getRunTime() + PATIENCE * seconds))


def _set_options(solver: Any) -> None:
    for name, value in (
        ("output_flag", False), ("threads", 1), ("random_seed", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", ABSOLUTE_GAP),
        ("mip_detect_symmetry", False), ("mip_heuristic_run_feasibility_jump", False),
    ):  # fmt: skip
        solver.setOptionValue(name, value)


def value_of(expression: Expression, values: Sequence[int]) -> int:
    """The exact value of an expression."""
    return sum(coefficient * values[variable] for variable, coefficient in expression.items())


class NoTime(Exception):
    """The time was over before a level was proved; ``columns`` is the best answer known there, ``bound`` what was still possible."""

    def __init__(self, columns: Any = None, bound: int | None = None) -> None:
        super().__init__(bound)
        self.columns, self.bound = columns, bound


@dataclass
class Prices:
    """What a relaxation says: the whole number that no answer can exceed, and for each column what an answer is worth at most in which
    it does not stand where it stands (``stands``). ``whole`` is the answer of the relaxation where it is one in whole numbers.

    In ``PARTS`` of a unit, and exactly: no answer is worth more than ``constant`` and its ``weights`` together.
    """

    bound: int
    reach: Any
    stands: Any
    whole: Any
    weights: Any
    constant: int


class Relaxation:
    """A program whose numbers may be broken, asked for one expression after the other."""

    def __init__(self, rows: Any, lower: Any, upper: Any, low: Any, high: Any) -> None:
        self.solver = _loaded(rows, lower, upper, low, high, whole=False)
        self.low, self.high = low.copy(), high.copy()
        self.rows, self.lower, self.upper = rows, lower, upper

    def ask(self, costs: Any, milliseconds: int) -> Prices | None:
        """The prices where an expression is to be as large as possible; None where there is no answer. Raises NoTime."""
        import highspy
        import numpy as np

        solver, count = self.solver, len(costs)
        solver.changeColsCost(count, np.arange(count, dtype=np.int32), costs.astype(np.double))
        _within(solver, milliseconds / 1000)
        solver.run()
        status = solver.getModelStatus()
        if status in {highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt}:
            raise NoTime
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        worth = solver.getInfo().objective_function_value
        solution = solver.getSolution()
        values, prices = np.array(solution.col_value), np.array(solution.col_dual)
        slack = TOLERANCE + 1e-9 * abs(worth)
        rounded = np.rint(values)
        stands = np.where(prices > 0, self.high, self.low)
        reach = np.floor(worth - np.abs(prices) + slack).astype(np.int64)
        whole = rounded.astype(np.int64) if np.abs(values - rounded).max(initial=0) < TOLERANCE else None
        return Prices(int(np.floor(worth + slack)), reach, stands, whole, *self._weights(costs, np.array(solution.row_dual)))

    def _weights(self, costs: Any, duals: Any) -> tuple[Any, int]:
        """An expression less multiples of the rows, and what these come to at most: in whole numbers true of every answer, whatever the multiples."""
        import numpy as np

        times = np.rint(duals * PARTS).astype(np.int64)
        times[(times > 0) & (self.upper >= WIDEST) | (times < 0) & (self.lower <= -WIDEST)] = 0
        constant = int((times * np.where(times > 0, self.upper, self.lower)).sum())
        return PARTS * costs - times @ self.rows, constant

    def narrow(self, low: Any, high: Any) -> None:
        """New bounds of the columns."""
        import numpy as np

        changed = np.nonzero((low != self.low) | (high != self.high))[0].astype(np.int32)
        self.low, self.high = low.copy(), high.copy()
        self.solver.changeColsBounds(len(changed), changed, low[changed].astype(np.double), high[changed].astype(np.double))

    def hold(self, costs: Any, value: int) -> None:
        """From now on an expression has a value."""
        import numpy as np

        self.rows, self.lower, self.upper = np.vstack([self.rows, costs]), np.append(self.lower, value), np.append(self.upper, value)
        index = np.nonzero(costs)[0].astype(np.int32)
        self.solver.addRow(value, value, len(index), index, costs[index].astype(np.double))


def best_of(
    rows: Any, lower: Any, upper: Any, low: Any, high: Any, costs: Any, milliseconds: int, *, known: Any = None
) -> tuple[Any, bool]:
    """The values for which an expression is largest, or None; whether that is proved.

    Where an answer is ``known`` the solver begins with it; if it then says that there is none, it is asked again without presolving.
    """
    import highspy
    import numpy as np

    if not len(costs):
        fits = bool((lower <= 0).all() and (upper >= 0).all())
        return (np.zeros(0, dtype=np.int64) if fits else None), True
    solver = _loaded(rows, lower, upper, low, high, whole=True)
    solver.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs.astype(np.double))
    if known is not None:
        solution = highspy.HighsSolution()
        solution.col_value = known.astype(np.double)
        solver.setSolution(solution)
    _within(solver, milliseconds / 1000)
    solver.run()
    none = {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}
    if known is not None and solver.getModelStatus() in none:
        solver.clearSolver()
        solver.setOptionValue("presolve", "off")
        _within(solver, milliseconds / 1000)
        solver.run()
    status = solver.getModelStatus()
    if status in none:
        return None, True
    if solver.getInfo().primal_solution_status == 0:
        return None, False
    found = np.rint(np.array(solver.getSolution().col_value)).astype(np.int64)
    return found, status == highspy.HighsModelStatus.kOptimal


def _loaded(rows: Any, lower: Any, upper: Any, low: Any, high: Any, *, whole: bool) -> Any:
    import highspy
    import numpy as np

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    _set_options(solver)
    infinity = solver.getInfinity()
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(low), len(lower)
    program.col_cost_ = np.zeros(len(low))
    program.col_lower_, program.col_upper_ = low.astype(np.double), high.astype(np.double)
    program.row_lower_ = np.where(lower <= -WIDEST, -infinity, lower.astype(np.double))
    program.row_upper_ = np.where(upper >= WIDEST, infinity, upper.astype(np.double))
    columns, index = np.nonzero(rows.T)
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = np.searchsorted(columns, np.arange(len(low) + 1)).astype(np.int32)
    program.a_matrix_.index_ = index.astype(np.int32)
    program.a_matrix_.value_ = rows.T[columns, index].astype(np.double)
    program.sense_ = highspy.ObjSense.kMaximize
    if whole:
        program.integrality_ = [highspy.HighsVarType.kInteger] * len(low)
    solver.passModel(program)
    return solver
