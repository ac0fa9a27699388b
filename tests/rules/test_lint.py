"""Each finding: a rule base that shows it alone, and one that nearly does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from creditbank.rules.findings import REMEDIES, SEVERITY, TEXTS
from creditbank.rules.lint import lint
from creditbank.rules.types import (
    Agreement,
    CreditSystem,
    Grade,
    GradeScale,
    Grant,
    Leaf,
    Limit,
    Node,
    Outcome,
    Rate,
    RequirementLeaf,
    Rule,
    RuleBase,
    Target,
)

U = CreditSystem("U", Decimal(16), Decimal("0.5"))
A, B, T, T2 = (Outcome(code, "I", credits=Decimal(credits), system="U") for code, credits in (("A", 4), ("B", 2), ("T", 4), ("T2", 4)))


def leaf(outcome="A", **parts):
    return Node("leaf", Leaf(outcome, **parts))


def rule(ident="R", lhs=None, *grants, **parts):
    return Rule(ident, 1, lhs or leaf(), grants or (Grant("course", "T", amount=Decimal(3)),), **parts)


def base(*rules, **parts):
    return RuleBase(rules, (U,), **{"outcomes": (A, B, T, T2), **parts})


def found(book, limits=(), targets=()):
    return [(finding.code, finding.severity, finding.ids) for finding in lint(book, limits, targets, [one.code for one in book.outcomes])]


def other(**parts):
    return rule("S", None, Grant("course", "T2", amount=Decimal(3)), **parts)


SCALE = GradeScale("letters", (Grade("C", 1), Grade("B", 2), Grade("A", 3)))
BOTH = Node("all", children=(leaf("A"), leaf("B")))
CASES = [
    ("L01", "W", base(rule(), rule("S")), base(rule(), rule("S", leaf("B"), Grant("course", "T", amount=Decimal(1))))),
    ("L02", "E", base(rule(), other()), base(rule(), other(priority=50))),
    ("L02", "W", base(rule(), rule("S", None, Grant("elective", amount=Decimal(3)))), base(rule(), rule("S", leaf("B"), Grant("elective", amount=Decimal(1))))),
    ("L03", "W", base(rule("R", None, Grant("course", "T", amount=Decimal(5)))), base(rule("R", None, Grant("course", "T", amount=Decimal(4))))),
    ("L06", "W", base(rule(window_from=date(2026, 2, 1), window_to=date(2026, 1, 1))), base(rule(window_from=date(2026, 1, 1), window_to=date(2026, 1, 1)))),
    ("L08", "W", base(rule("R", leaf(max_score=Decimal(60))), rule("S", leaf(min_score=Decimal(80)))),
     base(rule("R", leaf(max_score=Decimal(60))), rule("S", leaf(min_score=Decimal(61))))),
    ("L09", "W", base(rule("R", None, Grant("course", "T", credits="steps", steps=((Decimal(3), Decimal(4)), (Decimal(5), Decimal(2)))))),
     base(rule("R", None, Grant("course", "T", credits="steps", steps=((Decimal(3), Decimal(2)), (Decimal(5), Decimal(4))))))),
    ("L10", "E", base(rule("R", leaf("GONE"))), base(rule())),
    ("L11", "E", base(rule("R", leaf(min_grade="B"))), base(rule("R", leaf(min_grade="B")), scales=(SCALE,))),
    ("L13", "E", base(rule("R", None, Grant("course", "T", amount=Decimal("3.2")))), base(rule("R", None, Grant("course", "T", amount=Decimal("3.5"))))),
    ("L14", "W", base(rule("R", BOTH), rule("S", leaf("A"), Grant("course", "T", amount=Decimal(4)))),
     base(rule("R", BOTH), rule("S", leaf("A"), Grant("course", "T", amount=Decimal(2))))),
    ("L15", "W", base(rule("D", leaf("B"), Grant("deny"))), base(rule("D", leaf("B"), Grant("deny")), rule("S", leaf("B"), Grant("course", "T", amount=Decimal(1))))),
    ("L20", "E", base(rule(agreement="AG", window_to=date(2027, 1, 1)), agreements=(Agreement("AG", window_to=date(2026, 12, 31)),)),
     base(rule(agreement="AG", window_to=date(2026, 12, 31)), agreements=(Agreement("AG", window_to=date(2026, 12, 31)),))),
    ("L22", "W", base(rule(reason_zh="依据")), base(rule(reason_zh="依据", reason_en="because"))),
    ("L25", "I", base(rule("R", Node("all", children=(leaf("A"), Node("not", children=(leaf("B"),)))))), base(rule())),
]  # fmt: skip


@pytest.mark.parametrize(("code", "severity", "wrong", "right"), CASES, ids=[f"{code} {severity}" for code, severity, *_rest in CASES])
def test_a_finding_comes_alone_and_only_where_it_should(code, severity, wrong, right):
    assert [row[:2] for row in found(wrong)] == [(code, severity)]
    assert code not in {row[0] for row in found(right)}


def test_a_conserving_agreement_turns_created_credit_into_an_error():
    book = base(rule("R", None, Grant("course", "T", amount=Decimal(5)), agreement="AG"), agreements=(Agreement("AG", conserve=True),))

    (finding,) = lint(book, (), (), ["A", "B", "T", "T2"])

    assert (finding.code, finding.severity, dict(finding.data)) == ("L03", "E", {"source": "4", "granted": "5", "created": "1"})


@pytest.mark.parametrize(("last", "grows"), [((9, 10), True), ((5, 6), False), ((4, 6), False)])
def test_a_cycle_of_rates_that_creates_credit_is_reported_with_its_product(last, grows):
    rates = (Rate("A", "B", 6, 5), Rate("B", "C", 1, 1), Rate("C", "A", *last))

    findings = lint(RuleBase((), (), rates=rates), (), (), ())

    assert [(one.code, one.severity, dict(one.data)["product"]) for one in findings] == (
        [("L07", "E", str(Fraction(27, 25)))] if grows else []
    )


def test_limits_that_contradict_and_have_nowhere_to_go():
    most = Limit("MOST", bound=Decimal(5))
    target = Target("P", "U", leaves=(RequirementLeaf("l", outcomes=("T",), need_courses=1),))

    assert found(base(rule()), (most, Limit("LEAST", bound=Decimal(6), op=">="))) == [("L17", "E", ("LEAST", "MOST"))]
    assert found(base(rule()), (most, Limit("LEAST", bound=Decimal(5), op=">="))) == []
    assert found(base(rule()), (Limit("NEGATIVE", bound=Decimal(-1)),)) == [("L17", "E", ("NEGATIVE",))]
    assert found(base(rule()), (replace(most, overflow="to_elective"),), [target]) == [("L18", "W", ("MOST",))]


def test_a_need_that_no_rule_can_fill():
    target = Target("P", "U", leaves=(RequirementLeaf("l", outcomes=("T2",), need_courses=1),))

    assert found(base(rule()), (), [target]) == [("L19", "E", ("P",))]
    assert found(base(rule()), (), [replace(target, leaves=(RequirementLeaf("l", outcomes=("T",), need_courses=1),))]) == []


def test_every_finding_has_words_and_a_remedy_in_both_languages():
    assert set(TEXTS) == set(REMEDIES) == set(SEVERITY)
    assert all(zh and en and zh != en for zh, en in [*TEXTS.values(), *REMEDIES.values()])
