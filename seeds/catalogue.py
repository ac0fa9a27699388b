"""The data files of the demo city, read into typed rows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import yaml

from cms.api import CourseFacts
from seeds.content import FOLDER, WrittenSection, WrittenUnit, read_course


@dataclass(frozen=True)
class CityCourse:
    """A course of the city: what it says about itself, who shares it with whom, and its chapters."""

    school: str
    facts: CourseFacts
    scope: str
    sections: tuple[WrittenSection, ...]
    is_complete: bool
    outcome: str


@cache
def read_yaml(name: str) -> Any:
    """A data file, read once and never changed; text stays text and amounts are quoted in the files, so no float appears."""
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def rule_rows() -> dict[str, list[Any]]:
    """Outcomes, rates, agreements, programmes and rule books of all institutions, in the order of the files."""
    files = [read_yaml(name) for name in ("rulebook.yaml", "rulebooks.yaml")]
    return {name: [row for rows in files for row in rows[name]] for name in files[0]}


def city_courses() -> list[CityCourse]:
    """All courses, in the order of the file."""
    return [_course(row) for row in read_yaml("courses.yaml")]


def _course(row: dict[str, Any]) -> CityCourse:
    school, _dash, short = row["code"].partition("-")
    path = FOLDER / "courses" / f"{row['code']}.md"
    written = path.exists()
    sections = read_course(path) if written else [_outlined(chapter) for chapter in row.get("outline", [["内容", ["导学"]]])]
    facts = CourseFacts(
        code=row["code"], title_zh=row["title"][0], title_en=row["title"][1], summary_zh=row["summary"][0], summary_en=row["summary"][1],
        aims_zh=tuple(row["aims"][0]), aims_en=tuple(row["aims"][1]), kinds=tuple(row["kinds"]), subject=row["subject"], level=row["level"],
        language=row.get("language", "zh-hans"), format="text" if written else "classroom", notional_hours=Decimal(row["hours"]),
        credits=Decimal(row["credits"]) if row.get("credits") else None, credit_system=row.get("system", ""), licence=row.get("licence", "cc-by"),
        teacher_names=row["teacher"], prerequisites_zh=row.get("needs", ["", ""])[0], prerequisites_en=row.get("needs", ["", ""])[1],
    )  # fmt: skip
    return CityCourse(school, facts, row.get("scope", "public"), tuple(sections), written, f"{school}:{short}")


def _outlined(chapter: list[Any]) -> WrittenSection:
    """A chapter of a course that is taught in class: titles of its meetings, without texts to read."""
    title, units = chapter
    return WrittenSection(title, "", [WrittenUnit(unit, 45, sample=False) for unit in units])
