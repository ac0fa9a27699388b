"""Deciding for many people at once where nothing competes: the same proof by inspection as for one person, in columns.

Nothing competes where every record and class is wanted by one candidate, every grant has one seat, and no need and no limit is exceeded;
then everything is taken, and that is the only best choice. Whoever does not pass is *left*, and the engine decides for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np

from creditbank.rules.limits import buckets_of, covers, is_constraint, limit_bound
from creditbank.rules.model import steps
from creditbank.rules.objective import NO_EXPIRY_DAYS, has_need, need_of, required_of
from creditbank.rules.reasons import STAGES
from creditbank.rules.types import KIND_ORDER, POSTING, CreditSystem, Facts, Grant, Limit, RequirementLeaf, RuleBase, Target
from creditbank.simulation.answers import PARTS, USED, Answer
from creditbank.simulation.bits import furthest, heard
from creditbank.simulation.kernel import Kernel
from creditbank.simulation.population import Population
from creditbank.simulation.tables import HIGH, RuleTables

NONE = -1
COVERED = ("source_type", "category", "subjects", "issuer", "trust", "level")
"""What limits ask of a leading record."""


@dataclass
class Taken:
    """The candidates of learners, one row each, with the records that they use in rows of their own."""

    learner: np.ndarray
    rule: np.ndarray
    lead: np.ndarray
    amount: np.ndarray
    seat: np.ndarray
    member: np.ndarray
    of_member: np.ndarray
    """Records used, and the learner of each."""
    rule_of_member: np.ndarray


@dataclass
class Fast:
    """One population under one book: ``left`` says whom the engine has to decide."""

    people: Population
    tables: RuleTables
    limits: tuple[Limit, ...]
    left: np.ndarray = field(init=False)
    objective: np.ndarray = field(init=False)
    posted: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.kernel = Kernel(self.people, self.tables)
        self.coding = self.kernel.coding
        frame = self.kernel.candidates()
        self.left = self.kernel.left | self._cannot()
        columns = {name: frame[name].to_numpy() for name in ("learner", "rule", "record", "lead", "bits", "amount")}
        self.taken = self._candidates(columns)
        self._leave_contention()
        if any(is_constraint(limit) for limit in self.limits):
            self._leave_full_limits()
        self.objective = self._objective()
        self.posted = np.zeros(len(self.people), dtype=np.int64)
        np.add.at(
            self.posted, self.taken.learner, self.taken.amount.astype(np.int64) * self._step_parts[self.coding.target[self.taken.learner]]
        )
        self.states = self._states(columns)
        self._index()

    # -- whom inspection cannot help

    def _cannot(self) -> np.ndarray:
        """Learners of targets, or a book, that inspection does not prove."""
        base = self.tables.base
        shares = any(is_constraint(limit) and limit.share is not None and limit.share_of == "recognised" for limit in self.limits)
        if base.titles is not None or shares:
            return np.ones(len(self.people), dtype=bool)
        targets = np.array([self._is_odd(target) for target in self.people.values["target"]], dtype=bool)
        return targets[self.coding.target] if len(targets) else np.zeros(0, dtype=bool)

    def _is_odd(self, target: Target) -> bool:
        system = self.tables.base.system(target.system)
        whole = system is not None and (Fraction(system.step) * PARTS).denominator == 1
        return (
            not whole
            or bool(target.nodes)
            or any(leaf.share_with or leaf.level_credits or (leaf.need_if and leaf.need_courses is not None) for leaf in target.leaves)
        )

    # -- candidates

    def _candidates(self, columns: dict[str, np.ndarray]) -> Taken:
        members = np.flatnonzero(columns["bits"] == 0)
        member, of_member, rule_of_member = (columns[name].take(members) for name in ("record", "learner", "rule"))
        leads = members[columns["lead"].take(members) == member]
        learner, rule, lead, amount = (columns[name].take(leads) for name in ("learner", "rule", "record", "amount"))
        seat = self._seat_of(self.coding.target[learner], rule)
        return Taken(learner, rule, lead, amount, seat, member, of_member, rule_of_member)

    def _seat_of(self, target: np.ndarray, rule: np.ndarray) -> np.ndarray:
        """Number of the one seat of each candidate in its target; NONE where it has none, several, or gives something else than one grant."""
        rules = len(self.tables.rules)
        keys, inverse = np.unique(target.astype(np.int64) * rules + rule, return_inverse=True)
        found = [self._only_seat(self.people.values["target"][key // rules], key % rules) for key in keys.tolist()]
        return np.array(found, dtype=np.int64)[inverse.reshape(-1)] if found else np.zeros(0, dtype=np.int64)

    def _only_seat(self, target: Target, rule: int) -> int:
        grants = self.tables.rules[rule].grants
        if len(grants) != 1 or grants[0].kind not in POSTING:
            return NONE
        about = self.tables.base.outcome(grants[0].outcome)
        seats = [at for at, seat in enumerate(target.seats()) if seat.accepts(grants[0], about) or not target.leaves]
        if len(seats) != 1 or (grants[0].kind == "block" and target.seats()[seats[0]].need_courses is not None):
            return NONE
        return seats[0]

    def _leave_contention(self) -> None:
        """Records or classes that are wanted twice, candidates without one seat or an amount, needs that are exceeded."""
        taken, left = self.taken, self.left
        left[taken.learner[(taken.seat == NONE) | (taken.amount <= 0)]] = True
        twice = np.bincount(taken.member, minlength=len(self.coding.of))[taken.member] > 1
        left[taken.of_member[twice]] = True
        classes = self._classes[taken.member]
        counted = classes != NONE
        _keys, which, sizes = np.unique(
            taken.of_member[counted].astype(np.int64) * (len(self.coding.of) + 1) + classes[counted],
            return_inverse=True,
            return_counts=True,
        )
        left[taken.of_member[counted][sizes[which.reshape(-1)] > 1]] = True
        key, inverse, _sizes = self._by_seat()
        filled, courses = self._filled(inverse, len(key))
        learner, seat = key // self._seats, key % self._seats
        profile = self._profiles[0][learner]
        over = np.where(self._courses[profile, seat] != NONE, courses > self._courses[profile, seat], filled > self._needs[profile, seat])
        left[learner[over]] = True

    @cached_property
    def _classes(self) -> np.ndarray:
        """Number of the class of each record; NONE for one that may be repeated."""
        code, examples = self.people.combination(("dup_class", "outcome", "repeatable"))
        names: dict[str, int] = {}
        numbers = [
            NONE if record.repeatable and not record.dup_class else names.setdefault(record.class_key, len(names)) for record in examples
        ]
        return np.array(numbers, dtype=np.int64)[code] if numbers else np.zeros(0, dtype=np.int64)

    @cached_property
    def _seats(self) -> int:
        return max((len(target.seats()) for target in self.people.values["target"]), default=1)

    def _by_seat(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        key, inverse, sizes = np.unique(
            self.taken.learner.astype(np.int64) * self._seats + np.maximum(self.taken.seat, 0), return_inverse=True, return_counts=True
        )
        return key, inverse.reshape(-1), sizes

    def _filled(self, inverse: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """(steps, grants) by seat of a learner."""
        filled = np.zeros(size, dtype=np.int64)
        np.add.at(filled, inverse, self.taken.amount)
        return filled, np.bincount(inverse, minlength=size)

    # -- needs of leaves

    @cached_property
    def _profiles(self) -> tuple[np.ndarray, np.ndarray]:
        """(number of target and attributes together, by learner; the pairs of numbers)."""
        columns = np.stack([self.people.learners[name].to_numpy() for name in ("target", "attributes")], axis=1)
        found, numbers = np.unique(columns, axis=0, return_inverse=True)
        return numbers.reshape(-1), found

    def _table(self, kind: str) -> np.ndarray:
        rows = []
        for target, attributes in self._profiles[1].tolist():
            asked, known = self.people.values["target"][target], dict(self.people.values["attributes"][attributes])
            row = [self._cell(kind, leaf, asked, known) for leaf in asked.seats()]
            rows.append(row + [HIGH] * (self._seats - len(row)))  # seats that a smaller target does not have are never filled
        return np.array(rows, dtype=np.int64).reshape(-1, self._seats)

    def _cell(self, kind: str, leaf: RequirementLeaf, target: Target, known: dict[str, str]) -> int:
        if kind == "courses":
            return NONE if leaf.need_courses is None else leaf.need_courses
        if kind == "elective":
            return int(leaf.elective)
        need, system = need_of(leaf, known), self.tables.base.system(target.system)
        if kind == "need":
            return HIGH if need is None or system is None else steps(need, system.step)
        # "least": what has to be filled; a leaf that is no requirement is never counted
        counts = has_need(leaf) and leaf.path in self._required(target)
        return HIGH if not counts or system is None else 0 if need is None else steps(need, system.step)

    def _required(self, target: Target) -> list[str]:
        return required_of(target)

    @cached_property
    def _needs(self) -> np.ndarray:
        return self._table("need")

    @cached_property
    def _courses(self) -> np.ndarray:
        return self._table("courses")

    # -- limits

    def _leave_full_limits(self) -> None:
        taken, base = self.taken, self.tables.base
        code, examples = self.people.combination(COVERED)
        kinds = self.tables.first_kind[taken.rule]
        for limit in self.limits:
            if not is_constraint(limit):
                continue
            grants = [Grant(kind) for kind in KIND_ORDER]  # type: ignore[arg-type]
            covered = np.array([[bool(covers(limit, record, grant)) for record in examples] for grant in grants], dtype=np.bool_)
            rows = np.flatnonzero(covered[kinds, code[taken.lead]]) if len(examples) else np.zeros(0, dtype=np.int64)
            bucket = self._bucket(limit, base, taken.lead[rows], taken.learner[rows])
            weights = {
                "credits": taken.amount,
                "grants": np.ones(len(taken.rule), dtype=np.int64),
                "records": self.tables.slots[taken.rule],
            }[limit.measure]
            key, which = np.unique(taken.learner[rows].astype(np.int64) * (int(bucket.max(initial=0)) + 1) + bucket, return_inverse=True)
            used = np.zeros(len(key), dtype=np.int64)
            np.add.at(used, which.reshape(-1), weights[rows].astype(np.int64))
            bounds = np.array([self._bound(limit, target) for target in self.people.values["target"]], dtype=np.int64)
            learner = key // (int(bucket.max(initial=0)) + 1)
            self.left[learner[used > bounds[self.coding.target[learner]]]] = True

    def _bound(self, limit: Limit, target: Target) -> int:
        system = self.tables.base.system(target.system)
        bound = limit_bound(limit, Facts("", (), target, self.tables.on), system.step) if system else None
        if bound is None or system is None:
            return HIGH
        return min(steps(bound, system.step) if limit.measure == "credits" else int(bound), HIGH)

    def _bucket(self, limit: Limit, base: RuleBase, lead: np.ndarray, learner: np.ndarray) -> np.ndarray:
        """Number of the bucket of each candidate; a record of several subjects, where subjects are buckets, leaves its learner."""
        code, examples = self.people.combination(("subjects", "issuer", "earned_on"))
        names: dict[str, int] = {}
        found = [buckets_of(limit, record, base) for record in examples]
        several = np.array([len(one) > 1 for one in found], dtype=bool)
        numbers = np.array([names.setdefault(one[0], len(names)) for one in found], dtype=np.int64)
        if found and several.any():
            self.left[learner[several[code[lead]]]] = True
        return numbers[code[lead]] if found else np.zeros(0, dtype=np.int64)

    # -- answers

    def _objective(self) -> np.ndarray:
        """V1 … V6 by learner."""
        taken, size = self.taken, len(self.people)
        found = np.zeros((size, 6), dtype=np.int64)
        key, inverse, _sizes = self._by_seat()
        filled, courses = self._filled(inverse, len(key))
        learner, seat = key // self._seats, key % self._seats
        profiles, _pairs = self._profiles
        least, wanted = self._table("least"), self._courses
        in_all = np.zeros((size, self._seats, 2), dtype=np.int64)
        in_all[learner, seat, 0], in_all[learner, seat, 1] = filled, courses
        if size:
            found[:, 0] = ((in_all[:, :, 0] >= least[profiles]) & (in_all[:, :, 1] >= wanted[profiles])).sum(axis=1)
            needed = self._table("elective")[profiles] == 0
            found[:, 1] = (in_all[:, :, 0] * needed).sum(axis=1)
        found[:, 2] = in_all[:, :, 0].sum(axis=1)
        np.add.at(found[:, 3], taken.of_member, self.coding.minutes[taken.member])
        until = self.coding.valid_until[taken.member]
        np.add.at(
            found[:, 4], taken.of_member, np.where(until == HIGH, NO_EXPIRY_DAYS, until.astype(np.int64) - self.tables.on.toordinal())
        )
        np.add.at(found[:, 5], taken.learner, self._ranks())
        found[np.bincount(taken.learner, minlength=size) == 0] = 0
        return found

    def _ranks(self) -> np.ndarray:
        """Dense rank of each candidate among those of its learner."""
        top = int(self.tables.ranks.max(initial=0)) + 1
        key, inverse = np.unique(self.taken.learner.astype(np.int64) * top + self.tables.ranks[self.taken.rule], return_inverse=True)
        owner = key // top
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]]) if len(key) else np.zeros(0, dtype=np.int64)
        within = np.arange(len(key)) - np.repeat(starts, np.diff(np.r_[starts, len(key)])) if len(key) else key
        return within[inverse.reshape(-1)]

    @cached_property
    def _step_parts(self) -> np.ndarray:
        systems: list[CreditSystem | None] = [self.tables.base.system(target.system) for target in self.people.values["target"]]
        return np.array([int(system.step * PARTS) if system else 0 for system in systems], dtype=np.int64)

    def _states(self, columns: dict[str, np.ndarray]) -> np.ndarray:
        """By record: the place of its headline among STAGES; NONE for one that is used."""
        states = np.full(len(self.coding.of), STAGES.index("no_rule"), dtype=np.int8)
        rows = np.flatnonzero(columns["bits"])
        bits, inverse = np.unique(columns["bits"][rows], return_inverse=True)
        stages = np.array([STAGES.index(furthest(one)) for one in bits.tolist()], dtype=np.int8)
        if len(rows):
            np.maximum.at(states, columns["record"][rows], stages[inverse.reshape(-1)])
        gated = np.flatnonzero(self.coding.gates)
        names = {bit: STAGES.index(heard(bit)[0]) for bit in np.unique(self.coding.gates[gated]).tolist()}
        states[gated] = [names[bit] for bit in self.coding.gates[gated].tolist()]
        states[self.taken.member] = NONE
        return states

    def _index(self) -> None:
        """Where the candidates and records of each learner stand."""
        order = np.argsort(self.taken.learner, kind="stable")
        self._order = order
        self._first = np.searchsorted(self.taken.learner[order], np.arange(len(self.people) + 1))
        self._records = np.searchsorted(self.coding.of, np.arange(len(self.people) + 1))
        # the first record of a match, by id, stands for its issuer
        self._smallest = self.taken.lead.copy()
        grouped = np.flatnonzero(self.tables.slots[self.taken.rule] > 1)
        if len(grouped):
            rules = len(self.tables.rules)
            owner = self.taken.of_member.astype(np.int64) * rules + self.taken.rule_of_member
            sequence = np.lexsort((self.taken.member, owner))
            wanted = self.taken.learner[grouped].astype(np.int64) * rules + self.taken.rule[grouped]
            self._smallest[grouped] = self.taken.member[sequence][np.searchsorted(owner[sequence], wanted)]

    def answer(self, row: int) -> Answer | None:
        """The answer for one learner, equal to that of the engine but for ``said``; None where the engine has to be asked."""
        if self.left[row]:
            return None
        fired: dict[str, int] = {}
        issuers: dict[str, int] = {}
        part = int(self._step_parts[self.coding.target[row]])
        issuer, names = self._issuer, self.people.values["record.issuer"]
        for at in self._order[self._first[row] : self._first[row + 1]].tolist():
            credits = int(self.taken.amount[at]) * part
            rule, owner = self.tables.rules[self.taken.rule[at]].id, names[issuer[self._smallest[at]]]
            fired[rule] = fired.get(rule, 0) + credits
            issuers[owner] = issuers.get(owner, 0) + credits
        first, last = self._records[row], self._records[row + 1]
        ids, listed = self._ids[first:last].tolist(), self.people.values["record.id"]
        states = {
            listed[ident]: USED if state == NONE else STAGES[state]
            for ident, state in zip(ids, self.states[first:last].tolist(), strict=True)
        }
        return Answer(tuple(self.objective[row].tolist()), int(self.posted[row]), True, fired, issuers, {}, states, "")

    @cached_property
    def _issuer(self) -> np.ndarray:
        return self.people.records["record.issuer"].to_numpy()

    @cached_property
    def _ids(self) -> np.ndarray:
        return self.people.records["record.id"].to_numpy()
