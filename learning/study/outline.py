"""The pinned content of a run, read once and asked often. No key of a quiz is ever in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

from cms.api import course_content
from learning.study.exceptions import UnknownBlock

QUIZ = "quiz"


@dataclass(frozen=True)
class Place:
    """A unit with its section and its number in the course, counted from 1."""

    number: int
    section: Any
    unit: Any

    @property
    def quiz_ids(self) -> tuple[str, ...]:
        return tuple(str(block.id) for block in self.unit.blocks if block.type == QUIZ)

    @property
    def unit_id(self) -> str:
        return str(self.unit.id)


class RunContent:
    """Sections and units of a course version in order, with look-up by id."""

    def __init__(self, version: Any) -> None:
        self.version = version
        self.sections = tuple(course_content(version).sections)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        pairs = [(section, unit) for section in self.sections for unit in section.units]
        return tuple(Place(number, section, unit) for number, (section, unit) in enumerate(pairs, start=1))

    @cached_property
    def by_unit(self) -> dict[str, Place]:
        return {place.unit_id: place for place in self.places}

    @cached_property
    def unit_of_quiz(self) -> dict[str, Place]:
        return {quiz_id: place for place in self.places for quiz_id in place.quiz_ids}

    def required(self) -> Iterator[Place]:
        return (place for place in self.places if place.unit.required)

    def place(self, unit_id: str) -> Place:
        """Raises UnknownBlock."""
        try:
            return self.by_unit[unit_id]
        except KeyError as error:
            raise UnknownBlock(unit_id) from error

    def place_of_quiz(self, block_id: str) -> Place:
        """Raises UnknownBlock."""
        try:
            return self.unit_of_quiz[block_id]
        except KeyError as error:
            raise UnknownBlock(block_id) from error

    def before(self, place: Place) -> Place | None:
        return self.places[place.number - 2] if place.number > 1 else None

    def after(self, place: Place) -> Place | None:
        return self.places[place.number] if place.number < len(self.places) else None


def content_of(version: Any) -> RunContent:
    """The content of a version for lists and outlines, kept in memory: a version never changes."""
    return _kept(version.uuid, _Unhashed(version))


class _Unhashed:
    """Carries a version past the cache's key, which is its uuid alone."""

    def __init__(self, version: Any) -> None:
        self.version = version

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed)


@lru_cache(maxsize=512)
def _kept(version_uuid: UUID, carrier: _Unhashed) -> RunContent:
    return RunContent(carrier.version)
