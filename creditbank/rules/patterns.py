"""Programs written over patterns: for each leaf of a programme, the sets of choices that may fill it together.

A line such as "counted ≤ what sits here" lets half a course count for half of its credits as long as numbers may be broken, so that bounds
are far from any answer. Where a block of lines is replaced by the list of its answers, of which one is taken, nothing can be broken within
the block, and bounds come close to what is possible. All numbers here are whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from creditbank.rules.reduction import WIDEST, Line

MOST = 4_000
"""Blocks with more answers than this stay as they are."""
ON_THE_WAY = 12_000
"""Beginnings of answers that may be looked at in one block."""

FEW = 200
"""So few beginnings are not looked through for choices of no use before the end."""

Numbers = Any
"""An array of whole numbers."""
Expression = Mapping[int, int]


@dataclass
class Wide:
    """A program in arrays: ``lower ≤ rows @ x ≤ upper``, ``low ≤ x ≤ high``; ``costs`` has a row a level, more is better.

    A side that does not bind is ± ``WIDEST``. Columns are patterns of blocks, then the variables that stand in no block.
    """

    rows: Numbers
    lower: Numbers
    upper: Numbers
    low: Numbers
    high: Numbers
    costs: Numbers
    blocks: list[Block]
    alone: dict[int, int]
    """Variables that stand in no block, and their columns."""
    owner: dict[int, Block]
    """For each variable of a block the block that gives it its value."""

    def expression(self, of: Expression) -> Numbers:
        """An expression over variables as one over columns."""
        row = np.zeros(len(self.low), dtype=np.int64)
        shares: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for variable, value in of.items():
            if variable in self.alone:
                row[self.alone[variable]] += value
            else:
                shares[self.owner[variable].start].append((self.owner[variable].place[variable], value))
        for block in self.blocks:
            if block.start in shares:
                places, values = zip(*shares[block.start], strict=True)
                row[block.start : block.start + len(block.answers)] += block.answers[:, places] @ np.array(values, dtype=np.int64)
        return row

    def values(self, columns: Numbers, count: int) -> list[int]:
        """The values of ``count`` variables from those of the columns."""
        found = [0] * count
        for variable, column in self.alone.items():
            found[variable] = int(columns[column])
        for block in self.blocks:
            part = columns[block.start : block.start + len(block.answers)] @ block.answers
            for variable, place in block.place.items():
                if self.owner[variable] is block:
                    found[variable] = int(part[place])
        return found


@dataclass
class Block:
    """All answers of some lines: a row an answer, a column a variable (``place``); ``start`` is the first of its columns in the program."""

    place: dict[int, int]
    answers: Numbers
    start: int = 0


@dataclass
class _Frame:
    """What the blocks need to know of the whole program."""

    low: Sequence[int]
    high: Sequence[int]
    costs: list[dict[int, int]]
    """Coefficients of each variable by level."""
    named: set[int]
    lines: Sequence[Line]
    touching: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.ends = [self.reach(line.of) for line in self.lines]

    def reach(self, row: Expression) -> tuple[int, int]:
        """The least and the greatest value of a row."""
        ends = [(value * self.low[at], value * self.high[at]) for at, value in row.items()]
        return sum(min(pair) for pair in ends), sum(max(pair) for pair in ends)

    def sign(self, variable: int) -> int:
        """1 where more of a variable is better, -1 where less is, 0 where it does not matter."""
        first = min(self.costs[variable], default=None)
        return 0 if first is None else 1 if self.costs[variable][first] > 0 else -1


def gather(
    low: Sequence[int], high: Sequence[int], lines: Sequence[Line], levels: Sequence[Expression], named: Iterable[int]
) -> Wide | None:
    """The program over patterns of its blocks (lines with one number above 0); None where its numbers are too large for arrays.

    ``named`` are variables whose values tell answers apart that are equal on every level.
    """
    if _is_huge(low, high, lines, levels):
        return None
    costs: list[dict[int, int]] = [{} for _ in low]
    for number, level in enumerate(levels):
        for variable, value in level.items():
            if value:
                costs[variable][number] = value
    frame = _Frame(low, high, costs, set(named), lines)
    by_block: dict[int, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        by_block[line.block].append(number)
        for variable in line.of:
            frame.touching[variable].append(number)
    listed = {block: answers for block in sorted(by_block) if block and (answers := _Listing(frame, by_block[block]).block()) is not None}
    rest = [line for line in lines if line.block not in listed]
    return _assemble(frame, list(listed.values()), rest, levels)


def _is_huge(low: Sequence[int], high: Sequence[int], lines: Sequence[Line], levels: Sequence[Expression]) -> bool:
    reach = [max(abs(one), abs(other)) for one, other in zip(low, high, strict=True)]
    sums = [sum(abs(value) * reach[variable] for variable, value in row.items()) for row in (*(line.of for line in lines), *levels)]
    sides = [abs(side) for line in lines for side in (line.low, line.high) if side is not None]
    return max((*sums, *sides), default=0) >= WIDEST


def _assemble(frame: _Frame, blocks: list[Block], lines: list[Line], levels: Sequence[Expression]) -> Wide:
    owner: dict[int, Block] = {}
    start = 0
    for block in blocks:
        block.start = start
        start += len(block.answers)
        for variable in block.place:
            owner.setdefault(variable, block)
    free = [variable for variable in range(len(frame.low)) if variable not in owner]
    alone = {variable: start + at for at, variable in enumerate(free)}
    low = np.concatenate([np.zeros(start, dtype=np.int64), np.array([frame.low[one] for one in free], dtype=np.int64)])
    high = np.concatenate([np.ones(start, dtype=np.int64), np.array([frame.high[one] for one in free], dtype=np.int64)])
    wide = Wide(low, low, low, low, high, low, blocks, alone, owner)
    wide.costs = np.array([wide.expression(level) for level in levels], dtype=np.int64).reshape(len(levels), len(low))
    rows = [wide.expression(line.of) for line in lines]
    lower = [-WIDEST if line.low is None else line.low for line in lines]
    upper = [WIDEST if line.high is None else line.high for line in lines]
    for block in blocks:
        place = slice(block.start, block.start + len(block.answers))
        one = np.zeros(len(low), dtype=np.int64)
        one[place] = 1
        rows.append(one)
        lower.append(1)
        upper.append(1)
        for variable in (variable for variable in block.place if owner[variable] is not block):
            same = wide.expression({variable: 1})
            same[place] -= block.answers[:, block.place[variable]]
            rows.append(same)
            lower.append(0)
            upper.append(0)
    wide.rows = np.array(rows, dtype=np.int64).reshape(len(rows), len(low))
    wide.lower, wide.upper = np.array(lower, dtype=np.int64), np.array(upper, dtype=np.int64)
    return wide


def _after(sums: Numbers) -> Numbers:
    """For each column the sum of all columns after it."""
    return sums[:, ::-1].cumsum(axis=1)[:, ::-1] - sums


class _Listing:
    """The answers of one block: variable after variable, dropping what no continuation can make right or make best."""

    def __init__(self, frame: _Frame, numbers: list[int]) -> None:
        self.frame = frame
        lines = [frame.lines[number] for number in numbers]
        own = set(numbers)
        rows = [(line.of, line.high) for line in lines if line.high is not None]
        rows += [({at: -value for at, value in line.of.items()}, -line.low) for line in lines if line.low is not None]
        within = Counter(variable for line in lines for variable in line.of)
        outer = [one for one in sorted(within) if len(frame.touching[one]) > within[one] or one in frame.named]
        inner = [one for one in sorted(within) if one not in set(outer)]
        last = [one for one in inner if self._follows(one, rows, set(inner))]
        self.order = self._in_order(outer, [one for one in inner if one not in last], rows)
        rows += self._from_outside(set(within), own)
        self.outer, self.last = outer, last
        self.all = [*self.order, *last]
        place = {variable: at for at, variable in enumerate(self.all)}
        self.matrix = np.zeros((len(rows), len(self.all)), dtype=np.int64)
        for number, (row, _bound) in enumerate(rows):
            for variable, value in row.items():
                self.matrix[number, place[variable]] = value
        self.bound = np.array([bound for _row, bound in rows], dtype=np.int64)
        self.low = np.array([frame.low[one] for one in self.all], dtype=np.int64)
        self.high = np.array([frame.high[one] for one in self.all], dtype=np.int64)
        self.place = place
        self.idle = self._needs([place[one] for one in outer if self._may_be_idle(one, own)])

    def _needs(self, idle: list[int]) -> list[tuple[list[tuple[int, int]], list[int]]]:
        """Choices that may be left out, together where they mean the same to the rows: the room that these must have for it, and the choices."""
        found: dict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
        for at in idle:
            rows = np.flatnonzero(self.matrix[:, at] < 0).tolist()
            found[tuple((row, -int(self.matrix[row, at])) for row in rows)].append(at)
        return [(list(needs), choices) for needs, choices in found.items()]

    def _from_outside(self, within: set[int], own: set[int]) -> list[tuple[dict[int, int], int]]:
        """What lines of the rest ask of several variables of the block, whatever else stands in them: a record is used once."""
        frame, found = self.frame, []
        counts = Counter(number for variable in within for number in frame.touching[variable])
        for number in sorted(number for number, count in counts.items() if count > 1 and number not in own):
            line = frame.lines[number]
            row = {at: line.of[at] for at in within if at in line.of}
            least, most = frame.reach(row)
            for sign, side, mine, other in (
                (1, line.high, (least, most), frame.ends[number][0]),
                (-1, line.low, (-most, -least), -frame.ends[number][1]),
            ):
                if side is not None and mine[1] > (bound := sign * side - (other - mine[0])):
                    found.append(({at: sign * value for at, value in row.items()}, bound))
        return found

    def _follows(self, variable: int, rows: list[tuple[dict[int, int], int]], inner: set[int]) -> bool:
        """Whether a variable simply takes the best value that its rows allow once what stands outside is known."""
        sign = 1 if self.frame.sign(variable) >= 0 else -1
        hurting = (row for row, _bound in rows if sign * row.get(variable, 0) > 0)
        return not any(other in inner and other != variable for row in hurting for other in row)

    def _in_order(self, outer: list[int], chosen: list[int], rows: list[tuple[dict[int, int], int]]) -> list[int]:
        """What costs nothing first, then the choices, each with the inner variables that hang on it."""
        hanging: dict[int, list[int]] = defaultdict(list)
        known = set(outer)
        for variable in chosen:
            nearest = min((len(row), min((one for one in row if one in known), default=-1)) for row, _bound in rows if variable in row)
            hanging[nearest[1]].append(variable)
        order: list[int] = []
        for variable in sorted(outer, key=lambda one: (self.frame.sign(one) < 0, one)):
            order += [variable, *hanging.pop(variable, [])]
        return order + [one for several in hanging.values() for one in several]

    def _may_be_idle(self, variable: int, own: set[int]) -> bool:
        """Whether leaving a choice out is better by itself and hurts no line of the rest."""
        frame = self.frame
        if (frame.low[variable], frame.high[variable]) != (0, 1) or frame.sign(variable) >= 0:
            return False
        outside = (frame.lines[number] for number in frame.touching[variable] if number not in own)
        return all((line.low is None or line.of[variable] < 0) and (line.high is None or line.of[variable] > 0) for line in outside)

    def block(self) -> Block | None:
        """The block, or None where it has too many answers (or none, which the solver shall say)."""
        found = self._beginnings()
        if found is None:
            return None
        table = self._followed(*found)
        table = table[self._busy(table.T, (self.bound - table @ self.matrix.T).T)]
        table = self._best_of_equals(table)
        return Block(self.place, table) if 0 < len(table) <= MOST else None

    def _beginnings(self) -> tuple[Numbers, Numbers] | None:
        """Values of what is decided one after the other, a column a beginning, and the room that each leaves in every row."""
        ends = self.matrix * self.low, self.matrix * self.high
        least, most = (_after(sums) for sums in (np.minimum(*ends), np.maximum(*ends)))
        table, room = np.zeros((0, 1), dtype=np.int64), self.bound[:, None]
        for at in range(len(self.order)):
            values = range(int(self.low[at]), int(self.high[at]) + 1)
            count = table.shape[1]
            if len(values) * count > ON_THE_WAY:
                return None
            column = self.matrix[:, at, None]
            room = np.concatenate([room - column * value for value in values], axis=1)
            fits = np.flatnonzero((room >= least[:, at, None]).all(axis=0))
            room = room[:, fits]
            table = np.concatenate([table[:, fits % count], (fits // count + values[0])[None]])
            if len(fits) > FEW:
                busy = self._busy(table, room - most[:, at, None])
                table, room = table[:, busy], room[:, busy]
        return table, room

    def _busy(self, table: Numbers, room: Numbers) -> Numbers:
        """Columns in which no choice could be left out whatever follows: without it, some row of the block might not hold."""
        busy = np.ones(table.shape[1], dtype=bool)
        for needs, choices in self.idle:
            chosen = table[[at for at in choices if at < len(table)]].any(axis=0)
            for row, value in needs:
                chosen &= room[row] >= value
            busy &= ~chosen
        return busy

    def _followed(self, table: Numbers, room: Numbers) -> Numbers:
        """Every beginning with the best values of what follows from it, a line each."""
        columns = [*table]
        for at in range(len(self.order), len(self.all)):
            sign = 1 if self.frame.sign(self.all[at]) >= 0 else -1
            best = np.full(table.shape[1], self.high[at] if sign > 0 else self.low[at], dtype=np.int64)
            for number in np.nonzero(sign * self.matrix[:, at] > 0)[0]:
                value = self.matrix[number, at]
                best = np.minimum(best, room[number] // value) if sign > 0 else np.maximum(best, -(room[number] // -value))
            columns.append(best)
        full = np.stack(columns, axis=1)
        fits = ((full >= self.low) & (full <= self.high)).all(axis=1) & (full @ self.matrix.T <= self.bound).all(axis=1)
        return full[fits]

    def _best_of_equals(self, table: Numbers) -> Numbers:
        """Of answers that look the same from outside the one that is best on level after level."""
        if len(self.outer) == len(self.all) or not len(table):
            return table
        inner = [one for one in self.all if one not in set(self.outer)]
        depth = 1 + max((level for one in inner for level in self.frame.costs[one]), default=-1)
        worth = np.zeros((depth, len(inner)), dtype=np.int64)
        for at, variable in enumerate(inner):
            for level, value in self.frame.costs[variable].items():
                worth[level, at] = value
        reached = table[:, [self.place[one] for one in inner]] @ worth.T
        outside = table[:, [self.place[one] for one in self.outer]]
        keys = [*(-reached[:, level] for level in reversed(range(depth))), *outside.T]
        order = np.lexsort(keys)
        sorted_outside = outside[order]
        first = np.ones(len(table), dtype=bool)
        first[1:] = (sorted_outside[1:] != sorted_outside[:-1]).any(axis=1)
        return table[np.sort(order[first])]
