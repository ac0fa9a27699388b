"""Reading a stored snapshot back into the engine's types, and deciding on it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from creditbank.rules.decide import decide
from creditbank.rules.snapshot import SEMANTICS, canonical, hash_of, restore
from creditbank.rules.types import Facts, Limit, RuleBase


@dataclass(frozen=True)
class Replayed:
    """What deciding again gave.

    ``outcome``: *same* to the last byte; *different*; or *older*: the decision was made under another meaning of the rules
    (``semantics``, where ``current`` is the one of this software), so it is believed by its hash and not decided again.
    """

    outcome: Literal["same", "different", "older"]
    semantics: int
    current: int = SEMANTICS


@lru_cache(maxsize=8)
def read_snapshot(text: str) -> tuple[Facts, RuleBase, tuple[Limit, ...], date]:
    """The four arguments of ``decide``, as they were: values that nobody can change, so a page that asks several times is answered from one reading."""
    question = json.loads(text)
    limits = tuple(restore(Limit, row) for row in question["limits"])
    return restore(Facts, question["facts"]), restore(RuleBase, question["rules"]), limits, date.fromisoformat(question["on"])


def replay_stored(snapshot: str, snapshot_hash: str, proposal: Mapping[str, Any]) -> Replayed:
    """Decide again on a stored question and compare with the stored answer, byte by byte. Nothing that changed since can reach the result."""
    semantics = int(proposal.get("semantics", json.loads(snapshot).get("semantics", 1)))
    if semantics != SEMANTICS:
        return Replayed("older" if hash_of(snapshot) == snapshot_hash else "different", semantics)
    facts, base, limits, on = read_snapshot(snapshot)
    same = hash_of(snapshot) == snapshot_hash and canonical(decide(facts, base, limits, on)) == canonical(dict(proposal))
    return Replayed("same" if same else "different", semantics)
