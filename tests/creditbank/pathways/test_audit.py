"""How far a decision carries a person through a programme, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from creditbank.pathways.audit import Gap, advice, audit
from creditbank.rules.decide import decide
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
from tests.rules.cases import cases

U = CreditSystem("U", Decimal(10), Decimal(1))
ON = date(2026, 1, 1)


def record(ident, credits="20", **parts):
    return RecordFacts(ident, ident, "I", date(2024, 6, 30), Decimal(credits), "U", **parts)


def same(*records, **grants):
    """Every record gives a course of its own outcome."""
    return tuple(
        Rule(f"R-{one.id}", 1, Node("leaf", Leaf(one.outcome)), (Grant("course", one.outcome, credits="rate", **grants),))
        for one in records
    )


def answered(target, records, rules=None, limits=(), outcomes=(), **facts):
    base = RuleBase(rules or same(*records), (U,), outcomes=outcomes)
    question = Facts("x", tuple(records), target, ON, **facts)
    return decide(question, base, limits, ON), question, base


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases("audit")])
def test_what_is_missing_by_level_is_as_written(case):
    """SCQF: an ordinary degree towards an honours degree, as records of twenty credits that a decision puts into one requirement."""
    held, need = ({name: int(value) for name, value in case["given"][part].items()} for part in ("held", "need"))
    levels = [10] * (held["L10"] // 20) + [9] * (held["L9"] // 20)
    levels += [7] * (held["total"] // 20 - len(levels))
    records = [record(f"r{at:02}") for at in range(len(levels))]
    outcomes = [Outcome(one.outcome, "I", credits=Decimal(20), system="U", level=level) for one, level in zip(records, levels, strict=True)]
    wanted = RequirementLeaf(
        "1", need_credits=Decimal(need["total"]), level_credits=((9, Decimal(need["L9plus"])), (10, Decimal(need["L10"])))
    )

    found = audit(*answered(Target("HONOURS", "U", Decimal(need["total"]), leaves=(wanted,)), records, outcomes=tuple(outcomes)))

    (row,) = found.open
    missing = {"total": found.total.missing, "L9plus": row.levels[0].gap.missing, "L10": row.levels[1].gap.missing}
    assert {name: str(value) for name, value in missing.items()} == case["expect"]["missing"]
    assert advice(missing["total"], [(9, missing["L9plus"]), (10, missing["L10"])], "en") == case["expect"]["so"]
    assert (
        advice(missing["total"], [(9, missing["L9plus"]), (10, missing["L10"])], "zh-hans")
        == "所缺学分须全部在 L9 及以上，其中 90 学分在 L10"
    )
    assert not found.complete


def test_each_requirement_says_what_fills_it_and_what_is_missing():
    records = [record("A", "6"), record("B", "4"), record("C", "3")]
    target = Target("P", "U", Decimal(20), leaves=(
        RequirementLeaf("1.1", outcomes=("A", "B"), need_courses=2), RequirementLeaf("1.2", outcomes=("C", "D"), need_credits=Decimal(8)),
        RequirementLeaf("1.10", elective=True, need_credits=Decimal(5)),
    ), nodes=(RequirementNode("1", "all", ("1.1", "1.2", "1.10")),))  # fmt: skip

    found = audit(*answered(target, records))

    assert [(row.path, row.done, row.unit, row.gap) for row in found.rows] == [
        ("1", False, "", None), ("1.1", True, "courses", Gap(Decimal(2), Decimal(2))), ("1.2", False, "credits", Gap(Decimal(8), Decimal(3))),
        ("1.10", False, "credits", Gap(Decimal(5), Decimal(0))),
    ]  # fmt: skip
    assert [(one.rule, one.records) for one in found.rows[1].by] == [("R-A", ("A",)), ("R-B", ("B",))]
    assert (found.total, found.total.missing) == (Gap(Decimal(20), Decimal(13)), 7)
    assert [row.path for row in found.open] == ["1.2", "1.10"]


def test_an_exemption_lowers_the_total_and_fills_its_requirement():
    records = [record("A", "6")]
    rules = (Rule("E", 1, Node("leaf", Leaf("A")), (Grant("exemption", "T", amount=Decimal(6)),)),)
    target = Target("P", "U", Decimal(120), leaves=(RequirementLeaf("1", outcomes=("T",), need_courses=1),))

    found = audit(*answered(target, records, rules))

    assert (found.total, found.open) == (Gap(Decimal(114), Decimal(0)), ())


def test_what_is_shared_counts_in_both_requirements_and_once_in_the_total():
    core = RequirementLeaf("1", outcomes=("A",), need_courses=1, exclusive="core", share_with="major", share_max=Decimal(6))
    target = Target("P", "U", Decimal(6), leaves=(core, RequirementLeaf("2", outcomes=("A",), need_courses=1, exclusive="major")))

    found = audit(*answered(target, [record("A", "6")]))

    assert [row.done for row in found.rows] == [True, True]
    assert found.total == Gap(Decimal(6), Decimal(6))
    assert found.complete


def test_minima_and_records_that_expire_are_shown():
    records = [record("A", "6", valid_until=date(2026, 3, 1)), record("B", "4", valid_until=date(2026, 9, 1))]
    target = Target("P", "U", Decimal(10), leaves=(RequirementLeaf("1", outcomes=("A",), need_courses=1),))
    limits = (Limit("HERE", bound=Decimal(8), op=">="),)

    found = audit(*answered(target, records, limits=limits), before=date(2026, 9, 1))

    assert [(one.record, one.valid_until, one.used) for one in found.expiring] == [("A", date(2026, 3, 1), True)]
    assert [(one.limit, one.met, one.have) for one in found.minima] == [("HERE", False, Decimal(6))]
    assert found.open == ()
    assert not found.complete


def test_nothing_missing_needs_no_advice():
    assert advice(Decimal(0), [(9, Decimal(0))], "en") == ""
    assert advice(Decimal(30), [(9, Decimal(0)), (10, Decimal(0))], "en") == ""
    assert advice(Decimal(30), [(9, Decimal(10)), (10, Decimal(0))], "en") == "10 of them at L9 or above"
    assert audit(*answered(replace(Target("", "U")), [record("A")])).total is None
