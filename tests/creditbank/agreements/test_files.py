"""A version out of files and into files: nothing is lost, and files that are wrong leave nothing behind."""

from __future__ import annotations

from datetime import date

import pytest

from creditbank.agreements.actions import import_version, publish_rules, store_version
from creditbank.agreements.checking import examples_of, written_examples
from creditbank.agreements.examples import read_example
from creditbank.agreements.files import export_version
from creditbank.agreements.models import RuleBook, RuleBookVersion
from creditbank.agreements.queries import limits_of, rule_base
from creditbank.rules.files.cells import BadFiles
from foundation.api import AuditEntry
from tests.creditbank.agreements.test_stored import WHOLE, as_stored, store
from tests.factories.creditbank import AT, make_bank
from tests.factories.identity import UserFactory
from tests.rules.test_writing import LIMITS

pytestmark = pytest.mark.django_db

EXAMPLE = {
    "code": "E1", "title_zh": "甲课 82 分", "title_en": "Course with 82", "unit": "A", "attributes": [["award", "associate"]],
    "reviewed_on": date(2026, 3, 2), "posted": "3",
    "records": [
        {"record": "a", "outcome": "X:1", "earned_on": "2025-06-30", "score": "82", "subjects": ["law"], "framework": "EQF", "level": 4, "gives": "3"},
        {"record": "b", "outcome": "X:2", "earned_on": "2025-06-30", "grade": "F", "evidence": ["成绩单"], "reason": "no_rule"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", ["xlsx", "json", "zip"])
def test_a_version_is_the_same_after_export_and_import(form):
    actor = UserFactory()
    first = store(WHOLE, LIMITS, {}, actor=actor)
    whole = store_version(
        first.book, rules=rule_base(first).rules, limits=limits_of(first), sources={"L1": "a published figure"},
        examples=[read_example(EXAMPLE)], valid_from=date(2026, 1, 1), actor=actor,
    )  # fmt: skip

    again = import_version(whole.book, [(f"book.{form}", export_version(whole, form))], valid_from=date(2026, 2, 1), actor=actor)

    assert rule_base(again).rules == rule_base(whole).rules
    assert limits_of(again) == limits_of(whole)
    assert again.limits.get(code="L1").source == "a published figure"
    assert written_examples(again) == written_examples(whole) == [read_example(EXAMPLE)]
    assert (again.number, again.content_hash) == (whole.number + 1, whole.content_hash)


RULES = """rule_id,row,path,node,k,outcome,min_score,kind,credits,agreement,source
R1,rule,,,,,,,,{agreement},
R1,from,1,leaf,,X:1,{score},,,,
R1,to,1,leaf,,Y:1,,course,3,,
"""


def test_files_that_are_wrong_are_refused_with_every_place_and_leave_nothing():
    bank = make_bank()
    book, before = bank.version.book, RuleBookVersion.objects.count()
    entries = AuditEntry.objects.count()
    files = [
        ("rules.csv", RULES.format(agreement="NOPE", score="sixty").encode()),
        ("limits.csv", b"limit_id,bound,overflow\nL,5,burn\nL,6,\n"),
        ("examples.csv", b"example,record_id,outcome,earned_on,reviewed_on,level\nE1,a,X:1,2025-06-30,,9\n"),
        ("notes.txt", b"hello"), ("odd.csv", b"a,b\n1,2\n"), ("broken.xlsx", b"PK not a workbook"), ("broken.zip", b"nothing"),
    ]  # fmt: skip

    with pytest.raises(BadFiles) as refused:
        import_version(book, files, valid_from=date(2026, 1, 1), actor=bank.officer)

    said = [str(problem) for problem in refused.value.problems]
    for complaint in (
        "rules.csv, row 2, column agreement: there is no agreement 'NOPE'", "rules.csv, row 3, column min_score: 'sixty' is not a number",
        "limits.csv, row 2, column overflow: 'burn' is none of", "limits.csv, row 3, column limit_id: 'L' is there twice",
        "examples.csv, row 2, column example: E1: an example has a code and a day of review",
        "notes.txt: is no CSV, XLSX, JSON or ZIP file", "odd.csv: is named after no table", "broken.xlsx: cannot be read", "broken.zip: cannot be read",
    ):  # fmt: skip
        assert any(line.startswith(complaint) for line in said), (complaint, said)
    assert RuleBookVersion.objects.count() == before
    assert AuditEntry.objects.count() == entries


def test_a_rule_that_names_itself_twice_is_refused_whole():
    bank = make_bank()
    rows = RULES.format(agreement="", score="60")
    twice = rows + "R1,rule,,,,,,,,,\n"

    with pytest.raises(BadFiles, match="has a second row of this kind"):
        import_version(bank.version.book, [("rules.csv", twice.encode())], valid_from=date(2026, 1, 1), actor=bank.officer)


def test_an_import_is_a_draft_until_another_person_publishes_it():
    bank = make_bank()
    book = RuleBook.objects.get(pk=bank.version.book_id)

    draft = import_version(book, [("book.json", export_version(bank.version, "json"))], valid_from=date(2026, 6, 1), actor=bank.officer)
    published = publish_rules(draft, actor=bank.reviewer, at=AT)

    bank.version.refresh_from_db()
    assert (draft.status, published.status, published.valid_from) == ("draft", "published", date(2026, 6, 1))
    assert bank.version.valid_to == date(2026, 5, 31)
    assert examples_of(published) == []
    assert as_stored(rule_base(published), published).rules == rule_base(published).rules
