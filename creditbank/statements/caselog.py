"""The part of a case file that proves that its audit entries and postings stood in the log: written down here, and checked by whoever reads it.

Each row stands as it was sealed, with its salt, its place and the hashes up to the root; with them the first head that covers all of them, so that a
case in which nothing happens gives the same file for ever. Sealed words stand as ciphertext: what the file shows in their place is not compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from creditbank.recognition.models import Application
from creditbank.recognition.queries import log_rows_of
from foundation.api import (
    KeySet,
    SealedRow,
    TreeHead,
    head_document,
    inclusion_holds,
    leaf_hash,
    read_head,
    sealed_rows,
)

NOT_COMPARED = frozenset({"reason"})
"""Stands in the log as ciphertext, in the file as it was read."""


@dataclass(frozen=True)
class LogFinding:
    """One thing that was looked at; as a finding of ``caseverify``."""

    name: str
    ok: bool | None
    found: str


def log_section(application: Application) -> dict[str, Any]:
    """Head, leaves and how many rows of the case no head covers yet."""
    rows = log_rows_of(application)
    head, leaves = sealed_rows(rows)
    return {
        "head": head_document(head) if head else None,
        "leaves": [_leaf(leaf) for leaf in leaves],
        "not_sealed": sum(len(numbers) for numbers in rows.values()) - len(leaves),
    }


def _leaf(leaf: SealedRow) -> dict[str, Any]:
    return {
        "source": leaf.source, "index": leaf.index, "hash": leaf.leaf.hex(), "salt": leaf.salt.hex() if leaf.salt is not None else None,
        "row": leaf.text.decode(), "proof": [value.hex() for value in leaf.proof],
    }  # fmt: skip


def check_log(section: Mapping[str, Any], shown: Mapping[str, Sequence[Mapping[str, Any]]], *, keys: KeySet | None) -> Iterator[LogFinding]:
    """The head's signature, each leaf under its root, and that what the file shows (rows by source) is what was sealed.

    Trusts no form: what cannot be read is wrong.
    """
    try:
        leaves, missing = list(section["leaves"]), int(section["not_sealed"])
        head = read_head(section["head"]) if section["head"] is not None else None
        if head is not None:
            holds = head.holds(keys=keys)
            yield LogFinding("log head", holds, f"{head.size} leaves, {head.time:%Y-%m-%d %H:%M} UTC" if holds else "not by a known key")
            yield _leaves_finding(head, leaves)
        yield _shown_finding(leaves, shown, missing)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:  # NotAHead is a ValueError
        yield LogFinding("log", ok=False, found=f"unreadable: {error}")


def _leaves_finding(head: TreeHead, leaves: Sequence[Mapping[str, Any]]) -> LogFinding:
    wrong = [str(leaf["index"]) for leaf in leaves if not _is_under(head, leaf)]
    forgotten = sum(leaf["salt"] is None for leaf in leaves)
    if wrong:
        return LogFinding("log proofs", ok=False, found=f"leaves {', '.join(wrong[:10])} are not under the head")
    salts = f", {forgotten} of them without salt since a person was erased" if forgotten else ""
    return LogFinding("log proofs", ok=True, found=f"{len(leaves)} rows are under the head{salts}")


def _is_under(head: TreeHead, leaf: Mapping[str, Any]) -> bool:
    value = bytes.fromhex(leaf["hash"])
    if leaf["salt"] is not None and leaf_hash(bytes.fromhex(leaf["salt"]) + leaf["row"].encode()) != value:
        return False
    return inclusion_holds(value, leaf["index"], head.size, [bytes.fromhex(part) for part in leaf["proof"]], head.root)


def _shown_finding(leaves: Sequence[Mapping[str, Any]], shown: Mapping[str, Sequence[Mapping[str, Any]]], missing: int) -> LogFinding:
    """Each row that the file shows against the row of the log with the same uuid."""
    sealed = {(leaf["source"], row["uuid"]): row for leaf in leaves for row in [json.loads(leaf["row"])]}
    rows = [(source, row) for source, rows in shown.items() for row in rows]
    without = [row for source, row in rows if (source, row["uuid"]) not in sealed]
    if len(without) != missing or len(sealed) + missing != len(rows):
        return LogFinding("log rows", ok=False, found=f"{len(rows)} rows shown, {len(sealed)} sealed, {missing} said to be missing")
    wrong = [row["uuid"] for source, row in rows if (source, row["uuid"]) in sealed and not _agree(row, sealed[source, row["uuid"]])]
    if wrong:
        return LogFinding("log rows", ok=False, found=f"shown otherwise than sealed: {', '.join(wrong[:5])}")
    if missing:
        return LogFinding("log rows", ok=None, found=f"{missing} of {len(rows)} rows were not sealed yet when the file was made")
    return LogFinding("log rows", ok=True, found=f"all {len(rows)} audit entries and transactions are shown as they were sealed")


def _agree(shown: Mapping[str, Any], sealed: Mapping[str, Any]) -> bool:
    facts = dict(sealed)
    if "postings" in facts:
        facts["postings"] = [
            {**row, "source": _account(*row["source"]), "destination": _account(*row["destination"])} for row in facts["postings"]
        ]
    return all(facts.get(name) == value for name, value in shown.items() if name not in NOT_COMPARED)


def _account(kind: str, owner: str, reference: str) -> str:
    return f"{kind}:{reference or owner}"
