"""Sweeps over a program: the best answer on all levels, as trying everything finds it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from creditbank.rules.reduction import WIDEST
from creditbank.rules.sweep import Field, Sweep, TooWide, thinned

PLENTY = 10_000_000


def a_field(seed):
    """Four groups of one to four ways, three rows of which some have two sides, three levels, and a price that is true of the first level."""
    chance = np.random.default_rng(seed)
    group = np.repeat(np.arange(4), chance.integers(1, 5, 4))
    adds = chance.integers(-1, 4, (len(group), 3))
    lower = np.where(chance.random(3) < 0.5, -WIDEST, chance.integers(0, 6, 3))
    upper = np.where(chance.random(3) < 0.3, WIDEST, chance.integers(2, 8, 3))
    upper = np.maximum(lower, upper)
    worth = chance.integers(-2, 3, (len(group), 3))
    least = int(chance.integers(-3, 3))
    return Field(group, adds, lower, upper, worth, worth[:, :1], np.array([-least]))


def by_trying(field):
    """(the best worth, every choice that has it) of all that keep rows and price; nothing where there is none."""
    groups = [np.flatnonzero(field.group == group).tolist() for group in range(4)]
    found = {}
    for ways in itertools.product(*groups):
        sums = field.adds[list(ways)].sum(axis=0)
        worth = field.worth[list(ways)].sum(axis=0)
        if (sums >= field.lower).all() and (sums <= field.upper).all() and worth[0] >= -field.room[0]:
            found.setdefault(tuple(worth.tolist()), []).append(list(ways))
    return max(found.items()) if found else None


def swept(field, work=PLENTY):
    thin = thinned(field)
    return None if thin is None else Sweep(thin, work).found()


def test_a_sweep_finds_what_trying_everything_finds():
    answered = 0
    for seed in range(300):
        field = a_field(seed)
        best, found = by_trying(field), swept(field)

        if best is None or found is None:
            assert (best, found) == (None, None)
            continue
        answered += 1
        worth, choices = best
        assert tuple(field.worth[found.ways].sum(axis=0).tolist()) == worth
        assert found.ways in choices
        assert found.tied or len(choices) == 1
    assert 100 < answered < 300


def test_an_only_answer_is_known_to_be_the_only_one():
    field = Field(np.array([0, 0, 1, 1]), np.array([[0], [2], [0], [2]]), np.array([-WIDEST]), np.array([2]), np.array([[0], [3], [0], [2]]),
                  np.zeros((4, 0), dtype=np.int64), np.zeros(0, dtype=np.int64))  # fmt: skip

    assert (swept(field).ways, swept(field).tied) == ([1, 2], False)


def test_two_answers_that_are_worth_the_same_are_told():
    field = Field(np.array([0, 0, 1, 1]), np.array([[0], [2], [0], [2]]), np.array([-WIDEST]), np.array([2]), np.array([[0], [3], [0], [3]]),
                  np.zeros((4, 0), dtype=np.int64), np.zeros(0, dtype=np.int64))  # fmt: skip

    assert swept(field).tied


def test_too_much_work_is_refused_and_leaves_no_answer():
    with pytest.raises(TooWide):
        swept(next(field for field in map(a_field, range(300)) if by_trying(field) and len(field.group) > 8), work=1)
