"""The kernel over columns finds the candidates of ``sieve``, with amounts, leads and reasons, for everybody and every shape of rule."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from creditbank.rules.candidates import sieve
from creditbank.rules.individual import apply_exceptions
from creditbank.rules.types import Grant, Leaf, Node, Rule
from creditbank.simulation import kernel
from creditbank.simulation.bits import NAMES, bit_of, heard
from creditbank.simulation.kernel import Kernel, candidates_of
from creditbank.simulation.population import population_of, read_population, write_population
from creditbank.simulation.tables import RuleTables, leaves_of
from tests.simulation.books import ON, book, person, targets

GATES = {"not_available", "already_used", "expired", "not_eligible"}


def world(seed, people=25):
    chance = random.Random(seed)
    base, choice = book(chance), targets(chance)
    return base, population_of(person(f"l{number:03}", chance, choice) for number in range(people))


def expected(facts, base):
    """Candidates and reasons of one person as the engine gives them."""
    facts, base, _limits = apply_exceptions(facts, base, (), ON)
    sieved = sieve(facts, base, on=ON)
    system = base.system(facts.target.system)
    found = {
        (one.rule.id, one.offer, one.match.ids, one.lead.id, sum(Fraction(given.amount) for given in one.given) / Fraction(system.step))
        for one in sieved.candidates
    }
    reasons = {
        (ident, reason.rule, NAMES[bit_of(reason.code, reason.as_dict().get("field", "")).bit_length() - 1])
        for ident, listed in sieved.reasons.items()
        for reason in listed
        if reason.rule
    }
    return found, reasons


def told(frame, people, tables, row):
    """The same from the kernel's rows."""
    ids = people.records["record.id"].to_numpy()

    def name(at):
        return people.values["record.id"][ids[at]]

    members, reasons = {}, set()
    for one in frame[frame.learner == row].itertuples():
        rule = tables.rules[one.rule].id
        if one.bits:
            reasons |= {(name(one.record), rule, reason) for reason in heard(one.bits)}
        else:
            members.setdefault((rule, one.offer, one.lead), []).append(one)
    found = {
        (rule, offer, tuple(sorted(name(one.record) for one in rows)), name(lead), Fraction(sum(one.amount for one in rows)))
        for (rule, offer, lead), rows in members.items()
    }
    return found, {one for one in reasons if one[2] not in GATES}


@pytest.mark.parametrize("start", range(0, 120, 40))
def test_candidates_amounts_leads_and_reasons_are_those_of_the_engine(start):
    judged = 0
    for seed in range(start, start + 40):
        base, people = world(seed)
        tables = RuleTables(base, ON)
        one = Kernel(people, tables)
        frame = one.candidates()
        for row, facts in enumerate(people):
            if not one.left[row]:
                judged += 1
                assert told(frame, people, tables, row) == expected(facts, base), (seed, row)

    assert judged > 150  # learners whom the kernel judged by itself


def test_learners_that_are_left_to_the_engine_stand_in_the_same_frame():
    base, people = world(7)
    tables = RuleTables(base, ON)
    left = Kernel(people, tables)
    left.candidates()

    frame = candidates_of(people, tables)

    assert left.left.any()
    for row in np.flatnonzero(left.left).tolist():
        facts, own, _limits = apply_exceptions(people.facts(row), base, (), ON)
        sieved = sieve(facts, own, on=ON)
        found = {(one.rule.id, one.offer) for one in (*sieved.candidates, *sieved.counted)}
        mine = frame[(frame.learner == row) & (frame.bits == 0)]
        assert {(tables.rules[rule].id, offer) for rule, offer in zip(mine.rule, mine.offer, strict=True)} == found


def test_columns_are_whole_numbers_of_fixed_width():
    base, people = world(3)

    frame = candidates_of(people, RuleTables(base, ON))

    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "learner": "int32", "rule": "int32", "offer": "int8", "record": "int32", "lead": "int32", "bits": "int32", "amount": "int32",
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 17, 300])
def test_the_size_of_blocks_changes_nothing(monkeypatch, size):
    base, people = world(11, people=60)
    tables = RuleTables(base, ON)
    whole = candidates_of(people, tables)

    monkeypatch.setattr(kernel, "BLOCK", size)

    pd.testing.assert_frame_equal(candidates_of(people, tables), whole)


def test_a_population_gives_back_the_people_it_was_made_of(tmp_path):
    chance = random.Random(1)
    people = [person(f"l{number:03}", chance, targets(chance)) for number in range(40)]

    stored = population_of(people)
    write_population(stored, tmp_path / "shard")

    assert list(stored) == list(read_population(tmp_path / "shard")) == people
    assert list(stored.only([3, 5, 30])) == [people[3], people[5], people[30]]


def test_nobody_is_a_population_too():
    base, _people = world(1)

    assert len(candidates_of(population_of([]), RuleTables(base, ON))) == 0


def test_a_field_that_the_kernel_does_not_know_leaves_the_rule_to_the_engine():
    leaf = Node("leaf", Leaf("O1"))
    plain = Rule("R", 1, leaf, (Grant("course", "T", amount=Decimal(1)),))

    assert leaves_of(plain) == (Leaf("O1"),)
    assert leaves_of(replace(plain, all_or_nothing=True)) == ()
    assert leaves_of(replace(plain, lhs=replace(leaf, same_issuer=True))) == ()
    assert leaves_of(replace(plain, lhs=Node("leaf", Leaf("O1", framework="F")))) == ()
    assert leaves_of(replace(plain, consume="splittable")) == ()
    assert leaves_of(replace(plain, lhs=Node("any", children=(leaf,)))) == ()
    assert leaves_of(replace(plain, lhs=Node("all", children=(leaf, leaf)))) == ()
