"""``decide``: the best recognition of a person's records for a target under a rule book, with a reason for everything.

A pure function of its four arguments: no clock, no database, no chance. The order of records, rules and limits never changes a byte.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from creditbank.rules.candidates import sieve
from creditbank.rules.earlier import without_filled
from creditbank.rules.giving import Candidate, Given
from creditbank.rules.individual import apply_exceptions, with_own_needs
from creditbank.rules.minima import Item, minima
from creditbank.rules.model import Part
from creditbank.rules.objective import has_need, need_of
from creditbank.rules.optimum import Choice, choose, limit_uses
from creditbank.rules.reasons import Explainer, cut_reasons
from creditbank.rules.slots import plan_slots
from creditbank.rules.snapshot import SEMANTICS, hash_of, snapshot
from creditbank.rules.titles import with_title_classes
from creditbank.rules.types import Allocation, Condition, Decision, Facts, Limit, Proof, Reason, RuleBase


def decide(facts: Facts, rules: RuleBase, limits: tuple[Limit, ...], on: date) -> Decision:
    """The best recognition on a day. ``facts.target`` is a programme, or the pool where it has no leaves.

    Raises SamePerson for an exception that one person decided alone.
    """
    return answer(facts, rules, limits, on, question=hash_of(snapshot(facts, rules, limits, on)))


def answer(facts: Facts, rules: RuleBase, limits: tuple[Limit, ...], on: date, *, question: str = "") -> Decision:
    """The decision under the hash of its question; a simulation, which stores no decision, leaves the hash out.

    Raises SamePerson.
    """
    rules = rules.in_force(on)
    facts, rules, limits = apply_exceptions(_sorted(facts), rules, tuple(sorted(limits, key=lambda limit: limit.id)), on)
    facts = without_filled(with_own_needs(with_title_classes(facts, rules.titles)))
    sieved = sieve(facts, rules, on=on)
    plans, left_out = plan_slots(sieved.counted, facts, rules, limits)
    sieved.leave_out(left_out)
    choice = choose(sieved.candidates, facts, rules, limits, on=on, plans=plans, counted=sieved.counted)
    system = rules.system(facts.target.system)
    step = system.step if system else Decimal(1)
    allocation = _allocation(choice, step, limits)
    return Decision(
        learner=facts.learner,
        target=facts.target.code,
        allocation=allocation,
        unused=Explainer(facts, rules, limits, sieved, choice, step, on).unused(),
        objective=choice.objective,
        posted=sum((choice_amount * step for choice_amount in choice.posted.values()), Decimal(0)),
        limits=limit_uses(choice, facts, rules, limits, step),
        proof=_proof(choice, complete=sieved.complete),
        snapshot_hash=question,
        semantics=SEMANTICS,
        open_leaves=_open_leaves(facts, allocation),
        minima=minima(_items(choice, allocation), facts, limits, step),
        done=choice.done,
    )


def _proof(choice: Choice, *, complete: bool) -> Proof:
    if choice.level:
        return Proof("gap", f"V{min(choice.level, 7)}", choice.bound)
    return Proof("optimal") if complete else Proof("gap", "V1")


def _sorted(facts: Facts) -> Facts:
    records = tuple(sorted(facts.records, key=lambda record: record.id))
    return replace(facts, records=records, used=tuple(sorted(facts.used)), held=tuple(sorted(facts.held)))


def _allocation(choice: Choice, step: Decimal, limits: tuple[Limit, ...]) -> tuple[Allocation, ...]:
    """One row for each grant and leaf; posted credit stands in the row of the first leaf, so that rows may be added up."""
    cuts = cut_reasons(choice, limits, step)
    rows, seen = [], set()
    for seat in sorted(choice.seats):
        part = seat[:3]
        candidate, given = _parts(choice, part)
        posted = Decimal(0) if part in seen else choice.posted[part] * step
        seen.add(part)
        rows.append(_row(candidate, given, part, seat[3], choice.posted[part] * step, posted, cuts.get(part)))
    for index in sorted(choice.waiving):
        candidate = choice.candidates[index]
        rows += [
            _row(candidate, given, (index, given.number, False), given.waives, Decimal(0), Decimal(0), None)
            for given in candidate.given
            if given.waives
        ]
    return tuple(sorted(rows, key=lambda row: (row.rule, row.records, row.offer, row.grant, row.leaf)))


def _parts(choice: Choice, part: Part) -> tuple[Candidate, Given]:
    candidate = choice.candidates[part[0]]
    return candidate, next(given for given in candidate.given if given.number == part[1])


def _row(candidate: Candidate, given: Given, part: Part, leaf: str, full: Decimal, posted: Decimal, cut: Reason | None) -> Allocation:
    keeps = not given.posts or (cut is not None and cut.code == "subject_only")
    return Allocation(
        rule=candidate.rule.id,
        version=candidate.rule.version,
        records=candidate.match.ids,
        grant=given.number,
        kind="elective" if part[2] else given.grant.kind,
        outcome=given.grant.outcome,
        leaf=leaf,
        fill=given.amount if keeps else full,
        posted=posted,
        amount=given.amount,
        exact=given.exact,
        ratio=candidate.ratio if given.grant.credits == "rate" else None,
        conditions=_conditions(candidate),
        cut_by=cut.as_dict()["limit"] if cut else "",
        offer=candidate.offer,
        grade=given.grade,
        in_gpa=given.grant.in_gpa,
        without_credit=cut is not None and cut.code == "subject_only",
        consumed=candidate.consumed,
    )


def _conditions(candidate: Candidate) -> tuple[Condition, ...]:
    return tuple(condition for _record, conditions in candidate.match.conditions for condition in conditions)


def _items(choice: Choice, allocation: tuple[Allocation, ...]) -> list[Item]:
    found = {(candidate.rule.id, candidate.match.ids, candidate.offer): candidate for candidate in choice.candidates}
    items = []
    for row in allocation:
        candidate = found[row.rule, row.records, row.offer]
        items.append((candidate.lead, next(given.grant for given in candidate.given if given.number == row.grant), row))
    return items


def _open_leaves(facts: Facts, allocation: tuple[Allocation, ...]) -> tuple[str, ...]:
    """Requirements that are not yet reached, in the order of the programme."""
    missing = []
    waived = {row.leaf for row in allocation if row.kind == "waiver"} | {one.path for one in facts.exceptions if one.kind == "waive"}
    for leaf in facts.target.leaves:
        here = [row for row in allocation if row.leaf == leaf.path]
        need = need_of(leaf, dict(facts.attributes))
        short_of_courses = leaf.need_courses is not None and len(here) < leaf.need_courses
        short_of_credits = need is not None and sum((row.fill for row in here), Decimal(0)) < need
        if has_need(leaf) and leaf.path not in waived and (short_of_courses or short_of_credits):
            missing.append(leaf.path)
    return tuple(missing)
