"""Proving the log: every leaf computed anew from its row, every root from the leaves, every head by its signature, and against heads kept elsewhere.

What is found is named: the row, the leaf, the first head that is wrong. The stored hash of a leaf goes into the tree, so an altered row points
to itself and does not make every later head look wrong; a leaf altered with its row does, and the first bad head says behind which good one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from foundation.audit.actions import record_audit_entry
from foundation.audit.log import FORGET, log_size
from foundation.audit.merkle import Growing, NoSuchTree, growing_at, leaf_hash
from foundation.audit.models import AuditEntry, LogCheck, LogHead, LogLeaf, LogNode
from foundation.audit.proofs import TreeHead, as_tree_head
from foundation.audit.sources import LogSource, Written, log_sources
from foundation.audit.tiles import Tiles, stored_nodes
from foundation.events.registry import Event, announce

STEP = 2000
MOST_KEPT = 100
"""So many faults are written down; one is enough to stop posting."""


@dataclass(frozen=True)
class LogFault:
    """One promise of the log that is broken: which, where, what was found and what should have been."""

    promise: str
    row: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.row}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True, kw_only=True)
class LogBroken(Event):
    """The log was found not to be what it was: whoever writes history stops."""

    faults: tuple[LogFault, ...]


@dataclass
class _Look:
    """One look: the tree as it grows, what the sources' rows were so far, and what was found."""

    tree: Growing
    last_rows: dict[str, int]
    forgotten: frozenset[UUID]
    faults: list[LogFault] = field(default_factory=list)

    def fault(self, promise: str, row: str, found: str, expected: str) -> None:
        self.faults.append(LogFault(promise, row, found, expected))


def verify_log(*, clock: Callable[[], datetime], anchors: Sequence[TreeHead] = (), is_full: bool = True) -> LogCheck:
    """Look at the log, keep what was found, and announce ``LogBroken`` where a promise is broken.

    Full: all leaves and heads. Else only what came behind the last look, provided that it found nothing. ``anchors`` are heads that were kept
    outside of this database. ``clock`` tells the time, before and after.
    """
    begun = clock()
    last = None if is_full else LogCheck.objects.order_by("-pk").first()
    since = last.size if last is not None and not last.fault_count else 0
    faults, size = _examine(since, anchors)
    with transaction.atomic():
        check = LogCheck.objects.create(
            started_at=begun, finished_at=clock(), since=min(since, size), size=size, anchors=len(anchors), fault_count=len(faults),
            faults=[asdict(fault) for fault in faults[:MOST_KEPT]],
        )  # fmt: skip
        if is_full or faults:  # a small look each ten minutes leaves its row alone, else the log would grow by looking at it
            record_audit_entry("audit.verify_log", actor=None, about=check, data={"faults": len(faults), "leaves": size})
        if faults:
            announce(LogBroken(faults=tuple(faults[:MOST_KEPT])))
    return check


def _examine(since: int, anchors: Sequence[TreeHead]) -> tuple[list[LogFault], int]:
    size = log_size()
    try:
        look = _Look(growing_at(min(since, size), Tiles().node), _last_rows(since), _forgotten())
    except NoSuchTree as error:
        return [LogFault("the log has no gaps", str(error), "missing", "there")], size
    heads = list(LogHead.objects.filter(size__gte=since).order_by("pk"))
    points = _points(heads, anchors, look)
    for point in points.get(since, ()) if since else ():
        point(look)
    for first in range(since, size, STEP):
        leaves = list(
            LogLeaf.objects.filter(index__gte=first, index__lt=first + STEP)
            .order_by("index")
            .values_list("index", "source", "row", "hash", "salt")
        )
        _check_rows(leaves, look)
        _check_tree(leaves, look, points)
    for at in sorted(place for place in points if place > look.tree.size):
        for point in points[at]:
            point(look)
    return look.faults, size


def _last_rows(since: int) -> dict[str, int]:
    rows = LogLeaf.objects.filter(index__lt=since).values("source").annotate(last=Max("row")) if since else ()
    return {row["source"]: row["last"] for row in rows}


def _forgotten() -> frozenset[UUID]:
    return frozenset(
        owner for owner in AuditEntry.objects.in_area("audit").filter(action=FORGET).values_list("person_uuid", flat=True) if owner
    )


_Point = Callable[[_Look], None]


def _points(heads: Sequence[LogHead], anchors: Sequence[TreeHead], look: _Look) -> dict[int, list[_Point]]:
    """What is to be asked when the tree has reached a size: the heads and anchors of that size. Signatures and their order are looked at here."""
    points: dict[int, list[_Point]] = {}
    before = None
    for head in heads:
        name, one = f"head {head.pk} of {head.made_at:%Y-%m-%d %H:%M}", as_tree_head(head)
        if not one.holds():
            look.fault("a head says what was signed", name, "not by a known key, or altered", "signed")
        if before is not None and before.size > head.size:  # of their times nothing is asked: clocks may jump
            look.fault("heads only grow", name, f"{head.size} leaves", f"at least the {before.size} of head {before.pk}")
        points.setdefault(head.size, []).append(_root_asked(name, one))
        before = head
    for anchor in anchors:
        name = f"anchor of {anchor.time:%Y-%m-%d %H:%M}"
        if not anchor.holds():
            look.fault("an anchor was signed by us", name, "not by a known key, or altered", "signed")
        points.setdefault(anchor.size, []).append(_root_asked(name, anchor))
    return points


def _root_asked(name: str, head: TreeHead) -> _Point:
    def ask(look: _Look) -> None:
        if look.tree.size != head.size:
            look.fault("the log never loses a leaf", name, f"{look.tree.size} leaves", f"{head.size} leaves")
        elif (root := look.tree.root()) != head.root:
            look.fault("the leaves have the root of their head", name, root.hex()[:16], head.root.hex()[:16])

    return ask


def _check_rows(leaves: Sequence[Any], look: _Look) -> None:
    """Each leaf against its row; and every row between two that are sealed is sealed, too."""
    known = {source.code: source for source in log_sources()}
    for code in sorted({source for _index, source, *_rest in leaves}):
        mine = [(index, row, bytes(value), salt) for index, source, row, value, salt in leaves if source == code]
        if code not in known:
            look.fault("a leaf is of a known source", f"leaf {mine[0][0]}", code, ", ".join(sorted(known)))
            continue
        written = _written(known[code], look.last_rows.get(code, 0), mine)
        for index, row, value, salt in mine:
            _check_row(f"{code} row {row} (leaf {index})", written.pop(row, None), value, salt, look)
        for row in sorted(written):
            look.fault("no row comes in behind the seals", f"{code} row {row}", "not sealed, though later rows are", "sealed, or not there")
        rows = [row for _index, row, _value, _salt in mine]
        if rows != sorted(rows) or rows[0] <= look.last_rows.get(code, 0):
            look.fault("leaves of a source follow its rows", f"{code} rows from leaf {mine[0][0]} on", "out of order", "in order")
        look.last_rows[code] = max(look.last_rows.get(code, 0), *rows)


def _written(source: LogSource, after: int, leaves: Sequence[tuple[int, int, bytes, Any]]) -> dict[int, Written]:
    last = max(row for _index, row, _value, _salt in leaves)
    rows = source.model._base_manager.filter(pk__gt=after, pk__lte=last).order_by("pk")
    return {row.row: row for row in source.read(rows)}


def _check_row(name: str, row: Written | None, value: bytes, salt: Any, look: _Look) -> None:
    if row is None:
        look.fault("a sealed row is never lost", name, "gone", "there")
    elif salt is None:
        if not look.forgotten.intersection(row.owners):
            look.fault("a salt goes with its person alone", name, "no salt", "a salt, or the erasure of whom it is about")
    elif leaf_hash(bytes(salt) + row.text) != value:
        look.fault("a sealed row never changes", name, "altered", "as it was sealed")


def _check_tree(leaves: Sequence[Any], look: _Look, points: dict[int, list[_Point]]) -> None:
    """Let the tree grow by the stored hashes; ask what is to be asked at each size."""
    nodes = []
    for index, _source, _row, value, _salt in leaves:
        if index != look.tree.size:
            look.fault("the log has no gaps", f"leaf {look.tree.size}", f"leaf {index}", f"leaf {look.tree.size}")
        nodes += stored_nodes(look.tree.append(bytes(value)))
        for point in points.get(look.tree.size, ()):
            point(look)
    look.faults += _node_faults(nodes)


def _node_faults(nodes: Sequence[LogNode]) -> Iterator[LogFault]:
    for level in {node.level for node in nodes}:
        mine = {node.number: node.hash for node in nodes if node.level == level}
        stored = dict(LogNode.objects.filter(level=level, number__in=mine).values_list("number", "hash"))
        for number, value in mine.items():
            if number not in stored or bytes(stored[number]) != value:
                yield LogFault("stored nodes are those of the leaves", f"node {level}/{number}", "altered or missing", value.hex()[:16])
