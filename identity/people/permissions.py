"""Who may do what with a person."""

from __future__ import annotations

from typing import Any

from foundation.api import permission
from identity.people.models import DataExport, ErasureRequest, User


@permission(User, "view")
def can_view(user: Any, person: User) -> bool:
    return bool(user.is_authenticated and user.pk == person.pk)


@permission(User, "change")
def can_change(user: Any, person: User) -> bool:
    return can_view(user, person)


@permission(ErasureRequest, "view")
def can_view_erasure(user: Any, row: ErasureRequest) -> bool:
    return bool(user.is_authenticated and (user.uuid == row.person_uuid or user.acts_as("operator", "auditor")))


@permission(ErasureRequest, "decide")
def can_decide_erasure(user: Any, row: ErasureRequest) -> bool:
    return bool(user.is_authenticated and user.acts_as("operator"))


@permission(DataExport, "view")
def can_view_export(user: Any, row: DataExport) -> bool:
    """The person, and nobody else."""
    return bool(user.is_authenticated and user.uuid == row.person_uuid)
