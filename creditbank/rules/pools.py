"""Counting candidates in the program: how many records of each kind they take, which records those are, and the sets after solving."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import lcm

from creditbank.rules.amounts import ratio_between
from creditbank.rules.counting import Counted, match_of
from creditbank.rules.exceptions import NoRate
from creditbank.rules.giving import Candidate, give, lead_of
from creditbank.rules.leaves import judge_leaf
from creditbank.rules.matches import Judge
from creditbank.rules.model import Model, Row
from creditbank.rules.plans import Fits, Kind, Plan, Pool, Slot
from creditbank.rules.types import Facts, RecordFacts, RuleBase

FREE: Fits = frozenset()
"""Of records that never lack a leaf of their own, whatever else is taken."""


def add_pools(model: Model, plans: Sequence[Plan], first: int) -> None:
    """Rows of all plans; their slots are the candidates from number ``first`` on, in order."""
    for plan in plans:
        places = list(range(first, first + len(plan.slots)))
        first += len(plan.slots)
        pool = Pool(plan, places, _kinds(plan))
        model.pools.append(pool)
        _Rows(model, pool).add()


def _kinds(plan: Plan) -> dict[Kind, list[RecordFacts]]:
    """Records by kind, each kind in the order of leads."""
    counted = plan.counted
    named = set().union(*counted.refused, counted.required)
    valued = any(demand.credits is not None for demand in counted.demands) or any(slot.worth.low is not None for _one, slot in plan.slots)
    free = _never_lack(counted)
    kinds: dict[Kind, list[RecordFacts]] = defaultdict(list)
    for record in counted.records:
        reached = sum(record.score is not None and record.score >= score for score in plan.thresholds)
        kind = Kind(
            FREE if free else counted.fits[record.id], counted.worth[record.id] if valued else Fraction(0), reached, plan.blocks[record.id],
            counted.together.get(record.id, ""), record.id if record.id in named else "",
        )  # fmt: skip
        kinds[kind].append(record)
    return dict(kinds)


def _never_lack(counted: Counted) -> bool:
    """Whether any so many records have leaves of their own: each fits as many leaves as are asked, or more leaves than there are like it."""
    if len(counted.demands) != 1 or counted.demands[0].credits is not None:
        return False
    alike: dict[Fits, set[str]] = defaultdict(set)
    for record in counted.records:
        alike[counted.fits[record.id]].add(record.class_key)
    narrow = {fits: classes for fits, classes in alike.items() if len(fits) < counted.demands[0].count}
    apart = sum(map(len, narrow)) == len(set().union(*narrow))
    return apart and all(len(classes) <= len(fits) for fits, classes in narrow.items())


@dataclass
class _Rows:
    """Writes the rows of one pool."""

    model: Model
    pool: Pool

    def add(self) -> None:
        counted, pool, program = self.pool.plan.counted, self.pool, self.model.program
        self.scale = lcm(*(worth.denominator for worth in counted.worth.values()), *(
            demand.credits.denominator for demand in counted.demands if demand.credits is not None
        ))  # fmt: skip
        for place, (_candidate, slot) in zip(pool.places, pool.plan.slots, strict=True):
            counts = {kind: program.variable(len(records)) for kind, records in pool.kinds.items() if self._may_take(slot, kind)}
            pool.counts |= {(place, kind): variable for kind, variable in counts.items()}
            self._add_slot(place, slot, counts)
            if slot.twin:
                program.at_most({self.model.take[place]: 1, self.model.take[place - 1]: -1}, 0)
        by_kind: dict[Kind, list[int]] = defaultdict(list)
        for (_place, kind), variable in pool.counts.items():
            by_kind[kind].append(variable)
        for kind, records in pool.kinds.items():
            self._share_out(by_kind[kind], records)

    def _may_take(self, slot: Slot, kind: Kind) -> bool:
        reached = slot.worth.reached is None or kind.reached <= slot.worth.reached
        return reached and kind.block >= self.pool.plan.classes.index(slot.told) and kind.together == slot.together

    def _share_out(self, taken: list[int], records: list[RecordFacts]) -> None:
        """As many records of a kind are taken as all slots count of it."""
        if not taken:
            return
        if len(taken) == len(records) == 1:
            self.pool.takes[records[0].id] = taken[0]
            return
        own = {record.id: self.model.program.variable() for record in records}
        self.pool.takes |= own
        self._equal({**dict.fromkeys(own.values(), 1), **dict.fromkeys(taken, -1)})

    def _equal(self, row: Row) -> None:
        self.model.program.at_most(row, 0)
        self.model.program.at_least(row, 0)

    def _add_slot(self, place: int, slot: Slot, counts: dict[Kind, int]) -> None:
        counted, program, take = self.pool.plan.counted, self.model.program, self.model.take[place]
        self._lead(counts, slot, take)
        self._fill(counts, take)
        for at, demand in enumerate(counted.demands):
            if demand.credits is not None:
                own = {kind: variable for kind, variable in counts.items() if any(spot[0] == at for spot in kind.fits)}
                self._reach(own, demand.credits, take)
        if slot.worth.low is not None and slot.worth.high is not None:
            total = {variable: self._steps(kind.worth) for kind, variable in counts.items()}
            program.at_least({**total, take: -self._steps(slot.worth.low)}, 0)
            program.at_most({**total, take: -self._steps(slot.worth.high)}, 0)
        named = {kind.name: variable for kind, variable in counts.items() if kind.name}
        for ids in counted.refused:
            row = {named[ident]: 1 for ident in ids if ident in named}
            if len(row) == len(ids):
                program.at_most({**row, take: -(len(ids) - 1)}, 0)
        for ident in counted.required:
            row = {named[ident]: 1} if ident in named else {}
            program.at_least({**row, take: -1}, 0)

    def _steps(self, worth: Fraction) -> int:
        return int(worth * self.scale)

    def _lead(self, counts: dict[Kind, int], slot: Slot, take: int) -> None:
        """The first record is of the slot's class: one of another class needs one of this class before it. Some reaches the class of score."""
        program, classes = self.model.program, self.pool.plan.classes
        own = {variable: kind.block for kind, variable in counts.items() if classes[kind.block] == slot.told}
        program.at_least({**dict.fromkeys(own, 1), take: -1}, 0)
        for block in sorted({kind.block for kind in counts if classes[kind.block] != slot.told}):
            here = [(kind, variable) for kind, variable in counts.items() if kind.block == block]
            most = sum(len(self.pool.kinds[kind]) for kind, _variable in here)
            program.at_most({**{variable: 1 for _kind, variable in here}, **{one: -most for one, at in own.items() if at < block}}, 0)
        if slot.worth.reached:
            best = {variable: 1 for kind, variable in counts.items() if kind.reached == slot.worth.reached}
            program.at_least({**best, take: -1}, 0)

    def _fill(self, counts: dict[Kind, int], take: int) -> None:
        """Exactly so many records in each demand that counts, every one on a leaf of its own."""
        program, demands = self.model.program, self.pool.plan.counted.demands
        if all(kind.fits == FREE for kind in counts):
            self._equal({**dict.fromkeys(counts.values(), 1), take: -demands[0].count})
            return
        into: dict[int, Row] = defaultdict(dict)
        out_of: dict[Kind, Row] = defaultdict(dict)
        for kinds, spots in self._alike(counts).items():
            for at in sorted({spot[0] for spot in spots}):
                many = sum(spot[0] == at for spot in spots)
                flows = {
                    kind: program.variable(min(many, len(self.pool.kinds[kind]))) for kind in sorted(kinds, key=lambda one: counts[one])
                }
                into[at] |= dict.fromkeys(flows.values(), 1)
                program.at_most({**dict.fromkeys(flows.values(), 1), take: -many}, 0)
                for kind, flow in flows.items():
                    out_of[kind][flow] = 1
        for at, demand in enumerate(demands):
            if demand.credits is None:
                self._equal({**into[at], take: -demand.count})
        for kind, row in out_of.items():
            self._equal({**row, counts[kind]: -1})

    def _alike(self, counts: dict[Kind, int]) -> dict[frozenset[Kind], list[tuple[int, int]]]:
        """Leaves that the same kinds of records fit, together."""
        alike: dict[frozenset[Kind], list[tuple[int, int]]] = defaultdict(list)
        for spot in sorted({spot for kind in counts for spot in kind.fits}):
            if self.pool.plan.counted.demands[spot[0]].credits is None:
                alike[frozenset(kind for kind in counts if spot in kind.fits)].append(spot)
        return alike

    def _reach(self, counts: dict[Kind, int], credits: Fraction, take: int) -> None:
        """Enough credits, and not enough without the smallest record that is taken."""
        program = self.model.program
        by_worth: dict[int, Row] = defaultdict(dict)
        for kind, variable in counts.items():
            by_worth[self._steps(kind.worth)][variable] = 1
        total = {variable: worth for worth, row in by_worth.items() for variable in row}
        least, largest = self._steps(credits), max(by_worth, default=0)
        program.at_least({**total, take: -least}, 0)
        program.at_most({**total, take: -(least + largest - 1)}, 0)
        for worth, row in by_worth.items():
            if worth == largest:
                continue
            taken, most = program.variable(), sum(program.upper[variable] for variable in row)
            program.at_most({**row, taken: -most}, 0)
            program.at_most({**total, take: -(least + largest - 1), taken: largest - worth}, 0)


def uses(pools: Iterable[Pool]) -> list[tuple[int, RecordFacts]]:
    """(variable, record) of everything that counting candidates may use."""
    return [
        (pool.takes[record.id], record)
        for pool in pools
        for records in pool.kinds.values()
        for record in records
        if record.id in pool.takes
    ]


def resolved(model: Model, values: Sequence[int], on: date) -> list[Candidate]:
    """All candidates, with the records of counting candidates that were taken."""
    found = list(model.candidates)
    for pool in model.pools:
        taken = [place for place in pool.places if values[model.take[place]] == 1]
        if taken:
            for place, ids in _dealt(pool, taken, values).items():
                found[place] = _concrete(model.candidates[place], pool.plan.counted, ids, model.facts, model.base, on)
    return found


def _dealt(pool: Pool, taken: Sequence[int], values: Sequence[int]) -> dict[int, list[str]]:
    """The records of each slot: of every kind as many as it counts, slots in their order, records in the order of leads."""
    sets: dict[int, list[str]] = {}
    left = {
        kind: [one.id for one in records if values[pool.takes[one.id]] == 1]
        for kind, records in pool.kinds.items()
        if records[0].id in pool.takes
    }
    for place in taken:
        sets[place] = []
        for kind, ids in left.items():
            count = values[pool.counts[place, kind]] if (place, kind) in pool.counts else 0
            sets[place] += ids[:count]
            del ids[:count]
    return sets


def _concrete(slot: Candidate, counted: Counted, ids: Iterable[str], facts: Facts, base: RuleBase, on: date) -> Candidate:
    """The candidate with the records that it takes, in the leaves that were meant for it."""
    found = candidate_of(counted, ids, facts, base, on)
    seats = {one.number: one.seats for one in slot.given}
    return replace(found, given=tuple(replace(one, seats=seats[one.number]) for one in found.given))


def candidate_of(counted: Counted, ids: Iterable[str], facts: Facts, base: RuleBase, on: date) -> Candidate:
    """The candidate that one set of records would be."""
    match = match_of(counted, ids, judge_for(facts, base, on))
    lead = lead_of(match.records, base)
    given = tuple(give(number, counted.rule.grants[number - 1], match.records, lead, facts, base) for number in counted.numbers)
    try:
        by_rate = any(one.grant.credits == "rate" for one in given) and lead.system
        ratio = ratio_between(base, lead.system, facts.target.system) if by_rate else None
    except NoRate:  # no such record takes part
        ratio = None
    return Candidate(counted.rule, match, given, lead, ratio, counted.offer)


def judge_for(facts: Facts, base: RuleBase, on: date) -> Judge:
    """Conditions of records against leaves on a day."""
    return lambda record, leaf: judge_leaf(record, leaf, base, on=on, applied_on=facts.applied_on, unit=facts.target.system)
