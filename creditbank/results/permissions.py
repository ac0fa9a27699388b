"""Who may do what with uploads. That it takes two persons is in the actions and the schema."""

from __future__ import annotations

from typing import Any

from creditbank.results.models import RESULT_ROLES, ResultBatch
from foundation.api import permission
from identity.api import Institution, Role


@permission(ResultBatch, "view")
def can_view(user: Any, batch: ResultBatch) -> bool:
    """Officers and reviewers of the institution, and auditors."""
    return bool(user.is_authenticated and (user.acts_as(*RESULT_ROLES, at=batch.institution_id) or user.acts_as(Role.AUDITOR)))


@permission(Institution, "upload_results")
def can_upload(user: Any, institution: Institution) -> bool:
    """Credit officers of the institution."""
    return bool(user.is_authenticated and user.acts_as(Role.CREDIT_OFFICER, at=institution.pk))


@permission(ResultBatch, "prepare")
def can_prepare(user: Any, batch: ResultBatch) -> bool:
    """Credit officers of the institution: confirm, discard, ask to undo."""
    return bool(user.is_authenticated and user.acts_as(Role.CREDIT_OFFICER, at=batch.institution_id))


@permission(ResultBatch, "release")
def can_release(user: Any, batch: ResultBatch) -> bool:
    """Reviewers of the institution: release, and undo."""
    return bool(user.is_authenticated and user.acts_as(Role.REVIEWER, at=batch.institution_id))
