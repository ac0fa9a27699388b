"""The explorer asked with a file: every form is read, every bad cell is told, and nothing of it is stored."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.api import Application, Transaction
from creditbank.recognition.own_records import COLUMNS, read_own_records
from foundation.api import AuditEntry, UnreadableTable
from learning.api import LearningRecord
from tests.factories.creditbank import make_bank

pytestmark = pytest.mark.django_db
ON = date(2026, 9, 1)
PAGE = "/convert/file/"


def ask(client, content: bytes, name: str = "records.csv", **more):
    return client.post(PAGE, {"file": SimpleUploadedFile(name, content)}, **more)


def rows_of(bank, **more: str) -> list[dict[str, str]]:
    return [{"outcome": outcome.code, "earned_on": "2026-06-30", "score": "86", **more} for outcome in bank.outcomes]


def as_csv(rows, encoding="utf-8-sig") -> bytes:
    return "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]).encode(encoding)


def as_xlsx(rows) -> bytes:
    book, kept = openpyxl.Workbook(), io.BytesIO()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    book.save(kept)
    return kept.getvalue()


FORMS = {
    "csv": as_csv, "gb18030": lambda rows: as_csv(rows, "gb18030"), "xlsx": as_xlsx, "json": lambda rows: json.dumps({"records": rows}).encode(),
    "list": lambda rows: json.dumps(rows).encode(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_every_form_gives_the_same_answer(client, form):
    bank = make_bank()

    page = ask(client, FORMS[form](rows_of(bank)))

    assert page.status_code == 200
    assert [(answer.programme, answer.worth) for answer, _flow in page.context["giving"]] == [(bank.programme, Decimal(5))]
    assert "来源课程1" in page.content.decode()


def test_what_a_row_leaves_open_is_taken_from_the_catalogue():
    bank = make_bank()
    record = read_own_records(as_csv(rows_of(bank)[:1]), on=ON).records[0]

    assert (record.credits, record.system, record.issuer, record.trust) == (Decimal(4), "V", bank.source.code, "institution")
    assert (record.id, record.title_zh, record.earned_on) == ("row 2", "来源课程1", date(2026, 6, 30))


def test_every_bad_cell_is_told_with_its_row_and_column(client):
    bank = make_bank()
    good = bank.outcomes[0].code
    content = as_csv([
        {"outcome": good, "earned_on": "2026-06-30", "score": "eighty", "credits": "3.1", "system": "V", "record_id": "a", "trust": "sure"},
        {"outcome": "NO:WHERE", "earned_on": "yesterday", "score": "86", "credits": "4", "system": "Q", "record_id": "a", "trust": "self"},
        {"outcome": "", "earned_on": "2999-01-01", "score": "=1+1", "credits": "4", "system": "V", "record_id": "b", "trust": "self"},
    ])  # fmt: skip

    read = read_own_records(content, on=ON)
    page = ask(client, content)

    assert read.records == ()
    assert sorted((cell.line, cell.complaint.column, cell.complaint.code) for cell in read.bad) == [
        (2, "credits", "off_step"), (2, "score", "not_a_number"), (2, "trust", "not_one_of"), (3, "earned_on", "not_a_date"),
        (3, "outcome", "no_such_outcome"), (3, "record_id", "repeated"), (3, "system", "no_such_unit"), (4, "earned_on", "in_the_future"),
        (4, "outcome", "required"), (4, "score", "formula"),
    ]  # fmt: skip
    assert page.status_code == 400
    assert len(page.context["bad"]) == 10
    assert "10 个单元格无法读取" in page.content.decode()
    assert "giving" not in page.context


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"), (b"outcome,earned_on\n", "empty"), (b"{", "damaged"), (b"[1, 2]", "not_a_table"), (b'{"a": 1}', "not_a_table"),
        (b"[" * 100_000, "damaged"), (b'[{"what": 1}]', "unknown_headings"), (b"outcome\nX:1\n", "missing_headings"), (b"\x00\x01\x02", "not_a_table"),
        (b"x" * 2_000_000, "too_large"), (b"outcome,earned_on\n" + b"X:1,2026-01-01\n" * 101, "too_many_rows"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_with_its_reason(client, content, code):
    with pytest.raises(UnreadableTable) as error:
        read_own_records(content, on=ON)

    assert error.value.code == code
    assert ask(client, content, "x.json").status_code == 400


def test_records_of_two_people_are_no_question():
    bank = make_bank()
    read = read_own_records(as_csv([{**row, "learner": str(number)} for number, row in enumerate(rows_of(bank))]), on=ON)

    assert [(cell.line, cell.complaint.code) for cell in read.bad] == [(3, "other_learner")]


def test_asking_with_a_file_stores_nothing(client):
    bank = make_bank()
    before = [model.objects.count() for model in (Application, Transaction, LearningRecord, AuditEntry)]

    ask(client, as_csv(rows_of(bank)))

    assert [model.objects.count() for model in (Application, Transaction, LearningRecord, AuditEntry)] == before


def test_the_number_of_queries_does_not_grow_with_the_file(client, django_assert_max_num_queries):
    bank = make_bank()
    rows = rows_of(bank)
    ask(client, as_csv(rows))

    for count in (1, 30):
        with django_assert_max_num_queries(40):
            ask(client, as_csv((rows * 15)[:count]))


def test_the_template_is_a_file_that_the_page_takes(client):
    bank = make_bank()
    answer = client.get("/convert/file/records.csv")
    heading, example = answer.content.decode("utf-8-sig").splitlines()

    read = read_own_records(f"{heading}\n{example}".replace("JLHV:NUR101", bank.outcomes[0].code).encode(), on=ON)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [cell.complaint.column for cell in read.bad] in ([], ["system"])
    assert heading.split(",")[:2] == [COLUMNS[0].heading_zh, COLUMNS[1].heading_zh]


def test_without_a_file_the_page_says_what_to_do(client):
    page = client.post(PAGE, {})

    assert page.status_code == 400
    assert "请选择文件" in page.content.decode()
