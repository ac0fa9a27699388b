"""Files of results at the open university: one entered, one entered and undone, one refused for its errors, one that waits for release."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from creditbank.api import answer_undo, ask_to_undo, release_batch, submit_batch, upload_results
from identity.api import User
from seeds.city import City
from seeds.clock import standing_at
from seeds.timeline import Event

HEADINGS = ("学习者", "姓名", "成绩编号", "成果代码", "取得日期", "成绩", "出勤率", "学分", "学时")
MISTAKES = (
    (1, 3, "JLOU:ELD2O5"), (2, 5, "八十六"), (4, 4, "2026-13-02"), (4, 7, "1.3"), (6, 2, "2026A-ELD205-0005"), (7, 0, "20240999"), (8, 6, "108"),
)  # fmt: skip
"""What goes wrong in a list typed by hand: the letter O for a zero, a number in words, a month that is none, credit off its step, a number
twice, somebody whom nobody knows, more attendance than there is."""
UNDONE = "考务录入错位一行，整批撤回后重新上传。"


def events(city: City) -> Iterator[Event]:
    """Four files by the officer; the reviewer released two of them, and one was undone by both."""
    some = city.learners[200:]
    for days_ago, file in (
        (40, Sent("健康评估-2026春-第一考点.csv", some[:12], "JLOU:ELD203", "2026S", released=True)),
        (33, Sent("老年人营养与膳食-2026春.csv", some[12:20], "JLOU:ELD205", "2026S", released=True, undone=True)),
        (5, Sent("老年人营养与膳食-重传.csv", some[12:20], "JLOU:ELD205", "2026A", mistakes=MISTAKES)),
        (2, Sent("健康评估-2026秋-第二考点.csv", some[20:29], "JLOU:ELD203", "2026A")),
    ):
        yield Event(city.at(days_ago), partial(_send, city, file, days_ago))


@dataclass(frozen=True)
class Sent:
    """A file: its name, whose results of which outcome in which term, whether it was released and undone, and cells (row, column,
    text) that were typed wrong."""

    name: str
    learners: Sequence[User]
    outcome: str
    term: str
    released: bool = False
    undone: bool = False
    mistakes: tuple[tuple[int, int, str], ...] = ()


def _send(city: City, sent: Sent, days_ago: int) -> None:
    """Upload it; confirm it where it has no errors; release it a day later, and undo it two days after that."""
    officer, second = city.named("zhou"), city.named("he")
    content = _file(_rows(city, sent, days_ago=days_ago))
    with standing_at(city.at(days_ago)):
        batch = upload_results(city.institutions["JLOU"], content=content, filename=sent.name, actor=officer, at=city.at(days_ago))
        batch.refresh_from_db()
        if batch.state == "read":
            batch = submit_batch(batch, actor=officer, at=city.at(days_ago, hour=11))
    if sent.released:
        with standing_at(city.at(days_ago - 1)):
            release_batch(batch, actor=second, at=city.at(days_ago - 1))
    if sent.undone:
        with standing_at(city.at(days_ago - 3)):
            batch.refresh_from_db()
            answer_undo(ask_to_undo(batch, reason=UNDONE, actor=officer), agree=True, actor=second)


def _rows(city: City, sent: Sent, *, days_ago: int) -> Iterable[tuple[str, ...]]:
    credits, hours = ("3", "48") if sent.outcome == "JLOU:ELD203" else ("2", "32")
    earned = (city.today - timedelta(days=days_ago + 9)).isoformat()
    for number, learner in enumerate(sent.learners, start=1):
        score, attendance = 62 + 7 * number % 34, 84 + 3 * number % 17
        result = f"{sent.term}-{sent.outcome.rpartition(':')[2]}-{number:04d}"
        cells = [learner.email or "", learner.name, result, sent.outcome, earned, str(score), str(attendance), credits, hours]
        for row, column, text in sent.mistakes:
            if row == number:
                cells[column] = text
        yield tuple(cells)


def _file(rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
