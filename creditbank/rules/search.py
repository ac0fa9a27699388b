"""The best answer of a small component, exactly and without a solver: stage after stage, remembering only what later stages can feel.

A stage decides one variable, or some of which at most one may be chosen. Two beginnings that leave the same room in every line that is
still open are one state, of which the better beginning is kept. A beginning that cannot reach an answer already known is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import nlargest

from creditbank.rules.reduction import Component, sign_of, weights

NARROW = 60
WIDE = 1500
"""States kept in the first round, which finds a good answer, and in the second, which must not drop any."""
STAGES = 60
"""Larger components go to the solver at once."""
WORK = 25_000
"""Beginnings that may be looked at in all."""

State = tuple[int, ...]
Chain = tuple[tuple[tuple[int, int], ...], "Chain | None"]
"""What a stage chose (variable, value), and the chain before it."""


Move = tuple[int, int, int, int]
"""What a choice does to a line: its place in the state, what is added, the most that fits, and the least that later stages can feel."""


@dataclass
class Way:
    """One thing that a stage may choose: its values, its worth, its optimistic worth, what it adds to each line, and that as moves."""

    values: tuple[tuple[int, int], ...]
    worth: int
    hope: int
    adds: tuple[int, ...]
    moves: list[Move] = field(default_factory=list)


@dataclass
class Follower:
    """A variable that takes the best value its lines allow; ``lines`` holds (place, shift of an opening line, coefficient, bound, most, least)."""

    variable: int
    sign: int
    worth: int
    hope: int
    low: int
    high: int
    lines: list[tuple[int, int, int, int, int, int]]


@dataclass
class Stage:
    """Ways to choose, or a variable that follows; ``best`` is the optimistic worth of all later stages."""

    ways: list[Way]
    best: int
    follower: Follower | None = None


@dataclass
class _Line:
    """``Σ coefficient × variable ≤ bound``."""

    of: dict[int, int]
    bound: int


@dataclass
class Plan:
    """Stages in order, and where the state of each line is kept."""

    component: Component
    worth: dict[int, int]
    hope: dict[int, int] = field(default_factory=dict)
    constant: int = 0
    lines: list[_Line] = field(default_factory=list)
    touching: dict[int, list[int]] = field(default_factory=dict)
    groups: list[list[int]] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    places: int = 0


def search(component: Component, levels: int) -> dict[int, int] | None:
    """The best values of a component's variables, or None where it is too large."""
    plan = _plan(component, levels)
    if plan is None:
        return None
    found, whole, work = _walk(plan, NARROW, None, WORK)
    if not whole:
        found, whole, work = _walk(plan, WIDE, found, work)
    if not whole or found is None:
        return None
    values: dict[int, int] = {}
    chain = found[2]
    while chain is not None:
        values.update(chain[0])
        chain = chain[1]
    return values


def _plan(component: Component, levels: int) -> Plan | None:
    low, high = component.low, component.high
    weight = weights(((component.costs[at], high[at] - low[at]) for at in component.variables), levels)
    worth = {at: sum(value * weight[level] for level, value in component.costs[at].items()) for at in component.variables}
    plan = Plan(component, worth, dict(worth), touching={at: [] for at in component.variables})
    for line in component.lines:
        sides = ((line.high, 1), (None if line.low is None else -line.low, -1))
        for bound, sign in sides:
            if bound is not None:
                of = {at: sign * value for at, value in line.of.items()}
                for at in of:
                    plan.touching[at].append(len(plan.lines))
                plan.lines.append(_Line(of, bound))
    plan.groups = _groups(plan)
    if len(plan.groups) > STAGES:
        return None
    _lower_hopes(plan)
    _put_in_order(plan)
    return plan


def _groups(plan: Plan) -> list[list[int]]:
    """Variables of which a line allows one at most, together; every other one alone."""
    low, high = plan.component.low, plan.component.high
    groups, free = [], set(plan.component.variables)
    cliques = [line for line in plan.lines if line.bound == 1 and all(value == 1 for value in line.of.values())]
    for line in sorted(cliques, key=lambda line: -len(line.of)):
        together = [at for at in line.of if at in free and (low[at], high[at]) == (0, 1)]
        if len(together) > 1:
            groups.append(together)
            free -= set(together)
    return groups + [[at] for at in sorted(free)]


def _hope_of(plan: Plan, group: list[int]) -> int:
    """The most that a group can be worth by ``hope``."""
    low, high, hope = plan.component.low, plan.component.high, plan.hope
    if len(group) == 1:
        at = group[0]
        return hope[at] * (high[at] if hope[at] > 0 else low[at])
    return max(0, *(hope[at] for at in group))


def _lower_hopes(plan: Plan) -> None:
    """Lower what may be hoped for in all, by adding multiples of the room that lines leave to the objective.

    Room is never negative, so the sum still bounds every answer from above. So in "part ≤ Σ terms" the terms carry the worth of the part,
    and under a full limit credit is worth nothing more.
    """
    group_of = {at: number for number, group in enumerate(plan.groups) for at in group}
    for _round in range(2):
        for line in plan.lines:
            touched = sorted({group_of[at] for at in line.of})
            share = _best_share(plan, line, touched)
            if share:
                _shift(plan, line, share)


def _best_share(plan: Plan, line: _Line, touched: list[int]) -> int:
    """The multiple of a line that lowers hopes most. Hopes are convex in it and bend where a variable's hope becomes nothing."""
    shares = sorted({0, *(plan.hope[at] // value for at, value in line.of.items() if value > 0 and plan.hope[at] > 0)})

    def hoped(number: int) -> int:
        _shift(plan, line, shares[number])
        total = sum(_hope_of(plan, plan.groups[group]) for group in touched) + shares[number] * line.bound
        _shift(plan, line, -shares[number])
        return total

    first, last = 0, len(shares) - 1
    while first < last:
        middle = (first + last) // 2
        if hoped(middle) <= hoped(middle + 1):
            last = middle
        else:
            first = middle + 1
    return shares[first]


def _shift(plan: Plan, line: _Line, share: int) -> None:
    plan.constant += share * line.bound
    for at, value in line.of.items():
        plan.hope[at] -= share * value


def _follows(plan: Plan, at: int) -> bool:
    """Whether a variable is simply as good as its lines allow once everything else in them is known, and nothing there waits for it."""
    low, high = plan.component.low, plan.component.high
    sign = 1 if sign_of(plan.component.costs[at]) >= 0 else -1
    is_amount = high[at] - low[at] > 1
    for number in plan.touching[at]:
        of = plan.lines[number].of
        if sign * of[at] > 0:
            rivals = [other for other, value in of.items() if sign * value > 0 and other != at]
            if any(not is_amount or high[other] - low[other] > 1 for other in rivals):
                return False
    return True


def _put_in_order(plan: Plan) -> None:
    """Stages such that few lines are open at a time; what follows from others comes as soon as these are known."""
    waiting = {number: set(line.of) for number, line in enumerate(plan.lines)}
    follow = {group[0] for group in plan.groups if len(group) == 1 and _follows(plan, group[0])}
    remaining = list(range(len(plan.groups)))
    order: list[tuple[int, int]] = []
    opened: set[int] = set()
    while remaining:
        number, sign = _next(plan, remaining, follow, waiting, opened)
        remaining.remove(number)
        order.append((number, sign))
        for at in plan.groups[number]:
            for line in plan.touching[at]:
                waiting[line].discard(at)
                opened.add(line)
    _build(plan, order)


def _next(plan: Plan, remaining: list[int], follow: set[int], waiting: dict[int, set[int]], opened: set[int]) -> tuple[int, int]:
    """The group to decide next, and 1 or -1 where it follows (the direction that is better), else 0."""
    best: tuple[tuple[int, int, int], int] | None = None
    for number in remaining:
        group = plan.groups[number]
        if group[0] in follow:
            at = group[0]
            sign = 1 if sign_of(plan.component.costs[at]) >= 0 else -1
            if all(len(waiting[line]) == 1 for line in plan.touching[at] if sign * plan.lines[line].of[at] > 0):
                return number, sign
        lines = {line for at in group for line in plan.touching[at]}
        new = len(lines - opened)
        closing = sum(1 for line in lines if waiting[line] <= set(group))
        key = (int(group[0] in follow), new - closing, -len(lines & opened))
        if best is None or key < best[0]:
            best = key, number
    assert best is not None  # noqa: S101  the caller asks while groups remain
    return best[1], 0


def _build(plan: Plan, order: list[tuple[int, int]]) -> None:
    """Stages with what later stages can feel: after the last stage of a line nothing, before it what the rest may still add."""
    rest = dict.fromkeys(range(len(plan.lines)), (0, 0))
    drafts: list[tuple[int, int, list[Way], list[int], list[tuple[int, int]], int]] = []
    hope = plan.constant
    for number, sign in reversed(order):
        lines = sorted({line for at in plan.groups[number] for line in plan.touching[at]})
        ways = _ways(plan, plan.groups[number], lines)
        drafts.append((number, sign, ways, lines, [rest[line] for line in lines], hope))
        for place, line in enumerate(lines):
            adds = [way.adds[place] for way in ways]
            rest[line] = rest[line][0] + min(adds), rest[line][1] + max(adds)
        hope += max(way.hope for way in ways)
    places = _Places(plan, [lines for _number, _sign, _ways, lines, _rest, _hope in drafts])
    for number, sign, ways, lines, after, best in reversed(drafts):
        ends = [places.enter(line, *later) for line, later in zip(lines, after, strict=True)]
        for way in ways:
            way.moves = [(place, add + shift, most, least) for (place, shift, most, least), add in zip(ends, way.adds, strict=True)]
        follower = _follower(plan, plan.groups[number][0], sign, lines, ends) if sign else None
        plan.stages.append(Stage(ways, best, follower))
        places.leave()
    plan.places = places.count


@dataclass
class _Places:
    """Where each open line is kept in a state. A line that closes leaves the same number behind in every state; the next one starts from it."""

    plan: Plan
    stages: list[list[int]]
    """Lines of each stage, the last stage first."""
    count: int = 0
    at: dict[int, int] = field(default_factory=dict)
    free: list[tuple[int, int]] = field(default_factory=list)
    closing: list[tuple[int, int]] = field(default_factory=list)
    last: dict[int, int] = field(default_factory=dict)
    stage: int = 0

    def __post_init__(self) -> None:
        self.stage = len(self.stages) - 1
        for number, lines in enumerate(self.stages):
            for line in lines:
                self.last.setdefault(line, number)

    def enter(self, line: int, rest_least: int, rest_most: int) -> tuple[int, int, int, int]:
        """(place, shift, most, least) of a line in the present stage."""
        shift = 0
        if line not in self.at:
            self.at[line], left = self.free.pop() if self.free else (self.count, 0)
            self.count = max(self.count, self.at[line] + 1)
            shift = -left
        most, least = self.plan.lines[line].bound - rest_least, self.plan.lines[line].bound - rest_most
        if self.last[line] == self.stage:
            self.closing.append((self.at[line], most))
        return self.at[line], shift, most, least

    def leave(self) -> None:
        """Go on to the next stage."""
        self.free += self.closing
        self.closing = []
        self.stage -= 1


def _follower(plan: Plan, at: int, sign: int, lines: list[int], ends: list[tuple[int, int, int, int]]) -> Follower:
    rows = [
        (place, shift, plan.lines[line].of[at], plan.lines[line].bound, most, least)
        for line, (place, shift, most, least) in zip(lines, ends, strict=True)
    ]
    return Follower(at, sign, plan.worth[at], plan.hope[at], plan.component.low[at], plan.component.high[at], rows)


def _ways(plan: Plan, group: list[int], lines: list[int]) -> list[Way]:
    low, high = plan.component.low, plan.component.high
    if len(group) == 1:
        choices: list[tuple[tuple[int, int], ...]] = [((group[0], value),) for value in range(low[group[0]], high[group[0]] + 1)]
    else:
        choices = [tuple((at, int(at == chosen)) for at in group) for chosen in (None, *group)]
    return [
        Way(
            choice,
            sum(plan.worth[at] * value for at, value in choice),
            sum(plan.hope[at] * value for at, value in choice),
            tuple(sum(plan.lines[line].of.get(at, 0) * value for at, value in choice) for line in lines),
        )
        for choice in choices
    ]


Beginning = tuple[int, int, "Chain | None"]
"""What is certain, what may be hoped for, and what was chosen."""


def _walk(plan: Plan, width: int, known: Beginning | None, work: int) -> tuple[Beginning | None, bool, int]:
    """(the best answer, whether nothing was dropped that could be better, work left)."""
    beginnings: dict[State, Beginning] = {(0,) * plan.places: (0, 0, None)}
    whole = True
    for stage in plan.stages:
        work -= len(beginnings) * (1 if stage.follower else len(stage.ways))
        if work < 0:
            return known, False, 0
        if stage.follower is None:
            beginnings = _choose(stage, beginnings, None if known is None else known[0] - stage.best)
        else:
            beginnings = _follow(stage.follower, beginnings)
        if len(beginnings) > width:
            whole = False
            beginnings = dict(nlargest(width, beginnings.items(), key=lambda item: item[1][:2][::-1]))
    found = max(beginnings.values(), key=lambda one: one[0], default=None)
    if found is None or (known is not None and found[0] <= known[0]):
        found = known
    return found, whole, work


def _choose(stage: Stage, beginnings: dict[State, Beginning], least: int | None) -> dict[State, Beginning]:
    """Every beginning continued in every way, unless it cannot hope for more than ``least``."""
    following: dict[State, Beginning] = {}
    ways = [(way.worth, way.hope, way.values, way.moves) for way in stage.ways]
    for state, (worth, hope, chain) in beginnings.items():
        for more, hoped, values, moves in ways:
            if least is not None and hope + hoped <= least:
                continue
            new = list(state)
            for place, add, most, felt in moves:
                now = new[place] + add
                if now > most:
                    break
                new[place] = max(felt, now)
            else:
                key, certain = tuple(new), worth + more
                other = following.get(key)
                if other is None or certain > other[0]:
                    following[key] = (certain, hope + hoped, (values, chain))
    return following


def _follow(follower: Follower, beginnings: dict[State, Beginning]) -> dict[State, Beginning]:
    """Every beginning continued by the best value that its lines allow."""
    following: dict[State, Beginning] = {}
    for state, (worth, hope, chain) in beginnings.items():
        value = follower.high if follower.sign > 0 else follower.low
        for place, shift, coefficient, bound, _most, _least in follower.lines:
            room = bound - state[place] - shift
            if follower.sign > 0 and coefficient > 0:
                value = min(value, room // coefficient)
            elif follower.sign < 0 and coefficient < 0:
                value = max(value, -(room // -coefficient))
        if not follower.low <= value <= follower.high:
            continue
        new, fits = list(state), True
        for place, shift, coefficient, _bound, most, least in follower.lines:
            now = new[place] + shift + coefficient * value
            fits = fits and now <= most
            new[place] = max(now, least)
        key, certain = tuple(new), worth + follower.worth * value
        other = following.get(key)
        if fits and (other is None or certain > other[0]):
            following[key] = (certain, hope + follower.hope * value, (((follower.variable, value),), chain))
    return following
