"""Thousands of small random questions: the engine finds what trying everything finds."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest

from creditbank.rules.decide import decide
from creditbank.rules.types import (
    CreditSystem,
    Facts,
    Grant,
    Leaf,
    Limit,
    Node,
    RecordFacts,
    RequirementLeaf,
    RequirementNode,
    Rule,
    RuleBase,
    Target,
)
from tests.rules import oracle

ON = date(2026, 1, 1)
OUTCOMES = ["A", "B", "C", "D"]
TARGETS = ["T1", "T2", "T3"]


def a_leaf(chance):
    return Node("leaf", Leaf(chance.choice(OUTCOMES), min_score=Decimal(chance.choice([0, 60, 80])) if chance.random() < 0.4 else None))


def a_left_side(chance):
    kind = chance.choices(["leaf", "all", "any", "n_of", "credits_of", "not"], [8, 3, 2, 2, 1, 1])[0]
    if kind == "leaf":
        return a_leaf(chance)
    if kind == "not":
        return Node("all", children=(a_leaf(chance), Node("not", children=(a_leaf(chance),))))
    if kind == "credits_of":
        return Node(kind, children=tuple(a_leaf(chance) for _ in range(2)), credits=Decimal(chance.randint(2, 5)))
    count = chance.randint(2, 3)
    return Node(kind, children=tuple(a_leaf(chance) for _ in range(count)), k=chance.randint(1, count) if kind == "n_of" else 0)


def a_rule(chance, number):
    grants = tuple(
        Grant(chance.choices(["course", "elective"], [4, 1])[0], chance.choice(TARGETS), amount=Decimal(chance.randint(1, 3)))
        for _ in range(chance.choices([1, 2], [3, 1])[0])
    )
    if chance.random() < 0.08:
        grants = (Grant("deny", chance.choice(["", *TARGETS])),)
    return Rule(f"R{number}", 1, a_left_side(chance), grants, priority=chance.choice([10, 20]), precedence=chance.choice([0, 0, 1]))


def a_programme(chance):
    leaves = []
    for number in range(chance.randint(0, 3)):
        needs = chance.choice(["credits", "courses", "credits"])
        leaves.append(
            RequirementLeaf(
                f"l{number}", outcomes=tuple(chance.sample(TARGETS, chance.randint(1, 2))) if chance.random() < 0.8 else (),
                need_credits=Decimal(chance.randint(1, 5)) if needs == "credits" else None,
                need_courses=chance.randint(1, 2) if needs == "courses" else None,
            )
        )  # fmt: skip
    nodes = ()
    if len(leaves) == 3 and chance.random() < 0.5:
        kind = chance.choice(["any", "n_of", "all"])
        nodes = (RequirementNode("n", kind, tuple(leaf.path for leaf in leaves[:2]), k=1),)
    if leaves and chance.random() < 0.5:
        leaves.append(RequirementLeaf("z", elective=True, need_credits=Decimal(3) if chance.random() < 0.3 else None))
    return Target("P", "U", leaves=tuple(leaves), nodes=nodes)


def limits_for(chance):
    rows = []
    for number in range(chance.randint(0, 2)):
        measure = chance.choices(["credits", "records", "grants"], [4, 1, 1])[0]
        overflow = chance.choice(["reject_whole", "truncate", "subject_only"]) if measure == "credits" else "reject_whole"
        selector = (("source_type", (chance.choice(["course", "exam"]),)),) if chance.random() < 0.6 else ()
        rows.append(Limit(f"L{number}", measure, Decimal(chance.randint(1, 5)), selector=selector, overflow=overflow))
    return tuple(rows)


def a_question(seed):
    chance = random.Random(seed)
    records = tuple(
        RecordFacts(
            f"r{number}", chance.choice(OUTCOMES), "I", date(2025, 1, 1 + number), Decimal(chance.randint(1, 4)), "U",
            score=Decimal(chance.choice([50, 60, 70, 85])), source_type=chance.choice(["course", "exam"]),
            dup_class=f"r{number}" if chance.random() < 0.7 else "",
        )
        for number in range(chance.randint(1, 4))
    )  # fmt: skip
    base = RuleBase(tuple(a_rule(chance, number) for number in range(chance.randint(1, 4))), (CreditSystem("U", Decimal(16), Decimal(1)),))
    return Facts("x", records, a_programme(chance), ON), base, limits_for(chance)


@pytest.mark.parametrize("block", range(20))
def test_the_engine_finds_what_trying_everything_finds(block):
    compared = 0
    for seed in range(block * 100, block * 100 + 100):
        facts, base, limits = a_question(seed)
        if len(oracle.options(facts, base)) > 7:
            continue
        compared += 1

        decision = decide(facts, base, limits, ON)

        assert (decision.objective, decision.proof.status) == (oracle.best(facts, base, limits), "optimal"), seed
    assert compared > 80
