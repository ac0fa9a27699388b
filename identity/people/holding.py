"""What a person holds at institutions, asked by the person and answered by a part that lies above this one.

``people`` knows no institution. ``institutions`` registers one function that lists the active memberships of a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class HeldRole:
    """One active membership, as far as permissions ask."""

    membership_id: int
    institution_id: int
    institution_code: str
    role: str


Source = Callable[[Any, date], tuple[HeldRole, ...]]
AllianceSource = Callable[[tuple[int, ...], date], tuple[int, ...]]

_sources: dict[str, Any] = {}


def register_holdings(roles: Source, alliances: AllianceSource) -> None:
    """Called once by the institutions part when the apps are ready."""
    _sources.update(roles=roles, alliances=alliances)


def held_roles(person: Any, on: date) -> tuple[HeldRole, ...]:
    """The memberships of a person that are active on a day. One query."""
    return _sources["roles"](person, on) if _sources else ()  # type: ignore[no-any-return]


def alliances_of(institution_ids: tuple[int, ...], on: date) -> tuple[int, ...]:
    """Ids of the alliances that any of these institutions belongs to on a day. One query."""
    return _sources["alliances"](institution_ids, on) if _sources and institution_ids else ()  # type: ignore[no-any-return]
