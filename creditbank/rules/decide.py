"""``decide``: the best recognition of a person's records for a target under a rule book, with a reason for everything.

A pure function of its four arguments: no clock, no database, no chance. The order of records, rules and limits never changes a byte.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from creditbank.rules.candidates import Candidate, Given, Sieve, sieve
from creditbank.rules.optimum import Choice, bucket_of, choose, covers, limit_bound, limit_uses, steps
from creditbank.rules.snapshot import SEMANTICS, hash_of, snapshot
from creditbank.rules.types import (
    Allocation,
    Condition,
    Decision,
    Facts,
    Limit,
    Proof,
    Reason,
    RecordFacts,
    RequirementLeaf,
    RuleBase,
    Unused,
)

STAGES = (
    "not_available", "already_used", "expired", "not_eligible", "no_rule", "out_of_scope", "not_convertible", "outside_window", "too_old",
    "evidence_missing", "rule_failed", "no_rate", "denied", "pending", "shadowed", "too_many_matches", "duplicate_of", "limit_full",
    "dominated", "not_needed",
)  # fmt: skip
"""How far a rule came with a record; the headline is the reason of the rule that came furthest."""

GATES = ("not_available", "already_used", "expired", "not_eligible")


def decide(facts: Facts, rules: RuleBase, limits: tuple[Limit, ...], on: date) -> Decision:
    """The best recognition on a day. ``facts.target`` is a programme, or the pool where it has no leaves."""
    facts = _sorted(facts)
    limits = tuple(sorted(limits, key=lambda limit: limit.id))
    sieved = sieve(facts, rules, on=on)
    choice = choose(sieved.candidates, facts, rules, limits, on=on)
    system = rules.system(facts.target.system)
    step = system.step if system else Decimal(1)
    allocation = _allocation(choice, step, limits, facts)
    proof = Proof("optimal") if choice.proved and sieved.complete else Proof("gap", "V1")
    return Decision(
        learner=facts.learner,
        target=facts.target.code,
        allocation=allocation,
        unused=_unused(facts, sieved, choice, limits, step),
        objective=choice.objective,
        posted=sum((row.posted for row in allocation), Decimal(0)),
        limits=limit_uses(choice, facts, limits, step),
        proof=proof,
        snapshot_hash=hash_of(snapshot(facts, rules, limits, on)),
        semantics=SEMANTICS,
        open_leaves=_open_leaves(facts, allocation),
    )


def _sorted(facts: Facts) -> Facts:
    records = tuple(sorted(facts.records, key=lambda record: record.id))
    return Facts(facts.learner, records, facts.target, facts.applied_on, tuple(sorted(facts.used)), tuple(sorted(facts.held)))


def _allocation(choice: Choice, step: Decimal, limits: tuple[Limit, ...], facts: Facts) -> tuple[Allocation, ...]:
    rows = []
    for (index, number, path), amount in choice.posted.items():
        candidate = choice.candidates[index]
        given = candidate.given[number - 1]
        rows.append(_row(candidate, given, path, amount * step, limits))
    return tuple(sorted(rows, key=lambda row: (row.rule, row.records, row.grant, row.leaf)))


def _row(candidate: Candidate, given: Given, path: str, posted: Decimal, limits: tuple[Limit, ...]) -> Allocation:
    cutters = [limit.id for limit in limits if limit.overflow == "truncate" and covers(limit, candidate.lead, given.grant)]
    return Allocation(
        rule=candidate.rule.id,
        version=candidate.rule.version,
        records=candidate.match.ids,
        grant=number_of(given),
        kind=given.grant.kind,
        outcome=given.grant.outcome,
        leaf=path,
        fill=posted,
        posted=posted,
        amount=given.amount,
        exact=given.exact,
        ratio=candidate.ratio if given.grant.credits == "rate" else None,
        conditions=_conditions(candidate),
        cut_by=cutters[0] if cutters and posted < given.amount else "",
    )


def number_of(given: Given) -> int:
    """Which grant of its rule this is, from 1."""
    return given.number


def _conditions(candidate: Candidate) -> tuple[Condition, ...]:
    return tuple(condition for _record, conditions in candidate.match.conditions for condition in conditions)


def _unused(facts: Facts, sieved: Sieve, choice: Choice, limits: tuple[Limit, ...], step: Decimal) -> tuple[Unused, ...]:
    taken = {ident for index in choice.taken() for ident in choice.candidates[index].match.ids}
    rows = []
    for record in facts.records:
        if record.id in taken:
            continue
        reasons = list(sieved.reasons.get(record.id, ()))
        for index, candidate in enumerate(choice.candidates):
            if record.id in candidate.match.ids and index not in choice.taken():
                reasons.append(_why_not(record, candidate, facts, choice, limits, step))
        if not reasons:
            reasons = [Reason("no_rule", data=(("outcome", record.outcome), ("target", facts.target.code)))]
        rows.append(Unused(record.id, _headline_first(reasons)))
    return tuple(rows)


def _headline_first(reasons: list[Reason]) -> tuple[Reason, ...]:
    """A gate of the record itself comes before everything; else the rule that came furthest, then the smallest rule id."""

    def order(reason: Reason) -> tuple[int, int, str, tuple[tuple[str, str], ...]]:
        gate = 0 if reason.code in GATES else 1
        stage = STAGES.index(reason.code)
        return gate, stage if gate == 0 else -stage, reason.rule, reason.data

    return tuple(sorted(dict.fromkeys(reasons), key=order))


def _why_not(record: RecordFacts, candidate: Candidate, facts: Facts, choice: Choice, limits: tuple[Limit, ...], step: Decimal) -> Reason:
    """The local test: add the candidate to the finished solution and see what breaks."""
    used = {ident: index for index in choice.taken() for ident in choice.candidates[index].match.ids}
    for other in candidate.match.ids:
        if other in used:
            winner = choice.candidates[used[other]]
            return Reason("dominated", candidate.rule.id, (("by_rule", winner.rule.id), ("record", other)))
    classes = {known.class_key: known.id for index in choice.taken() for known in choice.candidates[index].match.records}
    for own in candidate.match.records:
        if own.class_key in classes:
            return Reason("duplicate_of", candidate.rule.id, (("record", classes[own.class_key]), ("class", own.class_key)))
    if _would_gain(candidate, facts, choice, step):
        full = _full_limit(candidate, facts, choice, limits, step)
        if full is not None:
            return full
    return Reason("not_needed", candidate.rule.id, (("leaf", ", ".join(candidate.given[0].seats)),))


def _would_gain(candidate: Candidate, facts: Facts, choice: Choice, step: Decimal) -> bool:
    """Whether some seat still has room, so that more would count."""
    for leaf in facts.target.seats():
        if any(leaf.path in given.seats for given in candidate.given) and _has_room(leaf, choice, step):
            return True
    return False


def _has_room(leaf: RequirementLeaf, choice: Choice, step: Decimal) -> bool:
    here = [amount for (_index, _number, path), amount in choice.posted.items() if path == leaf.path]
    if leaf.need_courses is not None:
        return len(here) < leaf.need_courses
    return leaf.need_credits is None or sum(here) < steps(leaf.need_credits, step)


def _full_limit(candidate: Candidate, facts: Facts, choice: Choice, limits: tuple[Limit, ...], step: Decimal) -> Reason | None:
    uses = {(use.limit, use.bucket): use.used for use in limit_uses(choice, facts, limits, step)}
    for limit in limits:
        given = next((given for given in candidate.given if covers(limit, candidate.lead, given.grant)), None)
        bound = limit_bound(limit, facts, step)
        if given is None or bound is None:
            continue
        bucket = bucket_of(limit, candidate.lead)
        used = uses.get((limit.id, bucket), Decimal(0))
        wanted = {"credits": given.amount, "grants": Decimal(1), "records": Decimal(len(candidate.match.records))}[limit.measure]
        if used + wanted > bound:
            data = (
                ("limit", limit.id), ("bucket", bucket), ("bound", str(bound)), ("used", str(used)), ("slack", str(bound - used)),
                ("amount", str(wanted)), ("release", "; ".join(_release(candidate, limit, bucket, choice, used + wanted - bound, step))),
            )  # fmt: skip
            return Reason("limit_full", candidate.rule.id, data)
    return None


def _release(candidate: Candidate, limit: Limit, bucket: str, choice: Choice, excess: Decimal, step: Decimal) -> list[str]:
    """The fewest used records in the bucket whose removal would make room, largest first, ties by name."""
    inside = []
    for (index, number, _path), amount in choice.posted.items():
        other = choice.candidates[index]
        if covers(limit, other.lead, other.given[number - 1].grant) and bucket_of(limit, other.lead) == bucket:
            weight = amount * step if limit.measure == "credits" else Decimal(1)
            inside.append((-weight, other.match.ids))
    freed, names = Decimal(0), []
    for weight, ids in sorted(inside):
        if freed >= excess:
            break
        freed -= weight
        names += list(ids)
    return sorted(names)


def _open_leaves(facts: Facts, allocation: tuple[Allocation, ...]) -> tuple[str, ...]:
    """Requirements that are not yet reached, in the order of the programme."""
    missing = []
    for leaf in facts.target.leaves:
        here = [row for row in allocation if row.leaf == leaf.path]
        short_of_courses = leaf.need_courses is not None and len(here) < leaf.need_courses
        short_of_credits = leaf.need_credits is not None and sum((row.posted for row in here), Decimal(0)) < leaf.need_credits
        if short_of_courses or short_of_credits:
            missing.append(leaf.path)
    return tuple(missing)
