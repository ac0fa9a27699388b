"""Tables from outside: what is understood, and what is refused with a reason before anything is done with it."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from foundation.api import Column, SheetRow, UnreadableTable, cell_complaint, file_complaint, read_table
from foundation.tables import reading

COLUMNS = (Column("who", "学习者", "Learner", required=True), Column("score", "成绩", "Score"))


def rows(content: bytes) -> list[SheetRow]:
    return list(read_table(content, COLUMNS))


def workbook(*lines: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def refusal(content: bytes) -> tuple[str, dict]:
    with pytest.raises(UnreadableTable) as caught:
        rows(content)
    return caught.value.code, caught.value.data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_is_read_in_the_encodings_that_spreadsheets_write(encoding):
    assert rows("学习者,成绩\n王喆,86\n".encode(encoding)) == [SheetRow(2, {"who": "王喆", "score": "86"})]


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_whatever_parts_the_headings_parts_the_rows(separator):
    assert rows(f"Learner{separator}Score\na{separator}1\n".encode()) == [SheetRow(2, {"who": "a", "score": "1"})]


@pytest.mark.parametrize("heading", ["who", "学习者", "学习者*", " Learner ", "LEARNER"])
def test_a_heading_is_known_in_both_languages_and_by_its_key(heading):
    assert rows(f"{heading}\na\n".encode()) == [SheetRow(2, {"who": "a"})]


def test_a_workbook_gives_text_dates_and_whole_numbers_without_a_point():
    content = workbook(["学习者", "成绩"], [202601, 86.0], [date(2026, 6, 30), 86.5], ["00123", None])

    assert [row.cells for row in rows(content)] == [
        {"who": "202601", "score": "86"},
        {"who": "2026-06-30", "score": "86.5"},
        {"who": "00123"},
    ]


def test_empty_rows_are_left_out_and_lines_count_as_the_spreadsheet_does():
    assert [row.line for row in rows(b"who\na\n\n,\nb\n")] == [2, 5]


def test_a_formula_is_a_complaint_and_never_a_value():
    [row] = rows(workbook(["who", "score"], ["a", "=1+1"]))

    assert (row.cells, [(one.column, one.code) for one in row.complaints]) == ({"who": "a"}, [("score", "formula")])


def test_our_own_guard_before_a_formula_is_taken_away_again():
    assert rows(b"who\n'+8613812345678\n") == [SheetRow(2, {"who": "+8613812345678"})]


def test_cells_beyond_the_headings_and_cells_too_long_are_complaints():
    [first, second] = rows(f"who,score\na,1,x\n{'b' * 501},2\n".encode())

    assert [(one.column, one.code) for one in first.complaints] == [("", "beyond_headings")]
    assert [(one.column, one.code) for one in second.complaints] == [("who", "too_long")]


def test_the_column_of_an_earlier_report_is_passed_over():
    assert rows("学习者,错误\na,成绩: 太高\n".encode()) == [SheetRow(2, {"who": "a"})]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not_a_table"),
        (b"who\x00,score\n", "not_a_table"),
        (b"who\n\xff\xff\n", "encoding"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        ("who,成绩,Score\na,1,2\n".encode(), "repeated_headings"),
        (b"who,colour\na,red\n", "unknown_headings"),
        (b"score\n1\n", "missing_headings"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(content, code):
    assert refusal(content)[0] == code


def test_an_archive_that_is_no_workbook_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")

    assert refusal(out.getvalue())[0] == "not_a_table"


def test_a_workbook_with_a_document_type_is_refused_before_it_is_parsed():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><workbook/>')

    assert refusal(out.getvalue())[0] == "damaged"


def test_a_workbook_that_would_unpack_to_more_than_half_a_gigabyte_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (reading.LARGEST_PARTS + 1))

    assert refusal(out.getvalue())[0] == "damaged"


def test_more_rows_than_allowed_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 3)

    assert refusal(b"who\na\nb\nc\nd\n") == ("too_many_rows", {"most": 3})


def test_a_larger_file_than_allowed_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_FILE", 10)

    assert refusal(b"who\naaaaaaaaa\n")[0] == "too_large"


def test_complaints_are_said_in_the_readers_language():
    assert file_complaint("missing_headings", {"headings": ["who"]}, {"who": "学习者"}) == "缺少列：学习者。"
    assert cell_complaint("out_of_range", {"value": "101", "low": "0", "high": "100"}) == "101 不在 0 和 100 之间。"
