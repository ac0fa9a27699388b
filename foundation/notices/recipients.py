"""Who a pseudonym is: foundation knows no people, so identity tells it how to find a reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Recipient:
    """A reader: display name, address (None: no e-mail) and language."""

    name: str
    email: str | None
    language: str


Finder = Callable[[UUID], Recipient | None]
_finder: list[Finder] = []


def register_recipient_finder(finder: Finder) -> None:
    """Filled once by identity when the apps are ready."""
    _finder[:] = [finder]


def find_recipient(person_uuid: UUID) -> Recipient | None:
    """The reader behind a pseudonym, or None if there is none (any more)."""
    return _finder[0](person_uuid) if _finder else None
