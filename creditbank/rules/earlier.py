"""What earlier awards of a target occupy: limits, leaves and classes. It is taken from what may still be given, and never looked at again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from creditbank.rules.individual import with_own_needs
from creditbank.rules.limits import is_constraint, limit_bound, occupied
from creditbank.rules.types import Earlier, Facts, Limit, RequirementLeaf, RuleBase


def without_filled(facts: Facts) -> Facts:
    """The question whose leaves need only what earlier awards have not filled."""
    if not facts.earlier:
        return facts
    leaves = tuple(_rest(leaf, [one for one in facts.earlier if one.leaf == leaf.path]) for leaf in facts.target.leaves)
    return replace(facts, target=replace(facts.target, leaves=leaves))


def _rest(leaf: RequirementLeaf, here: Sequence[Earlier]) -> RequirementLeaf:
    if not here:
        return leaf
    filled = sum((one.fill for one in here), Decimal(0))
    return replace(
        leaf,
        need_credits=None if leaf.need_credits is None else max(leaf.need_credits - filled, Decimal(0)),
        need_if=tuple((condition, max(need - filled, Decimal(0))) for condition, need in leaf.need_if),
        need_courses=None if leaf.need_courses is None else max(leaf.need_courses - len(here), 0),
    )


@dataclass(frozen=True)
class NoRoom:
    """Why two awards that were each right alone are not right together.

    ``kind`` says of what there is too little: a *limit* (``name`` is its id, ``bound`` what it allows, ``used`` what both would come to), a
    requirement that was filled meanwhile (*leaf*, ``name`` is its path), or an outcome that counts once (*class*).
    """

    kind: Literal["limit", "leaf", "class"]
    name: str
    bound: Decimal = Decimal(0)
    used: Decimal = Decimal(0)


def no_room(wanted: Sequence[Earlier], facts: Facts, base: RuleBase, limits: Iterable[Limit], *, step: Decimal) -> NoRoom | None:
    """What of ``wanted`` has no place beside the awards in ``facts.earlier``: the first limit, requirement or class; None where all has.

    Facts and limits are those that exceptions were applied to. Only what ``wanted`` itself adds to is looked at: a limit that was lowered
    below what somebody has is no fault of an award that does not touch it.
    """
    if not facts.earlier:
        return None
    return (
        _full_limit(wanted, facts, base, sorted(limits, key=lambda one: one.id), step)
        or _full_leaf(wanted, facts)
        or _same_class(wanted, facts)
    )


def _full_limit(wanted: Sequence[Earlier], facts: Facts, base: RuleBase, limits: list[Limit], step: Decimal) -> NoRoom | None:
    over: dict[str, NoRoom] = {}
    members: dict[str, set[str]] = defaultdict(set)
    everything = (*facts.earlier, *wanted)
    posted = sum((one.posted for one in each_once(everything)), Decimal(0))
    for limit in (one for one in limits if is_constraint(one)):
        members[limit.group if limit.group and limit.group_op == "any" else limit.id].add(limit.id)
        bound = (
            posted * limit.share.numerator / limit.share.denominator
            if limit.share and limit.share_of == "recognised"
            else limit_bound(limit, facts, step)
        )
        mine, together = occupied(limit, wanted, base), occupied(limit, everything, base)
        for bucket, used in sorted(together.items()):
            if bound is not None and mine.get(bucket) and used > bound:
                over.setdefault(limit.id, NoRoom("limit", limit.id, bound, used))
    broken = [min(group) for group in members.values() if group <= set(over)]
    return over[min(broken)] if broken else None


def each_once(grants: Iterable[Earlier]) -> list[Earlier]:
    """Each grant once; posted credit stands in the first of its rows."""
    return list({one.key: one for one in sorted(grants, key=lambda one: one.posted)}.values())


def _full_leaf(wanted: Sequence[Earlier], facts: Facts) -> NoRoom | None:
    """A leaf that is full without ``wanted``, for records that fill nothing else. One that both fill together is filled as rules allow it."""
    rest = without_filled(with_own_needs(facts)).target.leaves
    full = {leaf.path for leaf in rest if leaf.need_courses == 0 or (leaf.need_credits is not None and leaf.need_credits <= 0)}
    seats: dict[object, list[str]] = defaultdict(list)
    for one in wanted:
        seats[one.rule, one.offer, tuple(record.id for record in one.records)].append(one.leaf)
    return next((NoRoom("leaf", min(paths)) for paths in seats.values() if set(paths) <= full), None)


def _same_class(wanted: Sequence[Earlier], facts: Facts) -> NoRoom | None:
    known = {record.class_key: record.id for one in facts.earlier for record in one.records}
    for record in (record for one in wanted for record in one.records):
        if known.get(record.class_key, record.id) != record.id:
            return NoRoom("class", record.class_key)
    return None
