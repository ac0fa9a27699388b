"""Course bodies as people write them, read into sections, units and quizzes.

The format of ``seeds/data/courses/<CODE>.md``, line by line: ``# chapter | summary`` · ``## unit | minutes | sample`` · ``### heading`` ·
``- item`` · ``1. item`` · any other line is a paragraph, with ``**bold**``. Questions end a unit: ``? kind | points | text``, then choices
(``* right``, ``- wrong``) or ``= answer`` (``= 37.5 ~ 0.1`` with a tolerance, ``= one|other`` for texts), then ``! feedback``.
Every id is made from the course's code and the place, so that loading again changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

FOLDER = Path(__file__).resolve().parent / "data"
NUMBERED = re.compile(r"^\d+\.\s+")


@dataclass
class WrittenQuestion:
    """One question of a file."""

    kind: str
    points: Decimal
    prompt: str
    choices: list[str] = field(default_factory=list)
    answer: str = ""
    tolerance: Decimal = Decimal(0)
    feedback: str = ""


@dataclass
class WrittenUnit:
    """One unit of a file: its text as HTML, and its questions."""

    title: str
    minutes: int
    sample: bool
    lines: list[str] = field(default_factory=list)
    questions: list[WrittenQuestion] = field(default_factory=list)

    def html(self) -> str:
        return _html(self.lines)


@dataclass
class WrittenSection:
    """One chapter of a file."""

    title: str
    summary: str
    units: list[WrittenUnit] = field(default_factory=list)


class BadCourseFile(Exception):
    """A line of a course file says nothing that is understood; names file and line."""


def stable_id(*parts: object) -> UUID:
    """The id of a thing of the demo city: always the same for the same place."""
    return uuid5(NAMESPACE_URL, "https://jianglan.example/" + "/".join(map(str, parts)))


def read_course(path: Path) -> list[WrittenSection]:
    """All chapters of a file. Raises BadCourseFile."""
    sections: list[WrittenSection] = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        try:
            _read_line(line, sections)
        except (IndexError, ValueError) as error:
            raise BadCourseFile(f"{path.name}:{number}: {line[:60]}") from error
    return sections


def _read_line(line: str, sections: list[WrittenSection]) -> None:
    if line.startswith("# "):
        title, _bar, summary = line[2:].partition("|")
        sections.append(WrittenSection(title.strip(), summary.strip()))
    elif line.startswith("## "):
        parts = [part.strip() for part in line[3:].split("|")]
        sections[-1].units.append(WrittenUnit(parts[0], int(parts[1]) if len(parts) > 1 else 20, "sample" in parts[2:]))
    elif line.startswith("? "):
        kind, points, prompt = (part.strip() for part in line[2:].split("|", 2))
        sections[-1].units[-1].questions.append(WrittenQuestion(kind, Decimal(points), prompt))
    elif sections[-1].units[-1].questions:
        _read_answer(line, sections[-1].units[-1].questions[-1])
    else:
        sections[-1].units[-1].lines.append(line)


def _read_answer(line: str, question: WrittenQuestion) -> None:
    mark, text = line[0], line[1:].strip()
    if mark in "*-":
        question.choices.append(f"*{text}" if mark == "*" else text)
    elif mark == "=":
        answer, _tilde, tolerance = text.partition("~")
        question.answer, question.tolerance = answer.strip(), Decimal(tolerance.strip() or 0)
    elif mark == "!":
        question.feedback = text
    else:
        raise ValueError(line)


def _html(lines: list[str]) -> str:
    parts, open_list = [], ""
    for line in lines:
        wanted = "ul" if line.startswith("- ") else "ol" if NUMBERED.match(line) else ""
        if open_list and wanted != open_list:
            parts.append(f"</{open_list}>")
        if wanted and wanted != open_list:
            parts.append(f"<{wanted}>")
        open_list = wanted
        if wanted:
            parts.append(f"<li>{_inline(NUMBERED.sub('', line.removeprefix('- ')))}</li>")
        elif line.startswith("### "):
            parts.append(f"<h3>{_inline(line[4:])}</h3>")
        else:
            parts.append(f"<p>{_inline(line)}</p>")
    return "".join(parts) + (f"</{open_list}>" if open_list else "")


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text, quote=False))
