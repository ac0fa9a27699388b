"""Reading a stored snapshot back into the engine's types."""

from __future__ import annotations

import json
from datetime import date

from creditbank.rules.snapshot import restore
from creditbank.rules.types import Facts, Limit, RuleBase


def read_snapshot(text: str) -> tuple[Facts, RuleBase, tuple[Limit, ...], date]:
    """The four arguments of ``decide``, as they were."""
    question = json.loads(text)
    limits = tuple(restore(Limit, row) for row in question["limits"])
    return restore(Facts, question["facts"]), restore(RuleBase, question["rules"]), limits, date.fromisoformat(question["on"])
