"""The clock of the demo: what happened on a day of the past is written down with that day, in audit entries and notices too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from django.utils import timezone


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Within, this process takes the moment for the present. For building the demo alone: nothing else in the platform turns a clock."""
    with patch.object(timezone, "now", lambda: moment):
        yield
