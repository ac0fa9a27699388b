"""Minimal sets of records that satisfy a rule's left side."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

from creditbank.rules.types import Condition, Leaf, Node, RecordFacts

MATCH_CAP = 10_000

Judge = Callable[[RecordFacts, Leaf], tuple[Condition, ...] | None]
"""Conditions of a record against a leaf, or None where the leaf is not about the record."""


class TooManyMatches(Exception):
    """A rule has more matches than the cap; the rule is left out and the decision says so."""


@dataclass(frozen=True)
class Match:
    """Some records and the conditions they fulfilled, in the order of the leaves."""

    records: tuple[RecordFacts, ...]
    conditions: tuple[tuple[str, tuple[Condition, ...]], ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(record.id for record in self.records))


def find_matches(node: Node, records: Sequence[RecordFacts], everything: Sequence[RecordFacts], judge: Judge) -> list[Match]:
    """All minimal matches of a left side, sorted by record ids; a record satisfies at most one leaf of a match.

    ``everything`` is what NOT looks at: all verified records, used or not. Raises TooManyMatches.
    """
    found: dict[tuple[str, ...], Match] = {}
    for match in _satisfy(node, records, everything, judge):
        found.setdefault(match.ids, match)
        if len(found) > MATCH_CAP:
            raise TooManyMatches
    sizes = sorted({len(ids) for ids in found})
    return [found[ids] for ids in sorted(found) if _is_minimal(ids, found, sizes)]


def _is_minimal(ids: tuple[str, ...], found: Container[tuple[str, ...]], sizes: Sequence[int]) -> bool:
    """Whether no proper part of a set is a match of its own; parts of sorted ids are sorted."""
    return not any(part in found for size in sizes if size < len(ids) for part in combinations(ids, size))


def _satisfy(node: Node, records: Sequence[RecordFacts], everything: Sequence[RecordFacts], judge: Judge) -> Iterator[Match]:
    if node.kind == "leaf" and node.leaf is not None:
        yield from _leaf_matches(node.leaf, records, judge)
    elif node.kind == "not" and node.children:
        if not any(_satisfy(node.children[0], everything, everything, judge)):
            yield Match((), ())
    elif node.kind == "any":
        for child in node.children:
            yield from _satisfy(child, records, everything, judge)
    else:
        for chosen in _choices(node, records, everything, judge):
            yield from _all_of(chosen, records, everything, judge)


def _choices(node: Node, records: Sequence[RecordFacts], everything: Sequence[RecordFacts], judge: Judge) -> Iterator[tuple[Node, ...]]:
    """All children, or every k of those that something satisfies. Raises TooManyMatches."""
    if node.kind != "n_of":
        yield node.children
        return
    possible = [child for child in node.children if next(_satisfy(child, records, everything, judge), None) is not None]
    if comb(len(possible), node.k) > MATCH_CAP:
        raise TooManyMatches
    yield from combinations(possible, node.k)


def _leaf_matches(leaf: Leaf, records: Sequence[RecordFacts], judge: Judge) -> Iterator[Match]:
    for record in records:
        conditions = judge(record, leaf)
        if conditions is not None and all(condition.ok for condition in conditions):
            yield Match((record,), ((record.id, conditions),))


def _all_of(children: Sequence[Node], records: Sequence[RecordFacts], everything: Sequence[RecordFacts], judge: Judge) -> Iterator[Match]:
    if not children:
        yield Match((), ())
        return
    for first in _satisfy(children[0], records, everything, judge):
        taken = set(first.ids)
        rest = [record for record in records if record.id not in taken]
        for other in _all_of(children[1:], rest, everything, judge):
            yield Match(first.records + other.records, first.conditions + other.conditions)
