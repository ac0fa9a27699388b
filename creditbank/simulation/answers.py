"""What a decision says, as the comparison of two rule books needs it: whole numbers, rules, and a word for every record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from creditbank.rules.decide import answer
from creditbank.rules.snapshot import canonical
from creditbank.rules.types import Decision, Facts, Limit, RuleBase

USED = "used"
"""The state of a record that was used; of others it is the code of their headline reason."""
PARTS = 1000
"""Credits are counted in thousandths here: whole numbers add up exactly, in any order."""


@dataclass(frozen=True)
class Book:
    """One side of the comparison: a rule base with its limits."""

    base: RuleBase
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class Answer:
    """One person under one book. Credits by rule (``fired``) and by issuer of the first record, ``cuts`` by limit, ``states`` by record id."""

    objective: tuple[int, ...]
    posted: int
    proved: bool
    fired: dict[str, int]
    issuers: dict[str, int]
    cuts: dict[str, int]
    states: dict[str, str]
    said: str

    @property
    def reasons(self) -> str:
        """Headline reasons of what was not used, for a reader."""
        return ";".join(sorted(code for code in self.states.values() if code != USED))

    @property
    def used(self) -> int:
        return sum(code == USED for code in self.states.values())


def ask(facts: Facts, book: Book, on: date) -> Answer:
    """The engine's answer for one person."""
    decision = answer(facts, book.base, book.limits, on)
    fired: dict[str, int] = {}
    issuers: dict[str, int] = {}
    owners = {record.id: record.issuer for record in facts.records}
    for row in decision.allocation:
        fired[row.rule] = fired.get(row.rule, 0) + parts(row.posted)
        issuer = owners[row.records[0]]
        issuers[issuer] = issuers.get(issuer, 0) + parts(row.posted)
    states = {record.id: USED for record in facts.records} | {row.record: row.headline.code for row in decision.unused}
    return Answer(
        decision.objective[:6],
        parts(decision.posted),
        decision.proof.status == "optimal",
        fired,
        issuers,
        _cuts(decision),
        states,
        _said(decision),
    )


def parts(credits: Decimal) -> int:
    """Credits in thousandths."""
    return int(credits * PARTS)


def _cuts(decision: Decision) -> dict[str, int]:
    """What each limit took away: of grants that it cut, and grants that found it full."""
    cuts: dict[str, int] = {}
    lost = [(row.cut_by, row.amount - row.posted) for row in decision.allocation if row.cut_by]
    for unused in decision.unused:
        data = unused.headline.as_dict()
        if unused.headline.code == "limit_full":
            lost.append((data["limit"], Decimal(data["amount"])))
    for limit, amount in lost:
        cuts[limit] = cuts.get(limit, 0) + parts(amount)
    return cuts


def _said(decision: Decision) -> str:
    """What a decision tells its learner: what was given for what, and why the rest was not. A bound that moved without effect is no change."""
    rows = [[row.rule, row.records, row.grant, row.kind, row.leaf, row.fill, row.posted, row.grade] for row in decision.allocation]
    return canonical([rows, [[row.record, row.headline.code] for row in decision.unused]])


def verdict(before: Answer, after: Answer) -> str:
    """Gained or lost by (V1, V2, V3); changed where these are equal but something else is not; unproved where a side has no proof."""
    if not (before.proved and after.proved):
        return "unproved"
    first, second = before.objective[:3], after.objective[:3]
    if first != second:
        return "gained" if second > first else "lost"
    return "unchanged" if before.said == after.said else "changed"


def add_up(target: dict[str, list[int]], key: str, at: int, amount: int, width: int) -> None:
    """Add to one column of a table of sums."""
    target.setdefault(key, [0] * width)[at] += amount


def merge_sums(tables: Iterable[dict[str, list[int]]]) -> dict[str, list[int]]:
    """Tables of sums added together, sorted by key."""
    merged: dict[str, list[int]] = {}
    for table in tables:
        for key, row in table.items():
            merged[key] = [first + second for first, second in zip(merged.get(key, [0] * len(row)), row, strict=True)]
    return dict(sorted(merged.items()))
