"""Records that are used up in part (``consume: splittable``): whole steps of their own unit, as far as they come out in whole target steps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.amounts import exact_worth
from creditbank.rules.giving import Given
from creditbank.rules.matches import Match, TooManyMatches
from creditbank.rules.model import left_of, steps
from creditbank.rules.objective import need_of
from creditbank.rules.types import CreditSystem, Facts, Leaf, RecordFacts, Rule, RuleBase

MOST_PORTIONS = 400
"""Parts of one record that one rule may take."""


def portions(rule: Rule, match: Match, target: CreditSystem, base: RuleBase) -> list[Decimal | None]:
    """How many credits of its record a match may use up; None is all of it, without splitting.

    A rate may take any whole number of steps; a fixed grant takes the credits that its leaf asks for. What is used with others, or has hours
    alone, is used whole. Raises TooManyMatches for a record of too many steps.
    """
    (record, *others) = match.records
    if rule.consume != "splittable" or others or record.credits is None:
        return [None]
    system = base.system(record.system)
    step = system.step if system else target.step
    count = steps(left_of(record), step)
    if any(grant.credits == "rate" for grant in rule.grants):
        if count > MOST_PORTIONS:
            raise TooManyMatches
        return [number * step for number in range(1, count + 1)]
    asked = [_in_own_unit(leaf, record, step, target, base) for leaf in rule.lhs.wanted() if leaf.min_credits is not None]
    within = [amount for amount in asked if amount <= left_of(record)]
    return [max(within)] if within else [None]


def _in_own_unit(leaf: Leaf, record: RecordFacts, step: Decimal, target: CreditSystem, base: RuleBase) -> Decimal:
    """The credits that a leaf asks for, in whole steps of the record's unit; a leaf that names a unit asks in that."""
    asked = leaf.min_credits or Decimal(0)
    if leaf.system or record.system in {"", target.code}:
        return asked
    worth = exact_worth(base, [_one_step(record, step)], target)
    return -int(-Fraction(asked) // worth) * step


def is_too_much(given: Sequence[Given], record: RecordFacts, target: CreditSystem, facts: Facts, base: RuleBase) -> bool:
    """Whether a part does not come out in whole steps of the target, or uses up more than its grants may give or its leaves may need."""
    by_rate = [one for one in given if one.grant.credits == "rate" and one.grant.kind not in {"deny", "waiver"}]
    if not by_rate:
        return False
    if any((one.exact / Fraction(target.step)).denominator != 1 for one in by_rate):
        return True
    if any(one.grant.max_amount is not None and one.exact > one.grant.max_amount for one in by_rate):
        return True
    system = base.system(record.system)
    step = exact_worth(base, [_one_step(record, system.step if system else target.step)], target)
    return all(_exceeds(one, step, facts) for one in by_rate)


def _one_step(record: RecordFacts, step: Decimal) -> RecordFacts:
    return RecordFacts(record.id, record.outcome, record.issuer, record.earned_on, step, record.system)


def _exceeds(given: Given, step: Fraction, facts: Facts) -> bool:
    """Whether one step less would fill every leaf in which the grant may sit as well."""
    needs = []
    for leaf in facts.target.seats():
        if leaf.path in given.seats:
            credits = need_of(leaf, dict(facts.attributes))
            if credits is None or leaf.need_courses is not None:  # a course counts with all its credits
                return False
            needs.append(sum((amount for _level, amount in leaf.level_credits), credits or Decimal(0)))
    return bool(needs) and given.exact - step >= max(needs) and given.exact > step
