"""Who may read statements. Nobody writes one by hand: the writer stores what study actions hand it."""

from __future__ import annotations

from typing import Any

from foundation.api import permission
from identity.api import Role
from learning.xapi.models import Statement


@permission(Statement, "view")
def can_view(user: Any, statement: Statement) -> bool:
    """The person it is about, and an auditor."""
    return bool(user.is_authenticated and (statement.actor_uuid == user.uuid or user.acts_as(Role.AUDITOR)))
