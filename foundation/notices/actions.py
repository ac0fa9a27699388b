"""Telling people something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from foundation.events.registry import Event, announce
from foundation.notices.models import Notice
from foundation.notices.texts import notice_text
from foundation.rows.storing import insert_rows


@dataclass(frozen=True, kw_only=True)
class NoticeWritten(Event):
    """A notice was stored and is to go out by e-mail."""

    notice_id: int


@transaction.atomic
def notify(recipient_uuid: UUID, code: str, *, url: str = "", data: dict[str, Any] | None = None, email: bool = True) -> Notice:
    """Store a notice for a person, in the caller's transaction; with ``email`` it also goes out after the commit.

    Raises LookupError for a code without wording.
    """
    notice_text(code)
    notice = Notice.objects.create(recipient_uuid=recipient_uuid, code=code, url=url, data=data or {})
    if email:
        announce(NoticeWritten(notice_id=notice.pk))
    return notice


@transaction.atomic
def notify_many(code: str, told: Sequence[tuple[UUID, dict[str, Any]]], *, url: str = "") -> None:
    """Store the same notice for many people, each with its own data, in the caller's transaction; none goes out by e-mail.

    Raises LookupError for a code without wording.
    """
    notice_text(code)
    insert_rows([Notice(recipient_uuid=uuid, code=code, url=url, data=data) for uuid, data in told])


def mark_read(notices: Any, *, at: datetime) -> int:
    """Mark a queryset of notices as read; returns how many were unread."""
    return int(notices.filter(read_at__isnull=True).update(read_at=at))
