"""Who may do what with a notice."""

from __future__ import annotations

from typing import Any

from foundation.access.policy import permission
from foundation.notices.models import Notice


@permission(Notice, "view")
def can_view(user: Any, notice: Notice) -> bool:
    return bool(user.is_authenticated and notice.recipient_uuid == user.uuid)


@permission(Notice, "mark_read")
def can_mark_read(user: Any, notice: Notice) -> bool:
    return can_view(user, notice)
