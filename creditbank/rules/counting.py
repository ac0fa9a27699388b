"""Left sides that count records: k of some leaves, or so many credits of them. Their sets are never listed; they become variables (``pools``).

Here is what can be said without listing: which records fit where, whether a set satisfies the rule, and how one record is completed to a set.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations

from creditbank.rules.matches import Judge, Match
from creditbank.rules.types import KIND_ORDER, Condition, Leaf, Node, RecordFacts, Rule

Place = tuple[int, int]
"""(demand, leaf) of a left side."""


FEW = 12
"""Records of which every set may be looked at."""


@dataclass(frozen=True)
class Demand:
    """One part of a left side: ``count`` different leaves with a record each, or ``credits`` of records that fit any leaf."""

    leaves: tuple[Leaf, ...]
    count: int = 0
    credits: Fraction | None = None


@dataclass(frozen=True)
class Counted:
    """One offer of a rule that counts, with the records that may take part.

    ``fits`` says for each record the leaves that it satisfies. ``refused`` are sets of which not all may be taken together, ``required``
    records that must be. ``together`` gives each record the institution or award that all records of a set share.
    """

    rule: Rule
    offer: int
    numbers: tuple[int, ...]
    demands: tuple[Demand, ...]
    records: tuple[RecordFacts, ...]
    fits: dict[str, frozenset[Place]]
    worth: dict[str, Fraction]
    together: dict[str, str] = field(default_factory=dict)
    refused: tuple[frozenset[str], ...] = ()
    required: frozenset[str] = frozenset()

    @property
    def shape(self) -> tuple[object, ...]:
        """Two that count the same records in the same way are equal here."""
        by_place: dict[Place, list[str]] = defaultdict(list)
        for ident in sorted(self.fits):
            for place in self.fits[ident]:
                by_place[place].append(ident)
        parts = [
            (demand.count, demand.credits or Fraction(0), sorted(ids for place, ids in by_place.items() if place[0] == at))
            for at, demand in enumerate(self.demands)
        ]
        return tuple((count, credits, tuple(map(tuple, ids))) for count, credits, ids in sorted(parts)), tuple(
            sorted(self.together.items())
        )

    @property
    def rank_key(self) -> tuple[int, int, int]:
        """Precedence first (higher wins), then priority, then the kind of the first grant."""
        return -self.rule.precedence, self.rule.priority, KIND_ORDER.index(self.rule.grants[self.numbers[0] - 1].kind)

    def chosen(self, ids: Iterable[str]) -> list[RecordFacts]:
        """Records by their ids, in the order of ids."""
        wanted = set(ids)
        return [record for record in self.records if record.id in wanted]

    def is_set(self, ids: Iterable[str]) -> bool:
        """Whether exactly these records satisfy the left side, and no part of them does."""
        wanted = sorted(ids)
        if not set(wanted) <= set(self.fits) or len({self.together.get(ident, "") for ident in wanted}) > 1:
            return False
        if not self.required <= set(wanted) or any(one <= set(wanted) for one in self.refused):
            return False
        counting = [ident for ident in wanted if not self.by_credits(ident)]
        if len(counting) != sum(demand.count for demand in self.demands) or self.assigned(counting) is None:
            return False
        return all(self._is_minimal(at, demand, wanted) for at, demand in enumerate(self.demands) if demand.credits is not None)

    def by_credits(self, ident: str) -> bool:
        """Whether a record counts by its credits."""
        return any(self.demands[at].credits is not None for at, _leaf in self.fits[ident])

    def _is_minimal(self, at: int, demand: Demand, ids: Sequence[str]) -> bool:
        worths = [self.worth[ident] for ident in ids if any(place[0] == at for place in self.fits[ident])]
        missing = sum(worths, Fraction(0)) - (demand.credits or 0)
        return bool(worths) and 0 <= missing < min(worths)

    def assigned(self, ids: Iterable[str]) -> Assignment | None:
        """A leaf of its own for each record, no demand above its count; None where there is none."""
        found = Assignment(self)
        return found if all(found.add(ident) for ident in ids) else None

    def has_a_set(self) -> bool:
        """Whether any set satisfies the left side; where some may not be taken together and there are many, it is taken to be so."""
        if any(self.completed(ident, lambda _ident: True) for ident in self.fits):
            return True
        if not self.refused or len(self.fits) > FEW:
            return bool(self.refused)
        return any(self.is_set(ids) for size in range(1, len(self.fits) + 1) for ids in combinations(sorted(self.fits), size))

    def completed(self, first: str, preferred: Callable[[str], bool]) -> tuple[str, ...] | None:
        """A set with this record in it, of preferred records where that is possible; None where there is none."""
        order = sorted((ident for ident in self.fits if ident != first), key=lambda ident: (not preferred(ident), ident))
        order = [ident for ident in order if self.together.get(ident, "") == self.together.get(first, "")]
        found = Assignment(self)
        wanted = sum(demand.count for demand in self.demands)
        for ident in (first, *sorted(self.required), *order):
            if len(found.leaf_of) < wanted and ident not in found.leaf_of.values() and not self.by_credits(ident):
                found.add(ident)
        chosen = set(found.leaf_of.values())
        for at, demand in enumerate(self.demands):
            if demand.credits is not None:
                own = [ident for ident in (first, *order) if any(place[0] == at for place in self.fits[ident])]
                chosen |= self._reached(own, demand.credits, first) if first in own else self._enough(own, demand.credits)
        return tuple(sorted(chosen)) if first in chosen and self.is_set(chosen) else None

    def _reached(self, own: Sequence[str], credits: Fraction, first: str) -> set[str]:
        """Records that reach the credits with this one and not without it; what is preferred first, others where that does not come out."""
        if sum((self.worth[ident] for ident in own), Fraction(0)) < credits:
            return {first}
        others = [ident for ident in own if ident != first]
        for start in range(len(others) + 1):
            taken, total = [], self.worth[first]
            for ident in others[start:]:
                if total < credits and total - self.worth[first] + self.worth[ident] < credits:
                    taken.append(ident)
                    total += self.worth[ident]
            if total >= credits:
                return {first, *self._needed(taken, total - credits)}
        return {first}

    def _enough(self, own: Sequence[str], credits: Fraction) -> set[str]:
        """Records that reach the credits, none of them more than needed, the first ones where that is possible."""
        taken: list[str] = []
        total = Fraction(0)
        for ident in own:
            if total < credits:
                taken.append(ident)
                total += self.worth[ident]
        return self._needed(taken, total - credits) if total >= credits else set(taken)

    def _needed(self, taken: Sequence[str], spare: Fraction) -> set[str]:
        """Of some records those that cannot be left out, the smallest left out first."""
        kept = set(taken)
        for ident in sorted(taken, key=lambda one: (self.worth[one], one)):
            if self.worth[ident] <= spare:
                kept.remove(ident)
                spare -= self.worth[ident]
        return kept


@dataclass
class Assignment:
    """Records on leaves of their own, no more in a demand than it counts; one that is added may move others (augmenting paths)."""

    counted: Counted
    leaf_of: dict[Place, str] = field(default_factory=dict)
    _load: Counter[int] = field(default_factory=Counter)

    def add(self, ident: str) -> bool:
        """Place one more record; False, with nothing changed, where that cannot be."""
        return self._place(ident, set(), set())

    def by_record(self) -> dict[str, Place]:
        """The leaf of each record."""
        return {ident: place for place, ident in self.leaf_of.items()}

    def _place(self, ident: str, seen: set[Place], full: set[int]) -> bool:
        for place in sorted(self.counted.fits[ident]):
            if place in seen or self.counted.demands[place[0]].credits is not None:
                continue
            seen.add(place)
            free = self._place(self.leaf_of[place], seen, full) if place in self.leaf_of else self._use(place[0], seen, full)
            if free:
                self.leaf_of[place] = ident
                return True
        return False

    def _use(self, demand: int, seen: set[Place], full: set[int]) -> bool:
        """Room for one more in a demand: its own, or that of a record that can stand elsewhere."""
        if self._load[demand] < self.counted.demands[demand].count:
            self._load[demand] += 1
            return True
        if demand in full:
            return False
        full.add(demand)
        for place in sorted(place for place in self.leaf_of if place[0] == demand and place not in seen):
            seen.add(place)
            ident = self.leaf_of.pop(place)
            if self._place(ident, seen, full):
                return True
            self.leaf_of[place] = ident
        return False


def demands_of(lhs: Node) -> tuple[Demand, ...] | None:
    """The parts of a left side that counts, or None where its sets are to be listed.

    It counts where it is N_OF or CREDITS_OF over plain leaves, alone or in one ALL with leaves, ANY over leaves and NOT.
    """
    parts = list(_flat(lhs))
    if None in parts or not any(_is_counting(part) for part in parts if part is not None):
        return None
    return tuple(_demand(part) for part in parts if part is not None and part.kind != "not")


def _is_counting(node: Node) -> bool:
    return node.kind in {"n_of", "credits_of"}


def _flat(node: Node, *, inside: bool = False) -> Iterable[Node | None]:
    if inside and (node.same_issuer or node.same_award) and node.kind != "leaf":
        return [None]
    if node.kind == "all":
        return [part for child in node.children for part in _flat(child, inside=True)]
    if node.kind in {"leaf", "not"}:
        return [node]
    return [node] if all(child.kind == "leaf" for child in node.children) else [None]


def _demand(node: Node) -> Demand:
    leaves = (node.leaf,) if node.leaf is not None else tuple(child.leaf for child in node.children if child.leaf is not None)
    if node.kind == "credits_of":
        return Demand(leaves, credits=Fraction(node.credits or 0))
    return Demand(leaves, count=node.k if node.kind == "n_of" else 1)


def fitting(demands: Sequence[Demand], records: Iterable[RecordFacts], judge: Judge) -> dict[str, frozenset[Place]]:
    """For each record that fits anywhere the leaves that it satisfies."""
    found = {}
    for record in records:
        places = frozenset(
            (at, number) for at, demand in enumerate(demands) for number, leaf in enumerate(demand.leaves) if _holds(judge(record, leaf))
        )
        if places:
            found[record.id] = places
    return found


def _holds(conditions: tuple[Condition, ...] | None) -> bool:
    return conditions is not None and all(condition.ok for condition in conditions)


def are_apart(demands: Sequence[Demand], fits: dict[str, frozenset[Place]]) -> bool:
    """Whether no record that counts by credits fits another part as well; else sets have to be listed to tell which are minimal."""
    by_credits = {at for at, demand in enumerate(demands) if demand.credits is not None}
    return all(len({place[0] for place in places}) == 1 or not {place[0] for place in places} & by_credits for places in fits.values())


def match_of(counted: Counted, ids: Iterable[str], judge: Judge) -> Match:
    """The records of a set, each with the conditions of the leaf that it stands for."""
    records = counted.chosen(ids)
    found = counted.assigned(record.id for record in records if not counted.by_credits(record.id))
    places = found.by_record() if found else {}
    conditions = []
    for record in records:
        place = places.get(record.id) or min(counted.fits[record.id])
        conditions.append((record.id, judge(record, counted.demands[place[0]].leaves[place[1]]) or ()))
    return Match(tuple(records), tuple(conditions))
