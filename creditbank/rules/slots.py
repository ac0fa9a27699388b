"""Counting candidates: one for every way in which a set of records could be charged, valued and placed, as often as it could be used.

What distinguishes them is the class of records that may lead (those that no limit and no leaf tells apart), the amounts given, and the leaf. Which records each takes is decided in the program (``pools``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.amounts import consumed_minutes, grant_amount, round_to_step
from creditbank.rules.counting import Counted
from creditbank.rules.exceptions import BadRule
from creditbank.rules.giving import Candidate, Given, given_amount, lead_order
from creditbank.rules.limits import allowed_overflow, buckets_of, covers, is_constraint, limit_bound
from creditbank.rules.matches import Match
from creditbank.rules.model import may_share, steps
from creditbank.rules.objective import need_of
from creditbank.rules.plans import Plan, Slot, Worth
from creditbank.rules.types import CreditSystem, Facts, Grant, Limit, RecordFacts, RequirementLeaf, RuleBase

MOST_SLOTS = 2_000
MOST_SUMS = 5_000


class TooManySlots(Exception):
    """A rule that counts could be used in more ways than the program should hold."""


def plan_slots(counted: Sequence[Counted], facts: Facts, base: RuleBase, limits: tuple[Limit, ...]) -> tuple[list[Plan], list[Counted]]:
    """Plans for all rules that count, and those of which there would be too many."""
    system, plans, left_out = base.system(facts.target.system), [], []
    for number, one in enumerate(counted):
        try:
            plans += _Planner(one, number, facts, base, limits, system).plans() if system else []
        except TooManySlots:
            left_out.append(one)
    return plans, left_out


@dataclass
class _Planner:
    """Plans of one rule and offer."""

    counted: Counted
    number: int
    facts: Facts
    base: RuleBase
    limits: tuple[Limit, ...]
    system: CreditSystem

    def __post_init__(self) -> None:
        self.grants = {number: self.counted.rule.grants[number - 1] for number in self.counted.numbers}
        self.records = sorted(self.counted.records, key=lambda record: lead_order(record, self.base))
        self.classes: list[int] = []
        self.blocks = self._blocks()
        scores = {score for grant in self.grants.values() if grant.credits == "steps" for score, _amount in grant.steps}
        self.thresholds = tuple(sorted(scores))
        self.made = 0

    def plans(self) -> list[Plan]:
        """Slots that give one grant in one leaf share a plan for each leaf; those of several grants or leaves share one."""
        shared: dict[str, list[tuple[Candidate, Slot]]] = {}
        for given, lead, slot in self._kinds():
            for placed in self._placed(given, lead):
                path = "".join(placed[0].seats or (placed[0].waives,)) if self._is_plain(placed, lead) else ""
                for turn in range(self._times(placed, lead, slot)):
                    shared.setdefault(path, []).append((self._candidate(placed, lead), replace(slot, twin=turn > 0)))
        return [Plan(self.counted, tuple(group), self.blocks, tuple(self.classes), self.thresholds) for group in shared.values()]

    def _is_plain(self, given: tuple[Given, ...], lead: RecordFacts) -> bool:
        return len(given) == 1 and len(given[0].seats) <= 1 and not self._may_move(given[0], lead)

    def _candidate(self, given: tuple[Given, ...], lead: RecordFacts) -> Candidate:
        self.made += 1
        if self.made > MOST_SLOTS:
            raise TooManySlots
        place = (self.number, self.made)
        return Candidate(self.counted.rule, Match((lead,), ()), given, lead, None, self.counted.offer, slot=place)

    def _blocks(self) -> dict[str, int]:
        """Records in the order of leads, numbered anew wherever a limit or a leaf tells the next one apart; sets the class of each block."""
        blocks: dict[str, int] = {}
        classes: dict[tuple[object, ...], int] = {}
        for record in self.records:
            told = classes.setdefault(self._told_apart(record), len(classes))
            if not self.classes or self.classes[-1] != told:
                self.classes.append(told)
            blocks[record.id] = len(self.classes) - 1
        return blocks

    def _told_apart(self, record: RecordFacts) -> tuple[object, ...]:
        """What depends on the record that leads: the buckets of limits, and the leaves that accept its grade."""
        found: list[object] = []
        for number, grant in self.grants.items():
            given = given_amount(number, grant, Decimal(1), Fraction(1), record, self.facts, self.base)
            kinds = (grant, Grant("elective"))
            buckets = [
                (limit.id, buckets_of(limit, record, self.base))
                for limit in self.limits
                if is_constraint(limit) and any(covers(limit, record, kind) for kind in kinds)
            ]
            found.append((given.seats, tuple(buckets)))
        return tuple(found)

    def _kinds(self) -> Iterator[tuple[tuple[Given, ...], RecordFacts, Slot]]:
        """Everything that tells slots apart but their leaf."""
        leads: dict[tuple[int, str], RecordFacts] = {}
        for record in self.records:
            leads.setdefault((self.classes[self.blocks[record.id]], self.counted.together.get(record.id, "")), record)
        for worth, amounts in self._amounts():
            for (told, together), lead in leads.items():
                given = tuple(
                    Given(number, grant, Decimal(0), Fraction(0), (), posts=False)
                    if grant.kind == "waiver"
                    else given_amount(number, grant, *amounts[number], lead, self.facts, self.base)
                    for number, grant in self.grants.items()
                )
                if any(one.seats or one.waives for one in given):
                    yield given, lead, Slot(told, worth, together, twin=False)

    def _amounts(self) -> list[tuple[Worth, dict[int, tuple[Decimal, Fraction]]]]:
        """The amounts that sets can have, each with what their records must be."""
        classes: list[int | None] = [*range(len(self.thresholds) + 1)] if self.thresholds else [None]
        by_rate = any(grant.credits == "rate" for grant in self.grants.values())
        found: dict[tuple[object, ...], tuple[Worth, dict[int, tuple[Decimal, Fraction]]]] = {}
        for reached in classes:
            for total in self._totals() if by_rate else [None]:
                amounts = {number: self._amount(grant, total, reached) for number, grant in self.grants.items() if grant.kind != "waiver"}
                key = (reached, tuple((number, amount) for number, (amount, _exact) in amounts.items()))
                worth = found[key][0] if key in found else Worth(total, total, reached)
                if total is not None and worth.low is not None and worth.high is not None:
                    worth = Worth(min(worth.low, total), max(worth.high, total), reached)
                found[key] = worth, amounts
        return list(found.values())

    def _amount(self, grant: Grant, total: Fraction | None, reached: int | None) -> tuple[Decimal, Fraction]:
        if grant.credits == "rate" and total is not None:
            most = total if grant.max_amount is None else min(total, Fraction(grant.max_amount))
            try:
                return round_to_step(most, self.system.step, self.system.rounding), total
            except BadRule:
                return Decimal(0), Fraction(0)
        if grant.credits == "steps" and reached is not None:
            best = self.thresholds[reached - 1] if reached else None
            amount = max(((score, one) for score, one in grant.steps if best is not None and score <= best), default=(0, Decimal(0)))[1]
            return amount, Fraction(amount)
        return grant_amount(self.base, grant, (), self.system)

    def _totals(self) -> list[Fraction]:
        """The totals that sets can have. Raises TooManySlots."""
        sums = {Fraction(0)}
        for at, demand in enumerate(self.counted.demands):
            own = [self.counted.worth[ident] for ident, places in self.counted.fits.items() if any(place[0] == at for place in places)]
            part = _sums_of(own, demand.count) if demand.credits is None else _sums_from(own, demand.credits)
            sums = {first + second for first in sums for second in part}
            if len(sums) > MOST_SUMS:
                raise TooManySlots
        return sorted(sums)

    def _placed(self, given: tuple[Given, ...], lead: RecordFacts) -> list[tuple[Given, ...]]:
        """The same slot for each leaf in which its only grant may sit, where it sits in one alone."""
        if len(given) != 1 or given[0].waives or self._may_move(given[0], lead):
            return [given]
        leaves = [self._leaf(path) for path in given[0].seats]
        if any(may_share(first, second) for first in leaves for second in leaves):
            return [given]
        one = given[0]
        return [(Given(one.number, one.grant, one.amount, one.exact, (path,), one.posts, one.grade),) for path in one.seats]

    def _may_move(self, given: Given, lead: RecordFacts) -> bool:
        return given.posts and self._overflow(given, lead) == "to_elective"

    def _overflow(self, given: Given, lead: RecordFacts) -> str:
        return allowed_overflow(self.limits, Candidate(self.counted.rule, Match((lead,), ()), (given,), lead, None), given.grant)

    def _leaf(self, path: str) -> RequirementLeaf:
        return next(leaf for leaf in self.facts.target.seats() if leaf.path == path)

    def _times(self, given: tuple[Given, ...], lead: RecordFacts, slot: Slot) -> int:
        """How often it could be used: as there are disjoint sets, and as its leaves have room; what nobody needs is never taken."""
        if self.counted.required:
            return 1
        own = [record for record in self.records if self.counted.together.get(record.id, "") == slot.together]
        times = [sum(self.classes[self.blocks[record.id]] == slot.told for record in own), *self._bounds(given, lead)]
        for at, demand in enumerate(self.counted.demands):
            fitting = [record.id for record in own if any(place[0] == at for place in self.counted.fits[record.id])]
            if demand.credits is None:
                times.append(len(fitting) // demand.count)
            else:
                times.append(int(sum((self.counted.worth[ident] for ident in fitting), Fraction(0)) / demand.credits))
        if all(consumed_minutes(self.base, record) for record in own):
            times += [room for room in [self._room(given, lead)] if room is not None]
        return min(times)

    def _bounds(self, given: tuple[Given, ...], lead: RecordFacts) -> Iterator[int]:
        """How many of a single grant fit into a bucket that takes whole grants alone."""
        (one, *others) = given
        if others or one.waives or self._overflow(one, lead) != "reject_whole":
            return
        for limit in self.limits:
            bound = limit_bound(limit, self.facts, self.system.step)
            if bound is None or not is_constraint(limit) or not covers(limit, lead, one.grant) or limit.group_op == "any":
                continue
            if limit.measure != "records" and (limit.measure == "grants" or (one.posts and one.amount > 0)):
                yield int(bound / (one.amount if limit.measure == "credits" else 1))

    def _room(self, given: tuple[Given, ...], lead: RecordFacts) -> int | None:
        """How many of these grants could be of use in all their leaves together; None where that has no end."""
        room = 0
        for one in given:
            if one.waives:
                room += 1
                continue
            if one.seats and one.posts and self._overflow(one, lead) != "reject_whole":
                return None
            for path in one.seats:
                more = self._room_in(self._leaf(path), one)
                if more is None:
                    return None
                room += more
        return room

    def _room_in(self, leaf: RequirementLeaf, given: Given) -> int | None:
        bounds = any(node.children_min is not None for node in self.facts.target.nodes)
        need = need_of(leaf, dict(self.facts.attributes))
        credits = sum((amount for _level, amount in leaf.level_credits), need or Decimal(0))
        amount = steps(given.amount, self.system.step)
        if (need is None and leaf.need_courses is None) or (credits and not amount):
            return None
        by_credits = -(-steps(credits, self.system.step) // amount) if credits else 0
        return (leaf.need_courses or 0) + by_credits + bounds


def _sums_of(worths: Sequence[Fraction], count: int) -> set[Fraction]:
    """Sums of so many of them."""
    sums: list[set[Fraction]] = [{Fraction(0)}] + [set() for _ in range(count)]
    for worth in worths:
        for size in range(count, 0, -1):
            sums[size] |= {one + worth for one in sums[size - 1]}
        if sum(map(len, sums)) > MOST_SUMS:
            raise TooManySlots
    return sums[count]


def _sums_from(worths: Sequence[Fraction], least: Fraction) -> set[Fraction]:
    """Sums of some of them that reach the least, and would not without their smallest one."""
    sums, most = {Fraction(0)}, least + max(worths, default=Fraction(0))
    for worth in worths:
        sums |= {one + worth for one in sums if one + worth < most}
        if len(sums) > MOST_SUMS:
            raise TooManySlots
    return {one for one in sums if one >= least}
