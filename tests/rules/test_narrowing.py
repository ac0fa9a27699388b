"""Programs over patterns: what a block may answer, what its relaxation allows, and what happens where a level does not reach it."""

from __future__ import annotations

import time
from datetime import date

from creditbank.rules import narrowing
from creditbank.rules import search as searching
from creditbank.rules.decide import decide
from creditbank.rules.highs import Problem, by_levels, value_of
from creditbank.rules.narrowing import by_prices
from creditbank.rules.patterns import gather
from creditbank.rules.reduction import WIDEST, Line
from creditbank.rules.snapshot import canonical
from tests.bench import learners

ON = date(2026, 1, 1)
LATER = 60


def a_leaf(*, need, items, room):
    """One leaf: ``counted ≤ need``, ``counted ≤ Σ``, of which a limit outside the block allows so much; counting first, then taking little."""
    counted = len(items)
    lines = [
        Line(0, {**dict(enumerate(items)), counted: -1}, None, block=1),
        Line(None, dict(enumerate(items)), room),
    ]
    costs = [{counted: 1}, dict.fromkeys(range(counted), -1)]
    return Problem([0] * (counted + 1), [1] * counted + [need], lines, costs, list(range(counted)), [{at: 1} for at in range(counted)])


def patterns_of(problem):
    wide = gather(problem.low, problem.high, problem.lines, problem.levels, problem.names)
    (block,) = wide.blocks
    return sorted(tuple(int(value) for value in answer) for answer in block.answers)


def test_a_block_lists_sets_in_which_every_choice_is_of_use():
    problem = a_leaf(need=12, items=(8, 8, 4), room=100)

    assert patterns_of(problem) == [(0, 0, 0, 0), (0, 0, 1, 4), (0, 1, 0, 8), (0, 1, 1, 12), (1, 0, 0, 8), (1, 0, 1, 12), (1, 1, 0, 12)]


def test_a_choice_that_another_line_wants_is_listed_even_where_the_block_has_no_use_for_it():
    problem = a_leaf(need=8, items=(8, 4), room=100)
    problem.lines.append(Line(1, {1: 1}, None))

    assert (1, 1, 8) in patterns_of(problem)


def test_a_set_that_takes_one_record_twice_is_not_listed():
    problem = a_leaf(need=12, items=(8, 8, 4), room=100)
    problem.lines.append(Line(None, {0: 1, 2: 1}, 1))

    assert patterns_of(problem) == [(0, 0, 0, 0), (0, 0, 1, 4), (0, 1, 0, 8), (0, 1, 1, 12), (1, 0, 0, 8), (1, 1, 0, 12)]


def test_numbers_too_large_for_an_array_are_left_to_the_solver():
    problem = a_leaf(need=12, items=(8, WIDEST), room=WIDEST)

    assert gather(problem.low, problem.high, problem.lines, problem.levels, problem.names) is None
    assert by_prices(problem, ends=time.thread_time() + LATER) is None


def test_a_limit_outside_the_block_decides_among_its_patterns():
    problem = a_leaf(need=12, items=(8, 8, 4), room=12)

    answer = by_prices(problem, ends=time.thread_time() + LATER)

    assert (answer.values, answer.level) == ([1, 0, 1, 12], 0)
    assert answer.values == by_levels(problem, ends=time.thread_time() + LATER).values


def test_of_equal_answers_the_first_name_wins():
    problem = a_leaf(need=8, items=(8, 8, 8), room=100)

    assert by_prices(problem, ends=time.thread_time() + LATER).values == [1, 0, 0, 8]


def test_two_blocks_that_share_a_choice_agree_on_it():
    lines = [Line(0, {0: 6, 1: 4, 3: -1}, None, block=1), Line(0, {0: 6, 2: 4, 4: -1}, None, block=2), Line(None, {0: 1, 1: 1}, 1)]
    problem = Problem([0] * 5, [1, 1, 1, 6, 6], lines, [{3: 1, 4: 1}, {0: -3, 1: -1, 2: -1}], [0, 1, 2], [{0: 1}, {1: 1}, {2: 1}])

    assert by_prices(problem, ends=time.thread_time() + LATER).values == [1, 0, 0, 6, 6]


def test_what_is_believed_and_how_much_is_asked_at_once_change_no_byte(monkeypatch):
    monkeypatch.setattr(searching, "STAGES", 0)
    questions = [learners.crowded(number, records=10, leaves=5) for number in range(5)]
    before = [canonical(decide(*question, ON)) for question in questions]

    for setting in (("BELIEVED", 0), ("BELIEVED", 7), ("WINDOW", 2), ("STEPS", 0), ("LITTLE", 0), ("IN_ALL", 0)):
        with monkeypatch.context() as changed:
            changed.setattr(narrowing, *setting)

            assert [canonical(decide(*question, ON)) for question in questions] == before, setting


def test_where_the_time_ends_the_answer_says_which_level_is_open_and_what_was_possible(monkeypatch):
    problem = a_leaf(need=12, items=(8, 8, 4), room=12)
    whole = by_levels(problem, ends=time.thread_time() + LATER)
    solved = narrowing.best_of

    def hurried(*arguments, **options):
        return solved(*arguments, **options)[0], False

    monkeypatch.setattr(narrowing, "best_of", hurried)
    monkeypatch.setattr(narrowing, "BELIEVED", 0)
    monkeypatch.setattr(narrowing, "IN_ALL", 0)
    monkeypatch.setattr(narrowing.Relaxation, "ask", _without_whole(narrowing.Relaxation.ask))

    answer = by_prices(problem, ends=time.thread_time() + LATER)

    assert (answer.level, answer.bound, value_of(problem.levels[0], answer.values)) == (1, 12, value_of(problem.levels[0], whole.values))


def _without_whole(ask):
    def asked(self, costs, milliseconds):
        prices = ask(self, costs, milliseconds)
        prices.whole = None
        return prices

    return asked


def test_no_time_at_all_is_no_answer():
    assert by_prices(a_leaf(need=12, items=(8, 8, 4), room=12), ends=time.thread_time() - 1) is None
