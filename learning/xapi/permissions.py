"""Who may read statements, and run an institution's side of the store. Nobody writes one by hand: the writer stores what study actions hand it."""

from __future__ import annotations

from typing import Any

from foundation.api import permission, visible_to
from identity.api import Institution, Role
from learning.xapi.models import Statement


@permission(Statement, "view")
def can_view(user: Any, statement: Statement) -> bool:
    """The person it is about, by whichever account, and an auditor."""
    return bool(user.is_authenticated and visible_to(user, Statement).filter(pk=statement.pk).exists())


@permission(Institution, "run_store")
def can_run_store(user: Any, institution: Institution) -> bool:
    """Make keys, register systems, link numbers, forward: the institution's administrator."""
    return bool(user.is_authenticated and user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=institution))


@permission(Institution, "see_store")
def can_see_store(user: Any, institution: Institution) -> bool:
    """Look at the state: the administrator, the operator, an auditor."""
    return can_run_store(user, institution) or bool(user.is_authenticated and user.acts_as(Role.OPERATOR, Role.AUDITOR))
