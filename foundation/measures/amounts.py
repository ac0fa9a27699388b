"""Amounts of credit: exact, on the step of their unit, and written with as many decimals as the step has."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from foundation.measures.enums import Rounding


class OffStepError(ValueError):
    """An amount is not a whole number of steps and its unit does not round."""


def round_to_step(value: Decimal | Fraction, step: Decimal, rounding: str) -> Decimal:
    """The amount on the step: 47/16 with step 0.5 down is 2.5.

    Computed in fractions, because ``Decimal("0.4375").quantize(Decimal("0.5"))`` is 0.4. Raises OffStepError with rounding "none".
    """
    steps = Fraction(value) / Fraction(step)
    if rounding == Rounding.NONE:
        if steps.denominator != 1:
            raise OffStepError(f"{value} is not a multiple of {step}")
        whole = steps.numerator
    elif rounding == Rounding.HALF_UP:
        whole = (2 * steps.numerator + steps.denominator) // (2 * steps.denominator)
    else:
        whole = steps.numerator // steps.denominator
    return whole * step


@lru_cache(maxsize=4096)
def is_on_step(value: Decimal, step: Decimal) -> bool:
    """Whether the amount is a whole number of steps."""
    return (Fraction(value) / Fraction(step)).denominator == 1


def format_credits(amount: Decimal, step: Decimal = Decimal("0.5")) -> str:
    """An amount with the decimals of its step and a true minus sign: 2 with step 0.5 is "2.0", −1.5 is "−1.5"."""
    exponent = step.normalize().as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    return f"{amount:.{decimals}f}".replace("-", "−")


def plain_number(value: Decimal | None) -> str:
    """A number without needless zeros: 60.00 → 60, 87.50 → 87.5; nothing → a dash."""
    if value is None:
        return "—"
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
