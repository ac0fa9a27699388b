"""Levels, grades and titles across frameworks, scales and institutions, as the files say them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from creditbank.rules.files.cells import Problems, Row
from creditbank.rules.files.people import read_people
from creditbank.rules.files.rulebook import read_base
from creditbank.rules.scales import mapped_grade, scale_named
from creditbank.rules.tables import GradeMap, Level, TitleMatching
from creditbank.rules.titles import normalised


def tables(**rows):
    problems = Problems()
    found = {name: [Row(f"{name}.csv", at, cells, problems) for at, cells in enumerate(listed, start=2)] for name, listed in rows.items()}
    return found, problems


LEVELS = [
    {"framework": "SCQF", "level": "9", "rank": "9", "maps_to": "EQF:6"}, {"framework": "EQF", "level": "6", "rank": "6"},
    {"framework": "EQF", "level": "degree", "rank": "6"},
]  # fmt: skip


def test_a_level_is_named_with_its_framework_or_where_one_alone_has_it():
    found, problems = tables(levels=LEVELS, outcomes=[{"outcome": "A", "level": "SCQF:9"}, {"outcome": "B", "level": "degree"}])

    base = read_base(found)

    assert problems.found == []
    assert [(one.framework, one.level) for one in base.outcomes] == [("SCQF", 9), ("EQF", 6)]
    assert base.levels[0] == Level("SCQF", "9", 9, (("EQF", "6"),))


@pytest.mark.parametrize("text", ["7", "HIGH", "SCQF:6"])
def test_a_level_of_no_framework_is_refused_where_there_are_several(text):
    found, problems = tables(levels=LEVELS, outcomes=[{"outcome": "A", "level": text}])

    read_base(found)

    assert "is no level of one framework" in str(problems.found[0])


def test_a_rank_is_of_the_only_framework_there_is():
    found, _problems = tables(levels=LEVELS[:1], outcomes=[{"outcome": "A", "level": "3"}])

    assert (read_base(found).outcomes[0].framework, read_base(found).outcomes[0].level) == ("SCQF", 3)


GRADES = [
    {"scale": "S", "label": "3", "rank": "3", "maps_to": "T;V:top", "map_mode": "linear"},
    {"scale": "S", "label": "2", "rank": "2", "maps_to": "T:x"},
    {"scale": "S", "label": "1", "rank": "1", "maps_to": "W"},
]


def test_a_map_of_two_modes_or_without_labels_is_refused():
    found, problems = tables(grades=GRADES)

    read_base(found)

    assert [(one.row, one.column) for one in problems.found] == [(3, "map_mode"), (4, "maps_to")]
    assert ["S → T has two modes" in problems.found[0].message, "a table says scale:label" in problems.found[1].message] == [True, True]


def points(scale, *rows):
    return [
        {"scale": scale, "institution": scale, "label": label, "rank": str(at), "gpa": gpa, "pass": passes, "maps_to": to, "map_mode": mode}
        for at, (label, gpa, passes, to, mode) in enumerate(rows)
    ]


@pytest.mark.parametrize(("label", "expected"), [("fail", "F"), ("60", "D"), ("75", "C"), ("79", "C"), ("90", "B"), ("100", "A")])
def test_a_linear_map_never_gives_a_better_place(label, expected):
    rows = points("S", ("fail", "0", "0", "T", "linear"), *((one, one, "1", "T", "linear") for one in ("60", "75", "79", "90", "100")))
    found, problems = tables(
        grades=rows + points("T", ("F", "0", "0", "", ""), *(("DCBA"[at], str(at + 1), "1", "", "") for at in range(4)))
    )
    base = read_base(found)

    assert problems.found == []
    assert base.grade_maps == (GradeMap("S", "T", "linear"),)
    assert mapped_grade(base, label, scale_named(base, "S"), scale_named(base, "T")) == expected


def test_pass_only_keeps_that_it_passed_and_no_map_keeps_nothing():
    found, _problems = tables(
        grades=points("S", ("bad", "", "0", "T", "pass_only"), ("good", "", "1", "", "")) + points("T", ("X", "", "1", "", ""))
    )
    base = read_base(found)
    source, target = scale_named(base, "S"), scale_named(base, "T")

    assert [mapped_grade(base, label, source, target) for label in ("good", "bad", "unknown")] == ["P", "", ""]
    assert mapped_grade(base, "X", target, source) == ""


def test_what_holds_for_the_whole_book_is_read_from_its_settings():
    rows = {
        "eligible_if": "resident=1&enrolled_elsewhere!=1", "title_matching": "1", "particles": "the;of", "abbreviations": "acct=accounting",
    }  # fmt: skip
    found, problems = tables(settings=[{"setting": name, "value": value} for name, value in rows.items()])

    base = read_base(found)

    assert problems.found == []
    assert (base.eligible, base.not_eligible) == ((("resident", "1"),), (("enrolled_elsewhere", "1"),))
    assert base.titles == TitleMatching(("of", "the"), (), (("acct", "accounting"),))


def test_an_alias_is_the_outcome_itself_and_a_record_says_its_award():
    found, _problems = tables(
        outcomes=[{"outcome": "NEW", "aliases": "OLD;OLDER", "credits": "4", "system": "U", "repeatable": "1"}],
        systems=[{"code": "U", "hours_nominal": "16"}],
        records=[{"record_id": "a", "learner": "x", "outcome": "OLDER", "earned_on": "2024-01-01", "award": "D1", "remaining": "2.5"}],
        programmes=[{"programme": "P", "path": "1", "node": "leaf", "elective": "1", "eligible_if": "resident=1", "owner": "HOME"}],
    )
    base = read_base(found)

    (facts,) = read_people(found, base, None)

    record = facts.records[0]
    assert (record.outcome, record.credits, record.award, record.remaining, record.class_key) == (
        "NEW",
        4,
        "D1",
        Decimal("2.5"),
        "record:a",
    )
    assert (facts.target.eligible, facts.target.owner) == ((("resident", "1"),), "HOME")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Accounting (1)", "ACCOUNTING"), ("회계학의 이해", "회계학 이해"), ("线性代数·上", "线性代数"), ("Intro. to Law", "introduction to law"),
        ("ＡＢＣ　Ⅰ", "abc"),
    ],
)  # fmt: skip
def test_spelling_alone_does_not_make_two_titles(first, second):
    matching = TitleMatching(("의",), ("1", "i", "上"), (("intro", "introduction"),))

    assert normalised(first, matching) == normalised(second, matching)


@pytest.mark.parametrize(
    ("first", "second"), [("Calculus 2", "Calculus 1"), ("C#", "C"), ("Year 2001", "Year 200"), ("1", ""), ("Mudi", "Mud"), ("the", "of")]
)
def test_what_tells_two_courses_apart_stays(first, second):
    matching = TitleMatching(("the", "of"), ("1", "i", "上"))

    assert normalised(first, matching) != normalised(second, matching)
