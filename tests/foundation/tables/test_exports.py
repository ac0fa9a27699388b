"""Tables as files: round trips, exact figures, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from foundation.api import CellKind, Figure, Heading, Table, csv_of, harmless, xlsx_of
from foundation.tables.exports import decimals

COLUMNS = (
    Heading("编号"),
    Heading("说明"),
    Heading("学分", CellKind.NUMBER, Decimal("0.5")),
    Heading("日期", CellKind.DATE),
)
ROW = ("310104199001011234", "国画入门", Decimal("3.000"), date(2026, 3, 2))
FORMULAS = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    '=HYPERLINK("http://x")',
    "=cmd|' /C calc'!A0",
]


def sheet_of(*rows, columns=COLUMNS):
    return load_workbook(io.BytesIO(xlsx_of([Table("对账单", columns, rows)]))).active


def rows_of(*rows, columns=COLUMNS) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_of(Table("对账单", columns, rows)).decode("utf-8-sig"), newline="")))


def test_a_csv_begins_with_a_mark_and_keeps_ids_and_decimals():
    data = csv_of(Table("x", COLUMNS, (ROW,)))

    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == "编号,说明,学分,日期\r\n310104199001011234,国画入门,3.0,2026-03-02\r\n"


def test_a_workbook_has_headings_texts_numbers_and_dates():
    sheet = sheet_of(ROW, (None, None, None, None))

    assert sheet.title == "对账单"
    assert [cell.value for cell in sheet[1]] == ["编号", "说明", "学分", "日期"]
    assert [cell.value for cell in sheet[2]] == ["310104199001011234", "国画入门", 3, sheet["D2"].value]
    assert [cell.data_type for cell in sheet[2]] == ["s", "s", "n", "d"]
    assert [cell.number_format for cell in sheet[2]] == ["@", "@", "0.0", "yyyy-mm-dd"]
    assert sheet["D2"].value.date() == date(2026, 3, 2)
    assert sheet.freeze_panes == "A2"
    assert sheet.max_row in {2, 3}


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text):
    sheet = sheet_of((text, text, Decimal(1), date(2026, 3, 2)), columns=(Heading(text), *COLUMNS[1:]))

    for cell in (sheet["A1"], sheet["A2"], sheet["B2"]):
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
        assert cell.value.replace("\n", "").replace("\r", "") == text.replace("\n", "").replace("\r", "")
    with zipfile.ZipFile(io.BytesIO(xlsx_of([Table("x", (Heading("a"),), ((text,),))]))) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    assert rows_of((text, "x", Decimal(1), date(2026, 3, 2)))[1][0] == f"'{text}"


@pytest.mark.parametrize("text", ["国画", "", "a=b", "1-2", "'=1", " =1"])
def test_what_is_no_formula_stays_as_it_is(text):
    assert harmless(text) == text
    assert sheet_of((text or "x", "y", None, None))["A2"].value == (text or "x")


@pytest.mark.parametrize("text", ["#REF!", "12345678901234567890", "TRUE", "2026-03-02", "1e5", "0012"])
def test_texts_that_look_like_something_else_stay_texts(text):
    cell = sheet_of((text, "y", None, None))["A2"]

    assert (cell.value, cell.data_type) == (text, "s")


@pytest.mark.parametrize(
    ("amount", "step", "csv_text", "form"),
    [("-2.5", "0.5", "-2.5", "0.0"), ("3", "1", "3", "0"), ("0.25", "0.25", "0.25", "0.00"), ("1E+1", "0.5", "10.0", "0.0")],
)
def test_amounts_are_numbers_with_the_decimals_of_their_unit(amount, step, csv_text, form):
    row = ("x", "y", Figure(Decimal(amount), Decimal(step)), None)

    cell = sheet_of(row)["C2"]

    assert (Decimal(str(cell.value)), cell.data_type, cell.number_format) == (Decimal(amount), "n", form)
    assert rows_of(row)[1][2] == csv_text


def test_decimals_of_a_step():
    assert [decimals(Decimal(step)) for step in ("1", "0.5", "0.25", "10", "0.50")] == [0, 1, 2, 0, 1]


def test_characters_that_no_workbook_knows_are_replaced_not_fatal():
    assert sheet_of(("a\x00b\x0bc\ud800", "x" * 40_000, None, None))["A2"].value == "a\ufffdb\ufffdc\ufffd"
    assert len(sheet_of(("a", "x" * 40_000, None, None))["B2"].value) == 32_767


@pytest.mark.parametrize(("name", "shown"), [("对账单", "对账单"), ("a/b:c[d]", "a b c d"), ("", "Sheet"), ("长" * 40, "长" * 31)])
def test_sheets_have_names_that_spreadsheets_accept(name, shown):
    assert load_workbook(io.BytesIO(xlsx_of([Table(name, COLUMNS, ())]))).sheetnames == [shown]


def test_a_row_of_another_length_is_a_mistake():
    with pytest.raises(ValueError, match="argument 2"):
        csv_of(Table("x", COLUMNS, (("a",),)))


@given(st.text(max_size=40))
def test_whatever_is_typed_no_csv_cell_begins_like_a_formula(text):
    cell = rows_of((text, "y", None, None))[1][0]

    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
