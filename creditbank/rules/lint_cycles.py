"""Arbitrage: a cycle of rates, or of rules that turn one outcome into another, whose product is greater than 1. Exact fractions throughout."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from creditbank.rules.findings import Finding
from creditbank.rules.lint_ground import Ground, chosen, given_by, said, ways
from creditbank.rules.types import POSTING

MOST_STEPS = 400_000
"""Improvements tried inside one knot of cycles; a knot that is not undone by then is reported, because it cannot be shown to be harmless."""


MOST_LOOKS = 2_000_000
"""Edges of one knot times the days on which one of them begins."""


@dataclass(frozen=True)
class Edge:
    """So many of the target for one of the source, in a window; ``by`` names the rule, or is empty for a rate."""

    source: str
    target: str
    ratio: Fraction
    first: date
    last: date
    by: str = ""


def cycle_findings(ground: Ground) -> Iterator[Finding]:
    """L07 of rates, then of rules: one finding for each knot of units or outcomes that grows."""
    for edges in (_rates(ground), _rules(ground)):
        for knot in _knots(edges):
            found = _growing(knot)
            if found:
                yield found


def _rates(ground: Ground) -> list[Edge]:
    return [
        Edge(rate.source, rate.target, rate.ratio, rate.window_from or date.min, rate.window_to or date.max) for rate in ground.base.rates
    ]


def _rules(ground: Ground) -> list[Edge]:
    """Rules that give one outcome for one other: credits given for each credit of the source."""
    edges = []
    for rule in ground.rules:
        about = [ground.base.outcome(leaves[0].outcome) for leaves in ways(rule) if len(leaves) == 1]
        given = given_by(rule, ground.base)
        named = {grant.outcome for grant in rule.grants if grant.kind in POSTING and grant.outcome}
        if given is None or len(named) != 1:
            continue
        for source in about:
            if source is not None and source.credits:
                ratio = given[1] / Fraction(source.credits)
                edges.append(
                    Edge(source.code, named.copy().pop(), ratio, rule.window_from or date.min, rule.window_to or date.max, rule.id)
                )
    return edges


def _knots(edges: Sequence[Edge]) -> Iterator[list[Edge]]:
    """Edges inside one strongly connected set: only these can lie on a cycle (Tarjan, without recursion)."""
    following: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        following[edge.source].append(edge.target)
    found = _components(following)
    inside: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        if found.get(edge.source) == found.get(edge.target):
            inside[found[edge.source]].append(edge)
    return iter(sorted(inside.values(), key=lambda knot: min(edge.source for edge in knot)))


def _components(following: dict[str, list[str]]) -> dict[str, int]:
    """The number of the strongly connected set of every node that has edges."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    on_stack: dict[str, bool] = {}
    number: dict[str, int] = {}
    stack: list[str] = []
    for start in list(following):
        work: list[tuple[str, int]] = [(start, 0)] if start not in order else []
        while work:
            node, at = work.pop()
            if at == 0:
                order[node] = low[node] = len(order)
                stack.append(node)
                on_stack[node] = True
            elif on_stack.get(following[node][at - 1]):
                low[node] = min(low[node], low[following[node][at - 1]])
            nexts = following.get(node, [])
            if at < len(nexts):
                work.append((node, at + 1))
                if nexts[at] not in order:
                    work.append((nexts[at], 0))
            elif low[node] == order[node]:
                _close(node, stack, on_stack, number)
    return number


def _close(head: str, stack: list[str], on_stack: dict[str, bool], number: dict[str, int]) -> None:
    own = len(number)
    while True:
        node = stack.pop()
        on_stack[node] = False
        number[node] = own
        if node == head:
            return


def _growing(knot: list[Edge]) -> Finding | None:
    """A growing cycle of a knot, at any time at which all of its edges hold."""
    if all(edge.ratio <= 1 for edge in knot):
        return None
    starts = sorted({edge.first for edge in knot})
    if len(starts) * len(knot) > MOST_LOOKS:
        return _unchecked(knot)
    for day in starts:
        edges = [edge for edge in knot if edge.first <= day <= edge.last]
        found = _search(edges)
        if found is not None:
            return found
    return None


def _search(edges: list[Edge]) -> Finding | None:
    """Greatest products from every node at once; where following what improved leads back to itself, that is a cycle."""
    best: dict[str, Fraction] = {name: Fraction(1) for edge in edges for name in (edge.source, edge.target)}
    outgoing: dict[str, list[Edge]] = defaultdict(list)
    for edge in sorted(edges, key=lambda edge: (edge.source, edge.target, -edge.ratio, edge.by)):
        outgoing[edge.source].append(edge)
    before: dict[str, Edge] = {}
    waiting, queued, steps = deque(sorted(best)), set(best), 0
    while waiting:
        node = waiting.popleft()
        queued.discard(node)
        for edge in outgoing[node]:
            value = best[node] * edge.ratio
            if value <= best[edge.target]:
                continue
            best[edge.target], before[edge.target] = value, edge
            steps += 1
            if steps > MOST_STEPS:
                return _unchecked(edges)
            cycle = _cycle_at(edge.target, before) if edge.target == edge.source or steps % len(best) == 0 else None
            if cycle:
                return _finding(cycle)
            if edge.target not in queued:
                waiting.append(edge.target)
                queued.add(edge.target)
    return None


def _unchecked(edges: Sequence[Edge]) -> Finding:
    ids = chosen({edge.by or edge.source for edge in edges})
    return Finding("L07", ids, (("cycle", "unchecked"), ("product", "> 1 ?")), place="rule" if edges[0].by else "rates")


def _cycle_at(start: str, before: dict[str, Edge]) -> list[Edge] | None:
    """The cycle that leads to a node by what improved it, if there is one."""
    seen: dict[str, int] = {}
    path: list[Edge] = []
    node = start
    while node in before and node not in seen:
        seen[node] = len(path)
        path.append(before[node])
        node = before[node].source
    return path[seen[node] :][::-1] if node in seen else None


def _finding(cycle: list[Edge]) -> Finding:
    product = Fraction(1)
    for edge in cycle:
        product *= edge.ratio
    start = min(range(len(cycle)), key=lambda at: cycle[at].source)
    ordered = cycle[start:] + cycle[:start]
    names = [edge.source for edge in ordered] + [ordered[0].source]
    rules = tuple(sorted({edge.by for edge in ordered if edge.by}))
    shown = names if len(names) <= 40 else [*names[:20], "…", *names[-19:]]  # noqa: PLR2004  a line that can be read
    data = (("cycle", " → ".join(shown)), ("product", said(product)))
    return Finding("L07", rules[:20] or tuple(sorted(set(names)))[:20], data, place="rule" if rules else "rates")
