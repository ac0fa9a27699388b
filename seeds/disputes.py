"""What is argued about in the city: exceptions for one learner, and results that are taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from creditbank.api import (
    Application,
    IndividualException,
    NewException,
    agree_to_correction,
    answer_exception,
    end_exception,
    propose_exception,
    propose_revocation,
)
from learning.api import LearningRecord
from seeds.city import City
from seeds.clock import standing_at
from seeds.timeline import Event


def events(city: City) -> Iterator[Event]:
    """Exceptions in each state, and results that are taken back, or are to be."""
    until = city.today + timedelta(days=180)
    plans = (
        (95, "accepted", NewException("waive", "5", "转专业插班，选修学分在下学期补修前暂免。", city.today - timedelta(days=5)), "限本学期内有效。"),
        (70, "reversed", NewException("value", "2", "原培养方案专业基础为 16 学分，按入学时方案执行。", until, "16"), "已核对原培养方案。"),
        (12, "appealed", NewException("waive", "4", "在职护理员，已有三年同岗位实践，免修实践环节。", until), "材料齐全，同意。"),
        (2, "decided", NewException("value", "1", "原专业公共基础课学时较少，按转入前培养方案折减。", until, "10"), ""),
    )  # fmt: skip
    for days_ago, of, new, note in plans:
        yield Event(city.at(days_ago), partial(_except, city, OF[of], new, city.at(days_ago), note))
    yield Event(city.at(30), partial(_end, city))
    yield Event(city.at(15), partial(_take_back_used, city))
    yield Event(city.at(1), partial(_take_back_unused, city))


OF = {
    "accepted": {"state": "posted", "verdict": "partial"}, "reversed": {"state": "reversed"}, "appealed": {"state": "appealed"},
    "decided": {"state": "decided", "verdict": "partial"},
}  # fmt: skip
"""Whose exception it is: the learner of the nursing application that stands so."""


def _except(city: City, of: dict[str, str], new: NewException, at: datetime, note: str) -> None:
    """The officer proposes; where the second person has a note, it is approved the day after."""
    case = Application.objects.filter(programme__code="NUR-A-2026", **of).order_by("id")[0]
    with standing_at(at):
        row = propose_exception(case.learner, case.programme, new, actor=city.named("zhou"), at=at)
    if note:
        later = at + timedelta(days=1)
        with standing_at(later):
            answer_exception(row, approve=True, actor=city.named("he"), at=later, note=note)


def _end(city: City) -> None:
    with standing_at(city.at(30)):
        row = IndividualException.objects.get(kind="value", state="approved")
        end_exception(row, actor=city.named("he"), at=city.at(30), note="学籍转回新方案，例外不再适用。")


def _take_back_used(city: City) -> None:
    """A result that counts in a credited application: its credit stays where it is, and the case is looked at again."""
    credited = Application.objects.filter(state="posted", institution__code="JLOU", learner__email__startswith="learner")
    used = {ident for case in credited for line in case.lines.all() for ident in line.records}
    own = LearningRecord.objects.filter(institution__code="JLOU", state="active", uuid__in=used).order_by("id")
    for record in own[:1]:
        with standing_at(city.at(15)):
            row = propose_revocation(record, actor=city.named("zhou"), at=city.at(15), reason="考务复查：该场考试存在替考，成绩作废。")
        with standing_at(city.at(14)):
            agree_to_correction(row, actor=city.named("he"), at=city.at(14))


def _take_back_unused(city: City) -> None:
    """One that nobody has used, proposed; the second person has not looked at it yet."""
    own = LearningRecord.objects.filter(institution__code="JLOU", state="active", source="run", learner__email__startswith="learner")
    free = own.exclude(learner__in=Application.objects.values("learner")).order_by("id")
    for record in free[:1]:
        with standing_at(city.at(1)):
            propose_revocation(record, actor=city.named("zhou"), at=city.at(1), reason="教师更正成绩单，原成绩登记到了同名学员名下。")
