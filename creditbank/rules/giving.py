"""What a match gives: the grants of one offer with their amounts, grades and seats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

from creditbank.rules.amounts import consumed_minutes, grant_amount
from creditbank.rules.leaves import grade_rank
from creditbank.rules.matches import Match
from creditbank.rules.scales import mapped_grade
from creditbank.rules.types import (
    KIND_ORDER,
    POSTING,
    Facts,
    Grant,
    RecordFacts,
    RequirementLeaf,
    Rule,
    RuleBase,
)


@dataclass(frozen=True)
class Given:
    """One grant of a candidate with its amount on the step, the exact value, and the seats (leaf paths) that accept it.

    ``posts`` says whether the amount moves in the ledger; a grant without a need for a seat (a waiver) has none.
    """

    number: int
    grant: Grant
    amount: Decimal
    exact: Fraction
    seats: tuple[str, ...]
    posts: bool = True
    grade: str = ""

    @property
    def waives(self) -> str:
        """The path of the node that it makes done, for a waiver."""
        return self.grant.outcome if self.grant.kind == "waiver" else ""


@dataclass(frozen=True)
class Candidate:
    """A rule, a match, one of the rule's offers, and what it would give.

    ``consumed`` is set where only so many credits of its one record are used up. A counting candidate has a ``slot`` (its place among those
    of its rule) and only knows a record that could lead it; which records it takes is decided with everything else (``pools``).
    """

    rule: Rule
    match: Match
    given: tuple[Given, ...]
    lead: RecordFacts
    ratio: Fraction | None
    offer: int = 1
    consumed: Decimal | None = None
    slot: tuple[int, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        return self.rule.id, self.match.ids, self.offer, self.slot, self.consumed or Decimal(0)

    @property
    def rank_key(self) -> tuple[int, int, int]:
        """Precedence first (higher wins), then priority, then the kind of the first grant."""
        return -self.rule.precedence, self.rule.priority, KIND_ORDER.index(self.given[0].grant.kind)

    @property
    def is_useful(self) -> bool:
        """Whether anything of it could be placed: a seat, or a node that it waives."""
        return any(given.seats or given.waives for given in self.given)


def offers(rule: Rule) -> list[tuple[int, ...]]:
    """Which grants go together, by number: all of them, or one offer for each choice, in the order of combinations."""
    numbers = range(1, len(rule.grants) + 1)
    if rule.offer == "all":
        return [tuple(numbers)]
    return list(combinations(numbers, 1 if rule.offer == "any" else rule.offer_k))


def give(number: int, grant: Grant, records: Sequence[RecordFacts], lead: RecordFacts, facts: Facts, base: RuleBase) -> Given:
    """What a grant gives for these records. Raises NoRate, BadRule."""
    system = base.system(facts.target.system)
    if grant.kind in {"deny", "pending", "waiver"} or system is None:
        return Given(number, grant, Decimal(0), Fraction(0), (), posts=False)
    amount, exact = grant_amount(base, grant, records, system)
    return given_amount(number, grant, amount, exact, lead, facts, base)


def given_amount(number: int, grant: Grant, amount: Decimal, exact: Fraction, lead: RecordFacts, facts: Facts, base: RuleBase) -> Given:
    """A grant of this amount, with the grade that goes with it and the leaves that accept both."""
    about = base.outcome(grant.outcome)
    owner = about.owner if about and about.owner else facts.target.owner
    grade = _grade_given(grant, lead, base, owner)
    is_pool = not facts.target.leaves
    seats = tuple(
        seat.path
        for seat in facts.target.seats()
        if (grant.kind in POSTING if is_pool else seat.accepts(grant, about)) and _grade_passes(seat, grade, base, owner)
    )
    useful = amount > 0 or any(seat.need_courses is not None for seat in facts.target.leaves if seat.path in seats)
    useful = useful and grant.kind != "pending"
    return Given(number, grant, amount, exact, seats if useful else (), posts=grant.kind in POSTING, grade=grade)


def lead_of(records: Iterable[RecordFacts], base: RuleBase) -> RecordFacts:
    """The record that a grant is charged to: most consumed hours, then latest, then smallest id."""
    return min(records, key=lambda record: lead_order(record, base))


def lead_order(record: RecordFacts, base: RuleBase) -> tuple[int, int, str]:
    """Sorts the record that leads first."""
    return -consumed_minutes(base, record), -record.earned_on.toordinal(), record.id


def _grade_given(grant: Grant, lead: RecordFacts, base: RuleBase, owner: str) -> str:
    """The grade that goes with a grant: the record's own, "pass", none, the highest of a table of scores that was reached, or the record's
    own on the scale of the institution that gives."""
    if grant.grade in {"", "keep"}:
        return lead.grade
    if grant.grade == "map":
        return mapped_grade(base, lead.grade, base.scale(lead.issuer), base.scale(owner))
    if grant.grade in {"pass", "none"}:
        return {"pass": "P", "none": ""}[grant.grade]
    rows = [row.partition(":") for row in grant.grade.split(";") if ":" in row]
    reached = [(Decimal(score), label) for score, _colon, label in rows if lead.score is not None and lead.score >= Decimal(score)]
    return max(reached)[1] if reached else ""


def _grade_passes(seat: RequirementLeaf, grade: str, base: RuleBase, owner: str) -> bool:
    if not seat.min_grade:
        return True
    has, needs = grade_rank(grade, owner, base), grade_rank(seat.min_grade, owner, base)
    return has is not None and needs is not None and has >= needs
