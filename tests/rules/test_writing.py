"""Typed rules as documents and as rows of the documented tables: both ways, nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from creditbank.rules.exceptions import BadRule
from creditbank.rules.files.cells import Problems
from creditbank.rules.files.programmes import read_programmes
from creditbank.rules.files.rulebook import read_base, read_limits
from creditbank.rules.files.tables import read_tables, write_tables
from creditbank.rules.files.writing import base_tables
from creditbank.rules.reading import limit_document, read_limit, read_rule, rule_document
from creditbank.rules.types import (
    Agreement,
    Calendar,
    CreditSystem,
    Grade,
    GradeMap,
    GradeScale,
    Grant,
    Leaf,
    Level,
    Limit,
    Node,
    Outcome,
    Rate,
    RequirementLeaf,
    RequirementNode,
    Rule,
    RuleBase,
    Target,
    TitleMatching,
)
from tests.rules.cases import cases, question

FULL_LEAF = Leaf(
    framework="EQF",
    outcome="AAA:X", source_type="exam", category="academic", subject="law", issuer="AAA", system="U", min_score=Decimal("60.5"),
    max_score=Decimal(100), min_attendance=Decimal(80), min_credits=Decimal("1.5"), min_hours=Decimal(40), min_level=4, max_age_months=24,
    age_at="applied", valid_on_review=True, trust="self", dup_class="law", common_id="CCN-1", min_grade="C", max_grade="A",
)  # fmt: skip
FULL_TREE = Node(
    "all",
    children=(
        Node("leaf", FULL_LEAF, same_issuer=True),
        Node("any", children=(Node("leaf", Leaf("B", trust="self")), Node("not", children=(Node("leaf", Leaf("C")),)))),
        Node("n_of", children=(Node("leaf", Leaf("D")), Node("leaf", Leaf("E"))), k=2, same_issuer=True, same_award=True),
        Node("credits_of", children=(Node("leaf", Leaf(subject="arts")),), credits=Decimal("7.5")),
    ),
)
GRANTS = (
    Grant("course", "T1", credits="rate", max_amount=Decimal(4), grade="keep"),
    Grant("course", "T2", credits="steps", steps=((Decimal(3), Decimal(4)), (Decimal(5), Decimal(8))), grade="85:A;70:B"),
    Grant("course", "T3", credits="catalogue", in_gpa=False, effects="=fee waived"),
    Grant("unassigned", subject="law", level=4, amount=Decimal(3)),
    Grant("elective", amount=Decimal("0.5")),
    Grant("block", "T1;T2", amount=Decimal(8)),
    Grant("exemption", "T4", credits="catalogue"),
    Grant("waiver", "1.2"),
    Grant("subject_only", "T5", credits="catalogue"),
    Grant("deny", "T6"),
    Grant("pending"),
)
FULL_RULE = Rule(
    "R-1", 3, FULL_TREE, GRANTS, agreement="AG1", precedence=20, priority=7, window_from=date(2020, 9, 1), window_to=date(2027, 8, 31),
    window_date="admitted", programmes=("P1", "P2"), route="panel", evidence=("成绩单", "印章"), reason_zh="理由", reason_en="because",
    source="somebody", since=date(2024, 1, 1), fields=("nursing",), not_fields=("computing",), cohorts=("2026",), learner=(("award", "a;b"),),
    not_learner=(("enrolled", "1"),), all_or_nothing=True, status="suspended", consume="splittable",
)  # fmt: skip
RULES = (
    FULL_RULE,
    Rule("R-2", 1, Node("leaf", Leaf("A", trust="self")), (Grant("course", "T1", amount=Decimal(3)), Grant("course", "T2", amount=Decimal(2))), offer="any"),
    Rule("R-3", 1, Node("leaf", Leaf("A", trust="self")), GRANTS[:3], offer="n_of", offer_k=2),
)  # fmt: skip
LIMITS = (
    Limit("L1", bound=Decimal(42), selector=(("source_type", ("course", "exam")), ("trust", ("verified",))), per="year", calendar="KR"),
    Limit(
        "L2", "records", share=Fraction(1, 2), share_of="degree", exempt=(("category", ("academic",)),), overflow="truncate", owner="AAA"
    ),
    Limit("L3", "gpa", Decimal("2.5"), op=">=", group="G", group_op="any", last_n=Decimal(30), year_start=(3, 1)),
)
TARGET = Target(
    "P1", "U", Decimal(120), "vocational",
    leaves=(
        RequirementLeaf(
            "1.1", "一", "One", ("T1", "T2"), ("law",), Decimal(6), level=4, category="academic", kinds=("course",), min_grade="C",
            need_if=(((("award", "a"),), Decimal(3)), ((), Decimal(9))), level_credits=((9, Decimal(60)),), exclusive="core", share_with="major",
            share_max=Decimal(4), transferable=False, requirement=True,
        ),
        RequirementLeaf("1.2", elective=True, need_courses=2, outcomes=("T3",), requirement=False, all_keys=True),
    ),
    nodes=(RequirementNode("1", "n_of", ("1.1", "1.2"), 1, requirement=False, children_min=1, children_max=2, title_zh="全", title_en="All"),),
    field="nursing", eligible=(("resident", "1"),), not_eligible=(("enrolled", "1"),), owner="AAA",
)  # fmt: skip
BASE = RuleBase(
    RULES, (CreditSystem("U", Decimal(16), Decimal("0.5"), "half_up", Decimal(16), Decimal(18)),),
    rates=(Rate("V", "U", 5, 8, date(2020, 1, 1), date(2030, 1, 1), chainable=True),), convertible=(("vocational", "academic"),),
    partly_convertible=(("culture", "academic"),), outcomes=(
        Outcome("AAA:X", "AAA", "甲", "X", "CCN-1", "cl", Decimal("1.5"), "U", Decimal(24), 4, "academic", "exam", ("law",), "law",
                date(2020, 1, 1), date(2030, 1, 1), 2, "EQF", repeatable=True, codes=("X1",), aliases=("OLD:X", "OLDER:X")),
    ),
    scales=(GradeScale("letters", (Grade("F", 0, passes=False), Grade("A-", 5, Decimal("3.7"), share=Decimal("12.5"))), "AAA"),),
    calendars=(Calendar("KR", "03-01", (("1", "03-01", "08-31"),), ("07-15", "01-15")), Calendar("CN", "09-01")),
    agreements=(Agreement("AG1", "multilateral", (("AAA", "send"), ("BBB", "both")), date(2020, 1, 1), None, "signed", 20, True, 2, "AG0"),),
    levels=(Level("SCQF", "9", 9, (("EQF", "6"),)), Level("EQF", "6", 6)), grade_maps=(
        GradeMap("letters", "ECTS", "linear"), GradeMap("letters", "P", "pass_only"),
        GradeMap("letters", "UK", "table", (("A-", "first"), ("F", "fail"))),
    ),
    titles=TitleMatching(("of", "the"), ("1", "I"), (("intro", "introduction to"),)), eligible=(("resident", "1"),), not_eligible=(("barred", "1"),),
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_the_same_after_its_document(rule):
    assert read_rule(rule_document(rule), version=99) == rule


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.id)
def test_a_limit_is_the_same_after_its_document(limit):
    assert read_limit(limit_document(limit)) == limit


@pytest.mark.parametrize("form", ["book.xlsx", "book.json", "folder"])
def test_a_rule_base_is_the_same_after_its_files(tmp_path, form):
    write_tables(base_tables(BASE, LIMITS, [("2026", TARGET)]), tmp_path / form)

    problems = Problems()
    tables = read_tables({}, tmp_path / form, problems)
    base = read_base(tables)

    assert problems.found == []
    assert replace(base, grade_maps=tuple(sorted(base.grade_maps, key=repr))) == replace(
        BASE, grade_maps=tuple(sorted(BASE.grade_maps, key=repr))
    )
    assert read_limits(tables["limits"]) == LIMITS
    assert read_programmes(tables["programmes"], base) == {
        ("P1", "2026"): replace(TARGET, leaves=(replace(TARGET.leaves[0]), TARGET.leaves[1]))
    }


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases("decide")])
def test_the_rules_of_every_example_are_the_same_after_documents(case):
    _facts, base, limits, _on = question(case)

    assert [read_rule(rule_document(rule), version=1) for rule in base.rules] == list(base.rules)
    assert [read_limit(limit_document(limit)) for limit in limits] == list(limits)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"priority": "first"}, "R-2.priority: 'first' is not an amount"),
        ({"route": "luck"}, "R-2.route: 'luck' is none of auto, review, panel"),
        ({"programmes": "P1"}, "R-2.programmes: 'P1' is not a list"),
        ({"evidence": ["a;b"]}, "R-2.evidence: an item of a list holds no ';'"),
        ({"window_from": "1.9.2020"}, "R-2.window_from: '1.9.2020' is not a date"),
        ({"all_or_nothing": "yes"}, "R-2.all_or_nothing"),
        ({"learner": [["award"]]}, "R-2.learner.0.: .* is not a list of 2"),
        ({"grants": []}, "R-2: a rule has an id, a left side and what it gives"),
        ({"grants": [{"outcome": "T"}]}, "R-2.grants.0.: says no kind"),
        ({"colour": "red"}, "R-2: unknown colour"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_with_its_place(change, complaint):
    with pytest.raises(BadRule, match=complaint):
        read_rule({**rule_document(RULES[1]), **change}, version=1)
