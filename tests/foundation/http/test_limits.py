from __future__ import annotations

from foundation.api import rate_limited


def test_the_call_after_the_limit_is_one_too_many_until_the_window_ends():
    calls = [rate_limited("door:10.0.0.7", limit=2, seconds=60, now=600.0) for _ in range(4)]

    assert calls == [False, False, True, True]
    assert not rate_limited("door:10.0.0.7", limit=2, seconds=60, now=660.0)


def test_callers_are_counted_apart():
    assert [rate_limited(f"door:{caller}", limit=1, seconds=60, now=1.0) for caller in ("a", "b", "a")] == [False, False, True]
