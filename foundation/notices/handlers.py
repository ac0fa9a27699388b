"""A written notice goes out in the background."""

from __future__ import annotations

from foundation.events.registry import handles
from foundation.jobs.queue import enqueue
from foundation.notices.actions import NoticeWritten
from foundation.notices.tasks import send_notice


@handles(NoticeWritten)
def send_by_email(event: NoticeWritten) -> None:
    enqueue(send_notice, notice_id=event.notice_id)
