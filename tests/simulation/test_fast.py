"""Deciding for many at once gives what the engine gives for each of them, and leaves everybody else to it."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from creditbank.rules.types import Grant, Leaf, Node, Rule
from creditbank.simulation.answers import Book, ask
from creditbank.simulation.fast import Fast
from creditbank.simulation.population import population_of
from creditbank.simulation.tables import RuleTables
from tests.simulation.books import ON, book, limits, person, targets


def calm(chance):
    """A book of rules that seldom compete: each about an outcome of its own, few of them with many conditions."""
    base = book(chance, rules=9)
    rules = []
    for at, one in enumerate(base.rules):
        leaves = tuple(Node("leaf", Leaf(f"O{at if not number else (at + 4) % 9}", min_score=Decimal(60))) for number in range(2))
        left = Node("all", children=leaves) if chance.random() < 0.15 else leaves[0] if chance.random() < 0.8 else one.lhs
        grant = Grant(chance.choice(["course", "course", "elective", "unassigned"]), f"T{at % 6}", amount=Decimal(chance.choice([1, 2])))
        rules.append(Rule(one.id, 1, left, (grant,) if chance.random() < 0.8 else one.grants, priority=one.priority, evidence=one.evidence))
    return replace(base, rules=tuple(rules))


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_everybody_who_is_not_left_hears_what_the_engine_says(start):
    decided = given = 0
    for seed in range(start, start + 20):
        chance = random.Random(seed)
        base, choice, bounds = calm(chance), targets(chance), limits(chance)
        people = population_of(person(f"l{number:03}", chance, choice, most=4) for number in range(25))
        fast = Fast(people, RuleTables(base, ON), bounds)
        for row, facts in enumerate(people):
            found = fast.answer(row)
            if found is not None:
                assert found == replace(ask(facts, Book(base, bounds), ON), said=""), (seed, row)
                decided += 1
                given += bool(found.posted)

    assert decided > 200
    assert given > 40


@pytest.mark.parametrize("start", range(0, 60, 30))
def test_books_of_every_shape_too(start):
    for seed in range(start, start + 30):
        chance = random.Random(1000 + seed)
        base, choice, bounds = book(chance), targets(chance), limits(chance)
        people = population_of(person(f"l{number:03}", chance, choice) for number in range(15))
        fast = Fast(people, RuleTables(base, ON), bounds)
        for row, facts in enumerate(people):
            found = fast.answer(row)
            assert found is None or found == replace(ask(facts, Book(base, bounds), ON), said=""), (seed, row)


def test_nobody_is_decided_where_nobody_is():
    assert len(Fast(population_of([]), RuleTables(book(random.Random(1)), ON), ()).left) == 0
