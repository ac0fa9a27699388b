"""How much a grant is worth: summed exactly, multiplied exactly, rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.exceptions import BadRule, NoRate
from creditbank.rules.types import CreditSystem, Grant, RecordFacts, RuleBase


def round_to_step(value: Decimal | Fraction, step: Decimal, rounding: str) -> Decimal:
    """The amount on the step. The same function as in foundation/measures, which this package may not import; a test holds both equal.

    Raises BadRule with rounding "none" for an amount off the step.
    """
    steps = Fraction(value) / Fraction(step)
    if rounding == "none":
        if steps.denominator != 1:
            raise BadRule(f"{value} is not a multiple of {step}")
        return steps.numerator * step
    if rounding == "half_up":
        return (2 * steps.numerator + steps.denominator) // (2 * steps.denominator) * step
    return steps.numerator // steps.denominator * step


def ratio_between(base: RuleBase, source: str, target: str) -> Fraction:
    """Credits of the target unit for one of the source: the explicit rate, else nominal hours by nominal hours. Raises NoRate."""
    if source == target:
        return Fraction(1)
    rate = base.rate(source, target)
    if rate is not None:
        return rate.ratio
    chained = _chained(base, source, target)
    if chained is not None:
        return chained
    first, second = base.system(source), base.system(target)
    if first is None or second is None:
        raise NoRate(source, target)
    return Fraction(first.hours_nominal) / Fraction(second.hours_nominal)


def _chained(base: RuleBase, source: str, target: str) -> Fraction | None:
    """Two rates one after the other, where both allow it; the smallest of several."""
    between = {rate.target for rate in base.rates if rate.source == source}
    ways = [(base.rate(source, unit), base.rate(unit, target)) for unit in sorted(between)]
    return min((one.ratio * other.ratio for one, other in ways if one and other and one.chainable and other.chainable), default=None)


def exact_worth(base: RuleBase, records: Sequence[RecordFacts], target: CreditSystem) -> Fraction:
    """What records are worth in the target's unit before any rounding. Raises NoRate."""
    total = Fraction(0)
    for record in records:
        if record.credits is not None and not record.system:
            total += Fraction(record.credits)  # no unit given: the target's own
        elif record.credits is not None:
            total += Fraction(record.credits) * ratio_between(base, record.system, target.code)
        elif record.hours is not None:
            total += Fraction(record.hours) / Fraction(target.hours_nominal)
        else:
            raise NoRate(record.system or "?", target.code)
    return total


def grant_amount(base: RuleBase, grant: Grant, records: Sequence[RecordFacts], target: CreditSystem) -> tuple[Decimal, Fraction]:
    """The amount of a grant on the target's step, and the exact value it was rounded from. Raises NoRate, BadRule."""
    if grant.credits == "fixed":
        return round_to_step(grant.amount, target.step, "none"), Fraction(grant.amount)
    if grant.credits == "catalogue":
        listed = [base.outcome(code) for code in grant.outcome.split(";")]
        total = sum((Fraction(outcome.credits) for outcome in listed if outcome and outcome.credits is not None), Fraction(0))
        return round_to_step(total, target.step, target.rounding), total
    if grant.credits == "steps":
        scores = [record.score for record in records if record.score is not None]
        best = max(scores) if scores else None
        _score, amount = max((step for step in grant.steps if best is not None and best >= step[0]), default=(Decimal(0), Decimal(0)))
        return round_to_step(amount, target.step, "none"), Fraction(amount)
    exact = exact_worth(base, records, target)
    capped = min(exact, Fraction(grant.max_amount)) if grant.max_amount is not None else exact
    return round_to_step(capped, target.step, target.rounding), exact


def consumed_minutes(base: RuleBase, record: RecordFacts) -> int:
    """Notional minutes that using a record up costs its owner: credits × nominal hours, or the hours where credits are missing."""
    system = base.system(record.system)
    if record.credits is not None and not record.system and len(base.systems) == 1:
        system = base.systems[0]
    if record.credits is not None and system is not None:
        return int(Fraction(record.credits) * Fraction(system.hours_nominal) * 60)
    return int(Fraction(record.hours or 0) * 60)
