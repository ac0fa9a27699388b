"""Published tables (excerpts, with their licences beside them): every row is taken or reported, and decisions agree with the table."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from creditbank.rules.__main__ import main
from creditbank.rules.decide import decide
from creditbank.rules.files.adapters import course_pairs, prior_learning
from creditbank.rules.files.cells import BadFiles, Problems
from creditbank.rules.files.people import with_units
from creditbank.rules.files.rulebook import read_base
from creditbank.rules.files.tables import read_tables, write_tables
from creditbank.rules.lint import lint
from creditbank.rules.types import Facts, RecordFacts, Target

DATA = Path(__file__).parents[1] / "data/credit"
PAIRS, PRIOR = DATA / "course-pairs.csv", DATA / "prior-learning.jsonl"
ON = date(2026, 1, 1)


def base_of(adapted, folder):
    write_tables(adapted.tables, folder)
    problems = Problems()
    tables = read_tables({}, folder, problems)
    base = with_units(read_base(tables), tables)
    problems.stop()
    return base


def test_every_row_is_taken_or_reported_with_a_reason(tmp_path):
    for adapted, rows in (
        (course_pairs(PAIRS, "HKU"), len(list(csv.reader(PAIRS.open(encoding="utf-8")))) - 1),
        (prior_learning(PRIOR), len(PRIOR.read_text().splitlines())),
    ):
        assert adapted.read == rows == adapted.taken + len(adapted.report)
        assert len(base_of(adapted, tmp_path / str(rows)).rules) == adapted.taken
        assert len({row for row, _reason, _found in adapted.report}) == len(adapted.report)


@pytest.mark.parametrize(
    ("source", "target", "title", "reason"),
    [
        ("-", "ECON1210", "x", "missing_source"), ("", "ECON1210", "x", "missing_source"), ("GOVT230/231", "POLI0044", "x", "abbreviated_source"),
        ("A1/B2 + C3", "ECON1210", "x", "all_and_any_together"), ("ECON1", "-", "x", "missing_target"),
        ("ECON1", "NOT equivalent to FINA2322", "x", "unreadable_target"), ("introduction to art", "ARTH1001", "x", "unreadable_source"),
    ],
)  # fmt: skip
def test_what_is_unclear_is_reported_and_never_guessed(tmp_path, source, target, title, reason):
    path = tmp_path / "table.csv"
    heading = "University,University-Country,Exchange-Course-Code,Exchange-Course-Title,HKU-Course-Code,HKU-Course-Title"
    path.write_text(f'{heading}\nU,C,"{source}",title,"{target}",{title}\n', "utf-8")

    adapted = course_pairs(path, "HKU")

    assert (adapted.taken, [row[:2] for row in adapted.report]) == (0, [(2, reason)])


def test_signs_between_codes_become_all_any_and_offers(tmp_path):
    path = tmp_path / "table.csv"
    heading = "University,University-Country,Exchange-Course-Code,Exchange-Course-Title,HKU-Course-Code,HKU-Course-Title"
    path.write_text(
        f"{heading}\nU,C,AB1+CD2,one + two,ECON1210,T\nU,C,AB1/CD2,either,ECONxxxx,E\nU,C,XY9,n,AAAA1111 + BBBB2222,T\nU,C,XY8,n,,Elective\n",
        "utf-8",
    )

    rules = {rule.id: rule for rule in base_of(course_pairs(path, "H"), tmp_path / "out").rules}

    assert rules["H-00002"].lhs.kind == "all"
    assert [leaf.outcome for leaf in rules["H-00002"].lhs.leaves()] == ["U:AB1", "U:CD2"]
    assert (rules["H-00003"].lhs.kind, rules["H-00003"].grants[0].kind, rules["H-00003"].grants[0].subject) == ("any", "unassigned", "ECON")
    assert [grant.outcome for grant in rules["H-00004"].grants] == ["H:AAAA1111", "H:BBBB2222"]
    assert rules["H-00005"].grants[0].kind == "elective"


def test_decisions_over_transcripts_agree_with_the_table_itself(tmp_path):
    """For one course each, what is granted is what some row of the table says, and nothing where no row says anything."""
    base = base_of(course_pairs(PAIRS, "HKU"), tmp_path)
    table = defaultdict(set)
    for row in csv.DictReader(PAIRS.open(encoding="utf-8")):
        code, target = row["Exchange-Course-Code"].strip(), row["HKU-Course-Code"].strip()
        if code.replace("-", "") and not set("+/\n") & set(code + target) and len(target) == 8 and target[:4].isupper():
            table[f"{row['University']}:{code}"].add(f"HKU:{target}" if target[4:].isdigit() else f"subject {target[:4]}")
    assert len(table) > 40

    for code, expected in table.items():
        record = RecordFacts("r", code, code.partition(":")[0], ON, Decimal(6), "credit")
        (row,) = decide(Facts("x", (record,), Target("", "credit"), ON), base, (), ON).allocation
        rule = next(rule for rule in base.rules if rule.id == row.rule)
        assert (row.outcome or f"subject {rule.grants[row.grant - 1].subject}") in expected or row.kind == "elective", code
    stranger = RecordFacts("r", "Yonsei University:GONE1", "Yonsei University", ON, Decimal(6), "credit")
    decision = decide(Facts("x", (stranger,), Target("", "credit"), ON), base, (), ON)
    assert (decision.posted, decision.unused[0].headline.code) == (0, "no_rule")


def test_lint_finds_the_courses_that_the_table_sends_to_two_places(tmp_path):
    base = base_of(course_pairs(PAIRS, "HKU"), tmp_path)
    by_source = defaultdict(set)
    for rule in base.rules:
        if rule.lhs.kind == "leaf":
            by_source[rule.lhs.leaf.outcome].add(rule.grants)
    twice = {source for source, grants in by_source.items() if len(grants) > 1}

    found = [finding for finding in lint(base, (), (), [one.code for one in base.outcomes]) if finding.code == "L02"]

    about = {next(rule for rule in base.rules if rule.id == finding.ids[0]).lhs.leaves()[0].outcome for finding in found}
    assert twice <= about
    assert twice


def test_the_command_writes_tables_and_the_report(tmp_path, capsys):
    command = [
        "convert",
        "--from",
        "course-pairs",
        "--receiver",
        "HKU",
        str(PAIRS),
        str(tmp_path / "out"),
        "--report",
        str(tmp_path / "report.csv"),
    ]

    assert main(command) == 0

    rows = list(csv.DictReader((tmp_path / "report.csv").open(encoding="utf-8")))
    assert capsys.readouterr().err.endswith(f"{len(rows)} reported\n")
    assert {row["reason"] for row in rows} >= {"missing_source", "unreadable_target"}


def test_a_table_without_the_columns_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", "utf-8")

    with pytest.raises(BadFiles, match="this column is missing"):
        course_pairs(tmp_path / "x.csv", "HKU")


def test_a_line_that_is_no_json_is_reported(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"broken"\n' + json.dumps({"id": 1}) + "\n" + "[" * 10_000 + "\n", "utf-8")

    assert [row[:2] for row in prior_learning(tmp_path / "x.jsonl").report] == [(1, "unreadable"), (2, "unreadable"), (3, "unreadable")]
