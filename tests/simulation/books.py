"""Random rule books and people that use everything a rule can ask, for tests that hold two ways of deciding together."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.types import (
    Agreement,
    CreditSystem,
    Facts,
    Grade,
    GradeScale,
    Grant,
    IndividualException,
    Leaf,
    Limit,
    Node,
    Outcome,
    Rate,
    RecordFacts,
    RequirementLeaf,
    Rule,
    RuleBase,
    Target,
)  # fmt: skip

ON = date(2026, 1, 1)
SYSTEMS = (
    CreditSystem("U", Decimal(16), Decimal("0.5")), CreditSystem("V", Decimal(25), Decimal(1), "half_up"), CreditSystem("W", Decimal(30), Decimal("0.5"), "none"),
)  # fmt: skip
SCALES = (
    GradeScale("own", tuple(Grade(label, rank) for rank, label in enumerate("EDCBA")), "I1"),
    GradeScale("words", (Grade("fail", 1), Grade("pass", 5), Grade("A", 9)), "I2"),
)
COMMON = GradeScale("all", tuple(Grade(label, rank) for rank, label in enumerate("DCBA", start=3)))
GRADES = ("A", "B", "C", "D", "E", "fail", "pass", "3.5", "70", "")
CATEGORIES = ("academic", "vocational", "leisure")
ODD = (
    {"subject": "s1"}, {"subject": "s2", "issuer": "I1"}, {"common_id": "c1"}, {"dup_class": "d1"}, {"source_type": "exam"}, {"issuer": "I2", "source_type": "course"},
    {"outcome": "O1", "issuer": "I1"}, {"outcome": "O2", "category": "vocational", "system": "U"}, {"outcome": "O3", "subject": "s1"}, {"category": "leisure"},
    {"outcome": "O1", "framework": "F"},
)  # fmt: skip
"""What leaves may name besides, or instead of, an outcome."""


def maybe(chance: random.Random, value, share=0.3):
    return value if chance.random() < share else None


def day(chance: random.Random) -> date:
    return ON - timedelta(days=chance.choice([0, 1, 30, 365, 366, 730, chance.randint(0, 2500)]))


def leaf(chance: random.Random, *, other=True) -> Leaf:
    names = {"outcome": f"O{chance.randint(0, 7)}"}
    if other and chance.random() < 0.08:
        names = chance.choice(
            [{"subject": "s1"}, {"common_id": "c1"}, {"dup_class": "d1"}, {"source_type": "exam"}, {"outcome": "O1", "issuer": "I1"}]
        )
    return Leaf(
        **names, min_score=maybe(chance, Decimal(chance.choice(["60", "60.0", "61.5", "70", "85"]))), max_score=maybe(chance, Decimal(84), 0.1),
        min_attendance=maybe(chance, Decimal(80), 0.1), min_credits=maybe(chance, Decimal(chance.randint(1, 4)), 0.1), min_hours=maybe(chance, Decimal(40), 0.1),
        min_level=maybe(chance, chance.randint(1, 3), 0.1), max_age_months=maybe(chance, chance.choice([1, 12, 24, 60]), 0.2), age_at=chance.choice(["review", "applied"]),
        valid_on_review=chance.random() < 0.1, trust=chance.choice(["self", "verified", "verified", "institution"]), min_grade=maybe(chance, chance.choice("BCD")) or "",
        max_grade=maybe(chance, chance.choice(["A", "own:A"]), 0.1) or "",
    )  # fmt: skip


def left_side(chance: random.Random) -> Node:
    kind = chance.choices(["leaf", "all", "any", "n_of", "not"], [12, 5, 1, 1, 1])[0]
    if kind == "leaf":
        return Node("leaf", leaf(chance))
    children = tuple(Node("leaf", leaf(chance, other=False)) for _ in range(chance.randint(2, 3)))
    if kind == "not":
        return Node("all", children=(children[0], Node("not", children=(children[1],))))
    return Node(kind, children=children, k=2 if kind == "n_of" else 0)


def grants(chance: random.Random) -> tuple[Grant, ...]:
    kind = chance.choices(
        ["course", "elective", "unassigned", "block", "exemption", "waiver", "deny", "pending"], [12, 3, 2, 1, 1, 1, 1, 1]
    )[0]
    target = f"T{chance.randint(0, 5)}"
    if kind == "waiver":
        return (Grant("waiver", "1"),)
    if kind in {"deny", "pending"}:
        return (Grant(kind, chance.choice(["", target]) if kind == "deny" else target),)
    credits = chance.choices(["fixed", "rate", "steps", "catalogue"], [6, 3, 1, 1])[0]
    amount = Decimal(chance.choice(["0", "1", "1.5", "2", "3"]))
    steps = ((Decimal(60), Decimal(1)), (Decimal(80), Decimal(2)))
    most = maybe(chance, Decimal(2), 0.2)
    first = Grant(
        kind,
        target,
        subject=chance.choice(["", "s1"]),
        credits=credits,
        amount=amount,
        max_amount=most,
        steps=steps,
        level=maybe(chance, 2),
    )
    return (first, Grant("elective", "", amount=Decimal(1))) if chance.random() < 0.1 else (first,)


def rule(number: int, chance: random.Random) -> Rule:
    window = chance.random() < 0.3
    return Rule(
        f"R{number:02}", 1, left_side(chance), grants(chance), precedence=chance.choice([0, 0, 0, 1]), priority=chance.choice([100, 100, 50]),
        agreement=chance.choice(["", "", "", "AG"]), window_from=maybe(chance, ON - timedelta(days=900), 0.8) if window else None,
        window_to=maybe(chance, ON - timedelta(days=20), 0.5) if window else None, window_date=chance.choice(["earned", "earned", "applied", "admitted", "cohort"]),
        programmes=maybe(chance, ("P1",), 0.1) or (), not_fields=maybe(chance, ("computing",), 0.1) or (), cohorts=maybe(chance, ("2024",), 0.05) or (),
        learner=maybe(chance, (("age_min", "30"),), 0.1) or (), not_learner=maybe(chance, (("enrolled", "1"),), 0.05) or (),
        evidence=maybe(chance, chance.choice([("paper",), ("paper", "photo:30")]), 0.15) or (), consume="splittable" if chance.random() < 0.02 else "whole",
        all_or_nothing=chance.random() < 0.05, status="active" if chance.random() < 0.95 else "ended",
    )  # fmt: skip


def book(chance: random.Random, rules: int = 14) -> RuleBase:
    outcomes = (
        *(Outcome(f"T{number}", credits=Decimal(number), category=chance.choice(["", "academic", "leisure"]), level=number, subjects=("s1",)) for number in range(4)),
        Outcome("O1", credits=Decimal(2)),
    )  # fmt: skip
    return RuleBase(
        tuple(rule(number, chance) for number in range(rules)), SYSTEMS, rates=(Rate("V", "U", 5, 8), Rate("X", "U", 1, 3)), convertible=(("vocational", "academic"),),
        partly_convertible=(("leisure", "academic"),) if chance.random() < 0.5 else (), outcomes=outcomes,
        scales=(*SCALES, COMMON) if chance.random() < 0.5 else SCALES if chance.random() < 0.5 else (COMMON,),
        not_eligible=(("enrolled", "2"),), eligible=(("age_min", "30"),) if chance.random() < 0.1 else (), agreements=(Agreement("AG", window_from=ON - timedelta(days=2000), window_to=ON - timedelta(days=10)),),
    )  # fmt: skip


def record(number: int, chance: random.Random) -> RecordFacts:
    unit = chance.choice(["U", "U", "V", "W", "X", "Q", ""])
    return RecordFacts(
        f"r{number}", f"O{chance.randint(0, 8)}", f"I{chance.randint(0, 3)}", day(chance), credits=maybe(chance, Decimal(chance.choice(["1", "2", "2.5", "4"])), 0.9),
        system=unit, hours=maybe(chance, Decimal(chance.choice([32, 50]))), score=maybe(chance, Decimal(chance.choice(["59.5", "60", "61.5", "84", "90"])), 0.8),
        attendance=maybe(chance, Decimal(chance.choice([79, 80]))), level=maybe(chance, chance.randint(1, 3)), category=chance.choices(CATEGORIES, [8, 2, 1])[0],
        source_type=chance.choice(["course", "course", "exam"]), subjects=maybe(chance, ("s1", "s2")) or (), trust=chance.choices(["self", "verified", "institution"], [1, 3, 8])[0],
        evidence=chance.choice([(), ("paper",), ("paper", "photo")]), repeatable=chance.random() < 0.1, remaining=maybe(chance, Decimal(chance.choice([0, 1])), 0.02), issued_on=maybe(chance, day(chance)), valid_until=maybe(chance, ON + timedelta(days=chance.choice([-1, 0, 1, 400]))),
        state=chance.choices(["available", "pending"], [20, 1])[0], dup_class=maybe(chance, "d1", 0.05) or "", grade=chance.choice(GRADES), common_id=maybe(chance, "c1", 0.05) or "",
    )  # fmt: skip


def targets(chance: random.Random) -> tuple[Target, ...]:
    leaves = (
        RequirementLeaf("1", outcomes=("T0", "T1", "T2"), need_credits=Decimal(chance.choice([2, 4, 6]))), RequirementLeaf("2", subjects=("s1",), need_courses=2),
        RequirementLeaf("3", elective=True), RequirementLeaf("4", outcomes=("T5",), need_credits=Decimal(3)),
    )  # fmt: skip
    return (
        Target("", "U"), Target("P1", "U", Decimal(120), leaves=leaves[:3], field="computing"), Target("P2", "V", Decimal(60), leaves=leaves[2:], category="leisure"),
        Target("P3", "?"), Target("P4", "U", leaves=(leaves[3], leaves[2])),
    )  # fmt: skip


def person(name: str, chance: random.Random, choice: tuple[Target, ...], most: int = 7) -> Facts:
    records = tuple(record(number, chance) for number in range(chance.randint(0, most)))
    exceptions = (IndividualException("1", "waive", "a", "b"),) if chance.random() < 0.05 else ()
    return Facts(
        name, records, chance.choices(choice, [6, 3, 3, 1, 3])[0], ON - timedelta(days=chance.choice([0, 45, 400])),
        used=(("r0", "D1"),) if chance.random() < 0.1 else (), held=(("r1", "A1"),) if chance.random() < 0.1 else (), cohort=chance.choice(["", "2024", "2020"]),
        admitted_on=maybe(chance, ON - timedelta(days=1000)), attributes=(("age", str(chance.choice([29, 30]))), ("enrolled", chance.choice("001112")), ("group", chance.choice("ab"))),
        exceptions=exceptions,
    )  # fmt: skip


def limits(chance: random.Random) -> tuple[Limit, ...]:
    every = (
        Limit("A", bound=Decimal(chance.choice([2, 4]))), Limit("B", bound=Decimal(3), per="year", overflow="truncate"), Limit("C", measure="records", bound=Decimal(2)),
        Limit("D", bound=Decimal(2), selector=(("institution", ("I1",)),), overflow="subject_only"), Limit("E", share=Fraction(1, 40)),
        Limit("F", bound=Decimal(2), per="institution"), Limit("G", bound=Decimal(2), per="subject", exempt=(("kind", ("elective",)),)),
        Limit("H", measure="grants", bound=Decimal(2), selector=(("kind", ("course", "block")), ("category", ("academic",)))), Limit("M", op=">=", bound=Decimal(9)),
    )  # fmt: skip
    return tuple(chance.sample(every, chance.choice([0, 1, 1, 2])))
