"""What would change it: said where a single condition stands in the way, in both languages, and kept quiet where none or several do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from creditbank.rules.changes import TEXTS, Change, change_of
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
    Rule,
    RuleBase,
    Target,
)

ON = date(2026, 1, 1)
RECORD = RecordFacts("a", "M", "I1", date(2024, 6, 30), Decimal(3), "U", score=Decimal(58), grade="D")
UNITS = (CreditSystem("U", Decimal(16), Decimal(1)),)
LETTERS = (GradeScale("letters", (Grade("D", 0), Grade("C", 1))),)
COURSE = (Grant("course", "T", amount=Decimal(3)),)


def change(leaf, *records, limits=(), **parts):
    """The change for the first record under one rule."""
    node = leaf if isinstance(leaf, Node) else Node("leaf", leaf)
    target = parts.pop("target", Target("P", "U"))
    facts = {name: parts.pop(name) for name in ("held", "attributes") if name in parts}
    base = RuleBase((Rule("R", 1, node, COURSE, **parts),), UNITS, scales=LETTERS)
    decision = decide(Facts("x", records or (RECORD,), target, ON, **facts), base, limits, ON)
    return next((change_of(row.reasons) for row in decision.unused if row.record == (records or (RECORD,))[0].id), None)


@pytest.mark.parametrize(
    ("leaf", "kind", "needs"),
    [
        (Leaf("M", min_score=Decimal(60)), "reach_score", "60"),
        (Leaf("M", min_grade="C"), "reach_grade", "C"),
        (Leaf("M", min_attendance=Decimal(80)), "reach_attendance", "80"),
        (Leaf("M", valid_on_review=True), "renew", "2026-01-01"),
        (Node("all", children=(Node("leaf", Leaf("M")), Node("leaf", Leaf("N")))), "complete", "N"),
        (Node("n_of", children=tuple(Node("leaf", Leaf(code)) for code in "MNO"), k=2), "complete_more", "2"),
        (Node("credits_of", children=(Node("leaf", Leaf("M")),), credits=Decimal(10)), "earn_credits", "10"),
    ],
)
def test_one_condition_that_fails_is_what_would_change_it(leaf, kind, needs):
    found = change(leaf)

    assert (found.kind, found.rule, dict(found.data)["needs"]) == (kind, "R", needs)


def test_two_conditions_of_one_rule_have_no_single_remedy():
    assert change(Leaf("M", min_score=Decimal(60), min_grade="C")) is None


def test_what_cannot_be_made_up_for_has_none():
    assert change(Leaf("M", max_age_months=6)) is None
    assert change(Leaf("M", max_score=Decimal(50))) is None
    assert change(Leaf("M"), window_to=date(2020, 1, 1)) is None


def test_evidence_eligibility_holds_and_missing_rules_say_what_to_do():
    assert change(Leaf("M"), evidence=("transcript:14",)) == Change("bring_evidence", "R", (("due", "2026-01-15"), ("item", "transcript")))
    assert change(Leaf("M"), evidence=("transcript", "syllabus")) is None
    resident = Target("P", "U", eligible=(("resident", "1"),))
    assert change(Leaf("M"), target=resident) == Change("become_eligible", "", (("condition", "resident"), ("has", ""), ("needs", "1")))
    assert change(Leaf("M"), held=(("a", "AP-1"),)).kind == "settle_other"
    assert change(Leaf("OTHER")) == Change("ask_review", "", (("outcome", "M"), ("target", "P")))


def test_a_full_limit_names_what_could_be_left_out():
    twice = (replace(RECORD, id="b", outcome="M", repeatable=True), replace(RECORD, id="a", repeatable=True, score=None))
    found = change(Leaf("M"), *twice, limits=(Limit("L", bound=Decimal(3)),)) or change(
        Leaf("M"), *reversed(twice), limits=(Limit("L", bound=Decimal(3)),)
    )

    assert (found.kind, dict(found.data)["release"]) in {("make_room", "a"), ("make_room", "b")}
    assert found.text("en", {"a": "Physics", "b": "Physics"}) == "Leave out Physics, which stands under the same limit, to make room."


def test_what_no_requirement_needs_has_none():
    assert change(Leaf("M"), target=Target("P", "U", leaves=(RequirementLeaf("1", outcomes=("X",), need_courses=1),))) is None


@pytest.mark.parametrize("kind", TEXTS)
def test_every_change_has_both_languages(kind):
    data = tuple((name, "7") for name in ("needs", "missing", "item", "due", "condition", "release"))

    chinese, english = (Change(kind, "R", data).text(language) for language in ("zh-hans", "en"))

    assert chinese.endswith("。")
    assert english.endswith(".")
    assert "{" not in chinese + english
