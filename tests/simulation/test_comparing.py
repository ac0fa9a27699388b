"""Two rule books over everybody: classes as specified, totals that add up, the same for any number of shards, workers and interruptions."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from creditbank.rules.decide import decide
from creditbank.rules.types import CreditSystem, Facts, Grant, Leaf, Limit, Node, RecordFacts, Rule, RuleBase, Target
from creditbank.simulation import comparing
from creditbank.simulation.__main__ import main
from creditbank.simulation.comparing import Book, by_class, by_group, by_reason, by_rule, simulate, unused_rules
from tests.rules.cases import cases

ON = date(2026, 1, 1)
U = CreditSystem("U", Decimal(16), Decimal("0.5"))
FILES = Path(__file__).parents[1] / "rules/files"


def course(minimum):
    return Rule("COURSE", 1, Node("leaf", Leaf("C", min_score=Decimal(minimum))), (Grant("course", "T", amount=Decimal(3)),))


CERTIFICATE = Rule("CERT", 1, Node("leaf", Leaf("K")), (Grant("course", "T2", amount=Decimal(2)),))


def person(name, *records, group=""):
    return Facts(name, tuple(records), Target("", "U"), ON, attributes=(("group", group),))


def scored(score):
    return RecordFacts("c", "C", "I", ON, Decimal(3), "U", score=Decimal(score))


BEFORE, AFTER = Book(RuleBase((course(60),), (U,))), Book(RuleBase((course(65), CERTIFICATE), (U,)))


def test_raising_a_minimum_and_adding_a_certificate_as_in_the_worked_example():
    (_name, case) = next(cases("simulate"))
    people = [person("p", scored(62)), person("q", scored(80)), person("s", RecordFacts("k", "K", "I", ON, Decimal(2), "U"))]

    frame = simulate(people, BEFORE, AFTER, on=ON)

    expected = case["expect"]
    for verdict in ("gained", "lost", "unchanged"):
        assert list(frame[frame.verdict == verdict].learner) == expected[verdict]
    totals = by_class(frame)
    assert (totals.before.sum(), totals.after.sum()) == tuple(float(expected["credits"][side]) for side in ("before", "after"))
    assert by_rule(frame).set_index("rule").to_dict("index") == {"CERT": {"before": 0, "after": 1}, "COURSE": {"before": 2, "after": 1}}
    assert by_reason(frame).set_index("reason").to_dict("index") == {
        "no_rule": {"before": 1, "after": 0}, "rule_failed": {"before": 0, "after": 1},
    }  # fmt: skip


def city(size):
    chance = random.Random(5)
    return [
        person(f"l{number:04}", *(replace(scored(chance.randint(50, 90)), id=f"c{at}", dup_class=f"{at}") for at in range(chance.randint(0, 3))), group=chance.choice("ab"))
        for number in range(size)
    ]  # fmt: skip


@pytest.mark.parametrize(("shards", "workers"), [(1, 1), (8, 1), (3, 2)])
def test_shards_and_workers_change_nothing(shards, workers):
    people = city(120)

    frame = simulate(people, BEFORE, AFTER, on=ON, shards=shards, workers=workers)

    pd.testing.assert_frame_equal(frame, simulate(list(reversed(people)), BEFORE, AFTER, on=ON, shards=5))


def test_every_row_equals_the_decision_for_that_person():
    people = city(60)

    frame = simulate(people, BEFORE, AFTER, on=ON).set_index("learner")

    for facts in people:
        before, after = (decide(facts, book.base, book.limits, ON) for book in (BEFORE, AFTER))
        assert (frame.before[facts.learner], frame.after[facts.learner]) == (str(before.posted), str(after.posted))
        assert frame.reasons_after[facts.learner] == ";".join(sorted(row.headline.code for row in after.unused))


def test_a_run_that_was_killed_goes_on_without_counting_anybody_twice(tmp_path, monkeypatch):
    people, whole = city(80), simulate(city(80), BEFORE, AFTER, on=ON)
    asked = []
    honest = comparing.compare

    def dying(facts, *more):
        asked.append(facts.learner)
        if len(asked) == 50:
            raise KeyboardInterrupt
        return honest(facts, *more)

    monkeypatch.setattr(comparing, "compare", dying)
    with pytest.raises(KeyboardInterrupt):
        simulate(people, BEFORE, AFTER, on=ON, folder=tmp_path)
    kept = len(list(tmp_path.iterdir()))
    first = len(asked)
    frame = simulate(people, BEFORE, AFTER, on=ON, folder=tmp_path)

    pd.testing.assert_frame_equal(frame, whole)
    assert 0 < kept < 8
    assert len(asked) - first < len(people)


def test_another_question_never_finds_the_shards_of_this_one(tmp_path):
    people = city(30)
    simulate(people, BEFORE, AFTER, on=ON, folder=tmp_path)
    limited = Book(AFTER.base, (Limit("L", bound=Decimal(3)),))

    pd.testing.assert_frame_equal(simulate(people, BEFORE, limited, on=ON, folder=tmp_path), simulate(people, BEFORE, limited, on=ON))


def test_small_groups_are_not_shown_and_classes_add_up():
    people = [*city(40), person("z", scored(62), group="rare")]

    frame = simulate(people, BEFORE, AFTER, on=ON)

    assert "rare" not in set(by_group(frame).group)
    assert by_class(frame).learners.sum() == 41
    assert unused_rules(frame, AFTER) == ["CERT"]


@pytest.mark.parametrize("out", ["report.xlsx", "report"])
def test_the_command_writes_learners_and_totals(tmp_path, out):
    text = (FILES / "rules.csv").read_text("utf-8").replace("R8,from,1,leaf,,AP:BIO,,,3", "R8,from,1,leaf,,AP:BIO,,,6")
    (tmp_path / "new.csv").write_text(text, "utf-8")

    assert main(["--tables", str(FILES), "--new-rules", str(tmp_path / "new.csv"), "--on", "2026-01-01", "--out", str(tmp_path / out)]) == 0

    place = tmp_path / out
    learners = pd.read_excel(place, "learners", dtype=str) if place.is_file() else pd.read_csv(place / "learners.csv", dtype=str)
    assert list(zip(learners.learner, learners.verdict, learners.before, learners.after, strict=True)) == [
        ("chen", "unchanged", "0", "0"), ("lin", "lost", "15.0", "8.0"),
    ]  # fmt: skip


def test_bad_new_rules_are_refused(tmp_path, capsys):
    (tmp_path / "new.csv").write_text("rule_id,row,wrong\nR,from,1\n", "utf-8")

    assert (
        main(["--tables", str(FILES), "--new-rules", str(tmp_path / "new.csv"), "--on", "2026-01-01", "--out", str(tmp_path / "out")]) == 1
    )
    assert "an unknown column" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
