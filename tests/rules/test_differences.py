"""What changes between two rule books, in words."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.rules.differences import Column, difference_of, differences
from creditbank.rules.sentences import HIDDEN
from creditbank.rules.types import Agreement, CreditSystem, Grant, Leaf, Limit, Node, Rate, Rule, RuleBase
from tests.rules.test_sentences import RULE as PHYSICS
from tests.rules.test_sentences import RULES, TITLES

U = CreditSystem("U", Decimal(16), Decimal("0.5"))
RULE = Rule("R1", 1, Node("leaf", Leaf("A", min_score=Decimal(60), trust="self")), (Grant("course", "T", amount=Decimal(3)),))
LIMIT = Limit("CAP", bound=Decimal(30))


def base(*rules, **parts):
    return RuleBase(rules, (U,), **parts)


def told(old, new, old_limits=(), new_limits=(), language="en"):
    return [one.text(TITLES, language) for one in differences(old, old_limits, new, new_limits)]


def test_equal_books_differ_in_nothing():
    book = base(RULE, PHYSICS, rates=(Rate("U", "V", 2, 3),))

    assert differences(book, (LIMIT,), replace(book, rules=book.rules[::-1]), (LIMIT,)) == ()


def test_what_is_added_removed_and_changed_is_said_in_the_words_of_the_rules():
    higher = replace(RULE, lhs=Node("leaf", Leaf("A", min_score=Decimal(65), trust="self")), priority=10)
    gone, new = replace(RULE, id="R0"), replace(RULE, id="R2", lhs=Node("leaf", Leaf("B", trust="self")), reason_en="because")

    assert told(base(gone, RULE), base(higher, new), (LIMIT,), (replace(LIMIT, bound=Decimal(24)),)) == [
        "removed rule R0: “Physics” (score ≥ 60) ⇒ “Mechanics”, 3 credits.",
        "changed rule R1: “Physics” (score ≥ [-60-]{+65+}) ⇒ “Mechanics”, 3 credits. priority: 100 → 10",
        "added rule R2: “B” ⇒ “Mechanics”, 3 credits. reason in English: — → because",
        "changed limit CAP: everything: at most [-30-]{+24+} credits.",
    ]
    assert told(base(RULE), base(higher), language="zh-hans") == [
        "修改 规则 R1：《大学物理》（成绩 ≥ [-60-]{+65+}） ⇒ 《力学》，3 学分。 优先级: 100 → 10"
    ]


def test_pieces_put_together_are_the_two_sentences():
    (one,) = differences(base(RULE), (), base(replace(RULE, window_from=date(2026, 9, 1))), ())

    pieces, (before, after) = one.pieces(TITLES, "zh-hans"), one.sentences(TITLES, "zh-hans")

    assert "".join(text for sign, text in pieces if sign != "+") == before
    assert "".join(text for sign, text in pieces if sign != "-") == after
    assert ("+", "；取得日期 2026-09-01 至 …") in pieces


@given(st.text(max_size=60), st.text(max_size=60))
def test_pieces_of_any_two_texts_give_both_back(before, after):
    pieces = difference_of(before, after)

    assert "".join(text for sign, text in pieces if sign != "+") == before
    assert "".join(text for sign, text in pieces if sign != "-") == after
    assert all(text for _sign, text in pieces)


@pytest.mark.timeout(5)
def test_sentences_without_end_are_shown_as_replaced_whole():
    assert difference_of("a " * 100_000, "b " * 100_000) == (("-", "a " * 100_000), ("+", "b " * 100_000))


CHANGED = {**RULES,
    "version": 2, "agreement": "AG", "precedence": 5, "priority": 1, "route": "auto", "evidence": ("diploma",), "reason_zh": "依据",
    "reason_en": "because", "source": "handbook", "status": "suspended"
}  # fmt: skip


@pytest.mark.parametrize("name", [field.name for field in fields(Rule) if field.name != "id"])
def test_a_change_of_any_field_of_a_rule_is_a_difference(name):
    (one,) = differences(base(RULE), (), base(replace(RULE, **{name: CHANGED[name]})), ())

    before, after = one.sentences(TITLES, "en")
    assert (one.kind, one.what, one.id) == ("changed", "rule", "R1")
    assert bool([column for column in one.columns if column.name == name]) is (name in HIDDEN["rule"] or before == after)
    assert before != after or one.columns


def test_reference_tables_are_compared_by_their_columns():
    old = base(rates=(Rate("U", "V", 2, 3),), agreements=(Agreement("AG", precedence=1),), convertible=(("a", "b"),))
    new = base(rates=(Rate("U", "V", 3, 4),), agreements=(), partly_convertible=(("a", "b"),))

    found = differences(old, (), new, ())

    assert [(one.kind, one.what, one.id) for one in found] == [
        ("changed", "rate", "U V … …"), ("removed", "agreement", "AG 1"), ("changed", "convertible", "a → b"),
    ]  # fmt: skip
    assert found[0].columns == (Column("num", "2", "3"), Column("den", "3", "4"))
    assert found[2].text({}, "en") == "changed conversion of categories a → b: value: allow → partial"
    assert differences(old, (), new, (), tables=False) == ()


def test_outcomes_of_one_title_are_told_apart_by_their_codes():
    titles = {"A": ("物理", "Physics"), "A2": ("物理", "Physics")}
    (one,) = differences(base(RULE), (), base(replace(RULE, lhs=Node("leaf", Leaf("A2", min_score=Decimal(60), trust="self")))), ())

    assert one.text(titles, "en") == "changed rule R1: “[-A-]{+A2+}” (score ≥ 60) ⇒ “T”, 3 credits."
