"""Who may do what with transcripts."""

from __future__ import annotations

from typing import Any

from creditbank.statements.models import Transcript
from foundation.api import permission


@permission(Transcript, "view")
def can_view(user: Any, transcript: Transcript) -> bool:
    """The person it is about."""
    return bool(user.is_authenticated and transcript.learner_id == user.pk)
