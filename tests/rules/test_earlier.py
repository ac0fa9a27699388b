"""Two awards are held to one limit: what was awarded before occupies limits, requirements and classes, however the archive is cut up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from creditbank.rules.decide import decide
from creditbank.rules.earlier import NoRoom, no_room
from creditbank.rules.limits import occupied
from creditbank.rules.snapshot import canonical, restore, snapshot
from creditbank.rules.types import (
    CreditSystem,
    Earlier,
    Facts,
    Grant,
    Leaf,
    Limit,
    Node,
    RecordFacts,
    RequirementLeaf,
    Rule,
    RuleBase,
    Target,
)
from tests.rules.test_oracle import a_question, a_rich_question

ON = date(2026, 1, 1)
THREE = Decimal(3)


def rule(outcome: str, target: str, **grant) -> Rule:
    return Rule(f"R-{outcome}", 1, Node("leaf", Leaf(outcome)), (Grant("course", target, amount=THREE, **grant),))


def record(ident: str, outcome: str, **facts) -> RecordFacts:
    given = {"issuer": "I", "earned_on": date(2025, 3, 1), "credits": THREE, "system": "U", **facts}
    return RecordFacts(ident, outcome, **given)


def awards(decision, facts: Facts, base: RuleBase, application: str = "first") -> tuple[Earlier, ...]:
    """What a decision gives, as it stands once it is awarded."""
    records = {one.id: one for one in facts.records}
    rules = {one.id: one for one in base.rules}
    return tuple(
        Earlier(application, row.rule, row.grant, row.offer, row.kind, row.leaf, row.fill, row.posted, tuple(records[ident] for ident in row.records),
                made_elective=row.kind == "elective" != rules[row.rule].grants[row.grant - 1].kind)
        for row in decision.allocation
    )  # fmt: skip


BASE = RuleBase(tuple(rule(f"O{n}", f"T{n}") for n in range(4)), (CreditSystem("U", Decimal(16), Decimal("0.5")),))
LEAVES = tuple(RequirementLeaf(path=f"1.{n}", outcomes=(f"T{n}",), need_credits=THREE) for n in range(4))
ARCHIVE = tuple(record(f"r{n}", f"O{n}") for n in range(4))


def ask(records, *, earlier=(), limits=(), leaves=LEAVES, base=BASE, total=Decimal(12)):
    facts = Facts("p", tuple(records), Target("P", "U", total, leaves=leaves), ON, earlier=tuple(earlier))
    return facts, decide(facts, base, tuple(limits), ON)


@pytest.mark.parametrize(
    "limit",
    [
        Limit("L", bound=Decimal(6)),
        Limit("L", bound=Decimal(6), per="year"),
        Limit("L", bound=Decimal(6), per="institution"),
        Limit("L", share=Fraction(1, 2)),
        Limit("L", measure="records", bound=Decimal(2)),
        Limit("L", measure="grants", bound=Decimal(2)),
    ],
    ids=["in all", "a year", "an institution", "share of the programme", "records", "grants"],
)
def test_a_second_award_has_what_the_first_has_left_of_a_limit(limit):
    facts, first = ask(ARCHIVE[:1], limits=[limit])
    assert first.posted == THREE

    _facts, second = ask(ARCHIVE[1:], earlier=awards(first, facts, BASE), limits=[limit])

    assert second.posted == THREE
    assert {row.headline.code for row in second.unused} == {"limit_full"}
    assert [use.used for use in second.limits] == [{"credits": Decimal(6)}.get(limit.measure, Decimal(2))]


def test_a_limit_that_cuts_leaves_the_rest_of_what_is_left():
    limit = Limit("L", bound=Decimal("4.5"), overflow="truncate")
    facts, first = ask(ARCHIVE[:1], limits=[limit])

    _facts, second = ask(ARCHIVE[1:2], earlier=awards(first, facts, BASE), limits=[limit])

    assert (first.posted, second.posted) == (THREE, Decimal("1.5"))


def test_a_share_of_what_is_recognised_counts_both_awards_on_both_sides():
    limit = Limit("L", share=Fraction(1, 2), share_of="recognised", selector=(("source_type", ("work",)),))
    archive = [*ARCHIVE[:2], *(replace(one, source_type="work") for one in ARCHIVE[2:])]
    facts, first = ask(archive[:1], limits=[limit])
    assert first.posted == THREE

    _facts, second = ask(archive[2:], earlier=awards(first, facts, BASE), limits=[limit])

    assert second.posted == THREE  # 3 of 6; both would be 6 of 9


def test_a_limit_that_was_lowered_below_what_was_awarded_gives_nothing_more_and_takes_nothing_back():
    facts, first = ask(ARCHIVE[:2])
    assert first.posted == Decimal(6)

    _facts, second = ask(ARCHIVE[2:], earlier=awards(first, facts, BASE), limits=[Limit("L", bound=Decimal(4))])

    assert second.posted == 0


def test_a_requirement_that_was_filled_before_takes_nothing_more():
    leaf = (RequirementLeaf(path="1", outcomes=("T0", "T1"), need_credits=THREE),)
    facts, first = ask(ARCHIVE[:1], leaves=leaf)

    _facts, second = ask(ARCHIVE[1:2], leaves=leaf, earlier=awards(first, facts, BASE))

    assert (first.posted, second.posted, second.done) == (THREE, 0, ("1",))
    assert second.unused[0].headline.code == "not_needed"


def test_of_one_class_one_record_is_awarded_once_and_for_all():
    twins = [replace(one, dup_class="english") for one in ARCHIVE[:2]]
    facts, first = ask(twins[:1])

    _facts, second = ask(twins[1:], earlier=awards(first, facts, BASE))

    assert second.posted == 0
    assert second.unused[0].headline.as_dict() == {"record": "r0", "class": "english"}


def test_a_question_without_earlier_awards_keeps_its_bytes_and_one_with_them_can_be_replayed():
    facts, first = ask(ARCHIVE[:1])
    assert "earlier" not in snapshot(facts, BASE, (), ON)
    later, second = ask(ARCHIVE[1:], earlier=awards(first, facts, BASE))

    stored = json.loads(snapshot(later, BASE, (), ON))
    again = decide(restore(Facts, stored["facts"]), restore(RuleBase, stored["rules"]), (), ON)

    assert canonical(again) == canonical(second)


def test_two_awards_of_one_moment_are_told_apart_by_what_lacks_room():
    """Neither knew of the other when it was proposed."""
    limit = Limit("L", bound=Decimal(4))
    leaf = (RequirementLeaf(path="1", outcomes=("T0", "T1"), need_credits=THREE),)
    step = Decimal("0.5")
    facts, first = ask(ARCHIVE[:1], limits=[limit], leaves=leaf)
    other, second = ask(ARCHIVE[1:2], limits=[limit], leaves=leaf)
    beside = replace(other, earlier=awards(first, facts, BASE))
    wanted = awards(second, other, BASE, "second")

    assert no_room(wanted, beside, BASE, [limit], step=step) == NoRoom("limit", "L", Decimal(4), Decimal(6))
    assert no_room(wanted, beside, BASE, [], step=step) == NoRoom("leaf", "1")
    free = replace(beside, target=replace(beside.target, leaves=LEAVES))
    assert no_room(wanted, free, BASE, [], step=step) is None
    assert no_room(wanted, other, BASE, [limit], step=step) is None
    groups = [replace(limit, group="g", group_op="any"), Limit("M", bound=Decimal(9), group="g", group_op="any")]
    assert no_room(wanted, free, BASE, groups, step=step) is None


@pytest.mark.parametrize("asked", [a_question, a_rich_question])
def test_an_archive_that_is_cut_in_two_gets_past_no_limit(asked):
    seen = 0
    for seed in range(7000, 7060):
        facts, base, limits = asked(seed)
        half = len(facts.records) // 2
        before = replace(facts, records=facts.records[:half])
        first = decide(before, base, limits, ON)
        earlier = awards(first, before, base)
        used = tuple((ident, "first") for row in first.allocation for ident in row.records)
        after = replace(facts, used=used, earlier=earlier)
        second = decide(after, base, limits, ON)
        more = awards(second, after, base, "second")

        seen += bool(earlier and more)
        assert no_room(more, after, base, limits, step=base.systems[0].step) is None, seed
        for limit in (one for one in limits if not one.group and one.op == "<=" and one.share is None and one.measure != "gpa"):
            together = occupied(limit, (*earlier, *more), base)
            assert all(amount <= limit.bound for amount in together.values()), (seed, limit.id)
    assert seen > 3
