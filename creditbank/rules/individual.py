"""Individual exceptions: what two persons decided for one learner, applied to the question before it is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from math import ceil

from creditbank.rules.exceptions import BadRule, SamePerson
from creditbank.rules.scope import all_hold
from creditbank.rules.types import Facts, IndividualException, Limit, RequirementLeaf, RuleBase


def apply_exceptions(facts: Facts, base: RuleBase, limits: tuple[Limit, ...], on: date) -> tuple[Facts, RuleBase, tuple[Limit, ...]]:
    """The question with the exceptions that hold on that day; a waiver stays in the facts for the tree to see.

    Raises SamePerson where somebody approved their own proposal, BadRule for a value that cannot be read.
    """
    for exception in facts.exceptions:
        if exception.by == exception.approved_by:
            raise SamePerson(exception.path)
    living = [exception for exception in facts.exceptions if exception.expires is None or on <= exception.expires]
    for exception in sorted(living, key=lambda one: (one.kind, one.path, one.value)):
        if exception.kind == "block":
            base = replace(base, rules=tuple(rule for rule in base.rules if rule.id != exception.path))
        elif exception.kind == "value":
            limits = tuple(
                replace(limit, bound=_amount(exception), share=None) if limit.id == exception.path else limit for limit in limits
            )
        elif exception.kind == "waive":
            limits = tuple(limit for limit in limits if limit.id != exception.path)
        leaves = tuple(_leaf(leaf, exception) if leaf.path == exception.path else leaf for leaf in facts.target.leaves)
        facts = replace(facts, target=replace(facts.target, leaves=leaves))
    waivers = tuple(exception for exception in living if exception.kind == "waive")
    return replace(facts, exceptions=waivers), base, limits


def with_own_needs(facts: Facts) -> Facts:
    """The question with the number of courses that leaves need of this person, where conditions tell it (``need_if`` of a courses-leaf)."""
    known = dict(facts.attributes)
    if not any(leaf.need_if and leaf.need_courses is not None for leaf in facts.target.leaves):
        return facts
    leaves = tuple(_settled(leaf, known) if leaf.need_courses is not None else leaf for leaf in facts.target.leaves)
    return replace(facts, target=replace(facts.target, leaves=leaves))


def _settled(leaf: RequirementLeaf, known: dict[str, str]) -> RequirementLeaf:
    courses = next((need for condition, need in leaf.need_if if all_hold(condition, known)), Decimal(leaf.need_courses or 0))
    return replace(leaf, need_courses=ceil(courses), need_if=())


def _leaf(leaf: RequirementLeaf, exception: IndividualException) -> RequirementLeaf:
    if exception.kind == "block":
        return replace(leaf, transferable=False)
    if exception.kind in {"insert", "substitute"} and (leaf.outcomes or leaf.subjects):
        return replace(leaf, outcomes=(*leaf.outcomes, exception.value))
    if exception.kind == "value" and leaf.need_courses is not None:
        return replace(leaf, need_courses=int(_amount(exception)), need_if=())
    if exception.kind == "value":
        return replace(leaf, need_credits=_amount(exception), need_if=())
    return leaf


def _amount(exception: IndividualException) -> Decimal:
    try:
        value = Decimal(exception.value)
    except InvalidOperation as error:
        raise BadRule(f"{exception.path}: {exception.value!r} is not an amount") from error
    if not value.is_finite() or value < 0:
        raise BadRule(f"{exception.path}: {exception.value!r} is not an amount")
    return value
