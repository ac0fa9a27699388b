"""What a decision promises whatever the question: more never gives less, what is elsewhere stays elsewhere, and it can be replayed."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from creditbank.rules.decide import decide
from creditbank.rules.snapshot import canonical, restore, snapshot
from creditbank.rules.types import (
    CreditSystem,
    Facts,
    Grant,
    Leaf,
    Limit,
    Node,
    RecordFacts,
    RequirementLeaf,
    Rule,
    RuleBase,
    Target,
)
from tests.rules.cases import cases, question, shuffled
from tests.rules.test_oracle import ON, a_question, a_rich_question

SEEDS = range(3000, 3150)


def monotone(base):
    """Only rules that more records cannot switch off."""
    return replace(base, rules=tuple(rule for rule in base.rules if not rule.lhs.forbidden() and rule.grants[0].kind != "deny"))


@pytest.mark.parametrize("ask", [a_question, a_rich_question])
@pytest.mark.parametrize("block", range(3))
def test_another_record_never_lowers_what_counts(block, ask):
    for seed in SEEDS[block * 50 : block * 50 + 50]:
        facts, base, limits = ask(seed)
        base = monotone(base)
        fewer = replace(facts, records=facts.records[:-1])

        assert decide(fewer, base, limits, ON).objective[:3] <= decide(facts, base, limits, ON).objective[:3], seed


@pytest.mark.parametrize("ask", [a_question, a_rich_question])
@pytest.mark.parametrize("block", range(3))
def test_a_higher_bound_never_lowers_what_counts(block, ask):
    for seed in SEEDS[block * 50 : block * 50 + 50]:
        facts, base, limits = ask(seed)
        wider = tuple(replace(limit, bound=limit.bound + 1) for limit in limits)

        assert decide(facts, base, limits, ON).objective[:3] <= decide(facts, base, wider, ON).objective[:3], seed


@pytest.mark.parametrize("ask", [a_question, a_rich_question])
def test_what_touches_nothing_else_changes_nothing_else(ask):
    for seed in SEEDS[:60]:
        facts, base, limits = ask(seed)
        stranger = RecordFacts("zz", "ELSEWHERE", "J", date(2025, 5, 5), Decimal(2), "U", source_type="work")
        more = replace(
            base, rules=(*base.rules, Rule("ZZ", 1, Node("leaf", Leaf("NEVER")), (Grant("course", "NOWHERE", amount=Decimal(1)),)))
        )
        idle = (*limits, Limit("ZZ", bound=Decimal(1), selector=(("source_type", ("volunteering",)),)))

        first = decide(facts, base, limits, ON)
        second = decide(replace(facts, records=(*facts.records, stranger)), more, idle, ON)

        assert (first.allocation, first.objective) == (second.allocation, second.objective), seed
        assert first.unused == tuple(row for row in second.unused if row.record != "zz"), seed


@pytest.mark.parametrize("ask", [a_question, a_rich_question])
def test_credit_in_smaller_steps_is_the_same_credit(ask):
    for seed in SEEDS[:40]:
        facts, base, limits = ask(seed)
        halves = replace(base, systems=tuple(replace(system, step=Decimal("0.5")) for system in base.systems))
        if any(limit.overflow != "reject_whole" for limit in limits):
            continue
        whole, half = decide(facts, base, limits, ON), decide(facts, halves, limits, ON)

        assert half.objective[:3] == (whole.objective[0], 2 * whole.objective[1], 2 * whole.objective[2]), seed
        assert half.posted == whole.posted


@pytest.mark.parametrize("block", range(2))
def test_the_order_of_everything_that_has_none_changes_no_byte(block):
    chance = random.Random(block)
    for seed in SEEDS[block * 50 : block * 50 + 50]:
        question_asked = a_rich_question(seed)

        first, second = decide(*question_asked, ON), decide(*shuffled(*question_asked, chance), ON)

        assert canonical(first) == canonical(second), seed


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases("decide") if "error" not in case["expect"]])
def test_a_stored_question_gives_the_same_bytes_again(case):
    facts, base, limits, on = question(case)
    stored = json.loads(snapshot(facts, base, limits, on))

    again = (restore(Facts, stored["facts"]), restore(RuleBase, stored["rules"]), tuple(restore(Limit, row) for row in stored["limits"]))

    assert canonical(decide(*again, date.fromisoformat(stored["on"]))) == canonical(decide(facts, base, limits, on))


def test_what_needs_nothing_is_done_also_by_those_who_bring_nothing():
    leaves = (
        RequirementLeaf("1", outcomes=("T",), need_credits=Decimal(3)),
        RequirementLeaf("2", outcomes=("U",), need_if=(((), Decimal(0)),)),
    )
    base = RuleBase((), (CreditSystem("U", Decimal(16), Decimal(1)),))

    decision = decide(Facts("x", (), Target("P", "U", leaves=leaves), ON), base, (), ON)

    assert (decision.objective, decision.done, decision.proof.status) == ((1, 0, 0, 0, 0, 0), ("2",), "optimal")


def test_a_limit_of_records_counts_a_record_once_however_many_rules_use_a_part_of_it_or_could():
    records = tuple(RecordFacts(ident, outcome, "I", date(2024, 1, 1), Decimal(2), "U") for ident, outcome in (("a", "A"), ("b", "B")))
    parts = [
        Rule(name, 1, Node("leaf", Leaf("A")), (Grant("course", name, credits="rate", max_amount=Decimal(1)),), consume="splittable")
        for name in ("T", "U")
    ]
    whole = Rule("W", 1, Node("leaf", Leaf("B")), (Grant("course", "W", amount=Decimal(2)),))
    other = Rule("X", 1, Node("leaf", Leaf("A")), (Grant("course", "X", amount=Decimal(5)),))
    base = RuleBase((*parts, whole), (CreditSystem("U", Decimal(16), Decimal(1)),))
    facts = Facts("x", records, Target("", "U"), ON)
    limit = (Limit("L", "records", Decimal(2)),)

    assert decide(facts, base, limit, ON).objective[2] == 4
    assert decide(facts, replace(base, rules=(*base.rules, other)), limit, ON).objective[2] == 7
