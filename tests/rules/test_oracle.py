"""Thousands of small random questions: the engine finds what trying everything finds."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from math import prod

import pytest

from creditbank.rules.decide import decide
from creditbank.rules.types import (
    CreditSystem,
    Facts,
    Grade,
    GradeScale,
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


GRADES = GradeScale("letters", tuple(Grade(label, rank) for rank, label in enumerate(oracle.GRADES)))


def a_rich_leaf(chance):
    low, high = sorted(chance.choices(range(len(oracle.GRADES)), k=2))
    bounds = {"min_grade": oracle.GRADES[low], "max_grade": oracle.GRADES[high]} if chance.random() < 0.15 else {}
    score = Decimal(chance.choice([60, 80])) if chance.random() < 0.1 else None
    return Node("leaf", Leaf(chance.choice(OUTCOMES[:2]), min_score=score, **bounds))


def a_rich_left_side(chance):
    kind = chance.choices(["leaf", "all", "any", "n_of", "credits_of", "not", "inside"], [6, 2, 2, 3, 3, 1, 3])[0]
    leaves = [a_rich_leaf(chance) for _ in range(3)]
    together = chance.random() < 0.15
    if kind == "leaf":
        return leaves[0]
    if kind == "not":
        return Node("all", children=(leaves[0], Node("not", children=(leaves[1],))))
    if kind == "credits_of":
        return Node(kind, children=tuple(leaves[:2]), credits=Decimal(chance.randint(2, 6)), same_issuer=together)
    if kind == "inside":
        counts = Node("n_of", children=tuple(leaves[:2]), k=1) if chance.random() < 0.5 else Node(
            "credits_of", children=(leaves[0],), credits=Decimal(chance.randint(1, 4))
        )  # fmt: skip
        return Node("all", children=(counts, leaves[2]), same_issuer=together)
    count = chance.randint(2, 3)
    return Node(kind, children=tuple(leaves[:count]), k=chance.randint(1, count) if kind == "n_of" else 0, same_issuer=together)


def a_rich_grant(chance):
    kind = chance.choices(["course", "elective", "exemption", "subject_only", "waiver"], [8, 2, 1, 1, 1])[0]
    if kind == "waiver":
        return Grant(kind, chance.choice(["l0", "l1", "n"]))
    if kind in {"course", "elective"} and chance.random() < 0.3:
        return Grant(
            kind, chance.choice(TARGETS[:2]), credits="rate", max_amount=Decimal(chance.randint(1, 4)) if chance.random() < 0.3 else None
        )
    return Grant(kind, chance.choice(TARGETS[:2]), amount=Decimal(chance.randint(1, 3)))


def a_rich_rule(chance, number):
    grants = tuple(a_rich_grant(chance) for _ in range(chance.choices([1, 2], [3, 1])[0]))
    if sum(grant.credits == "rate" for grant in grants) > 1:
        grants = grants[:1]
    more = {}
    if chance.random() < 0.08:
        grants = (Grant("deny", chance.choice(["", *TARGETS[:2]])),)
    elif len(grants) > 1:
        more = {"offer": chance.choice(["all", "any"]), "all_or_nothing": chance.random() < 0.2}
    if chance.random() < 0.12:
        more |= {"window_from": date(2024, 6, 1), "window_date": chance.choice(["earned", "applied"])}
    left = a_rich_left_side(chance)
    if left.kind in {"leaf", "any"} and chance.random() < 0.35 and grants[0].kind != "deny":
        more["consume"] = "splittable"
    return Rule(f"R{number}", 1, left, grants, priority=chance.choice([10, 20]), precedence=chance.choice([0, 0, 1]), **more)


def a_rich_programme(chance):
    sets = [{"exclusive": "core"}, {"exclusive": "major"}, {"exclusive": "core"}] if chance.random() < 0.6 else [{}, {}, {}]
    if sets[0] and chance.random() < 0.8:
        sets[chance.randint(0, 1)] |= {
            "share_with": chance.choice(["core", "major"]), "share_max": Decimal(chance.randint(0, 3)) if chance.random() < 0.7 else None,
        }  # fmt: skip
    leaves = []
    for number in range(chance.randint(0, 3)):
        courses = chance.random() < 0.35
        leaves.append(
            RequirementLeaf(
                f"l{number}", outcomes=tuple(chance.sample(TARGETS[:2], chance.randint(1, 2))) if chance.random() < 0.8 else (), **sets[number],
                need_credits=None if courses else Decimal(chance.randint(1, 5)), need_courses=chance.randint(1, 2) if courses else None,
            )
        )  # fmt: skip
    nodes = ()
    if len(leaves) == 3 and chance.random() < 0.4:
        nodes = (RequirementNode("n", chance.choice(["any", "n_of", "all"]), tuple(leaf.path for leaf in leaves[:2]), k=1),)
    if leaves and chance.random() < 0.4:
        leaves.append(RequirementLeaf("z", elective=True, need_credits=Decimal(3) if chance.random() < 0.3 else None))
    return Target("P", "U", leaves=tuple(leaves), nodes=nodes)


def rich_limits(chance):
    group = chance.random() < 0.3
    rows = []
    for number in range(chance.randint(1, 2) if group else chance.randint(0, 2)):
        measure = chance.choices(["credits", "records", "grants"], [4, 1, 1])[0]
        overflow = chance.choice(["reject_whole", "truncate", "subject_only"]) if measure == "credits" and not group else "reject_whole"
        selector = (("source_type", (chance.choice(["course", "exam"]),)),) if chance.random() < 0.5 else ()
        rows.append(
            Limit(
                f"L{number}", measure, Decimal(chance.randint(2, 6)), selector=selector, overflow=overflow, group="G" if group else "",
                group_op="any" if group else "all", per=chance.choices(["none", "institution", "year"], [3, 1, 1])[0],
            )
        )  # fmt: skip
    return tuple(rows)


def a_rich_question(seed):
    """As above, with sharing sets, exemptions and waivers, windows, grades, offers, parts of records, groups of limits, and more counting."""
    chance = random.Random(f"rich {seed}")
    records = tuple(
        RecordFacts(
            f"r{number}", chance.choice(OUTCOMES[:2]), chance.choice("IIJ"), date(2024, 1 + number * 3, 1 + chance.randint(0, 20)),
            Decimal(chance.randint(1, 4)), "U", score=Decimal(chance.choice([50, 60, 70, 85])), source_type=chance.choice(["course", "exam"]),
            dup_class=f"r{number}" if chance.random() < 0.9 else "", grade=chance.choice(oracle.GRADES),
            valid_until=date(2025, 12, 1) + timedelta(days=chance.randint(0, 300)) if chance.random() < 0.3 else None,
        )
        for number in range(chance.randint(2, 4))
    )  # fmt: skip
    rules = tuple(a_rich_rule(chance, number) for number in range(chance.randint(2, 3)))
    base = RuleBase(rules, (CreditSystem("U", Decimal(16), Decimal(1)),), scales=(GRADES,))
    return Facts("x", records, a_rich_programme(chance), ON), base, rich_limits(chance)


def agrees(question, seed):
    """Whether the question was small enough to be tried whole; then the engine's answer is the oracle's."""
    facts, base, limits = question
    if not is_small(facts, base, limits):
        return False
    decision = decide(facts, base, limits, ON)
    values, chosen = oracle.best(facts, base, limits, ON)
    assert (decision.objective, decision.proof.status) == (values, "optimal"), seed
    if chosen is not None and not any(_is_dealt(rule) for rule in base.rules):
        found = {(row.rule, row.records, row.offer, row.grant, row.leaf) for row in decision.allocation}
        assert found == chosen, seed
    return True


def is_small(facts, base, limits):
    """Few enough choices to try them all: options, and ways for each to sit."""
    found = oracle.options(facts, base, ON)
    ways = 1
    for option in found:
        amounts = (
            1 if all(limit.overflow == "reject_whole" for limit in limits) else max(int(grant.amount) for _n, grant in option.grants) + 1
        )
        ways *= 1 + amounts * prod(1 + len(oracle._seats(grant, facts)) for _number, grant in option.grants)
    return len(found) <= 9 and ways <= 4_000


def _is_dealt(rule):
    """Rules whose V7 is not the sum over keys of one set: those that count or split."""
    counts = any(kind in {"n_of", "credits_of"} for kind in (rule.lhs.kind, *(child.kind for child in rule.lhs.children)))
    return counts or rule.consume == "splittable"


@pytest.mark.parametrize("block", range(10))
def test_the_engine_finds_what_trying_everything_finds(block):
    assert sum(agrees(a_question(seed), seed) for seed in range(block * 100, block * 100 + 100)) > 80


@pytest.mark.parametrize("block", range(10))
def test_sharing_windows_exemptions_parts_groups_and_counting_are_found_by_trying_everything(block):
    assert sum(agrees(a_rich_question(seed), seed) for seed in range(block * 100, block * 100 + 100)) > 60


@pytest.mark.parametrize("seed", [14_576, 16_378])
def test_what_the_long_run_found_once_stays_found(seed):
    """A counting rule under a denial beside a better one that counts alike; waivers under a limit by grants."""
    assert agrees(a_rich_question(seed), seed)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("block", range(20))
def test_twenty_thousand_more_questions(block):
    seeds = range(1_000 + block * 1_000, 2_000 + block * 1_000)
    assert sum(agrees(question(seed), seed) for seed in seeds for question in (a_question, a_rich_question)) > 1_300
