"""Erasing a person: the registry that every part fills for what it keeps, and what is known of it.

A part says of each of its models that hold something personal how it is treated, what stands in the way, what stays and why, and does its share.
``people`` knows no other part; identity registers for foundation (docs/adr/0029).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Treatment(StrEnum):
    """What becomes of the rows of a model. *Published* is what somebody put before the public under the own name, an author's name on a course."""

    DELETED = "deleted"
    EMPTIED = "emptied"
    SEALED = "sealed"
    PSEUDONYM = "pseudonym"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Eraser:
    """What one part does. ``erase`` runs in the one transaction of the erasure and counts what it took away, by name.

    ``obstacles`` are sentences on what has to end before; ``stays`` sentences on what is kept, under the pseudonym alone, and why. ``treats`` maps
    the label of a model to its treatment: a model that says "Personal data:" and stands in no part's ``treats`` fails the tests. ``order`` says who
    goes later: names, addresses and the key are needed until the end.
    """

    part: str
    treats: Mapping[str, Treatment]
    erase: Callable[[Any, datetime], Mapping[str, int]] = lambda _person, _at: {}
    obstacles: Callable[[Any], list[str]] = lambda _person: []
    stays: Callable[[Any], list[str]] = lambda _person: []
    order: int = 0


@dataclass(frozen=True)
class Prospect:
    """What somebody is told before asking to be erased."""

    obstacles: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)


_erasers: dict[str, Eraser] = {}


def register_eraser(eraser: Eraser) -> None:
    """Called once by each part when the apps are ready."""
    _erasers[eraser.part] = eraser


def registered_erasers() -> tuple[Eraser, ...]:
    """All of them, in the order in which they work."""
    return tuple(sorted(_erasers.values(), key=lambda one: (one.order, one.part)))


def prospect_of(person: Any) -> Prospect:
    """What stands in the way of erasing a person, and what would stay."""
    rows = registered_erasers()
    return Prospect([text for row in rows for text in row.obstacles(person)], [text for row in rows for text in row.stays(person)])
