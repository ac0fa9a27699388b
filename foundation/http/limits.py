"""Counting calls: so many in so many seconds from one caller."""

from __future__ import annotations

import time

from django.core.cache import cache


def rate_limited(key: str, *, limit: int, seconds: int, now: float | None = None) -> bool:
    """Count one call under ``key`` and say whether it is one too many in the current window.

    ``key`` names the door and the caller, such as ``verify:10.0.0.7``. The window is fixed: it begins at a whole multiple of ``seconds``.
    """
    window = int((time.time() if now is None else now) // seconds)
    name = f"limit:{key}:{window}"
    cache.add(name, 0, timeout=seconds + 5)
    try:
        return cache.incr(name) > limit
    except ValueError:  # the entry ended between the two calls
        return False
