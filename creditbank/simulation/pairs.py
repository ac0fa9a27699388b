"""Pairs of records and rules while they are judged, and the columns in which they are handed on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

COLUMNS = ("learner", "rule", "offer", "record", "lead", "bits", "amount")
DTYPES = dict.fromkeys(COLUMNS, np.int32) | {"offer": np.int8}


@dataclass
class Pairs:
    """Pairs of a record and an entry of the tables (a rule under a key of one of its leaves), in the order of records.

    ``rows`` and ``of`` are the records and learners of the block, a record once for each key under which a leaf may name it; ``count`` says
    how many pairs each has. ``bits`` has 32 bits, of which 29 are in use.
    """

    rows: np.ndarray
    of: np.ndarray
    count: np.ndarray
    entry: np.ndarray
    rule: np.ndarray
    bits: np.ndarray
    amount: np.ndarray
    lead: np.ndarray | None = None
    """The record that leads the match of each pair, where it is not the pair's own."""

    def spread(self, column: np.ndarray) -> np.ndarray:
        """A column of the block's records, repeated for each pair."""
        return np.repeat(column, self.count)

    @cached_property
    def record(self) -> np.ndarray:
        return self.spread(self.rows)

    @cached_property
    def learner(self) -> np.ndarray:
        return self.spread(self.of)
