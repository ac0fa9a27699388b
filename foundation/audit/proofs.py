"""What anybody may ask of the log: heads, that a leaf is under a head, that one head is the beginning of another. All of it is hashes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from foundation.audit.log import PURPOSE, head_payload, newest_head
from foundation.audit.merkle import NoSuchTree, consistency_proof, inclusion_proof
from foundation.audit.models import LogHead, LogLeaf
from foundation.audit.sources import log_sources
from foundation.audit.tiles import Tiles
from foundation.keys.signing import KeySet, Signature, signature_holds

SCHEMA = "jianglan-tree-head/1"


@dataclass(frozen=True)
class Included:
    """A leaf under a head: its place, the head's size, and the hashes from the leaf up to the root."""

    index: int
    size: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class SealedRow:
    """A row in the log: which row, its leaf, the salt (None: thrown away), its canonical text, and the way up to the root of the head asked for."""

    source: str
    row: int
    index: int
    leaf: bytes
    salt: bytes | None
    text: bytes
    proof: tuple[bytes, ...]


class NotAHead(ValueError):
    """A document that should be a signed tree head is none."""


@dataclass(frozen=True)
class TreeHead:
    """A signed tree head outside of the database: an anchor that somebody kept, or the head of a case file."""

    size: int
    root: bytes
    time: datetime
    signature: Signature

    def holds(self, *, keys: KeySet | None = None) -> bool:
        """Whether it says what was signed by one of these keys (without any: of our own)."""
        return signature_holds(PURPOSE, head_payload(self.size, self.root, self.time), self.signature, keys=keys)


def as_tree_head(head: LogHead) -> TreeHead:
    """A stored head."""
    return TreeHead(head.size, bytes(head.root), head.made_at, Signature(head.key, head.signature))


def head_document(head: LogHead) -> dict[str, Any]:
    """A head as it is handed out; ``read_head`` reads it."""
    return {
        "schema": SCHEMA, "size": head.size, "root": bytes(head.root).hex(), "time": head.made_at.astimezone(UTC).isoformat(), "key": head.key,
        "signature": head.signature,
    }  # fmt: skip


def read_head(document: Any) -> TreeHead:
    """A head from its document; says nothing of its signature. Raises NotAHead."""
    try:
        size, time = document["size"], datetime.fromisoformat(document["time"])
        if document["schema"] != SCHEMA or type(size) is not int or size <= 0 or time.tzinfo is None:
            raise NotAHead("not a tree head")
        return TreeHead(size, bytes.fromhex(document["root"]), time, Signature(str(document["key"]), str(document["signature"])))
    except (KeyError, TypeError, ValueError) as error:
        raise NotAHead(f"not a tree head: {error}") from error


def inclusion_of(leaf: bytes, *, size: int | None = None) -> Included | None:
    """The proof that a leaf (its hash) is under the newest head, or among the first ``size`` leaves; None where no head covers it.

    Raises NoSuchTree for a size that no head has reached.
    """
    covered = _covered(size)
    found = LogLeaf.objects.filter(hash=leaf, index__lt=covered).first()
    if found is None:
        return None
    return Included(found.index, covered, tuple(inclusion_proof(found.index, covered, Tiles().node)))


def consistency_of(old: int, new: int | None = None) -> tuple[int, list[bytes]]:
    """The size of the later tree (the newest head's where none is given), and the proof that the first ``old`` leaves are its beginning.

    Raises NoSuchTree where there is no such tree under a head.
    """
    covered = _covered(new)
    return covered, consistency_proof(old, covered, Tiles().node)


def _covered(size: int | None) -> int:
    head = newest_head()
    last = head.size if head else 0
    if size is not None and not 0 < size <= last:
        raise NoSuchTree(f"{size} of {last} leaves")
    return last if size is None else size


def heads_of(rows: Mapping[str, Collection[int]]) -> dict[tuple[str, int], LogHead | None]:
    """For rows (numbers by source) that are in the log: the first head that covers each, None where none does yet. One query a source, one more."""
    first = LogHead.objects.filter(size__gt=OuterRef("index")).order_by("size", "pk").values("pk")[:1]
    found = {
        (source, row): head
        for source, numbers in rows.items()
        for row, head in LogLeaf.objects.filter(source=source, row__in=numbers).annotate(head=Subquery(first)).values_list("row", "head")
    }
    heads = LogHead.objects.in_bulk({head for head in found.values() if head is not None})
    return {row: heads.get(head) if head is not None else None for row, head in found.items()}


def sealed_rows(rows: Mapping[str, Collection[int]]) -> tuple[LogHead | None, list[SealedRow]]:
    """The first head that covers all of these rows that any head covers, and each row under it with its proof, in the order of the log.

    The same rows give the same head and proofs for ever. A handful of queries, and one for each 256 leaves that are touched.
    """
    covered = {row: head for row, head in heads_of(rows).items() if head is not None}
    if not covered:
        return None, []
    head, tiles = max(covered.values(), key=lambda one: one.size), Tiles()
    found = []
    for source in log_sources():
        numbers = [row for code, row in covered if code == source.code]
        texts = {row.row: row.text for row in source.read(source.model._base_manager.filter(pk__in=numbers).order_by("pk"))}
        for leaf in LogLeaf.objects.filter(source=source.code, row__in=numbers):
            proof = tuple(inclusion_proof(leaf.index, head.size, tiles.node))
            salt = None if leaf.salt is None else bytes(leaf.salt)
            found.append(SealedRow(source.code, leaf.row, leaf.index, bytes(leaf.hash), salt, texts[leaf.row], proof))
    return head, sorted(found, key=lambda one: one.index)
