"""Rules that ask for several records at once (ALL): which learners have them all, and which record leads."""

from __future__ import annotations

import numpy as np

from creditbank.simulation.bits import BIT
from creditbank.simulation.coding import Coding
from creditbank.simulation.pairs import Pairs
from creditbank.simulation.tables import SLOTS


def join_groups(pairs: Pairs, coding: Coding, left: np.ndarray) -> np.ndarray:
    """Mark pairs of groups that are not complete; gives for each pair the record that leads its match, itself for a single one.

    Learners with two records for one leaf, or two complete groups over the same records, are left to the engine.
    """
    tables = coding.tables
    lead = pairs.record.copy()
    rows = np.flatnonzero((pairs.bits == 0) & (tables.slots[pairs.rule] > 1))
    if not len(rows):
        return lead
    rule, slot, learner = pairs.rule.take(rows), tables.slot.take(pairs.entry.take(rows)), pairs.learner.take(rows)
    rules = len(tables.rules)
    key = ((learner - learner[0]).astype(np.int64) * rules + rule) * SLOTS + slot
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    again = np.r_[False, key[1:] == key[:-1]]
    if again.any():
        left[learner[order][again]] = True
    group = key // SLOTS
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    sizes = np.diff(np.r_[starts, len(rows)])
    wanted = tables.slots[pairs.rule[rows[starts]]]
    distinct = sizes - np.add.reduceat(again, starts)
    complete = distinct == wanted
    pairs.bits[rows[np.repeat(~complete, sizes)]] |= BIT["missing_record"]
    _lead(pairs, coding, rows, starts[complete], sizes[complete], lead)
    _same_records(pairs, rows, starts[complete], sizes[complete], left)
    return lead


def _members(starts: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the members of some groups in their list, and where each group begins among these."""
    begins = np.cumsum(sizes) - sizes
    return np.arange(int(sizes.sum())) + np.repeat(starts - begins, sizes), begins


def _lead(pairs: Pairs, coding: Coding, rows: np.ndarray, starts: np.ndarray, sizes: np.ndarray, lead: np.ndarray) -> None:
    """The record with most minutes, then the latest, then the one of the smallest id (records of a learner stand in the order of ids)."""
    if not len(starts):
        return
    at, begins = _members(starts, sizes)
    record = pairs.record[rows[at]]
    group = np.repeat(np.arange(len(starts)), sizes)
    order = np.lexsort((record, -coding.earned[record], -coding.minutes[record], group))
    lead[rows[at]] = np.repeat(record[order][begins], sizes)


def _same_records(pairs: Pairs, rows: np.ndarray, starts: np.ndarray, sizes: np.ndarray, left: np.ndarray) -> None:
    """Two groups over the same records could shadow each other; sums that are equal by accident only ask the engine once more."""
    if len(starts) < 2:  # noqa: PLR2004  two
        return
    at, begins = _members(starts, sizes)
    record = pairs.record[rows[at]].astype(np.int64)
    sums = np.add.reduceat(record * record + record * 1_000_003, begins)
    learner = pairs.learner.take(rows[starts])
    order = np.lexsort((sums, learner))
    same = (sums[order][1:] == sums[order][:-1]) & (learner[order][1:] == learner[order][:-1])
    left[learner[order][1:][same]] = True
