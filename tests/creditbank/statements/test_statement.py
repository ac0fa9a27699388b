"""The account statement as a file: the right lines and balances of a period, exact amounts, and no formula."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from tests.factories.creditbank import ON, give
from tests.factories.identity import UserFactory
from tests.factories.learning import credit_system, make_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client):
    person = UserFactory(name="林晓雯")
    client.force_login(person)
    return person


def csv_rows(client, **period) -> list[list[str]]:
    answer = client.get("/my/credits/statement/", {"kind": "csv", **period})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="statement.csv"'
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def sheet_of(client, **period):
    answer = client.get("/my/credits/statement/", {"kind": "xlsx", **period})
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    return load_workbook(io.BytesIO(answer.content)).active


def test_the_workbook_holds_every_line_with_numbers_and_texts(client, person, credited):
    client.force_login(credited.learner)

    sheet = sheet_of(client)

    assert [cell.value for cell in sheet[1]] == ["学分类别", "日期", "类型", "事项与依据", "申请", "变动", "余额"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [(row[0], row[2], row[3], row[4], row[5], row[6]) for row in rows] == [
        ("A", "授予", "护理学专科", credited.reference, 5, 5),
        ("V", "确认", "来源课程1", None, 4, 4),
        ("V", "确认", "来源课程2", None, 4, 8),
        ("V", "冻结", "护理学专科", credited.reference, 0, 8),
        ("V", "转换", "护理学专科", credited.reference, -8, 0),
    ]
    assert {cell.data_type for cell in sheet["E"][1:] if cell.value} == {"s"}
    assert {(cell.data_type, cell.number_format) for cell in (*sheet["F"][1:], *sheet["G"][1:])} == {("n", "0.0")}
    assert {cell.number_format for cell in sheet["B"][1:]} == {"yyyy-mm-dd"}


def test_a_period_begins_with_what_stood_before_and_ends_with_what_stands(client, person):
    for month, amount in ((1, "6"), (2, "2.5"), (3, "1"), (4, "4")):
        give(person.uuid, amount, on=date(2026, month, 10))

    rows = csv_rows(client, since="2026-02-01", until="2026-03-31")

    assert [(row[1], row[2], row[5], row[6]) for row in rows[1:]] == [
        ("2026-02-01", "期初余额", "", "6.0"),
        ("2026-02-10", "确认", "2.5", "8.5"),
        ("2026-03-10", "确认", "1.0", "9.5"),
    ]


@pytest.mark.parametrize(
    ("since", "until", "count"), [("2026-03-02", "2026-03-02", 2), ("2026-03-03", "", 1), ("", "2026-03-01", 0), ("", "", 1)]
)
def test_both_days_of_a_period_count(client, person, since, until, count):
    give(person.uuid, "3", on=ON)

    assert len(csv_rows(client, since=since, until=until)) == 1 + count


def test_lines_entered_late_still_add_up(client, person):
    """The order is that of posting; a line may carry an earlier day than the one before it."""
    give(person.uuid, "3", on=date(2026, 3, 2))
    give(person.uuid, "2", on=date(2026, 1, 2))

    rows = csv_rows(client, since="2026-02-01")

    assert [(row[2], row[6]) for row in rows[1:]] == [("期初余额", "2.0"), ("确认", "5.0")]


def test_titles_that_would_be_formulas_are_texts(client, person):
    make_record(person, credits=Decimal("3.0"), title_zh="=HYPERLINK(1)", title_en="+cmd")

    (_head, row) = csv_rows(client)
    cell = sheet_of(client)["D2"]

    assert (row[0], row[3], row[5], row[6]) == ("A", "'=HYPERLINK(1)", "3.0", "3.0")
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=HYPERLINK(1)", "s", True)
    english = list(csv.reader(io.StringIO(client.get("/en/my/credits/statement.csv").content.decode("utf-8-sig"))))
    assert english[1][2:4] == ["confirmation", "'+cmd"]


def test_amounts_have_the_decimals_of_their_own_unit(client, person):
    quarter = credit_system("V")
    quarter.step = Decimal("0.25")
    quarter.save()
    give(person.uuid, "3")
    give(person.uuid, "2.25", unit="V")

    sheet = sheet_of(client)

    assert [(cell.value, cell.number_format) for cell in sheet["F"][1:]] == [(3, "0.0"), (2.25, "0.00")]


@pytest.mark.parametrize(
    ("period", "words"),
    [({"since": "2026-03-02", "until": "2026-03-01"}, "结束日早于开始日"), ({"since": "gestern"}, "2026"), ({"kind": "exe"}, "exe")],
)
def test_a_period_that_is_none_is_refused_and_stays_in_the_form(client, person, period, words):
    answer = client.get("/my/credits/statement/", {"kind": "csv", "since": "2026-03-01", **period})

    assert answer.status_code == 400
    assert next(iter(period.values())) in answer.content.decode() or words in answer.content.decode()


def test_nobody_sees_another_persons_lines(client, person):
    give(UserFactory().uuid, "9", on=timezone.localdate() - timedelta(days=1))

    assert csv_rows(client)[1:] == []
