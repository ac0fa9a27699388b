"""Canonical sentences: every field of a rule or limit changes the sentence, or is listed as deliberately not shown."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from creditbank.rules.sentences import HIDDEN, limit_sentence, rule_sentence
from creditbank.rules.types import Grant, Leaf, Limit, Node, Rule

LANGUAGES = ("zh-hans", "en")
TITLES = {"A": ("大学物理", "Physics"), "T": ("力学", "Mechanics")}
LEAF = Leaf("A", max_age_months=12, trust="self")
GRANT = Grant("course", "T", amount=Decimal(3))
RULE = Rule("R", 1, Node("leaf", LEAF), (GRANT,))
LIMIT = Limit("L", bound=Decimal(30))

RULES = {
    "lhs": Node("leaf", Leaf("B")), "grants": (Grant("course", "T2", amount=Decimal(3)),), "window_from": date(2026, 1, 1),
    "window_to": date(2026, 12, 31), "window_date": "applied", "programmes": ("P",), "fields": ("nursing",), "not_fields": ("computing",),
    "cohorts": ("2026",), "learner": (("award", "associate"),), "not_learner": (("enrolled", "1"),), "offer": "any", "offer_k": 2,
    "all_or_nothing": True, "since": date(2025, 11, 1), "consume": "splittable",
}  # fmt: skip
LEAVES = {
    "outcome": "B", "source_type": "exam", "category": "vocational", "subject": "MATH", "issuer": "I1", "system": "U", "min_score": Decimal(60),
    "max_score": Decimal(90), "min_attendance": Decimal(80), "min_credits": Decimal(2), "min_hours": Decimal(32), "min_level": 4,
    "max_age_months": 24, "age_at": "applied", "valid_on_review": True, "trust": "institution", "dup_class": "K", "common_id": "C-ID",
    "min_grade": "C", "max_grade": "A", "framework": "EQF",
}  # fmt: skip
NODES = {
    "kind": "any",
    "leaf": None,
    "children": (Node("leaf", Leaf("B")),),
    "k": 1,
    "credits": Decimal(30),
    "same_issuer": True,
    "same_award": True,
}
GRANTS = {
    "kind": "elective", "outcome": "T2", "subject": "MATH", "credits": "rate", "amount": Decimal(4), "max_amount": Decimal(6),
    "steps": ((Decimal(3), Decimal(5)),), "level": 2, "grade": "pass", "in_gpa": False, "effects": "no fee",
}  # fmt: skip
LIMITS = {
    "measure": "records", "bound": Decimal(31), "share": Fraction(1, 2), "selector": (("subject", ("ESL",)),), "exempt": (("source_type", ("exam",)),),
    "per": "year", "year_start": (3, 1), "overflow": "truncate", "owner": "UC", "op": ">=", "share_of": "major", "calendar": "KR", "group": "G",
    "group_op": "any", "last_n": Decimal(30),
}  # fmt: skip
BASES = {
    ("node", "k"): Node("n_of", children=(Node("leaf", LEAF), Node("leaf", Leaf("B"))), k=2),
    ("node", "credits"): Node("credits_of", children=(Node("leaf", LEAF),), credits=Decimal(20)),
    ("node", "kind"): Node("all", children=(Node("leaf", LEAF), Node("leaf", Leaf("B")))),
    ("node", "children"): Node("all", children=(Node("leaf", LEAF), Node("leaf", Leaf("B")))),
    ("node", "leaf"): Node("leaf", LEAF),
    ("leaf", "framework"): replace(LEAF, min_level=6),
    ("grant", "max_amount"): replace(GRANT, credits="rate"),
    ("grant", "steps"): replace(GRANT, credits="steps", steps=((Decimal(3), Decimal(4)),)),
    ("rule", "offer_k"): replace(RULE, offer="n_of", grants=(GRANT, GRANT)),
    ("rule", "offer"): replace(RULE, grants=(GRANT, GRANT)),
    ("limit", "share_of"): replace(LIMIT, share=Fraction(1, 3)),
    ("limit", "group_op"): replace(LIMIT, group="G"),
}
KINDS = {
    "rule": (Rule, RULE, RULES, lambda rule: rule), "leaf": (Leaf, LEAF, LEAVES, lambda leaf: replace(RULE, lhs=Node("leaf", leaf))),
    "node": (Node, RULE.lhs, NODES, lambda node: replace(RULE, lhs=node)), "grant": (Grant, GRANT, GRANTS, lambda grant: replace(RULE, grants=(grant,))),
    "limit": (Limit, LIMIT, LIMITS, lambda limit: limit),
}  # fmt: skip
EVERY = [(kind, field.name) for kind, (made, *_rest) in KINDS.items() for field in fields(made)]


def sentence(thing, language):
    return limit_sentence(thing, language) if isinstance(thing, Limit) else rule_sentence(thing, TITLES, language)


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=[f"{kind}.{name}" for kind, name in EVERY])
def test_every_field_changes_the_sentence_or_is_listed_as_not_shown(kind, name):
    _made, plain, others, whole = KINDS[kind]
    if name in HIDDEN[kind]:
        assert name not in others
        return
    before = BASES.get((kind, name), plain)
    after = replace(before, leaf=Leaf("B")) if name == "leaf" else replace(before, **{name: others[name]})

    for language in LANGUAGES:
        assert sentence(whole(after), language) != sentence(whole(before), language)


@pytest.mark.parametrize(
    "kind", sorted({"course", "block", "unassigned", "elective", "exemption", "waiver", "subject_only", "deny", "pending"})
)
def test_every_kind_of_grant_and_its_outcome_is_told_apart(kind):
    def said(grant, language):
        return sentence(replace(RULE, grants=(grant,)), language)

    for language in LANGUAGES:
        own = {said(replace(GRANT, kind=other), language) for other in ("course", "elective", "deny", "waiver", kind)}
        assert len(own) == len({"course", "elective", "deny", "waiver", kind})
        assert said(Grant(kind, "T"), language) != said(Grant(kind, "T2"), language)


def test_a_rule_reads_like_this():
    leaves = Node("all", children=(
        Node("leaf", Leaf("A", min_grade="C", min_score=Decimal("60.0"), trust="self")),
        Node("any", children=(Node("leaf", Leaf("B")), Node("leaf", Leaf(subject="MATH", min_level=2, trust="institution")))),
        Node("not", children=(Node("leaf", Leaf("Z")),)),
    ))  # fmt: skip
    rule = Rule(
        "R", 1, leaves, (Grant("course", "T", amount=Decimal("3.50"), grade="pass"), Grant("waiver", "1.2")), window_from=date(2026, 1, 1),
        programmes=("P",), not_learner=(("enrolled_elsewhere", "1"),), all_or_nothing=True,
    )  # fmt: skip

    assert rule_sentence(rule, TITLES, "en") == (
        "“Physics” (grade ≥ C, score ≥ 60) and (“B” or any MATH (level ≥ 2, confirmed by the institution)) and without “Z” ⇒ "
        "“Mechanics”, 3.5 credits, graded as a pass and “1.2” counts as done; all of it or nothing; date of earning 2026-01-01 – …; "
        "only for programme P; only for learners with enrolled_elsewhere ≠ 1."
    )
    assert rule_sentence(rule, TITLES, "zh-hans") == (
        "《大学物理》（成绩等级 ≥ C，成绩 ≥ 60），加上（《B》，或任一MATH（等级 ≥ 2，机构确认）），加上未取得《Z》 ⇒ 《力学》，3.5 学分，记为通过，以及视为完成“1.2”；"
        "全部授予或都不授予；取得日期 2026-01-01 至 …；仅限培养方案 P；仅限学习者 enrolled_elsewhere ≠ 1。"
    )


@pytest.mark.parametrize(
    ("limit", "zh", "en"),
    [
        (Limit("KR", bound=Decimal(42), selector=(("source_type", ("course",)),), per="year", calendar="KR"),
         "课程：每年至多 42 学分；按校历 KR。", "course: at most 42 credits a year; by the calendar KR."),
        (Limit("UC", bound=Decimal(70), selector=(("source_type", ("course",)),), exempt=(("source_type", ("exam",)),), overflow="subject_only", owner="UC"),
         "课程（考试除外）：至多 70 学分；超出部分只计科目；由 UC 规定。",
         "course except examination: at most 70 credits; what exceeds counts as a subject only; set by UC."),
        (Limit("CC", bound=Decimal(30), op=">=", selector=(("institution", ("CCNY",)),), last_n=Decimal(30), group="RES", group_op="any"),
         "机构 CCNY：至少 30 学分；只看最后 30 学分；RES 中任一须成立。",
         "institution CCNY: at least 30 credits; among the last 30 credits; any of RES must hold."),
        (Limit("H", share=Fraction(1, 2), per="target", overflow="truncate"), "全部成果：每个目标至多方案总学分的 1/2（学分）；超出部分不计。",
         "everything: at most 1/2 of the programme's total (credits) per target; what exceeds is cut."),
    ],
)  # fmt: skip
def test_a_limit_reads_like_this(limit, zh, en):
    assert (limit_sentence(limit, "zh-hans"), limit_sentence(limit, "en")) == (zh, en)
