"""The canonical form of a question, its hash, and of an answer: what is stored, compared and replayed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

SEMANTICS = 1
"""Raised when the meaning of deciding changes; a stored decision is replayed under its own number."""


def plain(value: Any) -> Any:
    """A value as canonical JSON knows it: decimals and fractions as text, dates as ISO, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys, no white space, UTF-8."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def snapshot(facts: Any, base: Any, limits: Any, on: date) -> str:
    """The four arguments of ``decide`` in canonical form; order of records, rules and limits leaves no trace in it."""
    question = plain({"facts": facts, "rules": base, "limits": limits, "on": on, "semantics": SEMANTICS})
    question["facts"]["records"].sort(key=lambda record: record["id"])
    for name in ("used", "held"):
        question["facts"][name].sort()
    for name, key in (("rules", "id"), ("systems", "code")):
        question["rules"][name].sort(key=lambda item, key=key: item[key])
    question["rules"]["rates"].sort(key=lambda rate: (rate["source"], rate["target"]))
    question["rules"]["convertible"].sort()
    question["limits"].sort(key=lambda limit: limit["id"])
    return json.dumps(question, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def hash_of(text: str) -> str:
    """SHA-256 of a canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()
