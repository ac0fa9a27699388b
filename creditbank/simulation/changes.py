"""What differs between two rule books, and whom it can concern: only these people are decided again.

By the promise that a rule, record or limit that touches no other leaves the rest of a decision equal, everybody else is unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from creditbank.rules.compiled import CompiledRules, compile_rules
from creditbank.rules.types import Limit, RecordFacts, Rule, RuleBase
from creditbank.simulation.answers import Book
from creditbank.simulation.population import Population

BY_RULE = frozenset({"rules", "outcomes", "agreements", "book", "version"})
"""Tables of a base whose changes concern those whom the rules concern that name them; a change of another table concerns everybody."""
OF_RECORD: dict[str, Callable[[RecordFacts], tuple[str, ...]]] = {
    "source_type": lambda record: (record.source_type,), "category": lambda record: (record.category,), "subject": lambda record: record.subjects,
    "institution": lambda record: (record.issuer,), "trust": lambda record: (record.trust,), "level": lambda record: (str(record.level),),
}  # fmt: skip
"""What a limit's selector asks of a leading record; what it asks of the grant (its kind) is not looked at here."""
FIELDS = ("outcome", "common_id", "dup_class", "repeatable", "subjects", "issuer", "source_type", "category", "trust", "level")


@dataclass(frozen=True)
class Change:
    """The rules and limits of both sides that differ, or that something differs which concerns everybody."""

    rules: CompiledRules
    limits: tuple[Limit, ...]
    everybody: bool = False

    def concerns(self, record: RecordFacts) -> bool:
        """Whether the change can concern whoever has this record."""
        return next(self.rules.rules_for([record]), None) is not None or any(_may_cover(limit, record) for limit in self.limits)


def change_between(before: Book, after: Book) -> Change:
    """What differs; the number of a version is no difference."""
    tables = [field.name for field in fields(RuleBase) if field.name not in BY_RULE]
    everybody = any(getattr(before.base, name) != getattr(after.base, name) for name in tables)
    old, new = _rules(before.base), _rules(after.base)
    outcomes = {one.code for one in set(before.base.outcomes) ^ set(after.base.outcomes)}
    named = {name for one in set(before.base.outcomes) ^ set(after.base.outcomes) for name in (*one.codes, *one.aliases)}
    agreements = {one.code for one in set(before.base.agreements) ^ set(after.base.agreements)}
    differing = [rule for rule in (*before.base.rules, *after.base.rules) if old.get(rule.id) != new.get(rule.id)]
    differing += [rule for rule in (*before.base.rules, *after.base.rules) if _names(rule, outcomes | named, agreements)]
    # two rules of one id stand beside each other in the index, which knows them by place alone
    return Change(compile_rules(differing), tuple(set(before.limits) ^ set(after.limits)), everybody)


def _rules(base: RuleBase) -> dict[str, Rule]:
    return {rule.id: replace(rule, version=0) for rule in base.rules if rule.status == "active"}


def _names(rule: Rule, outcomes: set[str], agreements: set[str]) -> bool:
    return rule.agreement in agreements or any(code in outcomes for grant in rule.grants for code in grant.outcome.split(";"))


def _may_cover(limit: Limit, record: RecordFacts) -> bool:
    return all(name not in OF_RECORD or bool(set(OF_RECORD[name](record)) & set(values)) for name, values in limit.selector)


def touched(people: Population, change: Change) -> np.ndarray:
    """By learner: whether the change can concern them. Every different combination of what is asked is looked at once."""
    if change.everybody:
        return np.ones(len(people), dtype=bool)
    code, examples = people.combination(FIELDS)
    concerned = np.array([change.concerns(record) for record in examples], dtype=bool)
    found = np.zeros(len(people), dtype=bool)
    if len(concerned):
        found[people.records["of"].to_numpy()[concerned[code]]] = True
    for name in ("exceptions", "earlier"):  # either may name a rule, a limit or a requirement that no record of theirs meets
        special = np.array([bool(value) for value in people.values[name]], dtype=bool)
        if len(special):
            found |= special[people.learners[name].to_numpy()]
    return found
