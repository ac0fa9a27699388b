"""The canonical form of a question, its hash, and of an answer: what is stored, compared and replayed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import Field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

SEMANTICS = 4
"""Raised when the meaning of deciding changes; a stored decision is replayed under its own number."""

SIMPLE = frozenset({str, int, bool, NoneType})
"""Types that canonical JSON knows as they are."""


def plain(value: Any) -> Any:
    """A value as canonical JSON knows it: decimals and fractions as text, dates as ISO, tuples as lists."""
    if type(value) in SIMPLE:
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value) if not _left_out(item, getattr(value, item.name))}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def _left_out(item: Field[Any], value: Any) -> bool:
    """Whether a field says nothing that older questions did not say (``tables.LATER``)."""
    return "later" in item.metadata and value == item.default


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys, no white space, UTF-8."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


UNORDERED = (
    "rules", "systems", "rates", "convertible", "partly_convertible", "outcomes", "scales", "calendars", "agreements", "levels", "grade_maps",
    "eligible", "not_eligible",
)  # fmt: skip
"""Tables of a rule base whose order says nothing."""


def snapshot(facts: Any, base: Any, limits: Any, on: date) -> str:
    """The four arguments of ``decide`` in canonical form; order of records, rules and limits leaves no trace in it."""
    person = plain(facts)
    for name in ("records", "used", "held", "attributes", "exceptions"):
        for one in person[name]:
            if "evidence" in one:
                one["evidence"].sort()
        person[name].sort(key=canonical)
    if "earlier" in person:
        person["earlier"].sort(key=canonical)
    parts = {
        "facts": canonical(person), "limits": canonical(sorted(plain(limits), key=canonical)), "on": canonical(on), "rules": _canonical_base(base),
        "semantics": canonical(SEMANTICS),
    }  # fmt: skip
    return "{" + ",".join(f'"{name}":{text}' for name, text in sorted(parts.items())) + "}"


def _canonical_base(base: Any) -> str:
    """The rule base in canonical form, made once and kept with it: a book is asked about many people."""
    known: dict[str, str] = base.__dict__
    if "_canonical" not in known:
        tables = plain(base)
        for one in tables["agreements"]:
            one["parties"].sort()
        for name in UNORDERED:
            if name in tables:
                tables[name].sort(key=canonical)
        known["_canonical"] = canonical(tables)
    return known["_canonical"]


def restore(kind: Any, value: Any) -> Any:
    """A value of a type from its canonical form: dataclasses by their fields (a field that is missing has its default), and so on.

    The inverse of ``plain`` for everything that a snapshot holds.
    """
    origin, parts = get_origin(kind), get_args(kind)
    if value is None or origin is Literal:
        return value
    if origin in {Union, UnionType}:
        return restore(next(part for part in parts if part is not NoneType), value)
    if origin is tuple:
        kinds = [parts[0]] * len(value) if len(parts) == 2 and parts[1] is Ellipsis else parts  # noqa: PLR2004  (kind, …)
        return tuple(restore(part, item) for part, item in zip(kinds, value, strict=True))
    if isinstance(kind, type) and is_dataclass(kind):
        known = hints(kind)
        return kind(**{name: restore(known[name], item) for name, item in value.items() if name in known})
    if kind is date:
        return date.fromisoformat(value)
    return kind(value) if kind in {Decimal, Fraction} else value


@cache
def hints(kind: type) -> dict[str, Any]:
    """Types of a dataclass's fields."""
    return {name: found for name, found in get_type_hints(kind).items() if name in {item.name for item in fields(kind)}}  # type: ignore[arg-type]


def hash_of(text: str) -> str:
    """SHA-256 of a canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()
