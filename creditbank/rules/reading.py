"""Between documents (plain JSON or YAML values, as rows and files keep them) and typed rules. Every mistake is named with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from creditbank.rules.exceptions import BadRule
from creditbank.rules.snapshot import hints, plain
from creditbank.rules.types import Grant, Leaf, Limit, Node, Rule

DEEPEST = 8
LONGEST_TEXT = 2000
SHARE = re.compile(r"[0-9]{1,9}(/[0-9]{1,9}|\.[0-9]{1,9})?")
"""1/2, 0.5 or 1; not 1e9, which would be worked out to its last digit."""
TREE = ("kind", "leaf", "children", "k", "credits")
"""Fields of a node that its place in the tree says; the others (``same_issuer``) stand beside it in the document."""


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
    """A left side: ``{all: […]}``, ``{any: […]}``, ``{n_of: […], k: 2}``, ``{credits_of: […], credits: "30"}``, ``{not: {…}}``, or a leaf.

    Raises BadRule.
    """
    if depth >= DEEPEST or not isinstance(document, Mapping):
        raise BadRule(f"{place}: nested too deeply, or not a rule")
    beside = {name: document[name] for name in _besides() if name in document}
    flags = values(beside, Node, place)
    for kind in ("all", "any", "n_of", "credits_of"):
        if kind in document:
            return _branch(kind, document, flags, place, depth)
    if "not" in document:
        return Node("not", children=(read_node(document["not"], f"{place}.not", depth + 1),), **flags)
    leaf = {name: value for name, value in document.items() if name not in beside}
    return Node("leaf", leaf=Leaf(**values(leaf, Leaf, place)), **flags)


@cache
def _besides() -> tuple[str, ...]:
    return tuple(item.name for item in fields(Node) if item.name not in TREE)


def _branch(kind: Any, document: Mapping[str, Any], flags: dict[str, Any], place: str, depth: int) -> Node:
    listed = document[kind]
    if not isinstance(listed, list) or not listed:
        raise BadRule(f"{place}.{kind}: needs a list")
    children = tuple(read_node(child, f"{place}.{kind}[{at}]", depth + 1) for at, child in enumerate(listed))
    if kind == "n_of":
        k = _whole(document.get("k", 0), f"{place}.k")
        if not 1 <= k <= len(children):
            raise BadRule(f"{place}.k: between 1 and {len(children)}")
        return Node(kind, children=children, k=k, **flags)
    if kind == "credits_of":
        least = decimal(document.get("credits", 0), f"{place}.credits")
        if least <= 0 or any(child.kind != "leaf" for child in children):
            raise BadRule(f"{place}.credits_of: needs credits above 0, and leaves alone")
        return Node(kind, children=children, credits=least, **flags)
    return Node(kind, children=children, **flags)


def node_document(node: Node) -> dict[str, Any]:
    """A left side as a document; the inverse of ``read_node``."""
    found = {name: value for name, value in document_of(node).items() if name in _besides()}
    if node.kind == "leaf":
        return {**document_of(node.leaf), **found}
    if node.kind == "not":
        return {"not": node_document(node.children[0]), **found}
    found = {node.kind: [node_document(child) for child in node.children], **found}
    if node.kind == "n_of":
        found["k"] = node.k
    if node.kind == "credits_of":
        found["credits"] = plain(node.credits)
    return found


def document_of(value: Any) -> dict[str, Any]:
    """A dataclass as a document: plain values of the fields that differ from their default."""
    return {item.name: plain(found) for item in fields(value) if (found := getattr(value, item.name)) != _default(item)}


def _default(item: Field[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def read_grant(document: Any, place: str = "grant") -> Grant:
    """One grant. Raises BadRule."""
    if not isinstance(document, Mapping):
        raise BadRule(f"{place}: not a grant")
    if not document.get("kind"):
        raise BadRule(f"{place}: says no kind")
    return Grant(**values(document, Grant, place))


def read_rule(document: Mapping[str, Any], version: int) -> Rule:
    """One rule of a rule book: ``id``, ``lhs``, ``grants`` and whatever else ``Rule`` knows. Raises BadRule."""
    place = str(document.get("id") or "rule")
    if not document.get("id") or not isinstance(document.get("grants"), (list, tuple)) or not document["grants"]:
        raise BadRule(f"{place}: a rule has an id, a left side and what it gives")
    head = {name: value for name, value in document.items() if name not in {"lhs", "grants"}}
    lhs = read_node(document.get("lhs"), place)
    grants = tuple(read_grant(grant, f"{place}.grants[{at}]") for at, grant in enumerate(document["grants"]))
    return Rule(**{"version": version, **values(head, Rule, place)}, lhs=lhs, grants=grants)


def rule_document(rule: Rule) -> dict[str, Any]:
    """A rule as a document; the inverse of ``read_rule``."""
    return {**document_of(rule), "lhs": node_document(rule.lhs), "grants": [document_of(grant) for grant in rule.grants]}


def read_limit(document: Mapping[str, Any], place: str = "limit") -> Limit:
    """One limit; ``share`` is a fraction as text, ``selector`` and ``exempt`` map a property to its values. Raises BadRule."""
    found = values({name: value for name, value in document.items() if name not in {"share", "selector", "exempt", "source"}}, Limit, place)
    if not found.get("id"):
        raise BadRule(f"{place}: a limit has an id")
    share = _share(document.get("share"), place)
    if share is None and found.get("bound") is None:
        raise BadRule(f"{place}: needs a bound or a share")
    for name in ("selector", "exempt"):
        found[name] = _selector(document.get(name) or {}, f"{place}.{name}")
    return Limit(**found, share=share)


def limit_document(limit: Limit) -> dict[str, Any]:
    """A limit as a document; the inverse of ``read_limit``."""
    chosen = {name: {key: list(found) for key, found in getattr(limit, name)} for name in ("selector", "exempt") if getattr(limit, name)}
    return {**document_of(limit), **chosen}


def _share(value: Any, place: str) -> Fraction | None:
    if not value:
        return None
    try:
        text = str(value)
        share = Fraction(text if SHARE.fullmatch(text) else "none")
    except (ValueError, ZeroDivisionError) as error:
        raise BadRule(f"{place}.share: {str(value)[:40]!r} is not a fraction") from error
    if share <= 0 or share.denominator > 10**6:
        raise BadRule(f"{place}.share: {share} is out of range")
    return share


def _selector(document: Any, place: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(document, Mapping):
        raise BadRule(f"{place}: not a selector")
    lists = {name: [found] if isinstance(found, str) else found for name, found in document.items()}
    for name, found in lists.items():
        if not isinstance(found, (list, tuple)) or not all(isinstance(item, str) for item in found):
            raise BadRule(f"{place}.{str(name)[:40]}: a text, or a list of texts")
    return tuple(sorted((name, tuple(sorted(found))) for name, found in lists.items()))


def values(document: Mapping[str, Any], kind: type, place: str) -> dict[str, Any]:
    """Fields of a dataclass from a document, each as its type wants it; None means the default. Raises BadRule."""
    known = hints(kind)
    unknown = sorted(map(str, set(document) - set(known)))
    if unknown:
        raise BadRule(f"{place}: unknown {', '.join(unknown)[:200]}")
    return {name: _value(value, known[name], f"{place}.{name}") for name, value in document.items() if value is not None}


def _value(value: Any, kind: Any, place: str) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return None if value is None else _value(value, next(part for part in parts if part is not NoneType), place)
    if origin is Literal:
        if value not in parts:
            raise BadRule(f"{place}: {str(value)[:40]!r} is none of {', '.join(map(str, parts))}")
        return value
    if origin is tuple:
        if not isinstance(value, (list, tuple)) or (not _endless(parts) and len(value) != len(parts)):
            raise BadRule(f"{place}: {str(value)[:40]!r} is not a list{'' if _endless(parts) else f' of {len(parts)}'}")
        if _endless(parts) and parts[0] is str and any(";" in str(item) for item in value):
            raise BadRule(f"{place}: an item of a list holds no ';'")
        kinds = [parts[0]] * len(value) if _endless(parts) else parts
        return tuple(_value(item, part, f"{place}[{at}]") for at, (item, part) in enumerate(zip(value, kinds, strict=True)))
    return _single(value, kind, place)


def _endless(parts: tuple[Any, ...]) -> bool:
    return len(parts) == 2 and parts[1] is Ellipsis  # noqa: PLR2004  (kind, …)


def _single(value: Any, kind: Any, place: str) -> Any:
    if kind is Decimal:
        return decimal(value, place)
    if kind is bool or (kind is not int and isinstance(value, bool)):
        if kind is not bool or not isinstance(value, bool):
            raise BadRule(f"{place}: {value!r} is not what belongs here")
        return value
    if kind is int:
        return _whole(value, place)
    if kind is date:
        return _day(value, place)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or "\x00" in value:
        raise BadRule(f"{place}: {str(value)[:40]!r} is not a text")
    return value


def _whole(value: Any, place: str) -> int:
    amount = decimal(value, place)
    if amount != int(amount):
        raise BadRule(f"{place}: {value!r} is not a whole number")
    return int(amount)


def _day(value: Any, place: str) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadRule(f"{place}: {str(value)[:40]!r} is not a date") from error
