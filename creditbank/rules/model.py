"""The program of a decision: which candidates are taken, where their grants sit, what they post. Whole numbers of steps throughout."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from creditbank.rules.giving import Candidate, Given
from creditbank.rules.plans import Pool
from creditbank.rules.solver import Program
from creditbank.rules.types import Facts, Limit, RecordFacts, RequirementLeaf, RuleBase

Part = tuple[int, int, bool]
"""(candidate, grant number, made elective by a limit)."""
Seat = tuple[int, int, bool, str]
"""A part and the path of the leaf where it sits."""
Row = dict[int, int]


def steps(amount: Decimal, step: Decimal) -> int:
    """An amount as a whole number of steps."""
    return int(Fraction(amount) / Fraction(step))


@dataclass
class Model:
    """The program while it is being built: variables by what they stand for."""

    facts: Facts
    base: RuleBase
    limits: tuple[Limit, ...]
    step: Decimal
    candidates: list[Candidate]
    program: Program = field(default_factory=Program)
    take: list[int] = field(default_factory=list)
    part: dict[Part, int] = field(default_factory=dict)
    seat: dict[Seat, int] = field(default_factory=dict)
    posted: dict[Part, Row] = field(default_factory=dict)
    cut: dict[Part, int] = field(default_factory=dict)
    keeps_fill: set[Part] = field(default_factory=set)
    fills: dict[Seat, Row] = field(default_factory=dict)
    shared: dict[tuple[str, str], Row] = field(default_factory=lambda: defaultdict(dict))
    ranks: frozenset[tuple[int, int, int]] = frozenset()
    pools: list[Pool] = field(default_factory=list)
    touched: dict[str, Row] = field(default_factory=dict)
    _amounts: dict[tuple[int, int], int] = field(default_factory=dict)
    _leaves: dict[str, RequirementLeaf] = field(default_factory=dict)
    _seats: dict[Part | str, list[tuple[Seat, int]]] = field(default_factory=dict)
    _indexed: int = 0

    def given(self, part: Part) -> Given:
        """The grant that a part stands for."""
        return next(given for given in self.candidates[part[0]].given if given.number == part[1])

    def amount(self, part: Part) -> int:
        """Its full amount in steps."""
        key = part[:2]
        if key not in self._amounts:
            self._amounts[key] = steps(self.given(part).amount, self.step)
        return self._amounts[key]

    def leaf(self, path: str) -> RequirementLeaf:
        """A leaf by its path."""
        if not self._leaves:
            self._leaves = {leaf.path: leaf for leaf in self.facts.target.seats()}
        return self._leaves[path]

    def uses(self) -> Iterator[tuple[int, RecordFacts, Decimal | None]]:
        """(variable, record, credits used up, None for all of it) of everything that may use a record."""
        for take, candidate in zip(self.take, self.candidates, strict=True):
            if not candidate.slot:
                yield from ((take, record, candidate.consumed) for record in candidate.match.records)
        for pool in self.pools:
            for records in pool.kinds.values():
                yield from ((pool.takes[record.id], record, None) for record in records if record.id in pool.takes)

    def seats_in(self, path: str) -> list[tuple[Seat, int]]:
        """Everything that may sit in a leaf."""
        return self._index().get(path, [])

    def seats_of(self, part: Part) -> list[tuple[Seat, int]]:
        """Everywhere that a part may sit."""
        return self._index().get(part, [])

    def _index(self) -> dict[Part | str, list[tuple[Seat, int]]]:
        """Seats by leaf and by part; renewed where seats have been added."""
        if self._indexed != len(self.seat):
            self._seats, self._indexed = defaultdict(list), len(self.seat)
            for seat, variable in self.seat.items():
                self._seats[seat[3]].append((seat, variable))
                self._seats[seat[:3]].append((seat, variable))
        return self._seats


def add_candidates(model: Model, to_elective: set[tuple[int, int]]) -> None:
    """Variables for candidates, grants and seats. ``to_elective`` names grants that a limit may make elective.

    What must be equal shares one variable: a candidate and its only grant, a grant and its only seat. That keeps the program small.
    """
    electives = tuple(leaf.path for leaf in model.facts.target.seats() if leaf.elective)
    for index, candidate in enumerate(model.candidates):
        take = model.program.variable()
        model.take.append(take)
        model.part |= _waivers(index, candidate, take)
        seated = [given for given in candidate.given if given.seats]
        alone = len(seated) == 1 and not any(given.waives or (index, given.number) in to_elective for given in candidate.given)
        parts: Row = {}
        for given in candidate.given:
            own = _add_part(model, (index, given.number, False), given.seats, take if alone and given.seats else None)
            if (index, given.number) in to_elective:
                own |= _add_part(model, (index, given.number, True), electives, None)
            if candidate.rule.all_or_nothing and not given.waives and given.grant.kind != "pending" and not (alone and own):
                model.program.at_least({**own, take: -1}, 0)
            if not alone:
                model.program.at_most({**own, take: -1}, 0)
            parts |= own
        if not parts and not any(given.waives for given in candidate.given):
            model.program.at_most({take: 1}, 0)
        elif not alone and not any(given.waives for given in candidate.given):
            model.program.at_most({take: 1, **dict.fromkeys(parts, -1)}, 0)


def _waivers(index: int, candidate: Candidate, take: int) -> dict[Part, int]:
    """Grants that waive have no seat: they are given wherever their candidate is taken."""
    return {(index, given.number, False): take for given in candidate.given if given.waives}


def _add_part(model: Model, part: Part, paths: tuple[str, ...], take: int | None) -> Row:
    if not paths:
        return {}
    unit = model.program.variable() if take is None else take
    model.part[part] = unit
    if len(paths) == 1:
        model.seat[(*part, paths[0])] = unit
        return {unit: 1}
    _add_seats(model, part, paths, unit)
    return {unit: 1}


def _add_seats(model: Model, part: Part, paths: tuple[str, ...], unit: int) -> None:
    seats = {path: model.program.variable() for path in paths}
    model.seat |= {(*part, path): variable for path, variable in seats.items()}
    model.program.at_most({unit: 1, **dict.fromkeys(seats.values(), -1)}, 0)
    shared = False
    for first, second in combinations(paths, 2):
        if may_share(model.leaf(first), model.leaf(second)):
            shared = True
        else:
            model.program.at_most({seats[first]: 1, seats[second]: 1, unit: -1}, 0)
    model.program.at_most({**dict.fromkeys(seats.values(), 1), unit: -2 if shared else -1}, 0)
    if shared:
        for variable in seats.values():
            model.program.at_most({variable: 1, unit: -1}, 0)


def may_share(first: RequirementLeaf, second: RequirementLeaf) -> bool:
    """Whether one grant may sit in both leaves: they are of different sets, and one of them declares to share with the other's."""
    if first.exclusive and first.exclusive == second.exclusive:
        return False
    declared = (first.share_with and first.share_with == second.exclusive) or (second.share_with and second.share_with == first.exclusive)
    return bool(declared)


def add_exclusivity(model: Model) -> None:
    """A record is used once, or by as many as its credits allow where rules split it; of a class of equal records one is used."""
    by_record: dict[str, list[tuple[int, RecordFacts, Decimal | None]]] = defaultdict(list)
    for use in model.uses():
        by_record[use[1].id].append(use)
    by_class: dict[str, list[Row]] = defaultdict(list)
    for ident, found in by_record.items():
        if any(consumed is not None for _variable, _record, consumed in found):
            model.touched[ident] = _split(model, found)
        else:
            model.touched[ident] = {variable: 1 for variable, _record, _consumed in found}
            if len(found) > 1:
                model.program.at_most(model.touched[ident], 1)
        by_class[found[0][1].class_key].append(model.touched[ident])
    for rows in by_class.values():
        if len(rows) > 1:
            model.program.at_most(Counter(variable for row in rows for variable in row), 1)
    _once_each(model)


def _split(model: Model, found: list[tuple[int, RecordFacts, Decimal | None]]) -> Row:
    """Whole source steps, together at most what is left of the record; returns what is one where any of it is used."""
    record = found[0][1]
    whole = left_of(record)
    system = model.base.system(record.system)
    step = system.step if system else model.step
    model.program.at_most({variable: steps(consumed or whole, step) for variable, _record, consumed in found}, steps(whole, step))
    touched = model.program.variable()
    for variable, _record, _consumed in found:
        model.program.at_most({variable: 1, touched: -1}, 0)
    return {touched: 1}


def left_of(record: RecordFacts) -> Decimal:
    """The credits of a record that earlier awards have left."""
    return record.remaining if record.remaining is not None else record.credits or Decimal(0)


def _once_each(model: Model) -> None:
    """A rule and match give an offer once, whatever part of the record is used up for it."""
    parts: dict[tuple[object, ...], Row] = defaultdict(dict)
    for take, candidate in zip(model.take, model.candidates, strict=True):
        if candidate.consumed is not None:
            parts[candidate.rule.id, candidate.match.ids, candidate.offer][take] = 1
    for row in parts.values():
        if len(row) > 1:
            model.program.at_most(row, 1)
