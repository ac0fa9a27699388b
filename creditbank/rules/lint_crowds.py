"""Pairs out of a crowd of rules whose ranges meet, without looking at every pair.

Rules that ask for the same outcomes mostly differ in a range: of scores, of grades, of days, or in the programme. Sorted by the beginning of
one range each has to be compared only with those that begin before it ends. No pair that meets is missed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
MOST_PAIRS = 200_000
"""Pairs of one crowd that are looked at; where every range leaves more, a crowd is too much alike to be compared whole."""
Range = tuple[Any, Any]
"""First and last value, both inside; None is open."""


def meeting_pairs(items: Sequence[T], ranges: Callable[[T], Sequence[Range]]) -> list[tuple[T, T]] | None:
    """Every pair that meets in all ranges, and few that do not; None where there would be more than MOST_PAIRS.

    ``ranges`` gives as many ranges for each item, the values of each place comparable with one another.
    """
    best: tuple[int, list[int], list[int]] | None = None
    told = [ranges(item) for item in items]
    for place in range(len(told[0]) if told else 0):
        order = sorted(range(len(items)), key=lambda at: (_begin(told[at][place]), at))  # noqa: B023  used at once
        begins = [_begin(told[at][place]) for at in order]
        ends = [len(begins) if told[at][place][1] is None else bisect_right(begins, (1, told[at][place][1])) for at in order]
        count = sum(max(end - at - 1, 0) for at, end in enumerate(ends))
        if best is None or count < best[0]:
            best = count, order, ends
    if best is None or best[0] > MOST_PAIRS:
        return None
    _count, order, ends = best
    return [(items[order[at]], items[order[other]]) for at, end in enumerate(ends) for other in range(at + 1, end)]


def _begin(one: Range) -> tuple[Any, ...]:
    """What a range is sorted by; an open one begins before all others."""
    return (0,) if one[0] is None else (1, one[0])
