"""Sealing: rows become leaves of the Merkle log, and a signed head says what the log was.

Done by a job of its own, in steps of a thousand rows that commit one by one: a sealer that dies leaves whole steps, and the next one goes on
behind them. Heads and leaves are their own trace, so sealing writes no audit entry, which would have to be sealed in turn.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from foundation.audit.actions import record_audit_entry
from foundation.audit.merkle import Growing, growing_at, leaf_hash
from foundation.audit.models import LogHead, LogLeaf, LogNode
from foundation.audit.settling import settled_through
from foundation.audit.sources import LogSource, canonical_bytes, log_sources
from foundation.audit.tiles import Tiles, stored_nodes
from foundation.keys.signing import Signature, sign

PURPOSE = "tree-head"
FORGET = "audit.forget_salts"
"""The audit entry that stands for salts that are gone; its person is the one who was erased."""
STEP = 1000
SALT = 16
PATIENCE = 10.0
"""Seconds for which a job waits for transactions that are open."""
DAILY = timedelta(days=1)
ONE_SEALER = 0x5EA1
"""Number of the advisory lock on PostgreSQL."""


class _AnotherSealer(Exception):  # noqa: N818  no error: a reason to stop
    """Somebody else is sealing."""


@dataclass(frozen=True)
class Sealed:
    """What a sealing did: how many rows, the newest head (None: nothing was ever sealed), the sources that an open transaction held back, and
    whether another sealer was at it."""

    rows: int
    head: LogHead | None
    held_back: tuple[str, ...] = ()
    is_busy: bool = False


def seal_log(*, clock: Callable[[], datetime], patience: float = PATIENCE, most: int | None = None) -> Sealed:
    """Seal every settled row that is not, ``most`` at the most, and sign a head where there is something new or the last is a day old.

    Raises SigningKeyMissing; the leaves stay, and a later head covers them.
    """
    rows, held_back, tree, is_busy = 0, [], Growing(), False
    try:
        for source in log_sources():
            through = settled_through(source.model, patience=patience)
            if through is None:
                held_back.append(source.code)
                continue
            while most is None or rows < most:
                done, tree = _append(source, through, STEP if most is None else min(STEP, most - rows), tree)
                if not done:
                    break
                rows += done
        head = _sign_head(clock)
    except _AnotherSealer:
        is_busy, head = True, newest_head()
    return Sealed(rows, head, tuple(held_back), is_busy)


def newest_head() -> LogHead | None:
    """The last signed head. One query."""
    return LogHead.objects.order_by("-pk").first()


def head_payload(size: int, root: bytes, made_at: datetime) -> bytes:
    """What is signed of a head."""
    return canonical_bytes({"size": size, "root": root.hex(), "time": made_at.astimezone(UTC)})


def forget_salts(owner: UUID, *, actor: Any) -> int:
    """Throw away the salts of all leaves that are about an erased person, in the caller's transaction; the hashes stay, and say nothing any more.

    Returns how many. Raises AuditOutsideTransactionError.
    """
    gone = sum(
        LogLeaf.objects.filter(source=source.code, row__in=source.rows_of(owner).values("pk"), salt__isnull=False).update(salt=None)
        for source in log_sources()
    )
    record_audit_entry(FORGET, actor=actor, concerns=owner, data={"leaves": gone})
    return gone


def _append(source: LogSource, through: int, most: int, tree: Growing) -> tuple[int, Growing]:
    """One step: the next rows of a source. How many there were, and the tree with them."""
    after, size = _state(source)
    rows = source.read(source.model._base_manager.filter(pk__gt=after, pk__lte=through).order_by("pk")[:most])
    if not rows:
        return 0, tree
    if tree.size != size:
        tree = growing_at(size, Tiles().node)
    salts = os.urandom(SALT * len(rows))
    leaves, nodes = [], []
    for place, row in enumerate(rows):
        salt = salts[place * SALT : (place + 1) * SALT]
        leaf = leaf_hash(salt + row.text)
        leaves.append(LogLeaf(index=tree.size, source=source.code, row=row.row, hash=leaf, salt=salt))
        nodes += stored_nodes(tree.append(leaf))
    with _alone():
        if _state(source) != (after, size):  # it was quicker: what was computed here is thrown away
            raise _AnotherSealer
        LogLeaf.objects.bulk_create(leaves)
        LogNode.objects.bulk_create(nodes)
    return len(rows), tree


def _state(source: LogSource) -> tuple[int, int]:
    """The last row of a source that is sealed, and how many leaves there are. Two queries."""
    after = LogLeaf.objects.filter(source=source.code).aggregate(last=Max("row"))["last"] or 0
    last = LogLeaf.objects.aggregate(last=Max("index"))["last"]
    return after, 0 if last is None else last + 1


def _sign_head(clock: Callable[[], datetime]) -> LogHead | None:
    last, size = newest_head(), log_size()
    now = clock()
    if size == 0 or (last is not None and last.size >= size and now - last.made_at < DAILY):
        return last
    root = growing_at(size, Tiles().node).root()
    signature: Signature = sign(PURPOSE, head_payload(size, root, now))
    with _alone():
        newest = newest_head()
        if newest != last:
            return newest
        return LogHead.objects.create(size=size, root=root, made_at=now, key=signature.key, signature=signature.value)


def log_size() -> int:
    """How many leaves there are, under a head or not yet. One query."""
    last = LogLeaf.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


@contextmanager
def _alone() -> Iterator[None]:
    """A transaction in which nobody else seals. On SQLite it is the one writer, and short."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_SEALER])
                if not cursor.fetchone()[0]:
                    raise _AnotherSealer
        yield
