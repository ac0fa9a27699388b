"""Counting calls: so many in so many seconds from one caller."""

from __future__ import annotations

import threading
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


class LightCounter:
    """The same promise for doors with hundreds of calls a second: each process counts by itself and tells the others every so many calls.

    So a caller may pass the limit by at most ``every`` calls for each process.
    """

    def __init__(self, *, every: int = 25) -> None:
        self._every = every
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, int, int]] = {}

    def limited(self, key: str, *, limit: int, seconds: int, now: float | None = None) -> bool:
        """Count one call and say whether it is one too many."""
        window = int((time.time() if now is None else now) // seconds)
        with self._lock:
            known_window, known, waiting = self._counts.get(key, (window, 0, 0))
            if known_window != window:
                known, waiting = 0, 0
            waiting += 1
            if waiting >= self._every or known == 0:
                known, waiting = self._tell(f"limit:{key}:{window}", waiting, seconds), 0
            self._counts[key] = (window, known, waiting)
            return known + waiting > limit

    @staticmethod
    def _tell(name: str, calls: int, seconds: int) -> int:
        cache.add(name, 0, timeout=seconds + 5)
        try:
            return cache.incr(name, calls)
        except ValueError:  # the entry ended between the two calls
            return calls
