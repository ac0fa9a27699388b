"""The cheapest next courses, against trying every set of courses."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import pytest

from creditbank.pathways.next_courses import PlannedCourse, Wish, filling_courses, greedy_courses, next_courses
from creditbank.rules.decide import decide
from creditbank.rules.types import CreditSystem, Facts, Grant, Leaf, Limit, Node, RecordFacts, RequirementLeaf, Rule, RuleBase, Target
from tests.rules.cases import cases

U = CreditSystem("U", Decimal(16), Decimal(1))
FINISH = date(2027, 7, 31)


def course(ident, *, outcome="", issuer="I", ends=date(2027, 1, 31), cost="0", credits="3", **parts):
    return PlannedCourse(ident, RecordFacts(ident, outcome or ident, issuer, ends, Decimal(credits), "U"), Decimal(cost), **parts)


def gives(outcome, *granted, ident="", **parts):
    return Rule(
        ident or f"R-{outcome}", 1, Node("leaf", Leaf(outcome)), tuple(Grant("course", one, amount=Decimal(1)) for one in granted), **parts
    )


def programme(*gaps, code="P", courses=1):
    return Target(code, "U", leaves=tuple(RequirementLeaf(gap, outcomes=(gap,), need_courses=courses) for gap in gaps))


def wish(target, *rules, records=(), limits=(), used=()):
    return Wish(Facts("x", tuple(records), target, date(2026, 9, 1), used=used), RuleBase(tuple(rules), (U,)), tuple(limits))


def held(ident, outcome="", **parts):
    return RecordFacts(ident, outcome or ident, "I", date(2025, 1, 31), Decimal(3), "U", **parts)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases("pathway")])
def test_the_plan_is_as_written(case):
    given, expected = case["given"], case["expect"]
    one = wish(programme(*given["gaps"]), *(gives(ident, *gaps) for ident, gaps in given["courses"].items()))
    courses = [course(ident) for ident in given["courses"]]

    plan = next_courses([one], courses, finish=FINISH)

    assert list(plan.courses) == expected["courses"]
    assert plan.proof.status == expected["proof"]
    assert len(greedy_courses([one], courses, finish=FINISH)) == expected["greedy"]
    assert (plan.complete, plan.missing, plan.decisions[0].objective[0]) == (("P",), (), len(given["gaps"]))


def everything(wishes, courses, at_least=None):
    """Every set of courses, each decided for each wish: the best by missing targets, cost, number, institutions, end, ids."""
    best = None
    for size in range(len(courses) + 1):
        for chosen in combinations(sorted(courses, key=lambda one: one.id), size):
            if not all(_allowed(one, chosen, wishes) for one in chosen):
                continue
            done = sum(_is_complete(wish, chosen) for wish in wishes)
            missing = max((len(wishes) if at_least is None else at_least) - done, 0)
            key = (
                missing, sum(one.cost for one in chosen), size, len({one.record.issuer for one in chosen}), max((one.ends for one in chosen), default=date.min),
                [one.id for one in chosen],
            )  # fmt: skip
            best = key if best is None or key < best else best
    return best


def _allowed(one, chosen, wishes):
    there = {record.outcome for wish in wishes for record in wish.facts.records}
    there |= {other.record.outcome for other in chosen if one.starts is None or other.ends < one.starts}
    return set(one.requires) <= there


def _is_complete(wish, chosen):
    facts = replace(wish.facts, records=(*wish.facts.records, *(one.planned() for one in chosen)), applied_on=FINISH)
    decision = decide(facts, wish.base, wish.limits, FINISH)
    return set(decision.done) == {leaf.path for leaf in wish.facts.target.leaves}


def question(chance):
    """One or two small programmes, a few courses that close some of their gaps, some records already there, and perhaps a limit."""
    gaps = [f"g{at}" for at in range(chance.randint(2, 4))]
    outcomes = [f"c{at}" for at in range(chance.randint(2, 6))]
    rules = [
        gives(outcome, *chance.sample(gaps, chance.randint(1, len(gaps))), ident=f"R{at}", all_or_nothing=chance.random() < 0.2)
        for at, outcome in enumerate(chance.choices(outcomes, k=len(outcomes) + 2))
    ]
    courses = [
        course(f"k{at}", outcome=chance.choice(outcomes), issuer=chance.choice("IJK"), ends=date(2027, 1, 31) + timedelta(days=30 * chance.randint(0, 3)),
               cost=str(chance.randint(1, 4)), requires=(chance.choice(outcomes),) if chance.random() < 0.2 else (),
               starts=date(2027, 1, 1) + timedelta(days=30 * chance.randint(0, 3)))
        for at in range(chance.randint(2, 6))
    ]  # fmt: skip
    records = [
        held(f"h{at}", chance.choice(outcomes), valid_until=chance.choice([None, date(2027, 1, 1)])) for at in range(chance.randint(0, 1))
    ]
    limits = [Limit("CAP", "records", Decimal(chance.randint(1, 3)))] if chance.random() < 0.3 else []
    wishes = [wish(programme(*chance.sample(gaps, chance.randint(1, len(gaps))), code=f"P{at}"), *rules, records=records, limits=limits)
              for at in range(chance.randint(1, 2))]  # fmt: skip
    return wishes, courses, chance.choice([None, None, 1])


@pytest.mark.parametrize("seed", range(150))
def test_a_plan_is_as_good_as_the_best_of_all_sets_of_courses(seed):
    wishes, courses, at_least = question(random.Random(seed))

    plan = next_courses(wishes, courses, finish=FINISH, at_least=at_least)

    missing, cost, number, institutions, end, ids = everything(wishes, courses, at_least)
    chosen = [one for one in courses if one.id in plan.courses]
    assert plan.proof.status == "optimal"
    assert max((len(wishes) if at_least is None else at_least) - len(plan.complete), 0) == missing
    assert (plan.cost, len(chosen), len({one.record.issuer for one in chosen})) == (cost, number, institutions)
    assert max((one.ends for one in chosen), default=date.min) == end
    assert list(plan.courses) == ids


def test_one_course_may_serve_two_targets_although_each_uses_it_up():
    rules = (gives("c1", "g1"), gives("c2", "g1"))
    wishes = [wish(programme("g1", code="P"), *rules), wish(programme("g1", code="Q"), *rules)]

    plan = next_courses(wishes, [course("c1", cost="2"), course("c2", cost="3")], finish=FINISH)

    assert (plan.courses, plan.cost, plan.complete) == (("c1",), 2, ("P", "Q"))


def test_a_record_that_will_have_expired_at_the_finish_does_not_count():
    rules = (gives("c1", "g1"), gives("h", "g1"))
    until = date(2027, 7, 30)

    assert (
        next_courses([wish(programme("g1"), *rules, records=[held("h", valid_until=FINISH)])], [course("c1")], finish=FINISH).courses == ()
    )
    assert next_courses([wish(programme("g1"), *rules, records=[held("h", valid_until=until)])], [course("c1")], finish=FINISH).courses == (
        "c1",
    )


def test_minima_are_conditions_here():
    rules = (gives("c1", "g1"), gives("c2", "g2"), gives("c3", "g1"))
    target = replace(programme("g1", "g2"), total=Decimal(2))
    least = Limit("HERE", bound=Decimal(2), op=">=", selector=(("institution", ("J",)),))
    courses = [course("c1", cost="1"), course("c2", issuer="J", cost="1"), course("c3", issuer="J", cost="5")]

    assert next_courses([wish(target, *rules)], courses, finish=FINISH).courses == ("c1", "c2")
    plan = next_courses([wish(target, *rules, limits=[least])], courses, finish=FINISH)
    assert (plan.courses, plan.cost, plan.unchecked) == (("c2", "c3"), 6, ())
    assert next_courses([wish(target, *rules, limits=[replace(least, bound=Decimal(3))])], courses, finish=FINISH).missing == ("P",)
    last = replace(least, last_n=Decimal(30))
    assert next_courses([wish(target, *rules, limits=[last])], courses, finish=FINISH).unchecked == ("HERE",)


def test_courses_after_the_finish_and_without_their_prerequisite_are_left_out():
    rules = (gives("c1", "g1"), gives("c2", "g1"))
    one = wish(programme("g1"), *rules)

    assert next_courses([one], [course("c1", ends=date(2027, 8, 1))], finish=FINISH).missing == ("P",)
    assert next_courses([one], [course("c2", requires=("c0",))], finish=FINISH).missing == ("P",)
    first = course("c0", ends=date(2027, 1, 31))
    assert next_courses([one], [course("c2", requires=("c0",), starts=date(2027, 2, 1)), first], finish=FINISH).courses == ("c0", "c2")
    assert next_courses([one], [course("c2", requires=("c0",), starts=date(2027, 1, 31)), first], finish=FINISH).missing == ("P",)
    assert next_courses(
        [replace(one, facts=replace(one.facts, records=(held("c0"),)))], [course("c2", requires=("c0",))], finish=FINISH
    ).courses == ("c2",)


def test_rules_that_count_take_planned_courses_too():
    """Two of three courses, and six credits of any: each costs what the cheapest that are enough cost."""
    leaves = tuple(Node("leaf", Leaf(f"c{at}")) for at in range(1, 4))
    grant = (Grant("course", "g1", amount=Decimal(1)),)
    two = Rule("TWO", 1, Node("n_of", children=leaves, k=2), grant)
    six = Rule("SIX", 1, Node("credits_of", children=(Node("leaf", Leaf(issuer="I")),), credits=Decimal(6)), grant)
    courses = [course("c1", cost="3"), course("c2", cost="1"), course("c3", cost="2"), course("c4", cost="1")]

    assert next_courses([wish(programme("g1"), two)], courses, finish=FINISH).courses == ("c2", "c3")
    assert next_courses([wish(programme("g1"), six)], courses, finish=FINISH).courses == ("c2", "c4")
    assert next_courses([wish(programme("g1"), six, records=[held("h")])], courses, finish=FINISH).courses == ("c2",)


@pytest.mark.parametrize("seed", range(12))
def test_the_courses_that_fill_most_are_those_of_the_best_small_set(seed):
    one, courses = _partly(random.Random(seed))

    fill = filling_courses(one, courses, finish=FINISH, most=2)

    best = min(
        ((-needed, -given, sum(part.cost for part in chosen), len(chosen)) for chosen, needed, given in _small_sets(one, courses, 2)),
    )
    named = [part for part in courses if part.id in fill.courses]
    _done, needed, given = fill.decision.objective[:3]
    assert (-needed, -given, sum(part.cost for part in named), len(named)) == best
    assert fill.proof.status == "optimal"


def _partly(chance):
    """A programme that two courses cannot complete, and courses for parts of it."""
    target = Target(
        "P", "U", leaves=tuple(RequirementLeaf(path, outcomes=(path,), need_credits=Decimal(chance.randint(4, 9))) for path in "abc")
    )
    courses = [course(f"c{number}", cost=str(chance.randint(1, 4))) for number in range(5)]
    rules = [
        Rule(f"R{number}", 1, Node("leaf", Leaf(part.id)), (Grant("course", chance.choice("abc"), amount=Decimal(chance.randint(1, 5))),))
        for number, part in enumerate(courses)
    ]
    return wish(target, *rules), courses


def _small_sets(one, courses, most):
    for size in range(most + 1):
        for chosen in combinations(courses, size):
            records = tuple(part.planned() for part in chosen)
            decision = decide(replace(one.facts, records=records, applied_on=FINISH), one.base, one.limits, FINISH)
            yield chosen, decision.objective[1], decision.objective[2]


def test_a_course_that_would_change_nothing_is_not_named():
    one = wish(programme("a", "b"), gives("x", "a"))

    assert filling_courses(one, [course("x"), course("y")], finish=FINISH, most=5).courses == ("x",)
    assert filling_courses(one, [course("y")], finish=FINISH, most=5).courses == ()
