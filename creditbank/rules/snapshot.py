"""The canonical form of a question, its hash, and of an answer: what is stored, compared and replayed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

SEMANTICS = 5
"""Raised when the meaning of deciding changes; a stored decision is replayed under its own number."""

SIMPLE = frozenset({str, int, bool, NoneType})
"""Types that canonical JSON knows as they are."""


def plain(value: Any) -> Any:
    """A value as canonical JSON knows it: decimals and fractions as text, dates as ISO, tuples as lists."""
    kind = type(value)
    if kind in SIMPLE:
        return value
    if kind is tuple or isinstance(value, (list, tuple)):
        return [item if type(item) in SIMPLE else plain(item) for item in value]
    if is_dataclass(kind):
        return {
            name: item if type(item) in SIMPLE else plain(item)
            for name, later, default in _parts(kind)
            for item in (getattr(value, name),)
            if not later or item != default
        }
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


@cache
def _parts(kind: type) -> tuple[tuple[str, bool, Any], ...]:
    """(name, whether it is left out at its default, the default) of a dataclass's fields.

    Left out is what says nothing that older questions did not say (``tables.LATER``).
    """
    return tuple((item.name, "later" in item.metadata, item.default) for item in fields(kind))


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys, no white space, UTF-8."""
    return _text(plain(value))


_text = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def _sorted_text(items: Iterable[Any]) -> str:
    """A list of plain values in the order of their texts."""
    return f"[{','.join(sorted(map(_text, items)))}]"


def _object_text(texts: Mapping[str, str]) -> str:
    """An object of which the values are texts already."""
    return "{" + ",".join(f"{_text(name)}:{text}" for name, text in sorted(texts.items())) + "}"


UNORDERED = (
    "rules", "systems", "rates", "convertible", "partly_convertible", "outcomes", "scales", "calendars", "agreements", "levels", "grade_maps",
    "eligible", "not_eligible",
)  # fmt: skip
"""Tables of a rule base whose order says nothing."""


def snapshot(facts: Any, base: Any, limits: Any, on: date) -> str:
    """The four arguments of ``decide`` in canonical form; order of records, rules and limits leaves no trace in it."""
    person = plain(facts)
    for one in (*person["records"], *person["exceptions"]):
        if "evidence" in one:
            one["evidence"].sort()
    listed = {"records", "used", "held", "attributes", "exceptions", "earlier"}
    texts = {name: _sorted_text(value) if name in listed else _text(value) for name, value in person.items()}
    return _object_text(
        {
            "facts": _object_text(texts), "limits": _sorted_text(plain(limits)), "on": canonical(on), "rules": _canonical_base(base),
            "semantics": canonical(SEMANTICS),
        }
    )  # fmt: skip


def _canonical_base(base: Any) -> str:
    """The rule base in canonical form, made once and kept with it: a book is asked about many people."""
    known: dict[str, str] = base.__dict__
    if "_canonical" not in known:
        tables = plain(base)
        for one in tables["agreements"]:
            one["parties"].sort()
        known["_canonical"] = _object_text(
            {name: _sorted_text(value) if name in UNORDERED else _text(value) for name, value in tables.items()}
        )
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
