"""Limits of the kind "at least": reported when everything else is decided, never a reason to recognise less."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from creditbank.rules.amounts import round_to_step
from creditbank.rules.limits import covers
from creditbank.rules.types import Allocation, Facts, Grant, Limit, Minimum, RecordFacts

Item = tuple[RecordFacts, Grant, Allocation]


def minima(items: Sequence[Item], facts: Facts, limits: tuple[Limit, ...], step: Decimal) -> tuple[Minimum, ...]:
    """Every minimum with what there is and what is needed; of a group with "any" one member met is enough for all."""
    found = {limit.id: _minimum(limit, items, facts, step) for limit in limits if limit.op == ">="}
    by_group: dict[str, bool] = {}
    for limit in limits:
        if limit.id in found and limit.group and limit.group_op == "any":
            by_group[limit.group] = by_group.get(limit.group, False) or found[limit.id].met
    rows = []
    for limit in limits:
        if limit.id in found:
            one = found[limit.id]
            met = by_group.get(limit.group, one.met) if limit.group_op == "any" else one.met
            rows.append(Minimum(one.limit, met, one.have, one.need, one.room))
    return tuple(rows)


def _minimum(limit: Limit, items: Sequence[Item], facts: Facts, step: Decimal) -> Minimum:
    need = _need(limit, items, facts, step)
    counted = last_credits(items, limit) if limit.last_n is not None else [(item, item[2].posted) for item in items]
    inside = [(item, amount) for item, amount in counted if covers(limit, item[0], item[1])]
    if limit.measure == "credits":
        have = sum((amount for _item, amount in inside), Decimal(0))
    elif limit.measure == "records":
        have = Decimal(len({ident for item, _amount in inside for ident in item[2].records}))
    else:
        have = Decimal(len({(item[2].rule, item[2].records, item[2].grant) for item, _amount in inside}))
    room = None
    if facts.target.total is not None and limit.measure == "credits":
        posted = sum((item[2].posted for item in items), Decimal(0))
        room = max(Decimal(0), facts.target.total - posted - max(Decimal(0), need - have))
    return Minimum(limit.id, have >= need, have, need, room)


def _need(limit: Limit, items: Sequence[Item], facts: Facts, step: Decimal) -> Decimal:
    if limit.share is None:
        return limit.bound or Decimal(0)
    whole = facts.target.total or Decimal(0)
    if limit.share_of == "recognised":
        whole = sum((item[2].posted for item in items), Decimal(0))
    return -round_to_step(-(whole * limit.share.numerator / limit.share.denominator), step, "down")


def last_credits(items: Sequence[Item], limit: Limit) -> list[tuple[Item, Decimal]]:
    """The last so many credits by the day they were earned, resident ones later among equals; the item that crosses is inside."""
    ordered = sorted(items, key=lambda item: (item[0].earned_on, covers(limit, item[0], item[1]), item[2].records), reverse=True)
    taken, total = [], Decimal(0)
    for item in ordered:
        if total >= (limit.last_n or Decimal(0)):
            break
        taken.append((item, item[2].posted))
        total += item[2].posted
    return taken
