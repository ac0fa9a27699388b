"""The report of a simulation as plain data: what a page shows, a file holds and a publisher reads. Credits are Decimal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from creditbank.rules.snapshot import canonical, restore
from creditbank.simulation.answers import PARTS
from creditbank.simulation.comparing import CLASSES, DIMENSIONS

SMALLEST_GROUP = 5
"""Groups of fewer people are not shown, because somebody might be recognised in them."""
EXAMPLES = 20
Sums = dict[str, dict[str, list[int]]]


@dataclass(frozen=True)
class Spread:
    """Credits of some people: sum, smallest, and the values below which at least 10, 50 and 90 in a hundred lie, largest."""

    total: Decimal
    least: Decimal
    p10: Decimal
    median: Decimal
    p90: Decimal
    most: Decimal


@dataclass(frozen=True)
class ClassRow:
    """People of one class (gained, lost, changed, unchanged, unproved) and their credits."""

    verdict: str
    learners: int
    before: Spread
    after: Spread


@dataclass(frozen=True)
class GroupRow:
    """People of one group: how many of each class, and their credits."""

    dimension: str
    value: str
    learners: int
    gained: int
    lost: int
    changed: int
    unchanged: int
    unproved: int
    before: Spread
    after: Spread


@dataclass(frozen=True)
class RuleRow:
    """For how many learners a rule was used, what it gave, and for how many of those who gained or lost it is part of the difference."""

    rule: str
    before: int
    after: int
    credits_before: Decimal
    credits_after: Decimal
    difference: int


@dataclass(frozen=True)
class LimitRow:
    """For how many learners a limit was binding, and what it took away."""

    limit: str
    before: int
    after: int
    cut_before: Decimal
    cut_after: Decimal


@dataclass(frozen=True)
class IssuerRow:
    """For how many learners records of an institution gave credit, and how much."""

    issuer: str
    before: int
    after: int
    credits_before: Decimal
    credits_after: Decimal


@dataclass(frozen=True)
class StateRow:
    """How many records were in one state (used, or a reason) before and in one after."""

    before: str
    after: str
    records: int


@dataclass(frozen=True)
class Example:
    """One learner of a class, for whoever decides about publishing."""

    learner: str
    target: str
    before: Decimal
    after: Decimal
    reasons_before: tuple[str, ...]
    reasons_after: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """Everything that a simulation says about a population. ``hidden`` counts groups that are too small to be shown."""

    on: date
    learners: int
    before: Spread
    after: Spread
    classes: tuple[ClassRow, ...]
    groups: tuple[GroupRow, ...]
    hidden: int
    rules: tuple[RuleRow, ...]
    limits: tuple[LimitRow, ...]
    issuers: tuple[IssuerRow, ...]
    states: tuple[StateRow, ...]
    unused: tuple[str, ...]
    examples: tuple[tuple[str, tuple[Example, ...]], ...]

    def as_json(self) -> str:
        """Canonical JSON."""
        return canonical(self)

    def of_class(self, verdict: str) -> ClassRow:
        """The row of a class."""
        return next(row for row in self.classes if row.verdict == verdict)


def read_report(text: str) -> Report:
    """A report from its JSON."""
    return restore(Report, json.loads(text))  # type: ignore[no-any-return]


def report_of(learners: pd.DataFrame, sums: Sums, active: Sequence[str], on: date) -> Report:
    """The report over all learners; ``active`` are the rules of the new book."""
    groups = [row for name in DIMENSIONS for row in _groups(learners, name)]
    shown = tuple(row for row in groups if row.learners >= SMALLEST_GROUP)
    fired = {rule for rule, row in sums["rules"].items() if row[1]}
    return Report(
        on=on,
        learners=len(learners),
        before=spread(learners["before"]),
        after=spread(learners["after"]),
        classes=tuple(
            ClassRow(verdict, len(mine), spread(mine["before"]), spread(mine["after"]))
            for verdict in CLASSES
            for mine in [learners[learners["verdict"] == verdict]]
        ),
        groups=shown,
        hidden=len(groups) - len(shown),
        rules=tuple(
            RuleRow(rule, row[0], row[1], credits_of(row[2]), credits_of(row[3]), row[4]) for rule, row in sorted(sums["rules"].items())
        ),
        limits=tuple(
            LimitRow(limit, row[0], row[1], credits_of(row[2]), credits_of(row[3])) for limit, row in sorted(sums["limits"].items())
        ),
        issuers=tuple(
            IssuerRow(issuer, row[0], row[1], credits_of(row[2]), credits_of(row[3])) for issuer, row in sorted(sums["issuers"].items())
        ),
        states=tuple(
            StateRow(states.partition(">")[0], states.partition(">")[2], row[0]) for states, row in sorted(sums["states"].items())
        ),
        unused=tuple(rule for rule in active if rule not in fired),
        examples=tuple((verdict, _examples(learners, verdict)) for verdict in CLASSES),
    )


def credits_of(parts: int) -> Decimal:
    """Credits from thousandths, without needless zeros."""
    value = Decimal(int(parts)) / PARTS
    return Decimal(format(value.normalize(), "f")) if value else Decimal(0)


def spread(column: pd.Series) -> Spread:
    """Sum and ranks of a column of thousandths; nearest ranks, so that every value is one that somebody has."""
    values = np.sort(column.to_numpy(dtype=np.int64))
    if not len(values):
        return Spread(*[Decimal(0)] * 6)
    places = [0, *(max(-(-len(values) * share // 100) - 1, 0) for share in (10, 50, 90)), len(values) - 1]
    return Spread(credits_of(int(values.sum())), *(credits_of(values[at]) for at in places))


def _groups(learners: pd.DataFrame, dimension: str) -> list[GroupRow]:
    rows = []
    for value, mine in learners[learners[dimension] != ""].groupby(dimension, sort=True):
        counts = mine["verdict"].value_counts()
        numbers = {verdict: int(counts.get(verdict, 0)) for verdict in CLASSES}
        rows.append(GroupRow(dimension, str(value), len(mine), before=spread(mine["before"]), after=spread(mine["after"]), **numbers))
    return rows


def _examples(learners: pd.DataFrame, verdict: str) -> tuple[Example, ...]:
    """The first of a class in the order of ids; learners are sorted by id."""
    mine = learners[learners["verdict"] == verdict].head(EXAMPLES)

    def codes(text: str) -> tuple[str, ...]:
        return tuple(text.split(";")) if text else ()

    rows: list[dict[str, Any]] = mine.to_dict("records")  # type: ignore[assignment]
    return tuple(
        Example(
            row["learner"],
            row["target"],
            credits_of(row["before"]),
            credits_of(row["after"]),
            codes(row["reasons_before"]),
            codes(row["reasons_after"]),
        )
        for row in rows
    )


def tables_of(report: Report) -> dict[str, list[dict[str, Any]]]:
    """The report as flat tables by name, for files."""
    return {
        "verdicts": [{"verdict": row.verdict, "learners": row.learners} | _spreads(row) for row in report.classes],
        "groups": [
            {name: getattr(row, name) for name in ("dimension", "value", "learners", *CLASSES)} | _spreads(row) for row in report.groups
        ],
        "rules": [vars(row) for row in report.rules],
        "limits": [vars(row) for row in report.limits],
        "institutions": [vars(row) for row in report.issuers],
        "reasons": [vars(row) for row in report.states],
        "unused": [{"rule": rule} for rule in report.unused],
        "examples": [
            vars(one) | {"verdict": verdict, "reasons_before": ";".join(one.reasons_before), "reasons_after": ";".join(one.reasons_after)}
            for verdict, listed in report.examples
            for one in listed
        ],
    }


def _spreads(row: ClassRow | GroupRow) -> dict[str, Decimal]:
    return {
        f"{name}_{side}": value for side, found in (("before", row.before), ("after", row.after)) for name, value in vars(found).items()
    }
