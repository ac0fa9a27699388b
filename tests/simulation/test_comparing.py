"""Two rule books over everybody: classes as specified, totals that add up, and only those decided again whom a change concerns."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from creditbank.rules.decide import decide
from creditbank.rules.types import CreditSystem, Facts, Grant, Leaf, Limit, Node, Outcome, RecordFacts, Rule, RuleBase, Target
from creditbank.simulation.answers import Book, ask
from creditbank.simulation.changes import change_between, touched
from creditbank.simulation.population import population_of
from creditbank.simulation.report import read_report, spread
from creditbank.simulation.running import simulate
from tests.rules.cases import cases
from tests.simulation import books

ON = date(2026, 1, 1)
U = CreditSystem("U", Decimal(16), Decimal("0.5"))


def course(minimum):
    return Rule("COURSE", 1, Node("leaf", Leaf("C", min_score=Decimal(minimum))), (Grant("course", "T", amount=Decimal(3)),))


CERTIFICATE = Rule("CERT", 1, Node("leaf", Leaf("K")), (Grant("course", "T2", amount=Decimal(2)),))


def person(name, *records, group=""):
    return Facts(name, tuple(records), Target("", "U"), ON, attributes=(("group", group),))


def scored(score):
    return RecordFacts("c", "C", "I", ON, Decimal(3), "U", score=Decimal(score))


def certified():
    return RecordFacts("k", "K", "I", ON, Decimal(2), "U")


BEFORE, AFTER = Book(RuleBase((course(60),), (U,))), Book(RuleBase((course(65), CERTIFICATE), (U,)))


def city(size):
    chance = random.Random(5)
    return [
        person(f"l{number:04}", *(replace(scored(chance.randint(50, 90)), id=f"c{at}", dup_class=f"{at}") for at in range(chance.randint(0, 3))), group=chance.choice("ab"))
        for number in range(size)
    ]  # fmt: skip


def test_raising_a_minimum_and_adding_a_certificate_as_in_the_worked_example():
    (_name, case) = next(cases("simulate"))
    people = [person("p", scored(62)), person("q", scored(80)), person("s", certified())]

    simulation = simulate(people, BEFORE, AFTER, on=ON)

    report, expected = simulation.report, case["expect"]
    for verdict in ("gained", "lost", "unchanged"):
        assert list(simulation.learners[simulation.learners.verdict == verdict].learner) == expected[verdict]
        assert [one.learner for one in dict(report.examples)[verdict]] == expected[verdict]
    assert (report.before.total, report.after.total) == tuple(Decimal(expected["credits"][side]) for side in ("before", "after"))
    assert [(row.rule, row.before, row.after, row.credits_before, row.credits_after, row.difference) for row in report.rules] == [
        ("CERT", 0, 1, 0, 2, 1), ("COURSE", 2, 1, 6, 3, 1),
    ]  # fmt: skip
    assert [(row.before, row.after, row.records) for row in report.states] == [
        ("no_rule", "used", 1), ("used", "rule_failed", 1), ("used", "used", 1),
    ]  # fmt: skip
    assert [(row.issuer, row.before, row.after, row.credits_before, row.credits_after) for row in report.issuers] == [("I", 2, 2, 6, 5)]
    assert report.unused == ()


def test_every_row_equals_the_decision_for_that_person():
    people = city(60)

    frame = simulate(people, BEFORE, AFTER, on=ON).learners.set_index("learner")

    for facts in people:
        for side, book in (("before", BEFORE), ("after", AFTER)):
            decision = decide(facts, book.base, book.limits, ON)
            row = frame.loc[facts.learner]
            assert Fraction(int(row[side]), 1000) == decision.posted
            assert tuple(row[f"v{level}_{side}"] for level in (1, 2, 3)) == decision.objective[:3]
            assert row[f"reasons_{side}"] == ";".join(sorted(one.headline.code for one in decision.unused))


def test_a_learner_whose_sides_are_not_both_proved_neither_gains_nor_loses():
    many = tuple(RecordFacts(f"c{at:02}", "C", "I", ON, Decimal(1), "U", score=Decimal(99), dup_class=f"{at}") for at in range(45))
    several = Node("all", children=tuple(Node("leaf", Leaf("C")) for _ in range(3)))
    after = Book(RuleBase((Rule("MANY", 1, several, (Grant("elective", amount=Decimal(1)),)),), (U,)))

    report = simulate([person("p", *many)], BEFORE, after, on=ON).report

    assert report.of_class("unproved").learners == 1
    assert report.of_class("lost").learners == report.of_class("gained").learners == 0


def test_a_limit_says_how_often_it_was_binding_and_what_it_took_away():
    people = [person("p", scored(80), certified()), person("q", scored(80))]
    before, after = Book(AFTER.base), Book(AFTER.base, (Limit("L", bound=Decimal(3)), Limit("M", bound=Decimal(2), overflow="truncate")))

    report = simulate(people, before, after, on=ON).report

    assert sum(row.cut_after for row in report.limits) == report.before.total - report.after.total
    assert {row.limit: (row.before, row.cut_before) for row in report.limits} == dict.fromkeys((row.limit for row in report.limits), (0, 0))


def test_groups_under_five_are_hidden_and_classes_add_up():
    people = [*city(40), person("z", scored(62), group="rare")]

    report = simulate(people, BEFORE, AFTER, on=ON).report

    assert {row.value for row in report.groups if row.dimension == "group"} == {"a", "b"}
    assert report.hidden == 1
    assert sum(row.learners for row in report.classes) == report.learners == 41
    assert all(row.gained + row.lost + row.changed + row.unchanged + row.unproved == row.learners for row in report.groups)
    assert report.unused == ("CERT",)


def test_a_report_gives_itself_back_from_its_json():
    report = simulate(city(30), BEFORE, AFTER, on=ON).report

    assert read_report(report.as_json()) == report


def test_a_spread_names_values_that_somebody_has():
    people = [person(f"l{at:02}", replace(scored(90), credits=Decimal(1))) for at in range(10)]
    frame = simulate(people, BEFORE, AFTER, on=ON).learners
    frame["before"] = np.arange(10, dtype=np.int64)[::-1] * 500

    found = spread(frame["before"])

    assert (found.total, found.least, found.p10, found.median, found.p90, found.most) == (Decimal("22.5"), 0, 0, 2, 4, Decimal("4.5"))
    assert spread(frame["before"][:0]).total == 0


def variations(chance, base):
    """The same book with one or two rules changed, taken away or added, or another limit."""
    rules = list(base.rules)
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(rules))
        rules[at] = chance.choice([books.rule(at, chance), replace(rules[at], status="ended"), replace(rules[at], priority=70)])
    return replace(base, rules=tuple(replace(rule, version=2) for rule in rules), version=2)


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_whom_no_change_concerns_hears_the_same_from_both_books(start):
    spared = 0
    for seed in range(start, start + 20):
        chance = random.Random(seed)
        base, choice = books.book(chance), books.targets(chance)
        people = population_of(books.person(f"l{number:02}", chance, choice) for number in range(15))
        limits = books.limits(chance)
        before = Book(base, limits)
        after = Book(
            variations(chance, base),
            limits if chance.random() < 0.7 else (*limits[1:], Limit("Z", bound=Decimal(2), selector=(("institution", ("I2",)),))),
        )
        concerned = touched(people, change_between(before, after))
        for row in np.flatnonzero(~concerned).tolist():
            spared += 1
            first, second = (ask(people.facts(row), book, ON) for book in (before, after))
            assert first == second, (seed, row)

    assert spared > 30


def test_only_those_are_decided_again_whom_a_change_concerns():
    people = [person("p", scored(62)), person("q", certified()), person("r", RecordFacts("x", "X", "I", ON))]

    simulation = simulate(people, BEFORE, AFTER, on=ON)

    assert simulation.decided == 5  # p and q twice, r once


def test_the_number_of_a_version_is_no_change_and_another_table_concerns_everybody():
    again = Book(RuleBase(tuple(replace(rule, version=9) for rule in AFTER.base.rules), (U,), version=9))
    scaled = Book(replace(AFTER.base, systems=(replace(U, hours_nominal=Decimal(20)),)))
    people = population_of([person("r", RecordFacts("x", "X", "I", ON))])

    assert not touched(people, change_between(AFTER, again)).any()
    assert touched(people, change_between(AFTER, scaled)).all()


def test_a_change_of_the_catalogue_concerns_those_whose_rules_give_that_outcome():
    people = population_of([person("p", scored(62)), person("q", certified())])
    after = Book(replace(AFTER.base, outcomes=(Outcome("T2", category="leisure"),)))

    assert touched(people, change_between(AFTER, after)).tolist() == [False, True]
