"""Which rows can be sealed: those that no transaction still to commit can bring a row before.

Numbers are given out before a transaction ends, so a row may appear behind rows with larger numbers. SQLite has one writer: what is committed is
settled. On PostgreSQL whoever writes to a table holds a lock on it from before the first number is given out until the transaction has ended.
So the largest number is read first, then who holds such a lock; once each of these has ended, nothing can come at or below that number any more.
``CREATE INDEX CONCURRENTLY`` waits in the same way. Nobody waits for us: we take no lock, and give up after some patience.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, models
from django.db.models import Max

PAUSE = 0.05
WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = %s::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND granted
  AND pid IS DISTINCT FROM pg_backend_pid()
"""


def settled_through(model: type[models.Model], *, patience: float) -> int | None:
    """The largest number at or below which no row can appear any more; None where a transaction stayed open for longer than ``patience`` seconds.

    To be asked outside of a transaction with a snapshot of its own (READ COMMITTED is well): what is read next must see what has just ended.
    """
    found: dict[str, Any] = model._base_manager.aggregate(last=Max("pk"))
    last = found["last"] or 0
    if connection.vendor != "postgresql":
        return last
    writers, until = _writers(model), time.monotonic() + patience
    while writers and time.monotonic() < until:
        time.sleep(PAUSE)
        writers &= _writers(model)
    return None if writers else last


def _writers(model: type[models.Model]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS, [model._meta.db_table])
        return {str(row[0]) for row in cursor.fetchall()}
