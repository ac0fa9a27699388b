"""Who may do what in an archive."""

from __future__ import annotations

from typing import Any

from foundation.api import permission
from learning.archive.models import Evidence, LearningRecord


@permission(LearningRecord, "view")
def can_view(user: Any, record: LearningRecord) -> bool:
    """The archive belongs to the person."""
    return bool(user.is_authenticated and record.learner_id == user.pk)


@permission(Evidence, "view")
def can_view_evidence(user: Any, evidence: Evidence) -> bool:
    """A file is seen by who sees its record."""
    return can_view(user, evidence.record)
