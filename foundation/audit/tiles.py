"""The tree as it is stored: leaves one by one, above them only every eighth level. All between is computed from at most 256 hashes."""

from __future__ import annotations

from collections.abc import Iterable

from foundation.audit.merkle import NoSuchTree, node_hash
from foundation.audit.models import LogLeaf, LogNode

HEIGHT = 8
WIDTH = 1 << HEIGHT


class Tiles:
    """Perfect subtrees of the stored tree, for the functions of ``merkle``. One query for each 256 hashes that are touched, asked once.

    For one request or one step: what the tree grows by meanwhile is not seen.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], list[bytes]] = {}
        self._known: dict[tuple[int, int], bytes] = {}

    def node(self, level: int, number: int) -> bytes:
        """The root of a perfect subtree. Raises NoSuchTree where the tree is not that large, or has a gap."""
        known = self._known.get((level, number))
        if known is None:
            stored_level, height = divmod(level, HEIGHT)
            first, width = number << height, 1 << height
            begin = first % WIDTH
            part = self._tile(stored_level, first // WIDTH)[begin : begin + width]
            if len(part) < width:
                raise NoSuchTree(f"subtree {level}/{number}")
            while len(part) > 1:
                part = [node_hash(part[place], part[place + 1]) for place in range(0, len(part), 2)]
            known = self._known[level, number] = part[0]
        return known

    def _tile(self, level: int, tile: int) -> list[bytes]:
        if (level, tile) not in self._rows:
            first = tile * WIDTH
            found = [(number, bytes(value)) for number, value in _stored(level, first, first + WIDTH)]
            if [number for number, _hash in found] != list(range(first, first + len(found))):
                raise NoSuchTree(f"a gap in {level}/{tile}")
            self._rows[level, tile] = [value for _number, value in found]
        return self._rows[level, tile]


def _stored(level: int, first: int, last: int) -> Iterable[tuple[int, bytes | memoryview]]:
    if level == 0:
        return LogLeaf.objects.filter(index__gte=first, index__lt=last).order_by("index").values_list("index", "hash")
    return LogNode.objects.filter(level=level, number__gte=first, number__lt=last).order_by("number").values_list("number", "hash")


def stored_nodes(complete: Iterable[tuple[int, int, bytes]]) -> list[LogNode]:
    """Those of the subtrees that have just become complete that are kept as rows of their own."""
    return [
        LogNode(level=level // HEIGHT, number=number, hash=found)
        for level, number, found in complete
        if level and level % HEIGHT == 0
    ]  # fmt: skip
