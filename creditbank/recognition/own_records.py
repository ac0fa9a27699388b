"""A file of somebody's own records for the explorer: the table of records as the rule files know it, as CSV, XLSX or JSON.

Read, judged and forgotten: nothing of it is stored. Every cell that cannot be taken is a complaint with its row and column.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, cast

from django.utils.translation import gettext_noop

from creditbank.catalogue.models import Outcome
from creditbank.rules.types import TRUST_RANK, RecordFacts, Trust
from foundation.api import CellReader, Column, Complaint, CreditSystem, SheetRow, UnreadableTable, is_on_step, read_table

COLUMNS = (
    Column("outcome", "成果代码", "Outcome", required=True, example="JLHV:NUR101"),
    Column("earned_on", "取得日期", "Earned on", required=True, example="2026-06-30"),
    Column("record_id", "记录编号", "Record", example="1"),
    Column("score", "成绩", "Score", example="86"),
    Column("grade", "等级成绩", "Grade"),
    Column("attendance", "出勤率", "Attendance", example="95"),
    Column("credits", "学分", "Credits", example="4"),
    Column("system", "学分制", "Credit system", example="A"),
    Column("hours", "学时", "Hours", example="64"),
    Column("issuer", "发出机构", "Issuer", example="JLHV"),
    Column("issued_on", "颁发日期", "Issued on"),
    Column("valid_until", "有效期至", "Valid until"),
    Column("trust", "可信级别", "Trust", example="institution"),
    Column("state", "状态", "State", example="available"),
    Column("evidence", "材料", "Evidence"),
    Column("learner", "学习者", "Learner"),
    Column("version", "版本", "Version"),
    Column("award", "证书", "Award"),
    Column("remaining", "剩余", "Remaining"),
)
LONGEST = {"outcome": 60, "record_id": 80, "grade": 40, "system": 20, "issuer": 40, "evidence": 400}
STATES = ("available", "pending", "held", "used", "expired", "withdrawn", "void", "revoked", "transferred", "awarded", "consumed")
MOST_RECORDS = 100
"""More than anybody brings; every programme is asked about all of them."""
LARGEST = 1024 * 1024
HIGHEST_SCORE = Decimal(1000)
TEXTS = {
    "no_such_outcome": gettext_noop("%(value)s is not in the catalogue."),
    "no_such_unit": gettext_noop("There is no credit system %(value)s."),
    "not_one_of": gettext_noop("%(value)s is none of %(known)s."),
    "in_the_future": gettext_noop("%(value)s has not come yet."),
    "before_earned": gettext_noop("Ends before it was earned."),
    "off_step": gettext_noop("%(value)s is not a multiple of %(step)s."),
    "other_learner": gettext_noop("Another learner than in the first row; a file holds the records of one person."),
}


@dataclass(frozen=True)
class BadCell:
    """What is wrong with a cell: the row as a spreadsheet counts, and the complaint."""

    line: int
    complaint: Complaint


@dataclass(frozen=True)
class OwnRecords:
    """What a file says: records that can be asked about, or everything that is wrong."""

    records: tuple[RecordFacts, ...]
    bad: tuple[BadCell, ...]


def read_own_records(content: bytes, *, on: date) -> OwnRecords:
    """Read a file; where a cell is bad, no record is given. Two queries. Raises UnreadableTable (see foundation/tables) for a file that is none."""
    if len(content) > LARGEST:
        raise UnreadableTable("too_large", most=LARGEST // 1024 // 1024)
    rows = list(islice(_rows(content), MOST_RECORDS + 1))
    if len(rows) > MOST_RECORDS:
        raise UnreadableTable("too_many_rows", most=MOST_RECORDS)
    if not rows:
        raise UnreadableTable("empty")
    codes = {row.cells.get("outcome", "") for row in rows}
    known = _Known(
        outcomes={outcome.code: outcome for outcome in Outcome.objects.filter(code__in=codes).select_related("owner", "system")},
        systems={system.code: system for system in CreditSystem.objects.all()},
        on=on,
    )
    seen: dict[str, int] = {}
    read = [_record(row, known, seen, first=rows[0].cells.get("learner", "")) for row in rows]
    bad = tuple(
        BadCell(row.line, complaint) for row, (_record_facts, complaints) in zip(rows, read, strict=True) for complaint in complaints
    )
    return OwnRecords(() if bad else tuple(record for record, _complaints in read if record is not None), bad)


def _rows(content: bytes) -> Iterator[SheetRow]:
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return _json_rows(content) if start in {b"{", b"["} else read_table(content, COLUMNS)


def _json_rows(content: bytes) -> Iterator[SheetRow]:
    """A list of records, or an object that has one under ``records``. Numbers stay the text that was written."""
    try:
        document = json.loads(content.decode("utf-8-sig"), parse_float=str, parse_int=str, parse_constant=str)
    except UnicodeDecodeError as error:
        raise UnreadableTable("encoding") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableTable("damaged") from error
    listed = document.get("records") if isinstance(document, dict) else document
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise UnreadableTable("not_a_table")
    keys = {column.key for column in COLUMNS}
    unknown = sorted({str(name)[:60] for item in listed for name in item} - keys)
    if unknown:
        raise UnreadableTable("unknown_headings", headings=unknown[:20])
    for line, item in enumerate(listed, start=1):
        texts = {name: _text_of(value) for name, value in item.items() if value is not None}
        yield SheetRow(line, {name: text for name, text in texts.items() if text}, tuple(_strange(texts)))


def _text_of(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(str(part) for part in value)
    return str(value).strip()


def _strange(texts: Mapping[str, str]) -> Iterable[Complaint]:
    for name, text in texts.items():
        if any(ord(letter) < ord(" ") for letter in text):
            yield Complaint(name, "control_character")


@dataclass(frozen=True)
class _Known:
    outcomes: Mapping[str, Outcome]
    systems: Mapping[str, CreditSystem]
    on: date


def _record(row: SheetRow, known: _Known, seen: dict[str, int], *, first: str) -> tuple[RecordFacts | None, Sequence[Complaint]]:
    """One row as a record; None beside the complaints where it cannot be one."""
    reader = CellReader(row, COLUMNS, LONGEST)
    if reader.values.get("learner", "") != first:
        reader.wrong("learner", "other_learner")
    reader.unique("record_id", seen, row.line)
    outcome = _outcome(reader, known)
    earned, issued, until = _days(reader, known)
    credits, system = _credits(reader, outcome, known)
    hours = reader.number("hours", Decimal("0.5"), Decimal(10_000))
    score = reader.number("score", Decimal(0), HIGHEST_SCORE)
    attendance = reader.number("attendance", Decimal(0), Decimal(100))
    trust = _one_of(reader, "trust", tuple(TRUST_RANK), "institution")
    state = _one_of(reader, "state", STATES, "available")
    if reader.problems or outcome is None or earned is None:
        return None, reader.problems
    evidence = tuple(sorted(part.strip() for part in reader.values.get("evidence", "").split(";") if part.strip()))
    record = RecordFacts(
        id=reader.values.get("record_id", f"row {row.line}"), outcome=outcome.code, issuer=reader.values.get("issuer", outcome.owner.code),
        earned_on=earned, credits=credits, system=system, hours=outcome.hours if hours is None else hours, score=score, attendance=attendance,
        grade=reader.values.get("grade", ""), category=outcome.category, source_type=outcome.source_type, subjects=tuple(outcome.subjects),
        dup_class=outcome.class_key, trust=cast("Trust", trust), issued_on=issued, valid_until=until, state=state, evidence=evidence,
        title_zh=outcome.title_zh, title_en=outcome.title_en,
    )  # fmt: skip
    return record, ()


def _outcome(reader: CellReader, known: _Known) -> Outcome | None:
    code = reader.values.get("outcome")
    if code is None:
        return None
    if code not in known.outcomes:
        reader.wrong("outcome", "no_such_outcome", value=code)
    return known.outcomes.get(code)


def _days(reader: CellReader, known: _Known) -> tuple[date | None, date | None, date | None]:
    earned, issued, until = (reader.day(name) for name in ("earned_on", "issued_on", "valid_until"))
    for name, day in (("earned_on", earned), ("issued_on", issued)):
        if day is not None and day > known.on:
            reader.wrong(name, "in_the_future", value=day.isoformat())
    if earned is not None and until is not None and until < earned:
        reader.wrong("valid_until", "before_earned")
    return earned, issued, until


def _credits(reader: CellReader, outcome: Outcome | None, known: _Known) -> tuple[Decimal | None, str]:
    """The credits of the row with their unit, else those of the catalogue; on the unit's step."""
    given = reader.number("credits", Decimal("0.001"), Decimal(400))
    code = reader.values.get("system", outcome.system.code if outcome and outcome.system else "")
    unit = known.systems.get(code)
    if code and unit is None:
        reader.wrong("system", "no_such_unit", value=code)
    amount = given if given is not None or outcome is None else outcome.credits
    if given is not None and unit is not None and not is_on_step(given, unit.step):
        reader.wrong("credits", "off_step", value=format(given, "f"), step=format(unit.step.normalize(), "f"))
    return amount, code if amount is not None else ""


def _one_of(reader: CellReader, column: str, known: tuple[str, ...], default: str) -> str:
    text = reader.values.get(column, default)
    if text not in known:
        reader.wrong(column, "not_one_of", value=text, known=", ".join(known))
    return text
