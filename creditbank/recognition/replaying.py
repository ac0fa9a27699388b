"""Reading a stored snapshot back into the engine's types."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from creditbank.rules.types import (
    CreditSystem,
    Facts,
    Grant,
    Leaf,
    Limit,
    Node,
    Rate,
    RecordFacts,
    RequirementLeaf,
    Rule,
    RuleBase,
    Target,
)

DECIMALS = {
    "credits", "hours", "score", "attendance", "min_score", "max_score", "min_attendance", "min_credits", "min_hours", "amount",
    "max_amount", "bound", "total", "need_credits", "hours_nominal", "step",
}  # fmt: skip
DATES = {"earned_on", "issued_on", "valid_until", "window_from", "window_to", "applied_on", "since"}


def read_snapshot(text: str) -> tuple[Facts, RuleBase, tuple[Limit, ...], date]:
    """The four arguments of ``decide``, as they were."""
    question = json.loads(text)
    facts, rules = question["facts"], question["rules"]
    target = _build(Target, facts["target"], leaves=lambda rows: tuple(_build(RequirementLeaf, row) for row in rows))
    records = tuple(_build(RecordFacts, row) for row in facts["records"])
    read_facts = Facts(
        facts["learner"], records, target, date.fromisoformat(facts["applied_on"]), _pairs(facts["used"]), _pairs(facts["held"])
    )
    base = RuleBase(
        rules=tuple(_rule(row) for row in rules["rules"]),
        systems=tuple(_build(CreditSystem, row) for row in rules["systems"]),
        rates=tuple(_build(Rate, row) for row in rules["rates"]),
        convertible=_pairs(rules["convertible"]),
        book=rules["book"],
        version=rules["version"],
    )
    limits = tuple(_build(Limit, row, share=lambda value: None if value is None else Fraction(value)) for row in question["limits"])
    return read_facts, base, limits, date.fromisoformat(question["on"])


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in rows)


def _rule(row: dict[str, Any]) -> Rule:
    return _build(Rule, row, lhs=_node, grants=lambda grants: tuple(_grant(grant) for grant in grants))


def _grant(row: dict[str, Any]) -> Grant:
    """``credits`` of a grant is a word, not an amount."""
    words = {"credits": lambda value: value, "steps": lambda steps: tuple((Decimal(score), Decimal(amount)) for score, amount in steps)}
    return _build(Grant, row, **words)


def _node(row: dict[str, Any]) -> Node:
    leaf = _build(Leaf, row["leaf"]) if row["leaf"] else None
    return Node(row["kind"], leaf, tuple(_node(child) for child in row["children"]), row["k"])


def _build(kind: Any, row: dict[str, Any], **special: Callable[[Any], Any]) -> Any:
    values = {}
    for item in fields(kind):
        value = row[item.name]
        if item.name in special:
            values[item.name] = special[item.name](value)
        elif value is not None and item.name in DECIMALS:
            values[item.name] = Decimal(value)
        elif value is not None and item.name in DATES:
            values[item.name] = date.fromisoformat(value)
        else:
            values[item.name] = _frozen(value)
    return kind(**values)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
