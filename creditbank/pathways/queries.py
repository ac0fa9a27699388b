"""A person's plan for a programme: where they stand, and which courses of the catalogue would carry them through most cheaply.

Hypothetical: nothing is stored, and no decision is made by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from creditbank.agreements.queries import limits_of, rule_base, target_of, version_in_force
from creditbank.catalogue.models import Outcome, Programme
from creditbank.pathways.audit import Audit, audit
from creditbank.pathways.next_courses import Plan, PlannedCourse, Wish, next_courses
from creditbank.recognition.evidence import evidence_names, promised
from creditbank.recognition.exceptions import NoRulesInForce
from creditbank.recognition.facts import facts_of
from creditbank.recognition.models import Application
from creditbank.recognition.queries import exceptions_of
from creditbank.rules.decide import decide
from creditbank.rules.types import Facts, RecordFacts, RuleBase

ASSUMED_SCORE = Decimal(80)
STUDY_DAYS = 180
"""What is planned counts as finished half a year from now."""
MOST_COURSES = 60
TAKEN_AS = ("course", "mooc")
"""Kinds of source that somebody can simply take; a certificate or an examination is prepared for elsewhere."""


@dataclass(frozen=True)
class Step:
    """One course that the plan names, with what it would be recognised as."""

    outcome: Outcome
    hours: Decimal
    requirement: str


@dataclass(frozen=True)
class ProgrammePlan:
    """Where a person stands in a programme, and what would complete it (or come closest)."""

    programme: Programme
    audit: Audit
    plan: Plan
    steps: tuple[Step, ...]

    @property
    def is_enough(self) -> bool:
        """Whether the named courses complete every requirement."""
        return bool(self.plan.complete)

    @property
    def hours(self) -> Decimal:
        return sum((step.hours for step in self.steps), Decimal(0))


def plan_for(person: Any, programme: Programme, *, on: date) -> ProgrammePlan:
    """The plan of a person for a programme under the rules in force today. Raises NoRulesInForce. About twenty queries."""
    version = version_in_force(programme.institution, on=on)
    if version is None:
        raise NoRulesInForce(programme.institution.code)
    base, limits, target = rule_base(version), limits_of(version), target_of(programme)
    known = facts_of(person, target, applied_on=on, exceptions=exceptions_of(person, programme, on=on))
    facts = promised(_undecided(known, person, programme), base)
    finish = on + timedelta(days=STUDY_DAYS)
    stand = audit(decide(facts, base, limits, on), facts, base, before=finish)
    outcomes = _open_outcomes(base, {record.outcome for record in facts.records})
    plan = next_courses(
        [Wish(facts, base, limits)], [_planned(outcome, finish, evidence_names(base)) for outcome in outcomes], finish=finish
    )
    return ProgrammePlan(programme, stand, plan, _steps(plan, {outcome.code: outcome for outcome in outcomes}, target.seats()))


def _undecided(facts: Facts, person: Any, programme: Programme) -> Facts:
    """The facts as if nothing had been applied for in this programme yet: what applications to it hold or have used counts towards it.

    One query. What other programmes hold or used stays away.
    """
    own = {str(uuid) for uuid in Application.objects.filter(learner=person, programme=programme).values_list("uuid", flat=True)}
    return replace(
        facts, records=tuple(record for record in facts.records if record.state == "available"),
        held=tuple(pair for pair in facts.held if pair[1] not in own), used=tuple(pair for pair in facts.used if pair[1] not in own),
    )  # fmt: skip


def _open_outcomes(base: RuleBase, has: set[str]) -> list[Outcome]:
    """Outcomes that rules are about and that the person does not have; the sixty with the fewest hours. One query."""
    named = {leaf.outcome for rule in base.rules for leaf in rule.lhs.wanted() if leaf.outcome} - has
    rows = Outcome.objects.filter(code__in=named, source_type__in=TAKEN_AS).select_related("owner", "system")
    return sorted(rows, key=lambda outcome: (_hours(outcome), outcome.code))[:MOST_COURSES]


def _hours(outcome: Outcome) -> Decimal:
    """Its notional hours, else its credits by the hours of its unit; a course that says neither counts one hour."""
    if outcome.hours is not None:
        return outcome.hours
    if outcome.credits is not None and outcome.system is not None:
        return outcome.credits * outcome.system.hours_nominal
    return Decimal(1)


def _planned(outcome: Outcome, finish: date, evidence: tuple[str, ...]) -> PlannedCourse:
    record = RecordFacts(
        id=outcome.code, outcome=outcome.code, issuer=outcome.owner.code, earned_on=finish, score=ASSUMED_SCORE, attendance=Decimal(100),
        credits=outcome.credits, system=outcome.system.code if outcome.system else "", hours=outcome.hours, category=outcome.category,
        source_type=outcome.source_type, subjects=tuple(outcome.subjects), dup_class=outcome.dup_class, title_zh=outcome.title_zh,
        title_en=outcome.title_en, evidence=evidence,
    )  # fmt: skip
    return PlannedCourse(outcome.code, record, _hours(outcome))


def _steps(plan: Plan, outcomes: dict[str, Outcome], seats: Any) -> tuple[Step, ...]:
    titles = {leaf.path: (leaf.title_zh, leaf.title_en) for leaf in seats}
    where = {
        ident.removeprefix("plan:"): row.leaf
        for decision in plan.decisions
        for row in decision.allocation
        for ident in row.records
        if ident.startswith("plan:")
    }
    return tuple(Step(outcomes[code], _hours(outcomes[code]), "|".join(titles.get(where.get(code, ""), ("", "")))) for code in plan.courses)
