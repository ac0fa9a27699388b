"""What candidates give, in whole steps of the target's unit: every different case is computed once by the engine's own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from creditbank.rules.amounts import grant_amount, ratio_between
from creditbank.rules.exceptions import BadRule, NoRate
from creditbank.rules.types import POSTING, Grant, RecordFacts, Target
from creditbank.simulation.bits import BIT
from creditbank.simulation.coding import Coding

if TYPE_CHECKING:
    from creditbank.simulation.kernel import Pairs

NO_RATE, BAD_RULE = -1, -2
CONSTANT, BY_WORTH, BY_SCORE = 0, 1, 2
WORTH = ("credits", "system", "hours")


@dataclass
class Amounts:
    """Amounts by rule and record of one population; what was computed is kept for the next block."""

    coding: Coding
    known: dict[tuple[int, int, int], int] = field(default_factory=dict)
    seats: dict[tuple[int, int], tuple[bool, bool]] = field(default_factory=dict)

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

    def fill(self, pairs: Pairs, lead: np.ndarray, wanted: np.ndarray, amount: np.ndarray, left: np.ndarray) -> None:
        """Write the amounts of candidates beside their lead records; where none can be computed, a bit says why.

        Learners of whom several records would have to be summed are left to the engine.
        """
        coding, tables = self.coding, self.coding.tables
        rows = np.flatnonzero(wanted & (lead == pairs.record))
        numbers = tables.amounts[0][pairs.rule[rows]]
        target = coding.people.learners["target"].to_numpy()[coding.of[pairs.record[rows]]]
        found = self.constant[target, numbers] if len(coding.people.values["target"]) > 1 else self.constant[0][numbers]
        how = self.how[numbers] if self.how.any() else None
        if how is not None:
            summed = rows[(how != CONSTANT) & (tables.slots[pairs.rule[rows]] > 1)]
            left[coding.of[pairs.record[summed]]] = True
            for kind in (BY_WORTH, BY_SCORE):
                some = np.flatnonzero(how == kind)
                if len(some):
                    codes = self.worth[0] if kind == BY_WORTH else coding.people.records["record.score"].to_numpy()
                    found[some] = self._varying(kind, pairs, rows[some], numbers[some], target[some], codes)
        amount[rows] = np.maximum(found, 0)
        failed = found < 0
        if failed.any():
            bits = np.where(found[failed] == NO_RATE, BIT["no_rate"], BIT["amount"])
            self._mark_failed(pairs, lead, rows[failed], bits)

    def _mark_failed(self, pairs: Pairs, lead: np.ndarray, rows: np.ndarray, bits: np.ndarray) -> None:
        """The whole match hears it, not its lead alone."""
        for row, bit in zip(rows.tolist(), bits.tolist(), strict=True):
            pairs.bits[(lead == lead[row]) & (pairs.rule == pairs.rule[row]) & (pairs.bits == 0)] |= bit

    def _varying(self, kind: int, pairs: Pairs, rows: np.ndarray, numbers: np.ndarray, target: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Amounts that hang on the record: each different (target, amount, worth or score) once."""
        coding, (_numbers, examples) = self.coding, self.coding.tables.amounts
        code = codes[pairs.record[rows]].astype(np.int64)
        top = max(int(codes.max(initial=0)) + 1, 1)
        keys, inverse = np.unique((target.astype(np.int64) * len(examples) + numbers) * top + code, return_inverse=True)
        answers = []
        for key in keys.tolist():
            case = (key // top // len(examples), key // top % len(examples), kind * top + key % top)
            if case not in self.known:
                record = self.worth[1][key % top] if kind == BY_WORTH else self._scored(key % top)
                self.known[case] = self._steps(examples[case[1]], record, coding.people.values["target"][case[0]])
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

    def useful(self, learner: np.ndarray, rule: np.ndarray, amount: np.ndarray) -> np.ndarray:
        """Whether something of a candidate could be placed in its learner's target."""
        target = self.coding.people.learners["target"].to_numpy()[learner].astype(np.int64)
        keys, inverse = np.unique(target * len(self.coding.tables.rules) + rule, return_inverse=True)
        flags = np.array([self._seats(*divmod(key, len(self.coding.tables.rules))) for key in keys.tolist()], dtype=bool).reshape(-1, 2)
        always, with_amount = flags[inverse.reshape(-1)].T
        return always | (with_amount & (amount > 0))

    def _seats(self, target: int, rule: int) -> tuple[bool, bool]:
        """(always, if the amount is above nothing): whether a rule finds a place in a target."""
        if (target, rule) not in self.seats:
            self.seats[target, rule] = self._find_seats(self.coding.people.values["target"][target], rule)
        return self.seats[target, rule]

    def _find_seats(self, target: Target, rule: int) -> tuple[bool, bool]:
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
        return always, by_amount
