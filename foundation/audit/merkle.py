"""The Merkle tree of RFC 9162 (as RFC 6962 has it, SHA-256): roots, inclusion proofs, consistency proofs, and how each is verified.

Pure: a tree is asked for the hashes of its *perfect subtrees*, ``node(level, number)``: the root over the leaves from ``number * 2**level`` on,
``2**level`` of them; level 0 are the leaves. Every root and every proof of a tree of n leaves is made of at most some 2 log n of these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""
HASH_SIZE = 32

Node = Callable[[int, int], bytes]


class NoSuchTree(ValueError):
    """A proof is asked for that cannot be: a leaf that the tree has not, or a tree that is larger than what there is."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of a zero byte and its data."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of a one byte and both its children. No leaf can be taken for one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Growing:
    """A tree that only grows, as the roots of the perfect subtrees that it is made of, the largest first: at most log n hashes."""

    size: int = 0
    parts: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add the hash of a leaf; tells each perfect subtree that is complete with it: (level, number, hash), the leaf itself first."""
        level, number, found = 0, self.size, leaf
        complete = [(level, number, found)]
        while number & 1:
            found = node_hash(self.parts.pop(), found)
            level, number = level + 1, number >> 1
            complete.append((level, number, found))
        self.parts.append(found)
        self.size += 1
        return complete

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return _joined(self.parts) if self.parts else EMPTY


def growing_at(size: int, node: Node) -> Growing:
    """A tree of this size from which it can grow on."""
    return Growing(size, [node(level, number) for level, number in _parts(0, size)])


def root_of(size: int, node: Node) -> bytes:
    """The root of the first ``size`` leaves."""
    return growing_at(size, node).root()


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The hashes by which anybody gets from this leaf to the root of the first ``size`` leaves, the nearest first. Raises NoSuchTree."""
    if not 0 <= index < size:
        raise NoSuchTree(f"leaf {index} of {size}")
    proof: list[bytes] = []
    first, last = 0, size
    while last - first > 1:
        middle = first + _half(last - first)
        if index < middle:
            proof.append(_range_root(middle, last, node))
            last = middle
        else:
            proof.append(_range_root(first, middle, node))
            first = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """The hashes that show that the tree of ``old`` leaves is the beginning of that of ``new`` ones; none where both are one.

    Raises NoSuchTree, for the tree without leaves as well: it is the beginning of anything.
    """
    if not 0 < old <= new:
        raise NoSuchTree(f"{old} of {new} leaves")
    if old == new:
        return []
    proof: list[bytes] = []
    first, last, is_beginning = 0, new, True
    while old != last:
        middle = first + _half(last - first)
        if old <= middle:
            proof.append(_range_root(middle, last, node))
            last = middle
        else:
            proof.append(_range_root(first, middle, node))
            first, is_beginning = middle, False
    if not is_beginning:
        proof.append(_range_root(first, last, node))
    return proof[::-1]


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the tree with this size and root has this leaf (its hash) at this place (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, *proof):
        return False
    number, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(other, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, other)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree with the one size and root is the beginning of that with the other (RFC 9162, 2.1.4.2).

    Equal sizes need equal roots and no proof. From the tree without leaves nothing follows, so for it nothing holds.
    """
    if not 0 < old <= new or not _are_hashes(*proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    return bool(steps) and _both_roots(old, new, steps) == (old_root, new_root)


def _both_roots(old: int, new: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The roots of both trees to which the steps of a consistency proof lead; None where they are too few or too many."""
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    small = large = steps[0]
    for other in steps[1:]:
        if last == 0:
            return None
        if number & 1 or number == last:
            small, large = node_hash(other, small), node_hash(other, large)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            large = node_hash(large, other)
        number, last = number >> 1, last >> 1
    return (small, large) if last == 0 else None


def _half(count: int) -> int:
    """The largest power of two below a count of at least two: so many leaves stand left."""
    return 1 << (count - 1).bit_length() - 1


def _parts(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees (level, number) of a range that begins where a subtree of its own size may begin, the largest first."""
    while first < last:
        level = (last - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


def _range_root(first: int, last: int, node: Node) -> bytes:
    return _joined([node(level, number) for level, number in _parts(first, last)])


def _joined(parts: Sequence[bytes]) -> bytes:
    found = parts[-1]
    for part in reversed(parts[:-1]):
        found = node_hash(part, found)
    return found


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
