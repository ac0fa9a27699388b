"""Files that mean harm, or were broken on the way: refused with a reason, in bounded time and memory, and never by an accident."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import zipfile
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.rules.__main__ import main
from creditbank.rules.files.cells import BadFiles, Problems
from creditbank.rules.files.checks import check_tables
from creditbank.rules.files.people import read_people, with_units
from creditbank.rules.files.programmes import read_programmes
from creditbank.rules.files.rulebook import read_base, read_limits
from creditbank.rules.files.tables import COLUMNS, read_tables

SECONDS, MEGABYTES = 5, 300
MEASURED = """
import sys, time
from creditbank.rules.__main__ import main
status = main(sys.argv[1:])
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(time.process_time(), peak)
sys.exit(status)
"""
"""The command line, and what it used: seconds of processor time from the start of the program, and kilobytes at the peak."""
HEADINGS = b"rule_id,row,path,node,k,outcome,kind,credits,min_score,window_from\n"
GOOD = b"R,from,1,leaf,,A,,,,\nR,to,1,leaf,,B,course,1,,\n"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(10)) + "]><x>&k;</x>"
)  # fmt: skip


def workbook(**parts):
    """A small good workbook of rules, with some of its parts replaced."""
    book = openpyxl.Workbook()
    book.active.title = "rules"
    for line in (HEADINGS + GOOD).decode().splitlines():
        book.active.append(line.split(","))
    whole = io.BytesIO()
    book.save(whole)
    changed = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.namelist():
            target.writestr(item, parts.get(Path(item).stem, source.read(item)))
        for name, content in parts.items():
            if name.startswith("extra"):
                target.writestr(f"xl/{name}.xml", content)
    return changed.getvalue()


def rows(number, text=b"R%d,from,1,leaf,,A,,,,\nR%d,to,1,leaf,,B,course,x,,\n"):
    return HEADINGS + b"".join(text % (at, at) for at in range(number))


HOSTILE = {
    "a million columns": ("rules.csv", lambda: b"a," * 1_000_000 + b"a\n", "longer than 1,000,000 characters"),
    "too many columns": ("rules.csv", lambda: b"a," * 400_000 + b"a\n", "400,001 columns; this table has"),
    "a line without end": ("rules.csv", lambda: HEADINGS + b"x" * 50_000_000, "longer than 1,000,000 characters"),
    "a quote that is never closed": ("rules.csv", lambda: HEADINGS + b'"' + b"x\n" * 5_000_000, "field larger than field limit"),
    "a cell of a megabyte": ("rules.csv", lambda: HEADINGS + b"R" * 900_000 + b",from\n", "longer than 10,000 characters"),
    "nothing but mistakes": ("rules.csv", lambda: rows(300_000, b"R%d,was,%d\n"), "'was' is none of rule, from, to"),
    "a formula": ("rules.csv", lambda: HEADINGS + b"R,from,1,leaf,,=cmd|' /C calc'!A0,,,,\n", "a formula"),
    "a number of 400 places": ("rules.csv", lambda: HEADINGS + GOOD.replace(b"1,,\n", b"1e400,,\n"), "'1e400' is not a number"),
    "ten to the five thousand": ("rules.csv", lambda: HEADINGS + GOOD.replace(b"1,,\n", b"1" + b"0" * 5_000 + b",,\n"), "is not a number"),
    "not a number": ("rules.csv", lambda: HEADINGS + GOOD.replace(b"1,,\n", b"NaN,,\n"), "'NaN' is not a number"),
    "infinity": ("rules.csv", lambda: HEADINGS + GOOD.replace(b"1,,\n", b"-Infinity,,\n"), "'-Infinity' is not a number"),
    "other digits": ("rules.csv", lambda: HEADINGS + GOOD.replace(b"1,,\n", "１٢,,\n".encode()), "is not a number"),
    "a year of five digits": ("rules.csv", lambda: HEADINGS + b"R,rule,,,,,,,,99999-01-01\n" + GOOD, "is not a date"),
    "a position without end": ("rules.csv", lambda: HEADINGS + b"R,from," + b"1." * 4_000 + b"1,leaf,,A,,,,\n", "is not a position like 1.2"),
    "NUL": ("rules.csv", lambda: HEADINGS + b"R,from,1,leaf,,A\x00B,,,,\n", "holds a NUL"),
    "GB18030": ("rules.csv", lambda: HEADINGS + "R,from,1,leaf,,大学物理,,,,\n".encode("gb18030"), "is not UTF-8 (it looks like GB18030"),
    "UTF-16": ("rules.csv", lambda: (HEADINGS + GOOD).decode().encode("utf-16"), "is not UTF-8 (it looks like UTF-16)"),
    "noise": ("rules.csv", lambda: random.Random(1).randbytes(2_000_000), "cannot be read|is not UTF-8|unknown column|longer than"),
    "deep JSON": ("rules.json", lambda: b'{"rules": [{"rule_id": ' + b"[" * 5_000_000 + b"]" * 5_000_000, "nested too deeply"),
    "JSON of empty lists": ("rules.json", lambda: b'{"rules": [' + b"[]," * 20_000_000 + b"[]]}", "expected a list of objects"),
    "JSON of empty lists in a cell": ("rules.json", lambda: b'{"rules": [{"rule_id": [' + b"[]," * 20_000_000 + b"[]]}]}", "cannot be read at position"),
    "JSON of half a million mistakes": ("rules.json", lambda: json.dumps({"rules": [{"rule_id": "R", "row": "was"}] * 500_000}).encode(), "is none of"),
    "JSON with a number of 400 places": ("rules.json", lambda: b'{"rules": [{"rule_id": "R", "row": "to", "credits": 1e400}]}', "is not a number"),
    "JSON with a million keys": ("rules.json", lambda: b'{"rules": [{' + b",".join(b'"a%d":1' % at for at in range(1_000_000)) + b"}]}", "cannot be read at"),
    "a document larger than its limit": ("rules.json", lambda: b" " * (65 * 1024 * 1024), "larger than 64 MB"),
    "a zip bomb": ("rules.xlsx", lambda: workbook(sheet1=b"<x>" + b"0" * 200_000_000 + b"</x>"), "unpacks to more than 200 times its size"),
    "a larger zip bomb": ("rules.xlsx", lambda: workbook(extra=b"0" * 300_000_000), "unpacks to more than 256 MB"),
    "many parts": ("rules.xlsx", lambda: workbook(**{f"extra{at}": b"<x/>" for at in range(1_100)}), "more than 1,000 parts"),
    "billion laughs": ("rules.xlsx", lambda: workbook(sheet1=LAUGHS.encode()), "declares a document type"),
    "billion laughs in UTF-16": ("rules.xlsx", lambda: workbook(workbook=LAUGHS.encode("utf-16")), "declares a document type"),
    "a workbook cut short": ("rules.xlsx", lambda: workbook()[:2_000], "cannot be read"),
    "a sheet that is no XML": ("rules.xlsx", lambda: workbook(sheet1=b"<worksheet><sheetData><row>"), "cannot be read"),
    "a workbook whose parts are missing": ("rules.xlsx", lambda: workbook(workbook=b"<workbook/>"), "cannot be read|this table is needed"),
    "a cell in the last column": ("rules.xlsx", lambda: workbook(sheet1=(
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="XFD1" t="inlineStr"><is><t>x</t></is></c>'
        b"</row></sheetData></worksheet>")), "this column is missing"),
}  # fmt: skip


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_bounded_time_and_memory(tmp_path, name):
    file, content, reason = HOSTILE[name]
    (tmp_path / file).write_bytes(content())

    child = subprocess.run(
        [sys.executable, "-c", MEASURED, "lint", "--rules", str(tmp_path / file)], capture_output=True, text=True, check=False, timeout=100
    )  # fmt: skip

    assert child.returncode == 1, child.stderr[-500:]
    said, (seconds, kilobytes) = child.stderr, child.stdout.split()
    assert any(part in said for part in reason.split("|")), said[:500]
    assert said.endswith("nothing was written.\n")
    assert float(seconds) < SECONDS
    assert int(kilobytes) < MEGABYTES * 1024


CIRCLES = {
    "agreements": (
        "agreement,supersedes\nA,B\nB,C\nC,A\nD,A\n", "agreements supersede each other in a circle: A → B → C → A",
    ),
    "an agreement of itself": ("agreement,supersedes\nA,A\n", "agreements supersede each other in a circle: A → A"),
    "levels": ("framework,level,rank,maps_to\nE,1,1,N:1\nN,1,1,E:2\nE,2,2,\n", "N:1 maps back to E:2"),
    "levels of one framework": ("framework,level,rank,maps_to\nE,1,1,E:2\nE,2,2,\n", "E:2 is of the same framework"),
}  # fmt: skip


@pytest.mark.parametrize("name", CIRCLES)
def test_what_leads_round_in_a_circle_is_refused(tmp_path, capsys, name):
    content, reason = CIRCLES[name]
    table = "agreements" if content.startswith("agreement") else "levels"
    (tmp_path / f"{table}.csv").write_text(content, "utf-8")
    (tmp_path / "rules.csv").write_bytes(HEADINGS + GOOD)

    assert main(["lint", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("circle") <= 1


def test_levels_that_are_equal_both_ways_are_no_circle(tmp_path, capsys):
    (tmp_path / "levels.csv").write_text("framework,level,rank,maps_to\nE,1,1,N:1\nN,1,1,E:1\n", "utf-8")
    (tmp_path / "rules.csv").write_bytes(HEADINGS + GOOD)

    assert main(["lint", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("table", "content", "reason"),
    [
        (
            "agreements",
            "agreement,window_from,window_to\nA,2026-01-02,2026-01-01\n",
            "row 2, column window_to: '2026-01-01' is before window_from",
        ),
        (
            "outcomes",
            "outcome,active_from,active_to\nA,2026-01-02,2026-01-01\n",
            "row 2, column active_to: '2026-01-01' is before active_from",
        ),
        ("rates", "from,to,num,den,window_from,window_to\nU,V,1,2,2026-01-02,2026-01-01\n", "column window_to"),
        ("outcomes", "outcome\nA\nB\nA\n", "row 4, column outcome: 'A 1' is there twice; first in row 2"),
        ("limits", "limit_id,bound\nL,1\nL,2\n", "row 3, column limit_id: 'L' is there twice"),
        ("systems", "code,hours_nominal\nU,16\nU,25\n", "row 3, column code: 'U' is there twice"),
        ("grades", "scale,label,rank\ns,A,1\ns,A,2\n", "row 3, column scale: 's A' is there twice"),
        ("convertibility", "from,to,value\na,b,allow\na,b,deny\n", "row 3, column from: 'a b' is there twice"),
    ],
)
def test_rows_that_contradict_each_other_are_refused_where_it_shows(tmp_path, capsys, table, content, reason):
    (tmp_path / f"{table}.csv").write_text(content, "utf-8")
    (tmp_path / "rules.csv").write_bytes(HEADINGS + GOOD)

    assert main(["lint", str(tmp_path)]) == 1
    assert reason in capsys.readouterr().err


def test_a_rule_that_holds_for_no_day_is_left_to_lint(tmp_path, capsys):
    (tmp_path / "rules.csv").write_text(
        "rule_id,row,outcome,kind,credits,window_from,window_to\nR,rule,,,,2026-01-02,2026-01-01\nR,from,A,,,,\nR,to,B,course,1,,\n"
    )

    assert main(["lint", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["code"] == "L06"


def read_all(place):
    """Everything that the command line reads; raises BadFiles and nothing else."""
    problems = Problems()
    tables = read_tables({}, place, problems)
    check_tables(tables)
    base = with_units(read_base(tables), tables)
    read_limits(tables.get("limits", ()))
    read_programmes(tables.get("programmes", ()), base)
    read_people(tables, base, date(2026, 1, 1))
    problems.stop()


def problems_of(place):
    """What is wrong with files, or None; anything but BadFiles breaks the test."""
    try:
        read_all(place)
    except BadFiles as bad:
        return bad.problems
    return None


CELLS = st.one_of(
    st.sampled_from([
        "", "1", "0", "-1", "A", "B", "U", "1.1", "1.2", "2", "rule", "from", "to", "leaf", "all", "any", "n_of", "not", "credits_of", "course", "rate",
        "catalogue", "3:4;5:8", "subject=MATH", "level=2", "x=1&y!=2", "award=associate:6|:12", "9:60;10:90", "2026-01-01", "2026-13-01", "0001-01-01",
        "9999-12-31", "self", "institution", "I:receive;J:send", "A;B;;A", "1/2", "NaN", "1e9", "02-30", "09-01", "=1+1", "'=x", "<=", ">=", "年", "1" * 50,
        "E:1", "E:#2", "table", "linear", "active", "draft", "deny", "waiver", "block", "splittable", "gpa", "credits",
    ]),
    st.text(max_size=12),
)  # fmt: skip


@st.composite
def folders(draw):
    """Some tables with real headings and cells of every sort."""
    names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=4, unique=True))
    tables = {}
    for name in names:
        columns = draw(st.lists(st.sampled_from(COLUMNS[name]), min_size=1, max_size=12, unique=True))
        tables[name] = [columns, *draw(st.lists(st.lists(CELLS, min_size=len(columns), max_size=len(columns)), max_size=5))]
    return tables


def cell_text(text):
    return '"' + text.replace('"', '""') + '"'


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tables=folders(), form=st.sampled_from(["csv", "json"]))
def test_any_cells_under_real_headings_are_read_or_refused_and_never_break(tmp_path_factory, tables, form):
    place = tmp_path_factory.mktemp("fuzz")
    if form == "json":
        place = place / "book.json"
        place.write_text(
            json.dumps({name: [dict(zip(lines[0], line, strict=True)) for line in lines[1:]] for name, lines in tables.items()}), "utf-8"
        )
    else:
        for name, lines in tables.items():
            text = "\n".join(",".join(map(cell_text, line)) for line in lines)
            (place / f"{name}.csv").write_bytes(text.encode("utf-8", "surrogatepass"))

    assert problems_of(place) != []


@cache
def one_workbook():
    """The same bytes for every example: a workbook carries the second in which it was made."""
    return workbook()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_a_file_broken_anywhere_is_read_or_refused_and_never_breaks(tmp_path_factory, data):
    whole, name = data.draw(st.sampled_from([(one_workbook(), "book.xlsx"), (HEADINGS + GOOD, "rules.csv"), (json.dumps({"rules": [
        {"rule_id": "R", "row": "from", "outcome": "A"}, {"rule_id": "R", "row": "to", "outcome": "B", "credits": 1}]}).encode(), "book.json")]))  # fmt: skip
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 8)) :]
    place = tmp_path_factory.mktemp("broken") / name
    place.write_bytes(broken)

    assert problems_of(place if name.startswith("book") else place.parent) != []
