"""The content of a pinned course version, as learners' pages read it. Plain frozen data; quiz blocks carry no keys."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class BlockContent:
    """One block; ``value`` is what its template shows, by ``type``: text {html}, image {…}, quiz {title, questions …}."""

    id: str
    type: str
    value: dict[str, Any]


@dataclass(frozen=True)
class UnitContent:
    """What is learnt in one sitting."""

    id: str
    title: str
    minutes: int
    required: bool
    sample: bool
    blocks: tuple[BlockContent, ...]

    def quizzes(self) -> tuple[BlockContent, ...]:
        return tuple(block for block in self.blocks if block.type == "quiz")


@dataclass(frozen=True)
class SectionContent:
    """A chapter."""

    id: str
    title: str
    summary: str
    units: tuple[UnitContent, ...]


@dataclass(frozen=True)
class CourseContent:
    """Everything of one version, in order."""

    title: str
    sections: tuple[SectionContent, ...]

    def units(self) -> tuple[UnitContent, ...]:
        return tuple(unit for section in self.sections for unit in section.units)

    def unit(self, unit_id: str) -> UnitContent | None:
        return next((unit for unit in self.units() if unit.id == unit_id), None)

    def minutes(self) -> int:
        return sum(unit.minutes for unit in self.units())


@dataclass(frozen=True)
class CourseFacts:
    """What a caller gives to create or describe a course; texts in both languages."""

    code: str
    title_zh: str
    title_en: str = ""
    summary_zh: str = ""
    summary_en: str = ""
    aims_zh: tuple[str, ...] = ()
    aims_en: tuple[str, ...] = ()
    prerequisites_zh: str = ""
    prerequisites_en: str = ""
    kinds: tuple[str, ...] = ()
    subject: str = ""
    level: str = ""
    language: str = "zh-hans"
    format: str = "text"
    notional_hours: Decimal = Decimal(0)
    credit_system: str = ""
    credits: Decimal | None = None
    licence: str = "cc-by"
    teacher_names: str = ""
    keywords: str = ""
