"""The three files that an institution hands to Shanghai's credit bank (anchor: openurp/std-creditbank, last change 2025-11-30).

Headings stand in the order of the anchor. Codes are a table per receiving bank and file (``SubmissionCode``); what it does not name stays
empty. 身份证号 stands where the learner has given it, taken out of the sealed store for this file alone (docs/adr/0037); the major of own courses
stays empty, because no enrolment in a programme is kept. Credits are written as they are: 3.0 as 3, and 3.5 as 3.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.catalogue.models import Outcome
from creditbank.ledger.models import Transaction
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.models import Application, ApplicationLine
from creditbank.statements.enums import CodeKind, SubmissionSheet
from creditbank.statements.models import SubmissionCode
from foundation.api import CellKind, Heading, Row, Table
from identity.api import Institution, LearnerNumber, civil_numbers, people_with_civil_number
from learning.api import LearningRecord, RecordState, SourceType, Trust

NUMBER = "身份证号"
PASS_MARK = Decimal(60)
"""The pass mark of the scale of a hundred, on which scores are kept; a result without a score was passed, or it were none."""
COURSES = (SourceType.COURSE, SourceType.MOOC)
CERTIFICATES = (SourceType.CERTIFICATE, SourceType.EXAM)
NUMBERS = frozenset({"学分", "学时", "原学分", "原学时", "转换后学分"})

OWN = (
    "姓名", "身份证号", "专业名称", "课程名称", "教育层次代码", "教育类别代码", "学分", "学时", "成绩", "获得时间", "届别", "毕业结业肄业", "毕业季", "备注", "学号",
)  # fmt: skip
ELSEWHERE = (
    "姓名", "身份证号", "转换学校代码", "原课程来源代码", "原专业名称", "原课程名称", "原办学机构", "原教育层次代码", "原教育类别代码", "原学分", "原学时", "原成绩", "获得时间",
    "届别", "毕业结业肄业", "毕业季", "备注", "学号", "转换后教育层次代码", "转换后课程代码", "转换后课程名称", "转换后学分", "转换时间", "转换后专业名称",
)  # fmt: skip
CERTIFICATE = (
    "姓名", "身份证号", "转换学校代码", "原证书来源代码", "原证书类型", "原证书名称", "原证书等级", "原发证机构", "原教育层次代码", "原教育类别代码", "原学分", "原学时", "原成绩",
    "获得时间", "转换后教育层次代码", "转换后课程代码", "转换后课程名称", "转换后学分", "转换时间", "转换后专业",
)  # fmt: skip
HEADINGS = {SubmissionSheet.OWN: OWN, SubmissionSheet.ELSEWHERE: ELSEWHERE, SubmissionSheet.CERTIFICATES: CERTIFICATE}
NAMES = {SubmissionSheet.OWN: "本校课程", SubmissionSheet.ELSEWHERE: "外校课程转换", SubmissionSheet.CERTIFICATES: "证书转换"}


@dataclass(frozen=True)
class Submission:
    """What is asked for: whose file, which one, for which bank, of which days (both counted), and what the school says of this class.

    ``graduates`` (届别, a year), ``result`` and ``season`` are known to the school alone and hold for the whole file; empty where unknown.
    """

    institution: Institution
    bank: str
    sheet: SubmissionSheet
    since: date
    until: date
    graduates: str = ""
    result: str = ""
    season: str = ""


@dataclass(frozen=True)
class Outline:
    """What a file will hold: rows, those whose learner has given no identity card number, and results without a place in it, by the reason."""

    rows: int
    without_number: int
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """The file's table, its outline, and how many people stand in it with their identity card number."""

    table: Table
    outline: Outline
    people_with_number: int

    @property
    def left_out(self) -> dict[str, int]:
        """How many results have no place in the file, by the reason."""
        return self.outline.left_out


class _Codes:
    """A bank's code table of one file, asked by candidates from the nearest to the farthest. One query."""

    def __init__(self, bank: str, sheet: str) -> None:
        rows = SubmissionCode.objects.filter(bank=bank, sheet=sheet)
        self._known = {(row.kind, row.ours): row.theirs for row in rows}

    def __call__(self, kind: CodeKind, *candidates: str) -> str:
        for ours in (*candidates, "*"):
            if ours and (kind, ours) in self._known:
                return self._known[kind, ours]
        return ""


def submission_table(asked: Submission) -> Made:
    """The file that was asked for, with identity card numbers: whoever hands it on writes that down. A fixed number of queries."""
    rows, left_out = _rows(asked)
    numbers = civil_numbers(row[NUMBER] for row in rows)
    rows = [{**row, NUMBER: numbers.get(row[NUMBER])} for row in rows]
    outline = Outline(len(rows), sum(row[NUMBER] is None for row in rows), left_out)
    headings = tuple(Heading(name, CellKind.NUMBER if name in NUMBERS else CellKind.TEXT) for name in HEADINGS[asked.sheet])
    table = Table(NAMES[asked.sheet], headings, tuple(_in_order(row, HEADINGS[asked.sheet]) for row in rows))
    return Made(table, outline, people_with_number=len(numbers))


def submission_outline(asked: Submission) -> Outline:
    """What the file would hold; no number is read for it. A fixed number of queries."""
    rows, left_out = _rows(asked)
    known = people_with_civil_number(row[NUMBER] for row in rows)
    return Outline(len(rows), sum(row[NUMBER] not in known for row in rows), left_out)


def _rows(asked: Submission) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The rows by column; in the place of the identity card number, whose it is."""
    codes = _Codes(asked.bank, asked.sheet)
    return (_own_rows(asked, codes), {}) if asked.sheet == SubmissionSheet.OWN else _converted_rows(asked, codes)


def _in_order(row: dict[str, Any], headings: Iterable[str]) -> Row:
    unknown = set(row) - set(headings)
    if unknown:
        raise KeyError(f"no such column: {sorted(unknown)}")
    return tuple(row.get(name) for name in headings)


def _own_rows(asked: Submission, codes: _Codes) -> list[dict[str, Any]]:
    """The institution's own courses that were passed: one row a learner and course, the best score, of equal ones the newest."""
    records = LearningRecord.objects.filter(
        institution=asked.institution, source_type__in=COURSES, state=RecordState.ACTIVE, trust__in=[Trust.INSTITUTION, Trust.VERIFIED],
        earned_on__range=(asked.since, asked.until),
    ).select_related("learner", "level")  # fmt: skip
    best: dict[tuple[int, str], LearningRecord] = {}
    for record in records.order_by("earned_on", "id"):
        key = (record.learner_id, record.outcome_code or record.title_zh)
        if _passed(record) and (key not in best or _rank(record) >= _rank(best[key])):
            best[key] = record
    numbers = _numbers(asked.institution)
    rows = [
        {
            **_person(record.learner, numbers), "课程名称": record.title_zh, "教育层次代码": codes(CodeKind.LEVEL, _level(record)),
            "教育类别代码": codes(CodeKind.EDUCATION, record.kind_of_education), "学分": _figure(record.credits),
            "学时": _figure(record.notional_hours), "成绩": _score(record), "获得时间": month(record.earned_on), **_class(asked, codes),
        }
        for record in best.values()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["学号"] or "", row["姓名"], row["获得时间"], row["课程名称"]))


def _converted_rows(asked: Submission, codes: _Codes) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """One row for each source and exempted course of what this institution credited in the period; and what has no place in the files."""
    on_day = _credited_on(asked)
    applications = Application.objects.filter(uuid__in=on_day, institution=asked.institution, state=ApplicationState.POSTED)
    lines = list(
        ApplicationLine.objects.filter(application__in=applications, decided__gt=0)
        .select_related("application__learner", "application__programme")
        .order_by("application_id", "position")
    )
    records = LearningRecord.objects.select_related("level").in_bulk({ident for line in lines for ident in line.records}, field_name="uuid")
    sources = {str(uuid): record for uuid, record in records.items()}
    outcomes = Outcome.objects.in_bulk({line.outcome for line in lines if line.outcome}, field_name="code")
    numbers, rows, left_out = _numbers(asked.institution), [], {"no_course": 0, "other_source": 0}
    wanted, others = (COURSES, CERTIFICATES) if asked.sheet == SubmissionSheet.ELSEWHERE else (CERTIFICATES, COURSES)
    for line, record in _pairs(lines, sources):
        if not line.outcome:
            left_out["no_course"] += 1
        elif record.source_type in wanted:
            after = _after(line, outcomes.get(line.outcome), on_day[line.application.uuid], codes)
            before = _course(record, asked, codes) if asked.sheet == SubmissionSheet.ELSEWHERE else _certificate(record, codes)
            person = _person(line.application.learner, numbers if asked.sheet == SubmissionSheet.ELSEWHERE else None)
            school = codes(CodeKind.SCHOOL, asked.institution.code)
            major = "转换后专业名称" if asked.sheet == SubmissionSheet.ELSEWHERE else "转换后专业"
            rows.append({**person, "转换学校代码": school, **before, **after, major: line.application.programme.title_zh})
        elif record.source_type not in others:
            left_out["other_source"] += 1
    return rows, {reason: count for reason, count in left_out.items() if count}


def _credited_on(asked: Submission) -> dict[Any, date]:
    """The day of award of every application that was credited in the period."""
    awards = Transaction.objects.filter(type="award", effective_on__range=(asked.since, asked.until), application_uuid__isnull=False)
    return dict(awards.values_list("application_uuid", "effective_on"))


def _pairs(lines: Iterable[ApplicationLine], sources: dict[str, LearningRecord]) -> Iterator[tuple[ApplicationLine, LearningRecord]]:
    for line in lines:
        for ident in line.records:
            if ident in sources:
                yield line, sources[ident]


def _course(record: LearningRecord, asked: Submission, codes: _Codes) -> dict[str, Any]:
    return {
        "原课程来源代码": codes(CodeKind.SOURCE, record.source_type), "原课程名称": record.title_zh, "原办学机构": record.institution_zh,
        "原教育层次代码": codes(CodeKind.LEVEL, _level(record)), "原教育类别代码": codes(CodeKind.EDUCATION, record.kind_of_education),
        "原学分": _figure(record.credits), "原学时": _figure(record.notional_hours), "原成绩": _score(record), "获得时间": month(record.earned_on),
        **_class(asked, codes),
    }  # fmt: skip


def _certificate(record: LearningRecord, codes: _Codes) -> dict[str, Any]:
    """A certificate carries no credit and no hours in this file: 0 and empty. Its kind and grade are not kept, so they stay empty."""
    return {
        "原证书来源代码": codes(CodeKind.SOURCE, record.source_type), "原证书名称": record.title_zh, "原发证机构": record.institution_zh,
        "原教育层次代码": codes(CodeKind.LEVEL, _level(record)), "原教育类别代码": codes(CodeKind.EDUCATION, record.kind_of_education),
        "原学分": Decimal(0), "原成绩": _score(record), "获得时间": month(record.earned_on),
    }  # fmt: skip


def _after(line: ApplicationLine, outcome: Outcome | None, on: date, codes: _Codes) -> dict[str, Any]:
    programme = line.application.programme
    return {
        "转换后教育层次代码": codes(CodeKind.LEVEL, f"programme:{programme.code}"), "转换后课程代码": line.outcome.rpartition(":")[2],
        "转换后课程名称": outcome.title_zh if outcome else line.outcome, "转换后学分": _figure(line.decided), "转换时间": month(on),
    }  # fmt: skip


def _person(person: Any, numbers: dict[int, str] | None) -> dict[str, Any]:
    known = {"姓名": person.name, NUMBER: person.uuid}
    return known if numbers is None else known | {"学号": numbers.get(person.pk)}


def _class(asked: Submission, codes: _Codes) -> dict[str, Any]:
    return {
        "届别": asked.graduates or None,
        "毕业结业肄业": codes(CodeKind.RESULT, asked.result) if asked.result else None,
        "毕业季": codes(CodeKind.SEASON, asked.season) if asked.season else None,
    }


def _numbers(institution: Institution) -> dict[int, str]:
    """Learner numbers of the institution; of several, the one that was linked last."""
    return dict(LearnerNumber.objects.filter(institution=institution).order_by("linked_at", "id").values_list("person_id", "number"))


def _passed(record: LearningRecord) -> bool:
    return record.score is None or record.score >= PASS_MARK


def _rank(record: LearningRecord) -> Decimal:
    return record.score if record.score is not None else Decimal(-1)


def _score(record: LearningRecord) -> str | None:
    if record.grade:
        return record.grade
    return None if record.score is None else format(record.score.normalize(), "f")


def _level(record: LearningRecord) -> str:
    return f"level:{record.level.code}" if record.level else ""


def _figure(amount: Decimal | None) -> Decimal | None:
    """3.000 → 3, 3.500 → 3.5: the bank reads figures, and cuts nothing off."""
    return None if amount is None else Decimal(format(amount.normalize(), "f"))


def month(day: date) -> str:
    """yyyyMM."""
    return f"{day.year:04d}{day.month:02d}"
