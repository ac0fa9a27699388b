"""Minimal sets of records that satisfy a rule's left side."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import comb

from creditbank.rules.types import Condition, Leaf, Node, RecordFacts

MATCH_CAP = 10_000
TRIES_CAP = 200_000
"""Ways that end in the same sets count too: a left side must not take for ever."""
PARTS_CAP = 100_000

Judge = Callable[[RecordFacts, Leaf], tuple[Condition, ...] | None]
"""Conditions of a record against a leaf, or None where the leaf is not about the record."""


class TooManyMatches(Exception):
    """A rule has more matches than the cap; the rule is left out and the decision says so."""


@dataclass(frozen=True)
class Match:
    """Some records and the conditions they fulfilled, in the order of the leaves."""

    records: tuple[RecordFacts, ...]
    conditions: tuple[tuple[str, tuple[Condition, ...]], ...]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(record.id for record in self.records))


Worth = Callable[[RecordFacts], Fraction]
"""Credits of a record in the target's unit, exact."""


def find_matches(
    node: Node, records: Sequence[RecordFacts], everything: Sequence[RecordFacts], judge: Judge, worth: Worth | None = None
) -> list[Match]:
    """All minimal matches of a left side, sorted by record ids; a record satisfies at most one leaf of a match.

    ``everything`` is what NOT looks at: all verified records, used or not; ``worth`` is what CREDITS_OF counts. Raises TooManyMatches.
    """
    found: dict[tuple[str, ...], Match] = {}
    search = _Search(everything, judge, worth or (lambda record: Fraction(record.credits or 0)))
    for tried, match in enumerate(search.satisfy(node, records)):
        if tried > TRIES_CAP:
            raise TooManyMatches
        found.setdefault(match.ids, match)
        if len(found) > MATCH_CAP:
            raise TooManyMatches
    sizes = sorted({len(ids) for ids in found})
    return [found[ids] for ids in sorted(found) if _is_minimal(ids, found, sizes)]


def _is_minimal(ids: tuple[str, ...], found: Container[tuple[str, ...]], sizes: Sequence[int]) -> bool:
    """Whether no proper part of a set is a match of its own; parts of sorted ids are sorted."""
    smaller = [size for size in sizes if size < len(ids)]
    if sum(comb(len(ids), size) for size in smaller) > PARTS_CAP:
        raise TooManyMatches
    return not any(part in found for size in smaller for part in combinations(ids, size))


def belong_together(node: Node, records: Sequence[RecordFacts]) -> bool:
    """Whether records are of one institution or one award, where the node asks for it; without a named award records share none."""
    if node.same_issuer and len({record.issuer for record in records}) > 1:
        return False
    awards = {record.award for record in records}
    return not node.same_award or len(records) <= 1 or (len(awards) == 1 and "" not in awards)


@dataclass(frozen=True)
class _Search:
    """What stays the same while a left side is walked."""

    everything: Sequence[RecordFacts]
    judge: Judge
    worth: Worth

    def satisfy(self, node: Node, records: Sequence[RecordFacts]) -> Iterator[Match]:
        """Every way to satisfy a node with some of these records."""
        found = self._ways(node, records)
        if node.same_issuer or node.same_award:
            return (match for match in found if belong_together(node, match.records))
        return found

    def _ways(self, node: Node, records: Sequence[RecordFacts]) -> Iterator[Match]:
        if node.kind == "leaf" and node.leaf is not None:
            yield from self._leaf(node.leaf, records)
        elif node.kind == "not" and node.children:
            if next(self.satisfy(node.children[0], self.everything), None) is None:
                yield Match((), ())
        elif node.kind == "any":
            for child in node.children:
                yield from self.satisfy(child, records)
        elif node.kind == "credits_of":
            yield from self._credits_of(node, records)
        else:
            for chosen in self._choices(node, records):
                yield from self._all_of(chosen, records)

    def _choices(self, node: Node, records: Sequence[RecordFacts]) -> Iterator[tuple[Node, ...]]:
        """All children, or every k of those that something satisfies. Raises TooManyMatches."""
        if node.kind != "n_of":
            yield node.children
            return
        possible = [child for child in node.children if next(self.satisfy(child, records), None) is not None]
        if comb(len(possible), node.k) > MATCH_CAP:
            raise TooManyMatches
        yield from combinations(possible, node.k)

    def _leaf(self, leaf: Leaf, records: Sequence[RecordFacts]) -> Iterator[Match]:
        for record in records:
            conditions = self.judge(record, leaf)
            if conditions is not None and all(condition.ok for condition in conditions):
                yield Match((record,), ((record.id, conditions),))

    def _all_of(self, children: Sequence[Node], records: Sequence[RecordFacts]) -> Iterator[Match]:
        if not children:
            yield Match((), ())
            return
        for first in self.satisfy(children[0], records):
            taken = set(first.ids)
            rest = [record for record in records if record.id not in taken]
            for other in self._all_of(children[1:], rest):
                yield Match(first.records + other.records, first.conditions + other.conditions)

    def _credits_of(self, node: Node, records: Sequence[RecordFacts]) -> Iterator[Match]:
        """Minimal sets that reach the credits: taken from the largest down, a set is minimal when its last record was needed."""
        single: dict[str, Match] = {}
        for child in node.children:
            for match in self.satisfy(child, records):
                single.setdefault(match.records[0].id, match)
        wanted = Fraction(node.credits or 0)
        ordered = sorted(single.values(), key=lambda match: (-self.worth(match.records[0]), match.ids))
        yield from self._reach(ordered, wanted, ())

    def _reach(self, ordered: Sequence[Match], missing: Fraction, taken: tuple[Match, ...]) -> Iterator[Match]:
        if missing <= 0:
            yield Match(
                tuple(record for match in taken for record in match.records),
                tuple(condition for match in taken for condition in match.conditions),
            )
            return
        left = sum((self.worth(match.records[0]) for match in ordered), Fraction(0))
        for at, match in enumerate(ordered):
            if left < missing:
                return
            own = self.worth(match.records[0])
            left -= own
            yield from self._reach(ordered[at + 1 :], missing - own, (*taken, match))
