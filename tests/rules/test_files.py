"""Files in, decisions out: the command line, every layout, and what it says of files that are wrong."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from creditbank.rules.__main__ import main
from creditbank.rules.files.cells import Problems, safe, unquoted
from creditbank.rules.files.rulebook import read_base
from creditbank.rules.files.tables import COLUMNS, read_tables

FILES = Path(__file__).parent / "files"


def decided(place, out, *more):
    assert main(["decide", "--tables", str(place), "--on", "2026-01-01", "--out", str(out), *more]) == 0
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


@pytest.fixture
def book(tmp_path):
    return Path(shutil.copytree(FILES, tmp_path / "book"))


def test_every_learner_gets_a_line_with_everything_that_was_decided(tmp_path):
    chen, lin = decided(FILES, tmp_path / "out.jsonl")

    assert (chen["learner"], chen["posted"], lin["posted"], lin["target"]) == ("chen", "0", "15", "PHYS")
    assert lin["objective"] == {"V1": 2, "V2": 18, "V3": 28, "V4": 12480, "V5": 182500, "V6": 3}
    assert [(row["rule"], row["records"], row["leaf"], row["posted"]) for row in lin["allocation"]] == [
        ("R7", ["a", "b"], "1.1", "3"), ("R8", ["c"], "1.2", "7"), ("R9", ["d", "e"], "1.3", "5"),
    ]  # fmt: skip
    assert lin["unused"] == [{"record": "c", "reason": "truncated", "data": {"limit": "EXAM", "amount": "8", "posted": "7", "rule": "R8"}}]
    assert lin["minima"] == [{"limit": "HOME", "met": False, "have": "0", "need": "10", "room": "15"}]
    assert chen["unused"][0] == {"record": "f", "reason": "rule_failed", "data": {"rule": "R7", "field": "grade", "has": "F", "needs": "D"}}
    assert lin["proof"] == {"status": "optimal", "level": None, "bound": None}


def test_a_place_that_cannot_be_written_is_said_and_leaves_nothing_behind(book, tmp_path, capsys):
    (tmp_path / "out").mkdir()

    assert main(["decide", "--tables", str(book), "--on", "2026-01-01", "--out", str(tmp_path / "out")]) == 1
    assert main(["decide", "--tables", str(book), "--on", "2026-01-01", "--out", str(tmp_path / "gone" / "out")]) == 1
    assert main(["decide", "--tables", str(tmp_path / "gone"), "--on", "2026-01-01", "--out", str(tmp_path / "file")]) == 1

    said = capsys.readouterr().err
    assert "is a folder" in said
    assert said.count("nothing was written.") == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "out"]
    assert list((tmp_path / "out").iterdir()) == []


def test_every_table_has_an_option_of_its_own(book, tmp_path):
    named = [part for name in COLUMNS if (book / f"{name}.csv").exists() for part in (f"--{name}", str(book / f"{name}.csv"))]
    command = ["decide", *named, "--on", "2026-01-01", "--out"]

    assert main([*command, str(tmp_path / "a")]) == 0
    assert main([*("--scales" if part == "--grades" else part for part in command), str(tmp_path / "b")]) == 0
    decided(book, tmp_path / "c")

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_a_line_has_exactly_the_documented_keys_in_canonical_form(tmp_path):
    decided(FILES, tmp_path / "out")

    for line in (tmp_path / "out").read_text("utf-8").splitlines():
        row = json.loads(line)
        assert json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")) == line
        assert set(row) == {"learner", "target", "objective", "posted", "allocation", "unused", "minima", "proof", "snapshot_hash"}
        assert set(row["objective"]) == {f"V{level}" for level in range(1, 7)}
        assert all(type(value) is int for value in row["objective"].values())
        assert all(
            set(one) == {"rule", "version", "records", "grant", "kind", "leaf", "fill", "posted"} and isinstance(one["posted"], str)
            for one in row["allocation"]
        )
        assert all(set(one) == {"record", "reason", "data"} for one in row["unused"])
        assert all(set(one) == {"limit", "met", "have", "need", "room"} for one in row["minima"])
        assert set(row["proof"]) == {"status", "level", "bound"}
        assert len(row["snapshot_hash"]) == 64


def test_it_runs_as_a_program_of_its_own_and_prints_nothing_else(tmp_path):
    command = [sys.executable, "-m", "creditbank.rules", "decide", "--tables", FILES, "--on", "2026-01-01", "--out", tmp_path / "out"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len((tmp_path / "out").read_text().splitlines()) == 2


@pytest.mark.parametrize("form", ["book.xlsx", "book.json", "folder"])
def test_converting_loses_nothing(tmp_path, form):
    assert main(["convert", str(FILES), str(tmp_path / form)]) == 0
    assert main(["convert", str(tmp_path / form), str(tmp_path / "back")]) == 0

    first, second = Problems(), Problems()
    assert read_base(read_tables({}, tmp_path / "back", first)) == read_base(read_tables({}, FILES, second))
    assert decided(tmp_path / "back", tmp_path / "b") == decided(FILES, tmp_path / "a")


def test_the_order_of_rows_changes_no_byte(book, tmp_path):
    decided(book, tmp_path / "before")
    for name in ("records", "limits", "outcomes", "rules"):
        heading, *lines = (book / f"{name}.csv").read_text("utf-8").splitlines()
        random.Random(3).shuffle(lines)
        (book / f"{name}.csv").write_text("\n".join([heading, *lines]), "utf-8")

    decided(book, tmp_path / "after")

    assert (tmp_path / "after").read_bytes() == (tmp_path / "before").read_bytes()


def test_all_mistakes_are_named_at_once_with_file_row_and_column_and_nothing_is_written(book, tmp_path, capsys):
    text = (book / "records.csv").read_text("utf-8")
    text = text.replace("a,lin,QCC:PH411,QCC,4,", "a,lin,QCC:PH411,QCC,four,").replace("2024-05-20", "20.5.2024")
    (book / "records.csv").write_text(text.replace("e,lin,QCC:ART2,QCC,3,U", "d,lin,QCC:ART2,QCC,1e9,X"), "utf-8")
    (book / "limits.csv").write_text("limit_id,bound,colour,overflow\nL,-1,red,burn\n", "utf-8")

    assert main(["decide", "--tables", str(book), "--on", "2026-01-01", "--out", str(tmp_path / "out")]) == 1

    said = capsys.readouterr().err
    for complaint in (
        "limits.csv, row 1, column colour: an unknown column", "records.csv, row 2, column credits: 'four' is not a number",
        "records.csv, row 4, column earned_on: '20.5.2024' is not a date", "records.csv, row 6, column credits: '1e9' is not a number",
        "records.csv, row 6, column system: there is no unit 'X'", "records.csv, row 6, column record_id: 'd' is there twice",
        "limits.csv, row 2, column bound: below 0", "limits.csv, row 2, column overflow: 'burn' is none of reject_whole",
    ):  # fmt: skip
        assert complaint in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("R,from,1,n_of,3,,,\nR,from,1.1,leaf,,A,,\nR,to,1,leaf,,B,course,1", "column k: between 1 and 1"),
        ("R,from,1.1,leaf,,A,,\nR,to,1,leaf,,B,course,1", "1.1 hangs below 1, which is not there"),
        ("R,from,1,leaf,,A,,\nR,to,1,leaf,,,course,1", "a leaf without a target"),
        ("R,from,1,leaf,,,,\nR,to,1,leaf,,B,course,1", "a leaf says what it is about"),
        ("R,from,1,leaf,,A,,", "rule R has no row 'to'"),
        ("R,from,1,leaf,,A,,\nR,to,1,leaf,,B,course,=1+1", "a formula"),
        ("R,from,1,leaf,,A,,\nR,to,1,leaf,,B,course," + "9" * 50, "is not a number"),
        ("R,from," + ".".join("1" * 40) + ",leaf,,A,,\nR,to,1,leaf,,B,course,1", "at most 8 deep"),
        ("R,from,1,maybe,,A,,\nR,to,1,leaf,,B,course,1", "'maybe' is none of"),
        ("R,from,1,leaf,,A,,\nR,to,1,leaf,,B,gift,1", "'gift' is none of"),
    ],
)
def test_a_rule_that_says_nothing_clear_is_refused(tmp_path, capsys, rows, complaint):
    (tmp_path / "rules.csv").write_text(f"rule_id,row,path,node,k,outcome,kind,credits\n{rows}\n", "utf-8")

    assert main(["lint", str(tmp_path / "rules.csv")]) == 1
    assert complaint in capsys.readouterr().err


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rules.csv", b"a," * 1_000_000 + b"a\n"),
        ("rules.csv", b"rule_id,row\n" + b"x" * 2_000_000),
        ("rules.csv", b'rule_id,row\n"never closed'),
        ("rules.csv", b"rule_id,row\n\xff\xfe"),
        ("rules.csv", b""),
        ("rules.json", b"[" * 100_000),
        ("rules.json", b'{"rules": {"a": 1}}'),
        ("rules.json", b'{"rules": [{"rule_id": {"a": 1}}]}'),
        ("rules.xlsx", b"PK\x03\x04 not a workbook"),
    ],
)
def test_hostile_files_are_refused_in_bounded_time(tmp_path, capsys, name, content):
    (tmp_path / name).write_bytes(content)

    assert main(["lint", str(tmp_path), "--rules", str(tmp_path / name)]) == 1
    assert "nothing was written" in capsys.readouterr().err


def test_a_workbook_with_formulas_is_refused(tmp_path, capsys):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "limits"
    sheet.append(["limit_id", "bound"])
    sheet.append(["L", "=1+1"])
    book.save(tmp_path / "limits.xlsx")

    assert main(["convert", str(tmp_path / "limits.xlsx"), str(tmp_path / "out")]) == 1
    assert "row 2, column bound: a formula" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["=cmd()", "+1+1", "-x", "@SUM(A1)", "plain", "-5", "'quoted", ""])
def test_what_is_written_is_no_formula_and_comes_back(text):
    assert unquoted(safe(text)) == text
    assert not safe(text).startswith(("=", "@"))
    assert not safe(text).startswith(("+", "-")) or safe(text) == "-5"


def test_every_table_has_its_documented_columns():
    text = (Path(__file__).parents[2] / "docs/RULES.md").read_text("utf-8")

    for name, columns in COLUMNS.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert set(columns) <= set(line.replace("`", " ").replace(",", " ").split()), name


def test_an_explanation_reads_like_a_letter(capsys):
    assert main(["explain", "--tables", str(FILES), "--on", "2026-01-01", "--language", "en"]) == 0

    said = capsys.readouterr().out
    assert "- f: rule R7 asks for a grade of at least D; found F Reach a grade of D." in said
    assert "2 of: “Physics I” (grade ≥ D), “Physics II” (grade ≥ D, grade ≤ A-), “Physics III” (grade ≥ C)" in said


def test_two_books_are_compared_in_words(book, capsys):
    rules = (book / "rules.csv").read_text("utf-8")
    assert main(["diff", str(FILES), str(book)]) == 0
    assert capsys.readouterr().out == ""
    (book / "rules.csv").write_text(rules.replace("PH413,C", "PH413,B"), "utf-8")

    assert main(["diff", str(FILES), str(book), "--language", "en"]) == 0

    said = capsys.readouterr().out
    assert said.startswith("changed rule R7: 2 of: ")
    assert "“Physics III” (grade ≥ [-C-]{+B+})" in said
    assert len(said.splitlines()) == 1


def test_a_book_that_cannot_be_read_is_not_compared(book, tmp_path, capsys):
    (tmp_path / "empty").mkdir()

    assert main(["diff", str(book), str(tmp_path / "empty")]) == 1
    assert "holds no table of rules" in capsys.readouterr().err


def test_lint_of_a_folder_ends_with_one_where_something_blocks(book, capsys):
    assert main(["lint", str(book)]) == 0
    (book / "grades.csv").unlink()

    assert main(["lint", str(book), "--language", "en"]) == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"L11", "L25"} == {row["code"] for row in found}
    assert all(row["remedy"] and row["text"] for row in found)
