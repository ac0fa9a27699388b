"""What institutions tell the apps above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from foundation.api import Event


@dataclass(frozen=True, kw_only=True)
class InstitutionOnboarded(Event):
    """An institution takes part from now on; the library makes its page, collection and groups."""

    institution_id: int


@dataclass(frozen=True, kw_only=True)
class MembershipChanged(Event):
    """A membership began or ended; whatever mirrors memberships follows."""

    membership_id: int
    person_id: int
    institution_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class AllianceChanged(Event):
    """An institution joined or left an alliance."""

    alliance_id: int
    institution_id: int


@dataclass(frozen=True, kw_only=True)
class LearnerNumberLinked(Event):
    """An institution's number stands for a person from now on; what waited for that number finds its owner."""

    institution_id: int
    number: str
    person_uuid: UUID


@dataclass(frozen=True, kw_only=True)
class LearnerNumberUnlinked(Event):
    """A number stands for nobody any more."""

    institution_id: int
    number: str
