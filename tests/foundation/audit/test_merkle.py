"""The Merkle tree: against its definition, computed anew from all leaves, and against public vectors."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from foundation.audit.merkle import (
    EMPTY,
    Growing,
    NoSuchTree,
    consistency_holds,
    consistency_proof,
    growing_at,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    root_of,
)

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "merkle-vectors.json").read_text("utf-8"))
LEAVES = [bytes([number]) * (number % 5) for number in range(35)]


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:])).digest()


ROOTS = [defined_root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]


@pytest.fixture(scope="module")
def node():
    """All perfect subtrees, as the growing tree tells them."""
    tree, known = Growing(), {}
    for leaf in LEAVES:
        for level, number, found in tree.append(leaf_hash(leaf)):
            known[level, number] = found
    return lambda level, number: known[level, number]


def test_a_tree_that_grows_has_the_root_of_all_its_leaves_at_every_size(node):
    tree = Growing()
    assert tree.root() == EMPTY == ROOTS[0]
    for size, leaf in enumerate(LEAVES, start=1):
        tree.append(leaf_hash(leaf))
        assert tree.root() == root_of(size, node) == ROOTS[size]


def test_a_tree_goes_on_growing_from_any_size(node):
    for size in range(len(LEAVES)):
        tree = growing_at(size, node)
        tree.append(leaf_hash(LEAVES[size]))
        assert (tree.size, tree.root()) == (size + 1, ROOTS[size + 1])


def test_every_leaf_of_every_tree_is_proved_and_no_other(node):
    for size in range(len(LEAVES) + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert inclusion_holds(leaf_hash(LEAVES[index]), index, size, proof, ROOTS[size])
            assert not inclusion_holds(leaf_hash(b"another"), index, size, proof, ROOTS[size])
            assert not inclusion_holds(leaf_hash(LEAVES[index]), index, size, [*proof, EMPTY], ROOTS[size])
            assert not inclusion_holds(leaf_hash(LEAVES[index]), index, size, proof, EMPTY)
            if proof:
                assert not inclusion_holds(leaf_hash(LEAVES[index]), index, size, proof[:-1], ROOTS[size])


def test_every_tree_is_proved_to_be_the_beginning_of_every_later_one(node):
    for new in range(1, len(LEAVES) + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, node)
            assert consistency_holds(old, new, ROOTS[old], ROOTS[new], proof)
            assert not consistency_holds(old, new, EMPTY, ROOTS[new], proof)
            assert not consistency_holds(old, new, ROOTS[old], EMPTY, proof)
            assert not consistency_holds(old, new, ROOTS[old], ROOTS[new], [*proof, EMPTY])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_that_a_tree_has_not_has_no_proof(node, index, size):
    with pytest.raises(NoSuchTree):
        inclusion_proof(index, size, node)
    assert not inclusion_holds(EMPTY, index, size, [], EMPTY)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (4, 3)])
def test_nothing_follows_from_the_tree_without_leaves_nor_backwards(node, old, new):
    with pytest.raises(NoSuchTree):
        consistency_proof(old, new, node)
    assert not consistency_holds(old, new, ROOTS[old], ROOTS[new], [])


def test_the_public_vectors_agree_all_196_of_them():
    hashes = [base64.b64decode(text) for text in VECTORS["hashes"]]
    wrong = []
    for index, size, leaf, root, proof, holds, about in VECTORS["inclusion"]:
        if inclusion_holds(hashes[leaf], index, size, [hashes[one] for one in proof], hashes[root]) is not holds:
            wrong.append(about)
    for old, new, old_root, new_root, proof, holds, about in VECTORS["consistency"]:
        if consistency_holds(old, new, hashes[old_root], hashes[new_root], [hashes[one] for one in proof]) is not holds:
            wrong.append(about)
    assert (wrong, len(VECTORS["inclusion"]) + len(VECTORS["consistency"])) == ([], 196)
