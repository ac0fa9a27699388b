"""What a row of results may say, and what makes it wrong: every complaint at once, each with its column.

Pure but for what it is given: people, outcomes and earlier results are looked up for many rows at a time by the caller.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_noop

from creditbank.catalogue.models import Outcome
from foundation.api import CellReader, Column, Complaint, SheetRow, is_on_step

COLUMNS = (
    Column("learner", "学习者", "Learner", required=True, example="2026010101"),
    Column("name", "姓名", "Name", example="张三"),
    Column("result_id", "成绩编号", "Result number", required=True, example="2026S-0001"),
    Column("outcome", "成果代码", "Outcome code", required=True, example="JLHV:NUR101"),
    Column("earned_on", "取得日期", "Earned on", required=True, example="2026-06-30"),
    Column("score", "成绩", "Score", example="86"),
    Column("grade", "等级成绩", "Grade", example="B"),
    Column("attendance", "出勤率", "Attendance", example="95"),
    Column("credits", "学分", "Credits", example="4"),
    Column("hours", "学时", "Hours", example="64"),
    Column("valid_until", "有效期至", "Valid until", example=""),
)
HEADINGS = {column.key: column for column in COLUMNS}
LONGEST = {"learner": 120, "name": 50, "result_id": 80, "outcome": 60, "grade": 40}
HUNDRED = Decimal(100)

TEXTS = {
    "no_such_learner": gettext_noop("Nobody here is known as %(value)s. Link the learner number, or write phone or e-mail."),
    "own_result": gettext_noop("Nobody uploads results of their own."),
    "other_name": gettext_noop("This learner has another name here."),
    "no_such_outcome": gettext_noop("%(value)s is not in the catalogue."),
    "not_your_outcome": gettext_noop("%(value)s belongs to another institution."),
    "in_the_future": gettext_noop("%(value)s has not come yet."),
    "before_earned": gettext_noop("Ends before it was earned."),
    "no_credit": gettext_noop("The catalogue names no credit for this outcome; write it."),
    "off_step": gettext_noop("%(value)s is not a multiple of %(step)s."),
    "longest": gettext_noop("Longer than %(most)s characters."),  # as complaints that were stored before too_long was said everywhere
    "taken": gettext_noop("%(value)s was entered already, with other content."),
}


@dataclass(frozen=True)
class Person:
    """Who a row may mean."""

    uuid: UUID
    name: str


@dataclass(frozen=True)
class Known:
    """What the caller looked up for some rows: people by how they are named, outcomes by code, earlier results by their number."""

    people: Mapping[str, Person]
    outcomes: Mapping[str, Outcome]
    earlier: Mapping[str, tuple[str, ...]]
    institution_id: int
    uploader: UUID
    today: date


@dataclass(frozen=True)
class Judged:
    """A row that was looked at: its values as text, what is wrong, whether exactly this was entered before, and the credits it carries."""

    values: dict[str, str]
    problems: tuple[Complaint, ...]
    is_known: bool
    credits: Decimal


def name_key(text: str) -> str:
    """How a learner may be named, in one form: full-width letters and digits, white space and case do not matter."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def judge_row(row: SheetRow, known: Known, seen: dict[str, int]) -> Judged:
    """Look at one row; ``seen`` remembers result numbers by the row they stood in, and is added to."""
    reader = CellReader(row, COLUMNS, LONGEST)
    person = _person(reader, known)
    outcome = _outcome(reader, known)
    reader.unique("result_id", seen, row.line)
    earned = reader.day("earned_on")
    if earned is not None and earned > known.today:
        reader.wrong("earned_on", "in_the_future", value=earned.isoformat())
    until = reader.day("valid_until")
    if earned is not None and until is not None and until < earned:
        reader.wrong("valid_until", "before_earned")
    reader.number("score", Decimal(0), HUNDRED)
    reader.number("attendance", Decimal(0), HUNDRED)
    reader.number("hours", Decimal("0.5"), Decimal(10_000))
    credits = _credits(reader, outcome)
    values = reader.values | ({"person": str(person.uuid)} if person else {})
    if credits is not None:
        values["credits"] = format(credits.normalize(), "f")
    is_known = _is_known(reader, values, known)
    return Judged(values, tuple(reader.problems), is_known and not reader.problems, credits or Decimal(0))


def _person(reader: CellReader, known: Known) -> Person | None:
    text = reader.values.get("learner")
    if text is None:
        return None
    person = known.people.get(name_key(text))
    if person is None:
        reader.wrong("learner", "no_such_learner", value=text)
        return None
    if person.uuid == known.uploader:
        reader.wrong("learner", "own_result")
    given = reader.values.get("name")
    if given is not None and name_key(given) != name_key(person.name):
        reader.wrong("name", "other_name")
    return person


def _outcome(reader: CellReader, known: Known) -> Outcome | None:
    code = reader.values.get("outcome")
    if code is None:
        return None
    outcome = known.outcomes.get(code)
    if outcome is None:
        reader.wrong("outcome", "no_such_outcome", value=code)
    elif outcome.owner_id != known.institution_id:
        reader.wrong("outcome", "not_your_outcome", value=code)
        return None
    return outcome


def _credits(reader: CellReader, outcome: Outcome | None) -> Decimal | None:
    """The credits of the row, else those of the catalogue; on the step of the outcome's unit."""
    given = reader.number("credits", Decimal("0.001"), Decimal(400))
    if outcome is None or "credits" in {problem.column for problem in reader.problems}:
        return None
    amount = given if given is not None else outcome.credits
    if amount is None or outcome.system is None:
        if given is not None or (outcome.credits is None and "hours" not in reader.values):
            reader.wrong("credits", "no_credit")
        return None
    if not is_on_step(amount, outcome.system.step):
        reader.wrong("credits", "off_step", value=str(amount), step=format(outcome.system.step.normalize(), "f"))
        return None
    return amount


def _is_known(reader: CellReader, values: Mapping[str, str], known: Known) -> bool:
    """Whether this very result was entered before; another content under the same number is a complaint."""
    number = values.get("result_id", "")
    if number not in known.earlier:
        return False
    if known.earlier[number] == fingerprint(values):
        return True
    reader.wrong("result_id", "taken", value=number)
    return False


def fingerprint(values: Mapping[str, str]) -> tuple[str, ...]:
    """What makes two results the same: person, outcome, day, score, grade, credits."""
    return tuple(values.get(name, "") for name in ("person", "outcome", "earned_on", "score", "grade", "credits"))
