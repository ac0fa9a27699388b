"""Each finding: a rule base that shows it alone, and one that nearly does."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest

from creditbank.rules.findings import REMEDIES, SEVERITY, TEXTS
from creditbank.rules.lint import lint
from creditbank.rules.lint_crowds import meeting_pairs
from creditbank.rules.types import (
    Agreement,
    CreditSystem,
    Grade,
    GradeScale,
    Grant,
    Leaf,
    Level,
    Limit,
    Node,
    Outcome,
    Rate,
    RecordFacts,
    RequirementLeaf,
    RequirementNode,
    Rule,
    RuleBase,
    Target,
)

U = CreditSystem("U", Decimal(16), Decimal("0.5"))
V = CreditSystem("V", Decimal(16), Decimal(1))
A, B, C, T, T2 = (
    Outcome(code, "I", credits=Decimal(credits), system="U", category="academic", subjects=subjects)
    for code, credits, subjects in (("A", 4, ("MATH",)), ("B", 2, ()), ("C", 2, ()), ("T", 4, ("MATH",)), ("T2", 4, ()))
)
SCALE = GradeScale("letters", (Grade("C", 1), Grade("B", 2), Grade("A", 3)))
DAY = date(2026, 6, 1)


def leaf(outcome="A", **parts):
    return Node("leaf", Leaf(outcome, **parts))


def both(*nodes):
    return Node("all", children=nodes)


def either(*nodes):
    return Node("any", children=nodes)


def course(outcome="T", amount="3", **parts):
    return Grant("course", outcome, amount=Decimal(amount), **parts)


def rule(ident="R", lhs=None, *grants, **parts):
    return Rule(ident, 1, lhs or leaf(), grants or (course(),), **parts)


def base(*rules, **parts):
    return RuleBase(rules, (U,), **{"outcomes": (A, B, C, T, T2), **parts})


def other(**parts):
    return rule("S", None, course("T2"), **parts)


def programme(*leaves, **parts):
    return Target("P", "U", leaves=leaves or (RequirementLeaf("l", outcomes=("T",), need_courses=1),), **parts)


def found(book, limits=(), targets=(), **more):
    listed = lint(book, limits, targets, [one.code for one in book.outcomes], **more)
    return [(finding.code, finding.severity, finding.ids, finding.place) for finding in listed]


def said(book, limits=(), targets=(), **more):
    return [dict(finding.data) for finding in lint(book, limits, targets, [one.code for one in book.outcomes], **more)]


def steps(*pairs):
    return Grant("course", "T", credits="steps", steps=tuple((Decimal(score), Decimal(amount)) for score, amount in pairs))


def deny(outcome=""):
    return Grant("deny", outcome)


SMALL = rule("S", leaf("B"), course(amount="1"))
ELECTIVE = RequirementLeaf("e", elective=True)
OLD = {"outcomes": (replace(A, active_to=date(2020, 12, 31)), B, C, T, T2)}
GONE = {"outcomes": (A, B, C, replace(T, active_to=date(2026, 5, 31)), T2)}
EXPLODING = both(*(Node("leaf", Leaf(subject="MATH")) for _turn in range(3)))
RECORDS = tuple(RecordFacts(f"r{at}", f"X{at}", "I", date(2025, 1, 1), Decimal(3), "U", subjects=("MATH",)) for at in range(11))
HIGH, LOW = replace(T, code="HIGH", level=4), replace(T, code="LOW", level=2)
LEVELS = {"outcomes": (A, B, C, T, T2, HIGH, LOW)}
DEEP = programme(RequirementLeaf("l", subjects=("MATH",), need_courses=1, level=3))
CAP = Limit("CAP", bound=Decimal(2))


def split(system, **parts):
    """A rule from half credits of U into V, which has whole ones."""
    outcomes = (A, B, C, replace(T, system="V"), T2)
    return RuleBase((rule("R", leaf("B"), course(amount="1"), **parts),), (U, replace(V, step=Decimal(system))), outcomes=outcomes)


def case(code, severity, wrong, right, *, ids=("R",), place="rule", label=""):
    """``wrong`` and ``right`` are (base, limits, targets, further arguments of lint), or a base alone."""
    return pytest.param(code, severity, _arguments(wrong), _arguments(right), ids, place, id=f"{code} {severity} {label}".strip())


def _arguments(given):
    return (given, (), (), {}) if isinstance(given, RuleBase) else (*given, *((), (), {})[len(given) - 1 :])


CASES = [
    case("L01", "W", base(rule(), rule("S")), base(rule(), rule("S", leaf("B"), course(amount="1"))), ids=("R", "S")),
    case("L01", "W", base(rule(lhs=both(leaf("A"), leaf("B"))), rule("S", both(leaf("B"), leaf("A")))),
         base(rule(lhs=both(leaf("A"), leaf("B"))), rule("S", both(leaf("B"), leaf("C")))), ids=("R", "S"), label="order of parts"),
    case("L01", "W", base(rule(window_to=date(2026, 1, 1)), rule("S", window_from=date(2026, 1, 1))),
         base(rule(window_to=date(2026, 1, 1)), rule("S", window_from=date(2026, 1, 2))), ids=("R", "S"), label="windows"),
    case("L01", "E", base(rule(agreement="AG"), rule("S", agreement="AG")), base(rule(agreement="AG"), rule("S", agreement="AG", programmes=("P",))),
         ids=("R", "S")),
    case("L02", "E", base(rule(), other()), base(rule(), other(priority=50, programmes=("P",))), ids=("R", "S"), place="from"),
    case("L02", "W", base(rule(), rule("S", None, Grant("elective", amount=Decimal(3)))),
         base(rule(), rule("S", leaf("B"), Grant("elective", amount=Decimal(1)))), ids=("R", "S"), place="from"),
    case("L02", "E", base(rule(lhs=leaf(min_score=Decimal(60))), rule("S", leaf(max_score=Decimal(60)), course("T2"))),
         base(rule(lhs=leaf(min_score=Decimal(60))), rule("S", leaf(max_score=Decimal(59)), course("T2"))), ids=("R", "S"), place="from", label="scores"),
    case("L02", "W", base(rule(), rule("S", Node("leaf", Leaf(subject="MATH")), Grant("elective", amount=Decimal(3)))),
         base(rule(), rule("S", Node("leaf", Leaf(subject="ART")), Grant("elective", amount=Decimal(3)))), ids=("S", "R"), place="from", label="filter"),
    case("L03", "W", base(rule("R", None, course(amount="5"))), base(rule("R", None, course(amount="4"))), place="to"),
    case("L03", "W", base(rule("R", leaf(max_score=Decimal(5)), steps((3, 4), (5, 8)))), base(rule("R", leaf(max_score=Decimal(4)), steps((3, 4), (5, 8)))),
         place="to", label="highest step"),
    case("L03", "E", base(rule("R", None, course(amount="5"), agreement="AG"), agreements=(Agreement("AG", conserve=True),)),
         base(rule("R", None, course(amount="4"), agreement="AG"), agreements=(Agreement("AG", conserve=True),)), place="to"),
    case("L04", "W", base(rule(window_from=date(2021, 1, 1)), **OLD), base(rule(window_from=date(2020, 12, 31)), **OLD), place="from 1"),
    case("L05", "E", (base(rule(), **GONE), (), (), {"on": DAY}), (base(rule(), **GONE), (), (), {"on": date(2026, 5, 31)}), place="to 1"),
    case("L05", "E", (base(other()), (), (programme(),)), (base(other(), rule("R", leaf("B"), course(amount="1"))), (), (programme(ELECTIVE),)),
         ids=("S",), place="to 1", label="no programme"),
    case("L05", "E", (base(rule("R", None, Grant("waiver", "9"))), (), (programme(),)), (base(rule("R", None, Grant("waiver", "l"))), (), (programme(),)),
         place="to 1", label="node"),
    case("L06", "W", base(rule(window_from=date(2026, 2, 1), window_to=date(2026, 1, 1))), base(rule(window_from=date(2026, 1, 1), window_to=date(2026, 1, 1))),
         place="window"),
    case("L06", "W", base(rule(lhs=leaf(min_score=Decimal(61), max_score=Decimal(60)))), base(rule(lhs=leaf(min_score=Decimal(60), max_score=Decimal(60)))),
         place="from 1", label="scores"),
    case("L06", "W", base(rule(lhs=leaf(min_grade="A", max_grade="B")), scales=(SCALE,)), base(rule(lhs=leaf(min_grade="B", max_grade="A")), scales=(SCALE,)),
         place="from 1", label="grades"),
    case("L06", "W", base(rule(), other(priority=200)), base(rule(lhs=leaf(min_score=Decimal(60))), other(priority=200)), ids=("S", "R"), label="shadowed"),
    case("L06", "W", base(rule("R", Node("leaf", Leaf("A", category="culture_leisure")))), base(rule("R", Node("leaf", Leaf("A", category="academic")))),
         place="to", label="category"),
    case("L07", "E", RuleBase((), (U, V), rates=(Rate("U", "V", 6, 5), Rate("V", "U", 1, 1))),
         RuleBase((), (U, V), rates=(Rate("U", "V", 6, 5), Rate("V", "U", 5, 6))), ids=("U", "V"), place="rates"),
    case("L08", "W", base(rule("R", leaf(max_score=Decimal(60))), rule("S", leaf(min_score=Decimal(80)))),
         base(rule("R", leaf(max_score=Decimal(60))), rule("S", leaf(min_score=Decimal(61)))), ids=("R", "S"), place="from"),
    case("L08", "W", base(rule("R", leaf(max_score=Decimal("60.5"))), rule("S", leaf(min_score=Decimal(61)))),
         base(rule("R", leaf(max_score=Decimal("60.5"))), rule("S", leaf(min_score=Decimal("60.6")))), ids=("R", "S"), place="from", label="decimals"),
    case("L08", "W", base(rule("R", leaf(max_grade="C")), rule("S", leaf(min_grade="A")), scales=(SCALE,)),
         base(rule("R", leaf(max_grade="C")), rule("S", leaf(min_grade="B")), scales=(SCALE,)), ids=("R", "S"), place="from", label="grades"),
    case("L08", "W", base(rule(window_to=date(2025, 12, 31)), rule("S", window_from=date(2026, 1, 2))),
         base(rule(window_to=date(2025, 12, 31)), rule("S", window_from=date(2026, 1, 1))), ids=("R", "S"), place="window", label="windows"),
    case("L09", "W", base(rule("R", None, steps((3, 4), (5, 2)))), base(rule("R", None, steps((3, 2), (5, 4)))), place="to 1"),
    case("L09", "W", base(rule("R", None, steps((3, 2), (3, 4)))), base(rule("R", None, steps((3, 4), (5, 4)))), place="to 1", label="equal scores"),
    case("L10", "E", base(rule("R", leaf("GONE"))), base(rule()), place="from 1"),
    case("L10", "E", base(rule("R", None, course("GONE"))), base(rule("R", None, Grant("block", "YEARS12", amount=Decimal(4)))), place="to 1", label="granted"),
    case("L10", "E", base(rule("R", leaf(min_grade="E")), scales=(SCALE,)), base(rule("R", leaf(min_grade="C")), scales=(SCALE,)), place="from 1", label="grade"),
    case("L10", "E", base(rule("R", leaf(system="W"))), base(rule("R", leaf(system="U"))), place="from 1", label="system"),
    case("L10", "E", (base(rule("R", leaf(issuer="J"))), (), (), {"institutions": ["I"]}), (base(rule("R", leaf(issuer="I"))), (), (), {"institutions": ["I"]}),
         place="from 1", label="institution"),
    case("L10", "E", base(rule(agreement="AG"), agreements=(Agreement("OTHER"),)), base(rule(agreement="AG")), place="agreement", label="agreement"),
    case("L10", "E", (base(rule()), (replace(CAP, per="year", calendar="KR"),)), (base(rule()), (replace(CAP, per="year"),)), ids=("CAP",), place="limit",
         label="calendar"),
    case("L10", "E", base(rule("R", leaf(min_level=4, framework="EQF")), levels=(Level("NQF", "4", 4),)),
         base(rule("R", leaf(min_level=4, framework="EQF")), levels=(Level("EQF", "4", 4),)), place="from 1", label="framework"),
    case("L10", "E", base(rule("R", leaf(min_grade="letters:E")), scales=(replace(SCALE, institution="J"),)),
         base(rule("R", leaf(min_grade="letters:C")), scales=(replace(SCALE, institution="J"),)), place="from 1", label="grade of a named scale"),
    case("L11", "E", base(rule("R", leaf(min_grade="B"))), base(rule("R", leaf(min_grade="B")), scales=(SCALE,)), place="from 1"),
    case("L11", "E", base(rule("R", leaf(min_grade="B")), scales=(replace(SCALE, institution="J"),)),
         base(rule("R", leaf(min_grade="B")), scales=(replace(SCALE, institution="I"),)), place="from 1", label="of another institution"),
    case("L12", "E", split("1", consume="splittable"), split("0.5", consume="splittable")),
    case("L12", "E", split("1", consume="splittable"), split("1"), label="whole"),
    case("L13", "E", base(rule("R", None, course(amount="3.2"))), base(rule("R", None, course(amount="3.5"))), place="to 1"),
    case("L13", "E", (base(rule()), (Limit("CAP", bound=Decimal("2.2")),)), (base(rule()), (Limit("CAP", bound=Decimal("2.5")),)), ids=("CAP",), place="limit",
         label="bound"),
    case("L13", "E", (base(rule()), (Limit("CAP", "grants", Decimal(0), overflow="truncate"),)), (base(rule()), (Limit("CAP", "grants", Decimal(0)),)),
         ids=("CAP",), place="limit", label="overflow of a count"),
    case("L14", "W", base(rule("R", both(leaf("A"), leaf("B"))), rule("S", leaf("A"), course(amount="4"))),
         base(rule("R", both(leaf("A"), leaf("B"))), rule("S", leaf("A"), course(amount="2"))), ids=("R", "S"), place="to"),
    case("L14", "W", base(rule("R", both(leaf("A"), leaf("B"))), rule("S", leaf("A"), Grant("exemption", "T", amount=Decimal(4)))),
         base(rule("R", both(leaf("A"), leaf("B"))), rule("S", leaf("A"), Grant("exemption", "T", amount=Decimal(3)))), ids=("R", "S"), place="to",
         label="fill"),
    case("L15", "W", base(rule("D", leaf("B"), deny())), base(rule("D", leaf("B"), deny()), SMALL), ids=("D",)),
    case("L15", "W", base(rule("D", leaf("B"), deny("T2")), SMALL), base(rule("D", leaf("B"), deny("T")), SMALL), ids=("D",), label="other outcome"),
    case("L15", "W", base(rule("D", leaf("B"), deny(), priority=200), SMALL), base(rule("D", leaf("B"), deny(), priority=100), SMALL), ids=("D",),
         label="of lower rank"),
    case("L16", "I", (base(rule()), (Limit("CAP", bound=Decimal(3)),)), (base(rule()), (Limit("CAP", bound=Decimal("2.5")),)), ids=("CAP",), place="limit"),
    case("L16", "I", (base(rule()), (Limit("CAP", bound=Decimal(0), selector=(("subject", ("ART",)),)),)),
         (base(rule()), (Limit("CAP", bound=Decimal(0), selector=(("subject", ("MATH",)),)),)), ids=("CAP",), place="limit", label="nothing under it"),
    case("L16", "I", (base(rule()), (CAP, replace(CAP, id="CAP2"))), (base(rule()), (CAP, replace(CAP, id="CAP2", per="year"))), ids=("CAP2", "CAP"),
         place="limit", label="another is as tight"),
    case("L17", "E", (base(rule()), (CAP, Limit("LEAST", bound=Decimal(3), op=">="))), (base(rule()), (CAP, Limit("LEAST", bound=Decimal(2), op=">="))),
         ids=("LEAST", "CAP"), place="limit"),
    case("L17", "E", (base(rule()), (replace(CAP, group="G"), Limit("LEAST", bound=Decimal(3), op=">=", selector=(("institution", ("I",)),), group="G"))),
         (base(rule()), (replace(CAP, group="G"), Limit("LEAST", bound=Decimal(3), op=">=", selector=(("institution", ("I",)),), group="G2"))),
         ids=("LEAST", "CAP"), place="limit", label="group"),
    case("L17", "E", (base(rule()), (Limit("CAP", bound=Decimal(-1)),)), (base(rule()), (Limit("CAP", bound=Decimal(0)),)), ids=("CAP",), place="limit",
         label="below 0"),
    case("L18", "W", (base(rule()), (replace(CAP, overflow="to_elective"),), (programme(),)),
         (base(rule()), (replace(CAP, overflow="to_elective"),), (programme(RequirementLeaf("l", outcomes=("T",)), ELECTIVE),)), ids=("CAP",), place="limit"),
    case("L18", "E", (base(rule()), (replace(CAP, overflow="to_elective"), replace(CAP, id="CAP2", overflow="to_elective", per="year"))),
         (base(rule()), (replace(CAP, overflow="to_elective"), replace(CAP, id="CAP2", per="year"))), ids=("CAP", "CAP2"), place="limit"),
    case("L19", "E", (base(rule()), (), (programme(RequirementLeaf("l", outcomes=("T", "T2"), need_courses=3)),)),
         (base(rule()), (), (programme(RequirementLeaf("l", outcomes=("T", "T2"), need_courses=2)),)), ids=("P",), place="programme l"),
    case("L19", "E", (base(rule()), (), (programme(RequirementLeaf("l", outcomes=("T", "T2"), need_credits=Decimal("8.5"))),)),
         (base(rule()), (), (programme(RequirementLeaf("l", outcomes=("T", "T2"), need_credits=Decimal(8))),)), ids=("P",), place="programme l",
         label="credits"),
    case("L19", "E", (base(rule()), (), (programme(RequirementLeaf("l", outcomes=("T",)), nodes=(RequirementNode("n", "n_of", ("l",), 2),)),)),
         (base(rule()), (), (programme(RequirementLeaf("l", outcomes=("T",)), nodes=(RequirementNode("n", "n_of", ("l",), 1),)),)), ids=("P",),
         place="programme n", label="choice"),
    case("L19", "E", base(rule(lhs=Node("n_of", children=(leaf("A"), leaf("B")), k=3))), base(rule(lhs=Node("n_of", children=(leaf("A"), leaf("B")), k=2))),
         place="from 1", label="n_of"),
    case("L20", "E", base(rule(agreement="AG", window_to=date(2027, 1, 1)), agreements=(Agreement("AG", window_to=date(2026, 12, 31)),)),
         base(rule(agreement="AG", window_to=date(2026, 12, 31)), agreements=(Agreement("AG", window_to=date(2026, 12, 31)),)), ids=("R", "AG"),
         place="window"),
    case("L20", "E", base(rule(agreement="AG"), agreements=(Agreement("AG", status="draft"),)),
         base(rule(agreement="AG"), agreements=(Agreement("AG", status="signed"),)), ids=("R", "AG"), place="agreement", label="unsigned"),
    case("L21", "E", (base(rule()), (), (), {"signatures": [("BOOK 1", "lin", "lin")]}), (base(rule()), (), (), {"signatures": [("BOOK 1", "lin", "he")]}),
         ids=("BOOK 1",), place="signatures"),
    case("L22", "W", base(rule(reason_zh="依据")), base(rule(reason_zh="依据", reason_en="because")), place="reason"),
    case("L23", "W", (base(rule(lhs=EXPLODING)), (), (), {"archive": [RECORDS]}), (base(rule(lhs=EXPLODING)), (), (), {"archive": [RECORDS[:10]]}),
         place="from"),
    case("L24", "W", (base(rule("R", None, Grant("pending", "T"), since=date(2025, 12, 2))), (), (), {"on": DAY}),
         (base(rule("R", None, Grant("pending", "T"), since=date(2025, 12, 3))), (), (), {"on": DAY})),
    case("L25", "I", base(rule("R", both(leaf("A"), Node("not", children=(leaf("B"),))))), base(rule())),
    case("L26", "I", (base(rule(window_to=date(2026, 5, 31))), (), (), {"on": DAY}), (base(rule(window_to=DAY)), (), (), {"on": DAY}), place="window"),
    case("L27", "I", base(rule(lhs=either(leaf("A"), both(leaf("A"), leaf("B"))))), base(rule(lhs=either(leaf("A"), both(leaf("C"), leaf("B"))))),
         place="from 1.2"),
    case("L27", "I", base(rule(lhs=either(leaf("A", min_score=Decimal(70)), leaf("A", min_score=Decimal(60))))),
         base(rule(lhs=either(leaf("A", min_score=Decimal(70)), leaf("A", min_grade="C"))), scales=(SCALE,)), place="from 1.1", label="conditions"),
    case("L28", "W", (base(rule("R", None, course("LOW")), **LEVELS), (), (DEEP,)), (base(rule("R", None, course("HIGH")), **LEVELS), (), (DEEP,)), place="to 1"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "severity", "wrong", "right", "ids", "place"), CASES)
def test_a_finding_comes_alone_and_only_where_it_should(code, severity, wrong, right, ids, place):
    assert found(*wrong[:3], **wrong[3]) == [(code, severity, ids, place)]
    assert code not in {row[0] for row in found(*right[:3], **right[3])}


def test_every_code_has_a_case():
    assert {parameters.values[0] for parameters in CASES} == set(SEVERITY) == {f"L{number:02}" for number in range(1, 29)}


def test_values_of_findings_show_what_is_wrong():
    assert said(base(rule("R", None, course(amount="5")))) == [{"source": "4", "granted": "5", "created": "1"}]
    assert said(base(rule("R", leaf("B"), course("C", "2")), rule("S", leaf("C"), course("B", "2.5")))) == [
        {"source": "2", "granted": "5/2", "created": "1/2"}, {"cycle": "B → C → B", "product": "5/4"},
    ]  # fmt: skip
    assert said(base(rule("R", leaf(max_score=Decimal(60))), rule("S", leaf(min_score=Decimal(80))))) == [{"gap": "60 … 80", "of": "score"}]
    assert said(base(rule(lhs=EXPLODING)), (), (), archive=[RECORDS]) == [{"matches": "1331", "most": "1000"}]
    assert said(base(rule("R", None, course("LOW")), **LEVELS), (), (DEEP,)) == [{"level": "2", "lowest": "3", "what": "LOW"}]


@pytest.mark.parametrize(("last", "grows"), [((9, 10), True), ((5, 6), False), ((4, 6), False)])
def test_a_cycle_of_rates_that_creates_credit_is_reported_with_its_product(last, grows):
    rates = (Rate("A", "B", 6, 5), Rate("B", "C", 1, 1), Rate("C", "A", *last))

    findings = lint(RuleBase((), (), rates=rates), (), (), ())

    assert [(one.code, one.severity, dict(one.data)["product"]) for one in findings] == (
        [("L07", "E", str(Fraction(27, 25)))] if grows else []
    )


def test_rules_that_turn_outcomes_into_each_other_are_a_cycle_too():
    book = base(rule("R", leaf("B"), course("C", "2")), rule("S", leaf("C"), course("B", "2.5")))

    assert [row[0] for row in found(book)] == ["L03", "L07"]
    assert found(base(*book.rules[:1], rule("S", leaf("C"), course("B", "2")))) == []


def test_rates_that_never_hold_on_one_day_make_no_cycle():
    first = Rate("A", "B", 6, 5, window_to=date(2025, 12, 31))

    assert lint(RuleBase((), (), rates=(first, Rate("B", "A", 1, 1, window_from=date(2026, 1, 1)))), (), (), ()) == ()
    assert [
        one.code for one in lint(RuleBase((), (), rates=(first, Rate("B", "A", 1, 1, window_from=date(2025, 12, 31)))), (), (), ())
    ] == ["L07"]


def test_three_rules_that_are_ambiguous_with_each_other_are_one_finding():
    book = base(rule(), other(), rule("Q", None, Grant("elective", amount=Decimal(3))))

    assert found(book) == [("L02", "E", ("Q", "R", "S"), "from")]


def points(numbers, **parts):
    """Rules of one point of the score each."""
    return [rule(f"P{at:02d}", leaf(min_score=Decimal(at), max_score=Decimal(at)), **parts) for at in numbers]


def test_in_a_crowd_every_rule_that_meets_another_is_found():
    wide = rule("W", leaf(max_score=Decimal(59)), course("T2"))

    (finding,) = [one for one in found(base(wide, *points(range(10, 80)))) if one[0] == "L02"]
    assert finding[2] == (*(f"P{at:02d}" for at in range(10, 60)), "W")


def test_in_a_crowd_the_one_rule_that_always_comes_first_is_found():
    cover, under = rule("Y", leaf(max_score=Decimal(20))), rule("Z", leaf(max_score=Decimal(10)), course("T2"), priority=200)

    assert ("L06", "W", ("Z", "Y"), "rule") in found(base(cover, under, *points(range(30, 90))))


def test_pairs_that_meet_are_the_same_whichever_range_tells_them_apart():
    chance = random.Random(3)
    items = [
        tuple((low, low + chance.randint(-1, 4)) if chance.random() < 0.9 else (None, low) for low in chance.choices(range(60), k=2))
        for _at in range(80)
    ]

    def meet(one, two):
        return all(
            (a is None or d is None or a <= d) and (c is None or b is None or c <= b) for (a, b), (c, d) in zip(one, two, strict=True)
        )

    found = {frozenset(pair) for pair in meeting_pairs(range(80), lambda at: items[at])}
    assert len(found) < 80 * 79 / 4
    assert {frozenset((one, two)) for one, two in combinations(range(80), 2) if meet(items[one], items[two])} <= found


def test_a_rule_that_is_not_active_is_not_looked_at():
    assert found(base(rule(), replace(other(), status="suspended"), rule("D", leaf("GONE"), status="draft"))) == []


def test_every_finding_has_words_a_place_and_a_remedy_in_both_languages():
    assert set(TEXTS) == set(REMEDIES) == set(SEVERITY)
    assert all(zh and en and zh != en for zh, en in [*TEXTS.values(), *REMEDIES.values()])
    for parameters in CASES:
        (one,) = lint(*parameters.values[2][:3], [outcome.code for outcome in parameters.values[2][0].outcomes], **parameters.values[2][3])
        for language in ("zh-hans", "en"):
            assert "{" not in one.text(language)
            assert "—" not in one.text(language)
            assert one.where(language)
        assert one.text("en").isascii() or "…" in one.text("en") or "≥" in one.text("en") or "→" in one.text("en")
