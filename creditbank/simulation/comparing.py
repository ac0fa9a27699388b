"""Two rule books over one shard of a population: who gains, who loses, by which rule, limit and reason. The same ``decide`` as for one person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from creditbank.rules.snapshot import canonical, hash_of
from creditbank.simulation.answers import USED, Answer, Book, add_up, ask, verdict
from creditbank.simulation.changes import change_between, touched
from creditbank.simulation.fast import Fast
from creditbank.simulation.population import Population
from creditbank.simulation.tables import RuleTables

CLASSES = ("gained", "lost", "changed", "unchanged", "unproved")
DIMENSIONS = ("programme", "cohort", "education", "school", "age_band", "group")
"""By what people are told apart in the report: their target, their cohort, and attributes of these names."""
LEARNER_COLUMNS = (
    "learner", "target", *DIMENSIONS, "verdict", "v1_before", "v2_before", "v3_before", "v1_after", "v2_after", "v3_after", "before", "after",
    "used_before", "used_after", "reasons_before", "reasons_after",
)  # fmt: skip
"""One row a learner; credits ("before", "after") in thousandths, V2 and V3 in steps of the target's unit."""
SUMS = {
    "rules": ("before", "after", "credits_before", "credits_after", "difference"), "limits": ("before", "after", "cut_before", "cut_after"),
    "issuers": ("before", "after", "credits_before", "credits_after"), "states": ("records",),
}  # fmt: skip
"""Columns of the tables of sums: by rule, by limit and by issuer learners and credits; by "state before>state after" records."""


@dataclass
class Part:
    """What one shard gives: its learners, and sums that may be added to those of other shards."""

    learners: pd.DataFrame
    sums: dict[str, dict[str, list[int]]] = field(default_factory=lambda: {name: {} for name in SUMS})
    decided: int = 0
    """How many times a learner was decided; those whom no change concerns are decided once."""


_tables: dict[tuple[str, date], RuleTables] = {}
"""The columns of the last book, kept from one shard to the next of the same process."""


def tables_of(book: Book, on: date) -> RuleTables:
    """A book as columns of numbers."""
    key = hash_of(canonical(book.base)), on
    if key not in _tables:
        _tables.clear()
        _tables[key] = RuleTables(book.base, on)
    return _tables[key]


def compare(people: Population, before: Book, after: Book, on: date) -> Part:
    """One shard under both books."""
    concerned = touched(people, change_between(before, after))
    quick = Fast(people, tables_of(before, on), before.limits)
    part = Part(pd.DataFrame())
    rows = []
    for row, again in enumerate(concerned.tolist()):
        first = None if again else quick.answer(row)
        second = first
        if first is None:
            facts = people.facts(row)
            first = ask(facts, before, on)
            second = ask(facts, after, on) if again else first
        assert second is not None  # noqa: S101  it is the first, or asked for
        part.decided += 1 + int(again)
        said = verdict(first, second)
        rows.append(_row(people, row, said, first, second))
        _count(part, said, first, second)
    numbers = {name for name in LEARNER_COLUMNS if name.startswith(("v1", "v2", "v3", "before", "after", "used"))}
    kinds = {name: "int64" if name in numbers else "str" for name in LEARNER_COLUMNS}
    part.learners = pd.DataFrame(rows, columns=list(LEARNER_COLUMNS)).astype(kinds)
    return part


def _row(people: Population, row: int, said: str, first: Answer, second: Answer) -> list[Any]:
    target = people.value("target", row)
    known = (
        dict(people.value("attributes", row))
        | dict(people.value("groups", row))
        | {"programme": target.code, "cohort": people.value("cohort", row)}
    )
    groups = [known.get(name, "") for name in DIMENSIONS]
    return [
        people.value("learner", row), target.code, *groups, said, *first.objective[:3], *second.objective[:3], first.posted, second.posted, first.used,
        second.used, first.reasons, second.reasons,
    ]  # fmt: skip


def _count(part: Part, said: str, first: Answer, second: Answer) -> None:
    for at, one in enumerate((first, second)):
        for table, amounts in (("rules", one.fired), ("limits", one.cuts), ("issuers", one.issuers)):
            for key, amount in amounts.items():
                width = len(SUMS[table])
                add_up(part.sums[table], key, at, 1, width)
                add_up(part.sums[table], key, 2 + at, amount, width)
    if said in {"gained", "lost"}:
        for rule in first.fired.keys() ^ second.fired.keys():
            add_up(part.sums["rules"], rule, 4, 1, len(SUMS["rules"]))
    for record, state in first.states.items():
        add_up(part.sums["states"], f"{state}>{second.states.get(record, USED)}", 0, 1, 1)
