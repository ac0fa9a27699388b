"""Expanding a JSON-LD document by the context that stands in it: as much of the algorithm as our documents use, and nothing is let pass.

Terms that the context does not resolve are an error here, where JSON-LD would drop them without a word. That is what the tests ask.
"""

from __future__ import annotations

from typing import Any

KEYWORDS = frozenset({"@id", "@type", "@value", "@language"})


class Unresolved(ValueError):
    """A key or a type that the context does not lead to an address, or a value of another form than the context says."""


def expand(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of the graph with every term as a full address, every value as a list of objects. Raises Unresolved."""
    context = document["@context"]
    if set(document) != {"@context", "@graph"}:
        raise Unresolved(f"beside the graph: {sorted(document)}")
    return [_node(node, context) for node in document["@graph"]]


def _node(node: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key == "@id":
            found[key] = value
        elif key == "@type":
            found[key] = [_address(one, context) for one in ([value] if isinstance(value, str) else value)]
        elif key in KEYWORDS:
            raise Unresolved(f"{key} in a node")
        else:
            found[_address(key, context)] = _values(value, context.get(key, {}), context)
    return found


def _address(term: str, context: dict[str, Any]) -> str:
    prefix, colon, name = term.partition(":")
    if not colon or not name or not isinstance(context.get(prefix), str):
        raise Unresolved(term)
    return str(context[prefix]) + name


def _values(value: Any, said: dict[str, Any], context: dict[str, Any]) -> list[dict[str, Any]]:
    if said.get("@container") == "@language":
        if not isinstance(value, dict) or not value or not all(isinstance(text, str) and text for text in value.values()):
            raise Unresolved(f"no texts by language: {value!r}")
        return [{"@value": text, "@language": language} for language, text in value.items()]
    return [_value(one, said, context) for one in (value if isinstance(value, list) else [value])]


def _value(value: Any, said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    if isinstance(value, dict):
        if "@value" not in value:
            return _node(value, context)
        return {"@value": value["@value"], "@type": _address(value["@type"], context)}
    if said.get("@type") == "@id":
        return {"@id": value}
    return {"@value": value, "@type": _address(said["@type"], context)} if "@type" in said else {"@value": value}
