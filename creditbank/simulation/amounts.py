"""What candidates give, in whole steps of the target's unit: every different case is computed once by the engine's own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np

from creditbank.rules.amounts import grant_amount, ratio_between
from creditbank.rules.exceptions import BadRule, NoRate
from creditbank.rules.types import POSTING, Grant, RecordFacts, Target
from creditbank.simulation.bits import BIT
from creditbank.simulation.coding import Coding
from creditbank.simulation.pairs import Pairs

NO_RATE, BAD_RULE = -1, -2
UNKNOWN, NEVER, WITH_AMOUNT, ALWAYS = -1, 0, 1, 2
CONSTANT, BY_WORTH, BY_SCORE = 0, 1, 2
WORTH = ("credits", "system", "hours")


@dataclass
class Amounts:
    """Amounts by rule and record of one population; what was computed is kept for the next block."""

    coding: Coding
    known: dict[tuple[int, int, int], int] = field(default_factory=dict)

    @cached_property
    def how(self) -> np.ndarray:
        """By number of an amount: always the same, by what the record is worth, or by its score."""
        _numbers, examples = self.coding.tables.amounts
        kinds = {"rate": BY_WORTH, "steps": BY_SCORE}
        return np.array([max(kinds.get(grant.credits, CONSTANT) for grant in grants) for grants in examples], dtype=np.int8)

    @cached_property
    def constant(self) -> np.ndarray:
        """(target, amount number) → steps, where the amount is always the same."""
        _numbers, examples = self.coding.tables.amounts
        record = RecordFacts("", "", "", self.coding.tables.on)
        return np.array(
            [
                [self._steps(grants, record, target) if how == CONSTANT else 0 for grants, how in zip(examples, self.how, strict=True)]
                for target in self.coding.people.values["target"]
            ],
            dtype=np.int32,
        )

    @cached_property
    def worth(self) -> tuple[np.ndarray, list[RecordFacts]]:
        return self.coding.combination(WORTH)

    def fill(self, pairs: Pairs, left: np.ndarray) -> None:
        """Write the amounts of candidates beside their lead records; where none can be computed, a bit says why.

        Learners of whom several records would have to be summed are left to the engine.
        """
        tables = self.coding.tables
        leads = pairs.bits == 0
        if pairs.lead is not None:
            leads &= pairs.lead == pairs.record
        if not self._may_fail_or_vary:
            np.multiply(self._by_entry.take(pairs.entry), leads, out=pairs.amount)
            return
        rows = np.flatnonzero(leads)
        rule, target = pairs.rule.take(rows), self.coding.target.take(pairs.learner.take(rows))
        numbers = tables.amounts[0].take(rule)
        found = self.constant[target, numbers]
        how = self.how.take(numbers)
        left[pairs.learner[rows[(how != CONSTANT) & (tables.slots.take(rule) > 1)]]] = True
        for kind in (BY_WORTH, BY_SCORE):
            some = np.flatnonzero(how == kind)
            if len(some):
                found[some] = self._varying(kind, pairs.record[rows[some]], numbers[some], target[some])
        pairs.amount[rows] = np.maximum(found, 0)
        failed = found < 0
        if failed.any():
            self._mark_failed(pairs, rows[failed], np.where(found[failed] == NO_RATE, BIT["no_rate"], BIT["amount"]))

    @cached_property
    def _may_fail_or_vary(self) -> bool:
        """Whether an amount hangs on the record or the target, or cannot be given."""
        return bool(self.how.any() or len(self.constant) > 1 or (self.constant < 0).any())

    @cached_property
    def _by_entry(self) -> np.ndarray:
        """Steps by entry, where each rule always gives the same."""
        if not len(self.constant):
            return np.zeros(len(self.coding.tables.rule_of), dtype=np.int32)
        return self.constant[0].take(self.coding.tables.amounts[0]).take(self.coding.tables.rule_of)

    def _mark_failed(self, pairs: Pairs, rows: np.ndarray, bits: np.ndarray) -> None:
        """The whole match hears it, not its lead alone."""
        lead = pairs.record if pairs.lead is None else pairs.lead
        for row, bit in zip(rows.tolist(), bits.tolist(), strict=True):
            pairs.bits[(lead == lead[row]) & (pairs.rule == pairs.rule[row]) & (pairs.bits == 0)] |= bit

    def _varying(self, kind: int, record: np.ndarray, numbers: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Amounts that hang on the record: each different (target, amount, worth or score) once."""
        examples = self.coding.tables.amounts[1]
        codes = self.worth[0] if kind == BY_WORTH else self.coding.people.records["record.score"].to_numpy()
        top = int(codes.max(initial=0)) + 1
        keys, inverse = np.unique((target.astype(np.int64) * len(examples) + numbers) * top + codes.take(record), return_inverse=True)
        answers = []
        for key in keys.tolist():
            case = (key // top // len(examples), key // top % len(examples), kind * top + key % top)
            if case not in self.known:
                shown = self.worth[1][key % top] if kind == BY_WORTH else self._scored(key % top)
                self.known[case] = self._steps(examples[case[1]], shown, self.coding.people.values["target"][case[0]])
            answers.append(self.known[case])
        return np.array(answers, dtype=np.int32)[inverse.reshape(-1)]

    def _scored(self, code: int) -> RecordFacts:
        return RecordFacts("", "", "", self.coding.tables.on, score=self.coding.people.values["record.score"][code])

    def _steps(self, grants: tuple[Grant, ...], record: RecordFacts, target: Target) -> int:
        """Steps that some grants give together for a record, or why they give nothing."""
        base = self.coding.tables.base
        system = base.system(target.system)
        if system is None:
            return 0
        try:
            if record.system and any(grant.credits == "rate" for grant in grants):
                ratio_between(base, record.system, target.system)
            given = [grant_amount(base, grant, (record,), system)[0] for grant in grants if grant.kind not in {"deny", "waiver"}]
        except NoRate:
            return NO_RATE
        except BadRule:
            return BAD_RULE
        return int(Fraction(sum(given, Decimal(0))) / Fraction(system.step))

    def useful(self, pairs: Pairs, rows: np.ndarray) -> np.ndarray:
        """Whether something of these candidates could be placed in the targets of their learners."""
        rule, several = pairs.rule.take(rows), len(self.seats) > 1
        target = self.coding.target[pairs.learner.take(rows)] if several else np.zeros(1, dtype=np.int64)
        flags = self.seats[target, rule] if several else self.seats[0].take(rule)
        unknown = np.flatnonzero(flags == UNKNOWN)
        if len(unknown):
            rules = len(self.coding.tables.rules)
            for key in np.unique((target[unknown].astype(np.int64) if several else 0) * rules + rule[unknown]).tolist():
                one, number = divmod(key, rules)
                self.seats[one, number] = self._find_seats(self.coding.people.values["target"][one], number)
            flags = self.seats[target, rule]
        return (flags == ALWAYS) | ((flags == WITH_AMOUNT) & (pairs.amount.take(rows) > 0))

    @cached_property
    def seats(self) -> np.ndarray:
        """(target, rule) → whether the rule finds a place there; what nobody has asked is not known."""
        return np.full((len(self.coding.people.values["target"]), len(self.coding.tables.rules)), UNKNOWN, dtype=np.int8)

    def _find_seats(self, target: Target, rule: int) -> int:
        base, always, by_amount = self.coding.tables.base, False, False
        grants = self.coding.tables.rules[rule].grants
        for grant in grants:
            if grant.kind in {"deny", "waiver"}:
                always = always or (grant.kind == "waiver" and bool(grant.outcome))
                continue
            about = base.outcome(grant.outcome)
            seats = [seat for seat in target.seats() if seat.accepts(grant, about) or (not target.leaves and grant.kind in POSTING)]
            if seats and target.leaves and any(seat.need_courses is not None for seat in seats):
                always = True
            elif seats and len(grants) > 1:  # each amount is always the same
                always = always or self._steps((grant,), RecordFacts("", "", "", self.coding.tables.on), target) > 0
            elif seats:
                by_amount = True
        return ALWAYS if always else WITH_AMOUNT if by_amount else NEVER
