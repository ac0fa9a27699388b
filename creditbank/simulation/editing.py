"""Between typed rules and what an officer types: the rules that fit a form, their initial values, and the documents that forms make.

Pure. What does not fit the form (nested trees, exclusions, counting credits, conditions of rarer kinds) is edited as a typed document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creditbank.rules.reading import document_of, rule_document
from creditbank.rules.types import Rule

MOST_SOURCES, MOST_GRANTS = 6, 4
SOURCE_FIELDS = ("outcome", "min_score", "min_grade", "min_attendance", "min_hours", "max_age_months", "trust")
GRANT_FIELDS = ("kind", "outcome", "subject", "credits", "amount", "max_amount")
HEAD_FIELDS = (
    "id", "agreement", "priority", "window_from", "window_to", "window_date", "programmes", "route", "evidence", "reason_zh", "reason_en",
    "source", "offer",
)  # fmt: skip
FORM_NODES = ("leaf", "all", "any", "n_of")
UNSAID = ("version", "precedence")
"""Fields that neither the form nor the document says: the book gives the version, the agreement its precedence."""


def fits_form(rule: Rule) -> bool:
    """Whether the form can show everything that a rule says."""
    leaves = [rule.lhs] if rule.lhs.kind == "leaf" else list(rule.lhs.children)
    node_fields = set(document_of(rule.lhs)) - {"kind", "leaf", "children", "k"}
    return (
        rule.lhs.kind in FORM_NODES
        and not node_fields
        and len(leaves) <= MOST_SOURCES
        and len(rule.grants) <= MOST_GRANTS
        and all(node.kind == "leaf" and node.leaf is not None and node.leaf.outcome and set(document_of(node.leaf)) <= set(SOURCE_FIELDS) for node in leaves)
        and all(set(document_of(grant)) <= set(GRANT_FIELDS) and grant.credits in {"fixed", "rate", "catalogue"} for grant in rule.grants)
        and set(document_of(rule)) - {"lhs", "grants", *UNSAID} <= set(HEAD_FIELDS)
        and rule.offer in {"all", "any"}
    )  # fmt: skip


def initial_of(rule: Rule) -> dict[str, Any]:
    """The values that a form begins with: head fields by name, ``s1_outcome`` … for sources, ``g1_kind`` … for what is given."""
    leaves = [rule.lhs] if rule.lhs.kind == "leaf" else list(rule.lhs.children)
    found: dict[str, Any] = {name: getattr(rule, name) for name in HEAD_FIELDS}
    found |= {"evidence": "\n".join(rule.evidence), "programmes": list(rule.programmes), "k": rule.lhs.k or 1}
    found["together"] = "all" if rule.lhs.kind == "leaf" else rule.lhs.kind
    for at, node in enumerate(leaves, start=1):
        found |= {f"s{at}_{name}": getattr(node.leaf, name) for name in SOURCE_FIELDS}
    for at, grant in enumerate(rule.grants, start=1):
        found |= {f"g{at}_{name}": getattr(grant, name) for name in GRANT_FIELDS}
    return found


def document_from(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The document of what was typed into the form; ``creditbank.rules.reading`` reads it, and says what is wrong with it."""
    sources = [_row(typed, f"s{at}_", SOURCE_FIELDS) for at in range(1, MOST_SOURCES + 1)]
    sources = [row for row in sources if row.get("outcome")]
    grants = [_row(typed, f"g{at}_", GRANT_FIELDS) for at in range(1, MOST_GRANTS + 1)]
    grants = [row for row in grants if row.get("kind")]
    document = {name: typed[name] for name in HEAD_FIELDS if _said(typed.get(name)) and name not in {"evidence", "programmes"}}
    document["evidence"] = [line.strip() for line in str(typed.get("evidence") or "").splitlines() if line.strip()]
    document["programmes"] = sorted(typed.get("programmes") or [])
    return {**document, "lhs": _lhs(sources, typed), "grants": [_grant(row) for row in grants]}


def _lhs(sources: list[dict[str, Any]], typed: Mapping[str, Any]) -> dict[str, Any]:
    if len(sources) == 1:
        return sources[0]
    together = str(typed.get("together") or "all")
    node: dict[str, Any] = {together: sources}
    return {**node, "k": typed.get("k") or 1} if together == "n_of" else node


def _grant(row: dict[str, Any]) -> dict[str, Any]:
    """Amounts only where they mean something: a rate has no amount of its own, a waiver none at all."""
    if row.get("credits") != "fixed":
        row.pop("amount", None)
    if row.get("credits") != "rate":
        row.pop("max_amount", None)
    return row


def _said(value: Any) -> bool:
    return value is not None and value != ""


def _row(typed: Mapping[str, Any], prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: typed[prefix + name] for name in names if _said(typed.get(prefix + name))}


def plain_document(rule: Rule) -> dict[str, Any]:
    """A rule as the typed document that is shown and edited where the form does not fit."""
    return {name: value for name, value in rule_document(rule).items() if name not in UNSAID}
