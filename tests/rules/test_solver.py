"""Smaller programs, components, search and patterns narrowed by prices give what the solver alone gives, level by level, for the whole program."""

from __future__ import annotations

import pytest

from creditbank.rules import search as searching
from creditbank.rules.decide import decide
from creditbank.rules.highs import Problem, by_levels
from creditbank.rules.reduction import Component, Line
from creditbank.rules.search import search
from creditbank.rules.snapshot import canonical
from creditbank.rules.solver import Program
from tests.bench import learners
from tests.rules import oracle
from tests.rules.test_oracle import ON, a_question

CITY = learners.city()


def a_learner(number):
    return learners.learner(CITY, number), CITY.base, CITY.limits


def a_crowd(number):
    return learners.crowded(number, records=8, leaves=5)


@pytest.fixture
def plainly(monkeypatch):
    """A function that decides with the plain path: the solver alone, one level after the other."""

    def answer(question):
        with monkeypatch.context() as patched:
            patched.setattr(Program, "solve", Program.solve_plainly)
            return canonical(decide(*question, ON))

    return answer


@pytest.mark.parametrize(("kind", "numbers"), [(a_question, range(5000, 5150)), (a_learner, range(900, 915)), (a_crowd, range(20))])
def test_every_way_gives_the_same_bytes(plainly, kind, numbers):
    for number in numbers:
        question = kind(number)

        assert canonical(decide(*question, ON)) == plainly(question), number


@pytest.mark.parametrize(("kind", "numbers"), [(a_question, range(5000, 5150)), (a_crowd, range(20, 30))])
def test_patterns_and_prices_without_search_give_the_same_bytes(plainly, monkeypatch, kind, numbers):
    monkeypatch.setattr(searching, "STAGES", 0)
    for number in numbers:
        question = kind(number)

        assert canonical(decide(*question, ON)) == plainly(question), number


HARD = 7093
"""The solver alone needs twenty seconds for this question; the search, which is asked first otherwise, none."""


@pytest.mark.soak
def test_patterns_and_prices_find_the_best_of_a_hard_question_too(monkeypatch):
    monkeypatch.setattr(searching, "STAGES", 0)
    facts, base, limits = a_question(HARD)

    assert decide(facts, base, limits, ON).objective == oracle.best(facts, base, limits)[0]


@pytest.mark.parametrize("block", range(4))
def test_patterns_and_prices_find_what_trying_everything_finds(monkeypatch, block):
    monkeypatch.setattr(searching, "STAGES", 0)
    compared = 0
    for seed in range(7000 + block * 100, 7100 + block * 100):
        if seed == HARD:
            continue
        facts, base, limits = a_question(seed)
        if len(oracle.options(facts, base)) > 7:
            continue
        compared += 1

        assert decide(facts, base, limits, ON).objective == oracle.best(facts, base, limits)[0], seed
    assert compared > 80


def test_a_learner_whose_records_hardly_compete_is_decided_without_the_solver(monkeypatch):
    asked = []
    monkeypatch.setattr("creditbank.rules.solver.by_prices", lambda problem, ends: asked.append(problem))

    decided = [decide(*a_learner(number), ON).proof.status for number in range(3)]

    assert (decided, asked) == (["optimal"] * 3, [])


def test_components_that_share_nothing_are_decided_apart(monkeypatch):
    sizes = []

    def seen(component, levels):
        sizes.append(len(component.variables))
        return search(component, levels)

    monkeypatch.setattr("creditbank.rules.solver.search", seen)
    program = Program()
    three, other = [program.variable() for _ in range(3)], [program.variable() for _ in range(3)]
    program.at_most(dict(zip(three, (2, 3, 4), strict=True)), 6)
    program.at_most(dict(zip(other, (3, 4, 5), strict=True)), 8)

    values, reached = program.solve(
        [(dict.fromkeys([*three, *other], 1), True), ({three[0]: 1, other[1]: 1}, False), ({other[2]: 1}, True)]
    )

    assert (values, reached, sizes) == ([1, 0, 1, 1, 0, 1], [4, 1, 1], [3, 3])


def test_a_search_that_would_be_too_wide_leaves_the_component_to_the_solver():
    variables = list(range(40))
    line = Line(None, {at: 2 + at % 7 for at in variables}, 70)
    component = Component(
        variables, dict.fromkeys(variables, 0), dict.fromkeys(variables, 1), {at: {0: 2 + at % 7, 1: 1 + at} for at in variables}, [line]
    )

    assert search(component, 2) is not None
    lines = [Line(None, {at: 1 + (at * factor) % 11 for at in variables}, 100) for factor in (1, 3, 5, 7, 9)]
    component.lines = lines

    assert search(component, 2) is None


def test_a_program_that_the_solver_calls_empty_is_answered_as_not_proved():
    problem = Problem([0, 0], [1, 1], [Line(2, {0: 1, 1: 1}, None), Line(None, {0: 2, 1: 2}, 3)], [{0: 1}, {1: 1}])

    answer = by_levels(problem, ends=float("inf"))

    assert (answer.values, answer.level, answer.bound) == ([0, 0], 1, None)
