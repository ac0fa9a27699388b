"""What was refused to a key, for the technician who looks for the reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from foundation.api import current_context, rate_limited
from learning.xapi.models import XapiKey, XapiRefusal

KEPT = timedelta(days=30)
A_MINUTE = 60


def note_refusal(key: XapiKey, *, method: str, resource: str, status: int, part: str, reason: str, at: datetime) -> None:
    """Remember a refused request; a key that errs all the time is remembered sixty times a minute."""
    if rate_limited(f"xapi-refusal:{key.pk}", limit=A_MINUTE, seconds=60):
        return
    XapiRefusal.objects.create(
        key=key, at=at, method=method[:8], resource=resource[:40], status=status, part=_clean(part)[:200], reason=_clean(reason)[:400],
        request_id=current_context().request_id[:40],
    )  # fmt: skip


def forget_refusals(at: datetime) -> int:
    """Drop those older than thirty days; returns how many."""
    return XapiRefusal.objects.filter(at__lt=at - KEPT).delete()[0]


def _clean(text: str) -> str:
    """A part may be named by whoever sent it: no NUL, no half characters."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")
