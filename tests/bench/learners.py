"""Seeded learners for measurements: a city with one rule book and a population, and single learners with much to choose from.

Every learner is drawn from a generator of its own, named by seed and number, so that a shard of a population can be made anywhere.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.types import (
    CreditSystem,
    Facts,
    Grant,
    Leaf,
    Limit,
    Node,
    Outcome,
    RecordFacts,
    RequirementLeaf,
    RequirementNode,
    Rule,
    RuleBase,
    Target,
)

ON = date(2026, 1, 1)
Question = tuple[Facts, RuleBase, tuple[Limit, ...]]

INSTITUTIONS = 12
COURSES = 30
SUBJECTS = 8
CERTIFICATES = 24
TARGET_COURSES = 12
"""Courses of the target in each subject."""


@dataclass(frozen=True)
class City:
    """One published rule book with its limits, the programmes of the target, and what every course offered is worth."""

    base: RuleBase
    limits: tuple[Limit, ...]
    targets: tuple[Target, ...]
    credits: dict[str, Decimal]


def city(seed: int = 1) -> City:
    """Twelve institutions with thirty courses each in eight subjects, twenty-four certificates, four programmes.

    Most courses have one rule, a fifth a second one; sequences of two courses compete with their parts; certificates exempt or give
    credit; what has no rule of its own is free credit by a rule for the whole institution. Four limits, of which one cuts.
    """
    chance = random.Random(f"city:{seed}")
    credits = {f"I{at}.{number}": Decimal(chance.choice([2, 2, 3, 3, 3, 4])) for at in range(INSTITUTIONS) for number in range(COURSES)}
    rules: list[Rule] = []
    for at in range(INSTITUTIONS):
        rules += _rules_of_institution(chance, at)
    rules += _rules_of_certificates(chance)
    outcomes = tuple(Outcome(f"T{subject}.{number}", credits=Decimal(3)) for subject in range(SUBJECTS) for number in range(TARGET_COURSES))
    systems = (CreditSystem("A", Decimal(16), Decimal("0.5")), CreditSystem("B", Decimal(18), Decimal("0.5")))
    limits = (
        Limit("certificates", bound=Decimal(5), selector=(("source_type", ("certificate",)),), overflow="truncate"),
        Limit("institution", bound=Decimal(44), per="institution"),
        Limit("open", bound=Decimal(24), selector=(("institution", ("I9", "I10", "I11")),)),
        Limit("year", bound=Decimal(22), per="year"),
    )
    base = RuleBase(tuple(rules), systems, outcomes=outcomes, book="city", version=1)
    return City(base, limits, tuple(_programme(chance, number) for number in range(4)), credits)


def _subject(number: int) -> int:
    """Courses are spread over the subjects in blocks, so that sequences lie within one."""
    return number * SUBJECTS // COURSES


def _rules_of_institution(chance: random.Random, at: int) -> list[Rule]:
    rules = []
    for number in range(COURSES):
        if chance.random() < 0.15:
            continue
        subject, source = _subject(number), f"I{at}.{number}"
        course = Node("leaf", Leaf(source, min_score=Decimal(60)))
        rules.append(Rule(f"I{at}.{number:02d}", 1, course, (_course(chance, subject),)))
        if chance.random() < 0.2:
            better = Node("leaf", Leaf(source, min_score=Decimal(chance.choice([75, 85]))))
            rules.append(Rule(f"I{at}.{number:02d}+", 1, better, (_course(chance, subject),)))
    for number in range(0, COURSES - 1, 7):
        pair = tuple(Node("leaf", Leaf(f"I{at}.{one}", min_score=Decimal(70))) for one in (number, number + 1))
        rules.append(
            Rule(f"I{at}.{number:02d}&", 1, Node("all", children=pair), (_course(chance, _subject(number), Decimal(6)),), precedence=1)
        )
    anything = Node("leaf", Leaf(issuer=f"I{at}", source_type="course", min_score=Decimal(60)))
    return [*rules, Rule(f"I{at}.free", 1, anything, (Grant("elective", credits="rate"),), priority=900)]


def _course(chance: random.Random, subject: int, amount: Decimal | None = None) -> Grant:
    outcome = f"T{subject}.{chance.randrange(TARGET_COURSES)}"
    if amount is None:
        return Grant("course", outcome, subject=f"S{subject}", credits="rate")
    return Grant("course", outcome, subject=f"S{subject}", amount=amount)


def _rules_of_certificates(chance: random.Random) -> list[Rule]:
    rules = []
    for number in range(CERTIFICATES):
        subject = chance.randrange(SUBJECTS)
        kind = chance.choice(["unassigned", "unassigned", "course", "exemption"])
        about = f"T{subject}.{chance.randrange(TARGET_COURSES)}" if kind in {"course", "exemption"} else ""
        rules.append(
            Rule(f"C{number:02d}", 1, Node("leaf", Leaf(f"C{number}")), (Grant(kind, about, subject=f"S{subject}", amount=Decimal(3)),))  # type: ignore[arg-type]
        )
    either = Node("any", children=tuple(Node("leaf", Leaf(f"C{number}")) for number in range(4)))
    return [*rules, Rule("C.any", 1, either, (Grant("elective", amount=Decimal(2)),), priority=50, precedence=2)]


def _programme(chance: random.Random, number: int) -> Target:
    """Six subjects with a need (one of them in courses), a choice of two tracks, and free credit."""
    order = chance.sample(range(SUBJECTS), SUBJECTS)
    needs = [
        RequirementLeaf(
            f"1.{at}",
            subjects=(f"S{subject}",),
            need_credits=Decimal(chance.choice([8, 10, 12])) if at else None,
            need_courses=None if at else 3,
        )
        for at, subject in enumerate(order[:6])
    ]
    tracks = [RequirementLeaf(f"2.{at}", subjects=(f"S{subject}",), need_credits=Decimal(8)) for at, subject in enumerate(order[6:])]
    nodes = (RequirementNode("0", "all", (*(leaf.path for leaf in needs), "2", "9")), RequirementNode("2", "any", ("2.0", "2.1")))
    free = RequirementLeaf("9", elective=True)
    return Target(f"P{number}", "A", Decimal(120), leaves=(*needs, *tracks, free), nodes=nodes)


def learner(of: City, number: int, *, records: int = 20, seed: int = 1) -> Facts:
    """One learner of a city: mostly courses of a home institution, some of two others, some certificates; every tenth repeats a course."""
    chance = random.Random(f"learner:{seed}:{number}")
    home, *others = chance.sample(range(INSTITUTIONS), 3)
    certificates = chance.choice([0, 0, 1, 1, 2, 3])
    taken = [f"I{home}.{one}" for one in chance.sample(range(COURSES), min(COURSES, records * 3 // 4))]
    while len(taken) < records - certificates:
        taken.append(f"I{chance.choice(others)}.{chance.randrange(COURSES)}")
    rows = [_course_record(chance, of, f"r{at:03d}", source) for at, source in enumerate(taken)]
    rows += [
        RecordFacts(
            f"r{at:03d}", f"C{chance.randrange(CERTIFICATES)}", "board", _day(chance), hours=Decimal(48), source_type="certificate",
            category="vocational" if chance.random() < 0.1 else "academic", valid_until=_day(chance) + timedelta(days=2200),
        )
        for at in range(len(rows), records)
    ]  # fmt: skip
    return Facts(f"p{number:06d}", tuple(rows), of.targets[chance.randrange(len(of.targets))], ON)


def _day(chance: random.Random) -> date:
    return date(2021, 1, 1) + timedelta(days=chance.randrange(1700))


def _course_record(chance: random.Random, of: City, ident: str, source: str) -> RecordFacts:
    issuer = source.split(".", maxsplit=1)[0]
    return RecordFacts(
        ident, source, issuer, _day(chance), of.credits[source], "B" if issuer in {"I3", "I7"} else "A",
        score=Decimal(min(100, max(35, round(chance.gauss(76, 11))))), state="available" if chance.random() < 0.97 else "expired",
    )  # fmt: skip


def crowded(number: int, *, records: int = 40, leaves: int = 12, seed: int = 1) -> Question:
    """One learner with much to choose from: about 100 candidates for 40 records, 12 leaves, 3 limits, of which one cuts.

    Every record has one to three rules of one rank, neighbours form sequences; a quarter of the leaves count courses, two pairs of leaves
    are alternatives, one leaf is elective.
    """
    chance = random.Random(f"crowded:{seed}:{records}:{leaves}:{number}")
    rules: list[Rule] = []
    for at in range(records):
        offers = chance.choice([1, 2, 2, 3])
        rules += [_crowded_rule(chance, f"R{at:03d}-{offer}", (at,), leaves, None) for offer in range(offers)]
    for group in range(records * 2 // 3):
        pair = (group * 3 // 2, group * 3 // 2 + 1)
        if pair[1] < records:
            rules.append(_crowded_rule(chance, f"G{group:03d}", pair, leaves, Decimal(chance.choice([4, 5, 6]))))
    rows = tuple(
        RecordFacts(
            f"r{at:03d}", f"O{at}", f"I{chance.randrange(4)}", _day(chance), Decimal(chance.randint(4, 9)) / 2, "A",
            score=Decimal(chance.randint(55, 99)), source_type=chance.choice(["course", "course", "course", "certificate"]),
            valid_until=_day(chance) + timedelta(days=2200) if chance.random() < 0.3 else None,
        )
        for at in range(records)
    )  # fmt: skip
    limits = (
        Limit("certificates", bound=Decimal(records // 5 - 1), selector=(("source_type", ("certificate",)),), overflow="truncate"),
        Limit("institution", bound=Decimal(records * 2 // 3), selector=(("institution", ("I0",)),)),
        Limit("total", share=Fraction(2, 3)),
    )
    base = RuleBase(tuple(rules), (CreditSystem("A", Decimal(16), Decimal("0.5")),), book="crowded", version=1)
    return Facts(f"q{number:04d}", rows, _crowded_programme(chance, leaves), ON), base, limits


def _crowded_rule(chance: random.Random, ident: str, sources: tuple[int, ...], leaves: int, amount: Decimal | None) -> Rule:
    parts = tuple(Node("leaf", Leaf(f"O{at}", min_score=Decimal(chance.choice([50, 60, 60, 65])))) for at in sources)
    outcome = f"T{chance.randrange(leaves - 1)}.{chance.randrange(4)}"
    grant = Grant("course", outcome, credits="rate") if amount is None else Grant("course", outcome, amount=amount)
    return Rule(ident, 1, parts[0] if len(parts) == 1 else Node("all", children=parts), (grant,), precedence=0 if amount is None else 1)


def _crowded_programme(chance: random.Random, leaves: int) -> Target:
    """Each leaf accepts the courses of its own block and one of the next; two pairs are alternatives; the last one is elective."""
    needs = tuple(
        RequirementLeaf(
            f"{at:02d}", outcomes=(*(f"T{at}.{one}" for one in range(4)), f"T{(at + 1) % (leaves - 1)}.0"),
            need_courses=2 if at % 4 == 3 else None, need_credits=None if at % 4 == 3 else Decimal(chance.choice([6, 7, 8, 9])),
        )
        for at in range(leaves - 1)
    )  # fmt: skip
    pairs = (RequirementNode("A", "any", ("00", "01")), RequirementNode("B", "any", ("02", "03")))
    rest = tuple(leaf.path for leaf in needs[4:])
    free = RequirementLeaf("free", elective=True)
    return Target(
        "Q", "A", Decimal(10 * leaves), leaves=(*needs, free), nodes=(RequirementNode("0", "all", ("A", "B", *rest, "free")), *pairs)
    )
