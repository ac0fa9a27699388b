"""From stored or written documents (plain JSON or YAML values) to typed rules. Every mistake is named with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from creditbank.rules.exceptions import BadRule
from creditbank.rules.types import Grant, Leaf, Limit, Node

DEEPEST = 8
DECIMALS = {"min_score", "max_score", "min_attendance", "min_credits", "min_hours", "amount", "max_amount", "bound"}
WHOLE = {"min_level", "max_age_months", "k", "level"}
LEAF_FIELDS = {item.name for item in fields(Leaf)}
GRANT_FIELDS = {item.name for item in fields(Grant)}


def decimal(value: Any, place: str) -> Decimal:
    """An amount from text or a whole number; a float is refused, because it is not the number that was written."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise BadRule(f"{place}: {value!r} is not an amount; write it in quotes")
    try:
        amount = Decimal(value)
    except InvalidOperation as error:
        raise BadRule(f"{place}: {value!r} is not an amount") from error
    if not amount.is_finite() or abs(amount) > Decimal(10**9):
        raise BadRule(f"{place}: {value!r} is out of range")
    return amount


def read_node(document: Any, place: str = "lhs", depth: int = 0) -> Node:
    """A left side: ``{all: […]}``, ``{any: […]}``, ``{n_of: […], k: 2}``, ``{credits_of: […], credits: "30"}``, ``{not: {…}}``, or a leaf. Raises BadRule."""
    if depth > DEEPEST or not isinstance(document, Mapping):
        raise BadRule(f"{place}: nested too deeply, or not a rule")
    for kind in ("all", "any", "n_of"):
        if kind in document:
            listed = document[kind]
            if not isinstance(listed, list) or not listed:
                raise BadRule(f"{place}.{kind}: needs a list")
            children = tuple(read_node(child, f"{place}.{kind}[{at}]", depth + 1) for at, child in enumerate(listed))
            k = int(decimal(document.get("k", 0), f"{place}.k")) if kind == "n_of" else 0
            if kind == "n_of" and not 1 <= k <= len(children):
                raise BadRule(f"{place}.k: between 1 and {len(children)}")
            return Node(kind, children=children, k=k)  # type: ignore[arg-type]
    if "credits_of" in document:
        return _credits_of(document, place, depth)
    if "not" in document:
        return Node("not", children=(read_node(document["not"], f"{place}.not", depth + 1),))
    return Node("leaf", leaf=Leaf(**_values(document, LEAF_FIELDS, place)))


def _credits_of(document: Mapping[str, Any], place: str, depth: int) -> Node:
    listed = document["credits_of"]
    if not isinstance(listed, list) or not listed:
        raise BadRule(f"{place}.credits_of: needs a list")
    children = tuple(read_node(child, f"{place}.credits_of[{at}]", depth + 1) for at, child in enumerate(listed))
    least = decimal(document.get("credits", 0), f"{place}.credits")
    if least <= 0 or any(child.kind != "leaf" for child in children):
        raise BadRule(f"{place}.credits_of: needs credits above 0, and leaves alone")
    return Node("credits_of", children=children, credits=least)


def read_grant(document: Any, place: str = "grant") -> Grant:
    """One grant. Raises BadRule."""
    if not isinstance(document, Mapping):
        raise BadRule(f"{place}: not a grant")
    values = _values({name: value for name, value in document.items() if name != "steps"}, GRANT_FIELDS, place)
    steps = tuple((decimal(score, f"{place}.steps"), decimal(amount, f"{place}.steps")) for score, amount in document.get("steps", ()))
    return Grant(**values, steps=steps)


def read_limit(document: Mapping[str, Any], place: str = "limit") -> Limit:
    """One limit. Raises BadRule."""
    share = document.get("share")
    return Limit(
        id=str(document["id"]),
        measure=document.get("measure", "credits"),
        bound=decimal(document["bound"], place) if document.get("bound") is not None else None,
        share=Fraction(str(share)) if share else None,
        selector=_selector(document.get("selector", {})),
        exempt=_selector(document.get("exempt", {})),
        per=document.get("per", "none"),
        overflow=document.get("overflow", "reject_whole"),
        owner=document.get("owner", "bank"),
    )


def _selector(document: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted((name, tuple(sorted([values] if isinstance(values, str) else values))) for name, values in document.items()))


def _values(document: Mapping[str, Any], known: set[str], place: str) -> dict[str, Any]:
    unknown = sorted(set(document) - known)
    if unknown:
        raise BadRule(f"{place}: unknown {', '.join(map(str, unknown))}")
    values: dict[str, Any] = {}
    for name, value in document.items():
        if value is None:
            continue
        if name in DECIMALS:
            values[name] = decimal(value, f"{place}.{name}")
        elif name in WHOLE:
            values[name] = int(decimal(value, f"{place}.{name}"))
        else:
            values[name] = value
    return values
