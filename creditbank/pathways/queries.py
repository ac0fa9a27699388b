"""A person's plan for a programme: where they stand, and which courses of the catalogue would carry them through most cheaply.

Hypothetical: nothing is stored, and no decision is made by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from creditbank.agreements.queries import limits_of, rule_base, target_of, version_in_force
from creditbank.catalogue.models import Outcome, Programme
from creditbank.pathways.audit import Audit, audit
from creditbank.pathways.next_courses import PREFIX, Fill, Plan, PlannedCourse, Wish, filling_courses, next_courses
from creditbank.recognition.earlier import awarded
from creditbank.recognition.evidence import evidence_names, promised
from creditbank.recognition.exceptions import NoRulesInForce
from creditbank.recognition.facts import facts_of
from creditbank.recognition.models import Application
from creditbank.recognition.queries import exceptions_of
from creditbank.rules.decide import decide
from creditbank.rules.types import Decision, Facts, RecordFacts, RuleBase, Target

ASSUMED_SCORE = Decimal(80)
STUDY_DAYS = 180
"""What is planned counts as finished half a year from now."""
MOST_COURSES = 60
MOST_NAMED = 5
"""So many next steps are named where nothing completes the programme: a list that somebody can act on."""
TAKEN_AS = ("course", "mooc")
"""Kinds of source that somebody can simply take; a certificate or an examination is prepared for elsewhere."""
AIMED_AT = (*TAKEN_AS, "certificate", "exam")
"""What is worth naming as a next step besides: something to prepare for."""


@dataclass(frozen=True)
class Step:
    """One course that the plan names, with what it would be recognised as."""

    outcome: Outcome
    hours: Decimal
    requirement: str
    gain: Decimal = Decimal(0)


@dataclass(frozen=True)
class ProgrammePlan:
    """Where a person stands in a programme, and what would complete it (or come closest)."""

    programme: Programme
    audit: Audit
    plan: Plan
    steps: tuple[Step, ...]
    useful: tuple[Step, ...] = ()
    """Where nothing completes the programme: what fills most of it, most first."""

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
    facts = promised(replace(_undecided(known, person, programme), earlier=awarded(person, programme)), base)
    finish = on + timedelta(days=STUDY_DAYS)
    stand = audit(decide(facts, base, limits, on), facts, base, before=finish)
    wish, open_outcomes = Wish(facts, base, limits), _open_outcomes(base, {record.outcome for record in facts.records})
    outcomes = [outcome for outcome in open_outcomes if outcome.source_type in TAKEN_AS]
    plan = next_courses([wish], [_planned(outcome, finish, base) for outcome in outcomes], finish=finish)
    steps = _steps(plan.courses, plan.decisions, open_outcomes, target)
    useful = () if stand.complete or steps else _useful(wish, open_outcomes, target, finish=finish)
    return ProgrammePlan(programme, stand, plan, steps, useful)


def _useful(wish: Wish, outcomes: list[Outcome], target: Target, *, finish: date) -> tuple[Step, ...]:
    """What fills most of the programme, most first; of equals what takes fewer hours."""
    courses = [_planned(outcome, finish, wish.base) for outcome in outcomes]
    fill: Fill = filling_courses(wish, courses, finish=finish, most=MOST_NAMED)
    steps = _steps(fill.courses, (fill.decision,), outcomes, target)
    return tuple(sorted((step for step in steps if step.gain), key=lambda step: (-step.gain, step.hours, step.outcome.code)))


def _undecided(facts: Facts, person: Any, programme: Programme) -> Facts:
    """The facts as if nothing had been applied for in this programme yet: what open applications to it hold counts towards it.

    One query. What was awarded stays used, and counts as it was decided; what other programmes hold or used stays away.
    """
    own = {str(uuid) for uuid in Application.objects.filter(learner=person, programme=programme).values_list("uuid", flat=True)}
    return replace(
        facts, records=tuple(record for record in facts.records if record.state == "available" and not _is_over(record, facts.applied_on)),
        held=tuple(pair for pair in facts.held if pair[1] not in own),
    )  # fmt: skip


def _is_over(record: RecordFacts, on: date) -> bool:
    """Whether a record has run out: nothing is planned with it, and nobody is told to use it soon."""
    return record.valid_until is not None and record.valid_until < on


def _open_outcomes(base: RuleBase, has: set[str]) -> list[Outcome]:
    """Outcomes that rules are about and that the person does not have; the sixty with the fewest hours. One query."""
    named = {leaf.outcome for rule in base.rules for leaf in rule.lhs.wanted() if leaf.outcome} - has
    rows = Outcome.objects.filter(code__in=named, source_type__in=AIMED_AT).select_related("owner", "system")
    return sorted(rows, key=lambda outcome: (_hours(outcome), outcome.code))[:MOST_COURSES]


def _hours(outcome: Outcome) -> Decimal:
    """Its notional hours, else its credits by the hours of its unit; a course that says neither counts one hour."""
    if outcome.hours is not None:
        return outcome.hours
    if outcome.credits is not None and outcome.system is not None:
        return outcome.credits * outcome.system.hours_nominal
    return Decimal(1)


def _planned(outcome: Outcome, finish: date, base: RuleBase) -> PlannedCourse:
    record = RecordFacts(
        id=outcome.code, outcome=outcome.code, issuer=outcome.owner.code, earned_on=finish, score=_score(outcome, base),
        attendance=Decimal(100), credits=outcome.credits, system=outcome.system.code if outcome.system else "", hours=outcome.hours,
        category=outcome.category, source_type=outcome.source_type, subjects=tuple(outcome.subjects), dup_class=outcome.dup_class,
        title_zh=outcome.title_zh, title_en=outcome.title_en, evidence=evidence_names(base),
    )  # fmt: skip
    return PlannedCourse(outcome.code, record, _hours(outcome))


def _score(outcome: Outcome, base: RuleBase) -> Decimal:
    """80, or what a rule asks of it where that is more (425 of CET-4)."""
    asked = [leaf.min_score for rule in base.rules for leaf in rule.lhs.wanted() if leaf.outcome == outcome.code and leaf.min_score]
    return max([ASSUMED_SCORE, *asked])


def _steps(courses: Sequence[str], decisions: Sequence[Decision], outcomes: Sequence[Outcome], target: Target) -> tuple[Step, ...]:
    """The named courses with the requirement that each fills and the credit that it would bring."""
    by_code = {outcome.code: outcome for outcome in outcomes}
    titles = {leaf.path: (leaf.title_zh, leaf.title_en) for leaf in target.seats()}
    where: dict[str, str] = {}
    gain: dict[str, Decimal] = {}
    for row in (row for decision in decisions for row in decision.allocation):
        for ident in row.records:
            if ident.startswith(PREFIX):
                code = ident.removeprefix(PREFIX)
                where[code] = row.leaf
                gain[code] = gain.get(code, Decimal(0)) + row.posted
    return tuple(
        Step(by_code[code], _hours(by_code[code]), "|".join(titles.get(where.get(code, ""), ("", ""))), gain.get(code, Decimal(0)))
        for code in courses
    )
