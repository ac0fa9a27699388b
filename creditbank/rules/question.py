"""One person's question, as every rule is asked it: the records that may be used, and what they are to a leaf."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property

from creditbank.rules.amounts import exact_worth
from creditbank.rules.compiled import OPEN, Key, key_of_leaf, keys_of_record
from creditbank.rules.exceptions import NoRate
from creditbank.rules.leaves import is_about, judge_leaf
from creditbank.rules.types import Condition, Facts, Leaf, RecordFacts, Rule, RuleBase


@dataclass(frozen=True)
class Question:
    """What every rule is asked against, and what was answered before."""

    facts: Facts
    base: RuleBase
    on: date
    eligible: list[RecordFacts]
    known: list[RecordFacts]
    judged: dict[tuple[int, int], tuple[Condition, ...] | None] = field(default_factory=dict)
    """What was judged before, by record and leaf."""

    def judge(self, record: RecordFacts, leaf: Leaf) -> tuple[Condition, ...] | None:
        """Conditions of a record against a leaf, or None where the leaf is not about it."""
        key = id(record), id(leaf)
        if key not in self.judged:
            self.judged[key] = self._judged(record, leaf)
        return self.judged[key]

    def _judged(self, record: RecordFacts, leaf: Leaf) -> tuple[Condition, ...] | None:
        if not is_about(record, leaf):
            return None
        return judge_leaf(record, leaf, self.base, on=self.on, applied_on=self.facts.applied_on, unit=self.facts.target.system)

    def named_by(self, rule: Rule) -> list[RecordFacts]:
        """The eligible records that a leaf of the rule is about."""
        leaves = rule.lhs.wanted()
        places = {at for leaf in leaves for at in self.places[key_of_leaf(leaf)]}
        return [record for record in (self.eligible[at] for at in sorted(places)) if any(is_about(record, leaf) for leaf in leaves)]

    @cached_property
    def places(self) -> dict[Key, list[int]]:
        """Where the eligible records stand that leaves under a key may be about."""
        found: dict[Key, list[int]] = defaultdict(list, {OPEN: list(range(len(self.eligible)))})
        for at, record in enumerate(self.eligible):
            for key in keys_of_record(record):
                found[key].append(at)
        return found

    def missing_rate(self, record: RecordFacts) -> NoRate | None:
        """The pair of units between which there is no rate."""
        system = self.base.system(self.facts.target.system)
        try:
            exact_worth(self.base, [record], system) if system else None
        except NoRate as error:
            return error
        return None

    def worth(self, record: RecordFacts) -> Fraction:
        """Credits in the target's unit; nothing where no rate leads there."""
        system = self.base.system(self.facts.target.system)
        try:
            return exact_worth(self.base, [record], system) if system else Fraction(0)
        except NoRate:
            return Fraction(0)
