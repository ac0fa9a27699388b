from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.api import OffStepError, Rounding, format_credits, is_on_step, round_to_step


@pytest.mark.parametrize(
    ("value", "step", "rounding", "expected"),
    [
        (Fraction(47, 16), "0.5", Rounding.DOWN, "2.5"),
        (Fraction(48, 25), "0.5", Rounding.DOWN, "1.5"),
        (Fraction(48, 25), "0.5", Rounding.HALF_UP, "2.0"),
        (Fraction(48, 16), "0.5", Rounding.NONE, "3.0"),
        (Decimal("0.4375"), "0.5", Rounding.HALF_UP, "0.5"),  # quantize says 0.4 here
        (Decimal("0.25"), "0.5", Rounding.HALF_UP, "0.5"),
        (Decimal("3.75"), "0.5", Rounding.DOWN, "3.5"),
        (Decimal(105) * 2 / 3, "1", Rounding.DOWN, "70"),
        (Decimal("-0.75"), "0.5", Rounding.DOWN, "-1.0"),
    ],
)
def test_an_amount_is_brought_onto_the_step_of_its_unit(value, step, rounding, expected):
    assert round_to_step(value, Decimal(step), rounding) == Decimal(expected)


def test_a_unit_that_does_not_round_refuses_what_lies_off_its_step():
    with pytest.raises(OffStepError):
        round_to_step(Decimal("2.75"), Decimal("0.5"), Rounding.NONE)


@given(st.fractions(min_value=0, max_value=10_000, max_denominator=10_000), st.sampled_from(["0.1", "0.25", "0.5", "1", "3"]))
def test_rounding_never_leaves_the_step_nor_moves_further_than_one(value, step):
    down = round_to_step(value, Decimal(step), Rounding.DOWN)
    near = round_to_step(value, Decimal(step), Rounding.HALF_UP)

    assert is_on_step(down, Decimal(step))
    assert 0 <= value - Fraction(down) < Fraction(step)
    assert abs(value - Fraction(near)) <= Fraction(step) / 2


@given(st.decimals(0, 1000, places=3), st.decimals(0, 1000, places=3))
def test_splitting_a_study_in_two_never_gains_credit(first, second):
    step = Decimal("0.5")

    parts = round_to_step(first, step, Rounding.DOWN) + round_to_step(second, step, Rounding.DOWN)

    assert parts <= round_to_step(first + second, step, Rounding.DOWN)


@pytest.mark.parametrize(
    ("amount", "step", "expected"),
    [("2", "0.5", "2.0"), ("2.9999", "0.5", "3.0"), ("-1.5", "0.5", "−1.5"), ("3", "1", "3"), ("0.25", "0.25", "0.25"), ("10", "10", "10")],
)
def test_an_amount_is_written_with_the_decimals_of_its_step(amount, step, expected):
    assert format_credits(Decimal(amount), Decimal(step)) == expected
