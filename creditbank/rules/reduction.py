"""Making a program smaller without changing its best answer: bounds, rows that cannot bind, variables that follow from others.

Everything is counted in whole numbers. What is left falls into components that share no row; since every level of the objective is a sum
over variables, the best answer of the whole is made of the best answers of the components.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import gcd

Cost = dict[int, int]
"""Coefficients of one variable by level: level 0 is the most important one, and more is better."""
WIDEST = 1 << 40
"""Numbers of programs that are put into arrays stay below this, so that sums of products fit 64 bits; a side that does not bind is this."""
FILL = 40
"""A variable that would put more terms than this in other lines is left alone: the program would not become smaller."""


class NoAnswer(Exception):
    """Nothing satisfies all rows."""


@dataclass
class Line:
    """``low ≤ Σ coefficient × variable ≤ high``; a side that is None does not bind."""

    low: int | None
    of: dict[int, int]
    high: int | None
    block: int = 0


@dataclass
class Component:
    """Variables that share rows, with their bounds and costs."""

    variables: list[int]
    low: dict[int, int]
    high: dict[int, int]
    costs: dict[int, Cost]
    lines: list[Line]


@dataclass
class Reduction:
    """A program while it becomes smaller. ``follows`` holds, in order, variables with the constant and the terms that they are equal to."""

    low: list[int]
    high: list[int]
    lines: list[Line | None]
    costs: list[Cost]
    columns: list[set[int]] = field(default_factory=list)
    follows: list[tuple[int, int, dict[int, int]]] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    waiting: dict[int, None] = field(default_factory=dict)
    """Lines to look at again."""
    touched: set[int] = field(default_factory=set)
    """Variables whose lines or costs have changed."""

    def components(self) -> list[Component]:
        """Reduce as far as it goes, then take apart. Raises NoAnswer."""
        self.columns = [set() for _ in self.low]
        for number, line in enumerate(self.lines):
            if line is not None:
                for variable in line.of:
                    self.columns[variable].add(number)
        self.waiting = dict.fromkeys(range(len(self.lines)))
        self.touched = set(range(len(self.low)))
        changed = True
        while changed:
            self._propagate()
            self._join_equal_lines()
            self._drop_contained()
            while changed:
                self._propagate()
                changed = self._settle()
            changed = self._put_in_place()
        return self._take_apart()

    def values(self, found: dict[int, int]) -> list[int]:
        """All variables from those of the components."""
        values = [found.get(variable, low) for variable, low in enumerate(self.low)]
        for variable, constant, terms in reversed(self.follows):
            values[variable] = constant + sum(coefficient * values[other] for other, coefficient in terms.items())
        return values

    def _propagate(self) -> None:
        while self.waiting:
            number = next(iter(self.waiting))
            del self.waiting[number]
            line = self.lines[number]
            if line is not None:
                self._tighten(number, line)

    def _tighten(self, number: int, line: Line) -> None:
        """Drop sides that cannot bind; narrow the bounds of the variables."""
        low, high = self.low, self.high
        self._drop_settled(number, line)
        least = sum(value * (low[at] if value > 0 else high[at]) for at, value in line.of.items())
        most = sum(value * (high[at] if value > 0 else low[at]) for at, value in line.of.items())
        if (line.high is not None and least > line.high) or (line.low is not None and most < line.low):
            raise NoAnswer
        if line.high is not None and most <= line.high:
            line.high = None
            self.touched.update(line.of)
        if line.low is not None and least >= line.low:
            line.low = None
            self.touched.update(line.of)
        if line.high is None and line.low is None:
            self._remove(number, line)
            return
        above = None if line.high is None else line.high - least
        below = None if line.low is None else most - line.low
        for variable, value in line.of.items():
            room = high[variable] - low[variable]
            size = abs(value)
            if above is not None and size * room > above:
                self._narrow(variable, above // size, upwards=value > 0)
                room = high[variable] - low[variable]
            if below is not None and size * room > below:
                self._narrow(variable, below // size, upwards=value < 0)

    def _drop_settled(self, number: int, line: Line) -> None:
        """Move variables that have one value only into the bounds; divide by what all coefficients share."""
        settled = [variable for variable in line.of if self.low[variable] == self.high[variable]]
        for variable in settled:
            constant = line.of.pop(variable) * self.low[variable]
            self.columns[variable].discard(number)
            line.high = None if line.high is None else line.high - constant
            line.low = None if line.low is None else line.low - constant
        divisor = gcd(*line.of.values())
        if divisor > 1:
            line.of = {variable: value // divisor for variable, value in line.of.items()}
            line.high = None if line.high is None else line.high // divisor
            line.low = None if line.low is None else -(-line.low // divisor)

    def _narrow(self, variable: int, room: int, *, upwards: bool) -> None:
        """Leave at most ``room`` above the lower bound (or below the upper one)."""
        if upwards:
            self.high[variable] = self.low[variable] + room
        else:
            self.low[variable] = self.high[variable] - room
        self.waiting |= dict.fromkeys(self.columns[variable])

    def _remove(self, number: int, line: Line) -> None:
        self.touched.update(line.of)
        for variable in line.of:
            self.columns[variable].discard(number)
        self.lines[number] = None

    def _join_equal_lines(self) -> None:
        """Lines over the same terms become one with the narrower sides."""
        known: dict[tuple[tuple[int, int], ...], int] = {}
        for number, line in enumerate(self.lines):
            if line is None:
                continue
            terms = tuple(sorted(line.of.items()))
            if terms[0][1] < 0:
                terms = tuple((variable, -value) for variable, value in terms)
                line.of, line.low, line.high = dict(terms), _negative(line.high), _negative(line.low)
            first = known.setdefault(terms, number)
            other = self.lines[first]
            if first != number and other is not None:
                other.low = max((side for side in (line.low, other.low) if side is not None), default=None)
                other.high = min((side for side in (line.high, other.high) if side is not None), default=None)
                self._remove(number, line)
                self.waiting[first] = None

    def _drop_contained(self) -> None:
        """Of lines that allow one of several, those whose variables stand together in another such line say nothing."""
        cliques = {number for number, line in enumerate(self.lines) if line is not None and _allows_one(line)}
        for number in sorted(cliques):
            line = self.lines[number]
            assert line is not None  # noqa: S101  just looked at
            around = set.intersection(*(self.columns[variable] for variable in line.of)) & cliques
            if any(other != number and (len(self.lines[other].of) > len(line.of)) for other in around):  # type: ignore[union-attr]
                cliques.discard(number)
                self._remove(number, line)

    def _settle(self) -> bool:
        """Variables that may be as good as they can be without hurting any line take that value."""
        changed = False
        touched, self.touched = sorted(self.touched), set()
        for variable in touched:
            if self.low[variable] == self.high[variable] or variable in self.gone:
                continue
            want = sign_of(self.costs[variable])
            up, down = self._hurt(variable)
            if want >= 0 and not up:
                self.low[variable] = self.high[variable]
            elif want <= 0 and not down:
                self.high[variable] = self.low[variable]
            else:
                changed = self._pin(variable, want, up, down) or changed
                continue
            changed = True
            self.waiting |= dict.fromkeys(self.columns[variable])
        return changed

    def _hurt(self, variable: int) -> tuple[list[int], list[int]]:
        """Lines that an increase may break, and those that a decrease may break."""
        up: list[int] = []
        down: list[int] = []
        for number in self.columns[variable]:
            line = self.lines[number]
            if line is None:
                continue
            positive = line.of[variable] > 0
            if line.high is not None:
                (up if positive else down).append(number)
            if line.low is not None:
                (down if positive else up).append(number)
        return up, down

    def _pin(self, variable: int, want: int, up: list[int], down: list[int]) -> bool:
        """A variable that only one line holds back, and that nothing else does, is as large (or small) as that line allows: an equality."""
        hurting = up if want >= 0 else down
        if len(hurting) != 1:
            return False
        line = self.lines[hurting[0]]
        assert line is not None  # noqa: S101  the columns name lines that are there
        value = line.of[variable]
        if abs(value) != 1 or (line.low is not None and line.high is not None):
            return False
        side = line.high if line.high is not None else line.low
        assert side is not None  # noqa: S101  a line without sides has been removed
        others = [(other, coefficient) for other, coefficient in line.of.items() if other != variable]
        ends = [(-value * coefficient * self.low[other], -value * coefficient * self.high[other]) for other, coefficient in others]
        least, most = value * side + sum(min(pair) for pair in ends), value * side + sum(max(pair) for pair in ends)
        if (want >= 0 and most > self.high[variable]) or (want < 0 and least < self.low[variable]):
            return False
        line.low = line.high = side
        self.touched.update(line.of)
        return True

    def _put_in_place(self) -> bool:
        """Replace variables by the terms that they are equal to."""
        changed = False
        for number, line in enumerate(self.lines):
            if line is None or line.low is None or line.low != line.high:
                continue
            variable = self._replaceable(line)
            if variable is not None and (len(line.of) - 1) * (len(self.columns[variable]) - 1) <= FILL:
                self._replace(number, line, variable)
                changed = True
        return changed

    def _replaceable(self, line: Line) -> int | None:
        """The variable of an equality to replace: one with coefficient ±1, a plain sum of the others if there is such a one, in few lines."""
        positive = sum(1 for value in line.of.values() if value > 0)
        found = [
            ((positive - 1 if value > 0 else len(line.of) - positive - 1), len(self.columns[variable]), variable)
            for variable, value in line.of.items()
            if abs(value) == 1
        ]
        return min(found)[2] if found else None

    def _replace(self, number: int, line: Line, variable: int) -> None:
        assert line.low is not None  # noqa: S101  an equality
        self._remove(number, line)
        value = line.of.pop(variable)
        constant = value * line.low
        terms = {other: -value * coefficient for other, coefficient in line.of.items()}
        for other in sorted(self.columns[variable]):
            target = self.lines[other]
            assert target is not None  # noqa: S101  the columns name lines that are there
            self._insert(other, target, variable, constant, terms)
        for level, coefficient in self.costs[variable].items():
            for other, factor in terms.items():
                self.costs[other][level] = self.costs[other].get(level, 0) + factor * coefficient
        self.touched.update(terms)
        self.follows.append((variable, constant, terms))
        self.gone.add(variable)
        self._keep_bounds(variable, constant, terms, line.block)

    def _insert(self, number: int, line: Line, variable: int, constant: int, terms: dict[int, int]) -> None:
        coefficient = line.of.pop(variable)
        line.high = None if line.high is None else line.high - coefficient * constant
        line.low = None if line.low is None else line.low - coefficient * constant
        for other, factor in terms.items():
            value = line.of.get(other, 0) + coefficient * factor
            if value:
                line.of[other] = value
                self.columns[other].add(number)
            else:
                del line.of[other]
                self.columns[other].discard(number)
        if line.of:
            self.waiting[number] = None
        elif (line.high is not None and line.high < 0) or (line.low is not None and line.low > 0):
            raise NoAnswer
        else:
            self.lines[number] = None

    def _keep_bounds(self, variable: int, constant: int, terms: dict[int, int], block: int) -> None:
        """The bounds of a variable that was replaced hold for its terms."""
        number = len(self.lines)
        self.lines.append(Line(self.low[variable] - constant, dict(terms), self.high[variable] - constant, block))
        for other in terms:
            self.columns[other].add(number)
        self.columns[variable] = set()
        self.waiting[number] = None

    def _take_apart(self) -> list[Component]:
        present = [line for line in self.lines if line is not None]
        find = _roots(line.of for line in present)
        members: dict[int, list[int]] = defaultdict(list)
        for variable in sorted({variable for line in present for variable in line.of}):
            members[find(variable)].append(variable)
        lines: dict[int, list[Line]] = defaultdict(list)
        for line in present:
            lines[find(next(iter(line.of)))].append(line)
        return [self._component(members[one], lines[one]) for one in sorted(members, key=lambda one: members[one][0])]

    def _component(self, variables: list[int], lines: list[Line]) -> Component:
        return Component(
            variables,
            {variable: self.low[variable] for variable in variables},
            {variable: self.high[variable] for variable in variables},
            {variable: {level: value for level, value in self.costs[variable].items() if value} for variable in variables},
            lines,
        )


def _allows_one(line: Line) -> bool:
    return line.high == 1 and line.low is None and all(value == 1 for value in line.of.values())


def _roots(groups: Iterable[Iterable[int]]) -> Callable[[int], int]:
    """A function that gives the same number for all variables that are joined by groups, directly or through others."""
    root: dict[int, int] = {}

    def find(variable: int) -> int:
        while root.setdefault(variable, variable) != variable:
            root[variable] = root.setdefault(root[variable], root[variable])
            variable = root[variable]
        return variable

    for group in groups:
        first, *others = group
        for other in others:
            root[find(other)] = find(first)
    return find


def sign_of(cost: Cost) -> int:
    """1 where more of a variable is better, -1 where less is, 0 where it does not matter."""
    first, sign = -1, 0
    for level, value in cost.items():
        if value and (first < 0 or level < first):
            first, sign = level, 1 if value > 0 else -1
    return sign


def _negative(value: int | None) -> int | None:
    return None if value is None else -value


def weights(components_costs: Iterable[tuple[Cost, int]], levels: int) -> list[int]:
    """A weight for each level so large that nothing below it can make up for one unit; from (cost, room of the variable)."""
    reach = [0] * levels
    for cost, room in components_costs:
        for level, value in cost.items():
            reach[level] += abs(value) * room
    found, product = [0] * levels, 1
    for level in reversed(range(levels)):
        found[level] = product
        product *= reach[level] + 1
    return found
