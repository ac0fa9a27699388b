"""The best answer of a program over patterns on all levels at once: group after group, all beginnings side by side in arrays.

A beginning says what has been chosen in the groups so far. Of beginnings that leave the same room in every row that is still open the best
one is kept. What relaxations say of the levels (``Price``) tells how much each choice loses at least; a beginning that has lost more than
may be lost is dropped. All numbers are whole, so that what comes out is proved.

Every row is brought into the form ``Σ ≤ most`` with nothing below 0, and many rows stand side by side in one machine word, each with a bit
above it that shows when it has become too large: one addition asks them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BEGINNINGS = 200_000
"""Beginnings that may be kept of one group."""
AT_ONCE = 500_000
"""Continuations that are looked at in one step: what is held in memory."""
FEW = 5
"""Groups with fewer ways wait until they close a row or nothing else is left."""
EACH = 20
"""What a continuation that fits costs beside one that does not."""
BITS = 62
"""Of a machine word those that are used."""

Numbers = Any
"""An array of whole numbers."""


class TooWide(Exception):
    """There are too many beginnings: the program is for the solver."""


@dataclass
class Field:
    """A program: from each group one way is chosen.

    A way is a line of the arrays: its ``group`` (0 first, in order), what it ``adds`` to each row, its ``worth`` on each level (the most
    important first, more is better), and what it weighs in each price: weights of an answer come to ``-room`` at least.
    """

    group: Numbers
    adds: Numbers
    lower: Numbers
    upper: Numbers
    worth: Numbers
    weight: Numbers
    room: Numbers


@dataclass
class Found:
    """The best answer, as ways by group, and whether another one may be as good on every level."""

    ways: list[int]
    tied: bool


@dataclass
class Thin:
    """A field without the ways that no answer takes. In every group some way adds nothing to a row, and some way loses nothing of a price.

    ``starts`` are the first ways of the groups, and the end.
    """

    ways: Numbers
    starts: Numbers
    adds: Numbers
    most: Numbers
    worth: Numbers
    loss: Numbers
    room: Numbers

    def forgives(self, price: int) -> bool:
        """Whether a price forbids nothing any more."""
        return int(np.maximum.reduceat(self.loss[:, price], self.starts[:-1]).sum()) <= int(self.room[price])


def thinned(field: Field) -> Thin | None:
    """Leave out ways that no answer takes until there are no more of them. None where a group has no way left, or a row no room."""
    kept = np.arange(len(field.group))
    groups = int(field.group[-1]) + 1
    while True:
        group = field.group[kept]
        starts = np.searchsorted(group, np.arange(groups + 1))
        if (starts[1:] == starts[:-1]).any():
            return None
        adds, weight = field.adds[kept], field.weight[kept]
        least, greatest = np.minimum.reduceat(adds, starts[:-1]), np.maximum.reduceat(adds, starts[:-1])
        best = np.maximum.reduceat(weight, starts[:-1])
        reach, loss, room = greatest - least, best[group] - weight, field.room + best.sum(axis=0)
        total, above = reach.sum(axis=0), field.upper - least.sum(axis=0)
        below = greatest.sum(axis=0) - field.lower
        if (above < 0).any() or (below < 0).any() or (room < 0).any():
            return None
        adds = adds - least[group]
        fits = (adds <= above).all(axis=1) & (reach[group] - adds <= below).all(axis=1) & (loss <= room).all(axis=1)
        if fits.all():
            break
        kept = kept[fits]
    over, under = total > above, total > below
    lines = np.hstack([adds[:, over], (reach[group] - adds)[:, under]])
    return Thin(kept, starts, lines, np.concatenate([above[over], below[under]]), field.worth[kept], loss, room)


class Sweep:
    """One thin field while it is swept. ``work`` are the continuations that may be looked at in all, and then those that are left."""

    def __init__(self, thin: Thin, work: int) -> None:
        self.thin, self.work = thin, work
        sizes = np.diff(thin.starts)
        self.reach = np.maximum.reduceat(thin.adds, thin.starts[:-1])
        touches = self.reach > 0
        self.order = _in_order(np.flatnonzero(sizes > 1), touches, sizes)
        self.rows = _Lines(thin.adds, thin.most, touches[self.order])
        self.prices = _Lines(*_losses(thin), None)
        self.values = _values(thin)
        self.back: list[tuple[Numbers, Numbers]] = []

    def found(self) -> Found | None:
        """The best answer, or None where there is none. Raises TooWide."""
        rest = self.reach.sum(axis=0)
        marks = [np.zeros(1, dtype=np.int64) for _ in self.rows.guards]
        lost = [np.zeros(1, dtype=np.int64) for _ in self.prices.guards]
        values = [np.zeros(1, dtype=np.int64) for _ in self.values]
        tied = np.zeros(1, dtype=bool)
        for number, group in enumerate(self.order):
            rest = rest - self.reach[group]
            begun, way = self._continued(len(tied), marks, lost, slice(int(self.thin.starts[group]), int(self.thin.starts[group + 1])))
            marks = self.rows.felt([mark[begun] + more[way] for mark, more in zip(marks, self.rows.words, strict=True)], rest, number)
            values = [value[begun] + more[way] for value, more in zip(values, self.values, strict=True)]
            first, twin = _best_of_each(marks, values)
            if not len(first):
                return None
            if len(first) > BEGINNINGS:
                raise TooWide
            begun, way = begun[first], way[first]
            self.back.append((begun, way))
            marks, values = [mark[first] for mark in marks], [value[first] for value in values]
            lost = [one[begun] + more[way] for one, more in zip(lost, self.prices.words, strict=True)]
            tied = tied[begun] | twin
        return Found(self._chosen(), bool(tied[0]))

    def _chosen(self) -> list[int]:
        thin, at = self.thin, 0
        chosen = thin.starts[:-1].copy()
        for group, (begun, way) in zip(reversed(self.order), reversed(self.back), strict=True):
            chosen[group], at = way[at], begun[at]
        return [int(one) for one in thin.ways[chosen]]

    def _continued(self, count: int, marks: list[Numbers], lost: list[Numbers], ways: slice) -> tuple[Numbers, Numbers]:
        """(beginning, way) of every continuation that no row and no price forbids. Raises TooWide."""
        width = ways.stop - ways.start
        self._spend(count * width)
        checks = [
            (sums, more[ways] + start, guard)
            for lines, held in ((self.prices, lost), (self.rows, marks))
            for sums, more, start, guard in zip(held, lines.words, lines.start, lines.guards, strict=True)
            if more[ways].any()
        ]
        size = max(1, AT_ONCE // width)
        found = []
        for start in range(0, count, size):
            over = np.zeros((min(size, count - start), width), dtype=np.int64)
            for sums, more, guard in checks:
                over |= (sums[start : start + size, None] + more) & guard
            begun, way = np.nonzero(over == 0)
            self._spend(EACH * len(begun))
            found.append((begun + start, way + ways.start))
        return found[0] if len(found) == 1 else (np.concatenate([one for one, _way in found]), np.concatenate([way for _one, way in found]))

    def _spend(self, work: int) -> None:
        self.work -= work
        if self.work < 0:
            raise TooWide


class _Lines:
    """Lines ``Σ ≤ most`` side by side in machine words, each with a bit above it that is set where it is too large.

    ``words`` hold what the ways add, ``start`` brings the bit up as soon as a sum exceeds what it may be, ``guards`` are these bits.
    ``touched`` says by stage which lines may still move: a line that is closed is emptied, so that nobody feels it any more.
    """

    def __init__(self, adds: Numbers, most: Numbers, touched: Numbers | None) -> None:
        self.most = most
        self.width = np.array([int(one).bit_length() for one in most], dtype=np.int64)
        if (self.width >= BITS).any():
            raise TooWide
        self.closing = np.zeros(len(most), dtype=np.int64)
        opened = np.zeros(len(most), dtype=np.int64)
        if touched is not None and len(touched):
            opened = np.where(touched.any(axis=0), touched.argmax(axis=0), -1)
            self.closing = len(touched) - 1 - touched[::-1].argmax(axis=0)
        self.opened = opened
        self.word, self.shift = np.zeros(len(most), dtype=np.int64), np.zeros(len(most), dtype=np.int64)
        used, word = BITS, -1
        for line in np.argsort(opened, kind="stable"):
            size = int(self.width[line]) + 1
            if used + size > BITS:
                used, word = 0, word + 1
            self.word[line], self.shift[line] = word, used
            used += size
        self.words, self.start, self.guards = [], [], []
        for one in range(word + 1):
            here = np.flatnonzero(self.word == one)
            self.words.append((adds[:, here] << self.shift[here]).sum(axis=1))
            self.start.append(int((((1 << self.width[here]) - 1 - most[here]) << self.shift[here]).sum()))
            self.guards.append(int((1 << (self.shift[here] + self.width[here])).sum()))

    def felt(self, sums: list[Numbers], rest: Numbers, stage: int) -> list[Numbers]:
        """The same room told in the same way: closed lines are emptied, and below what the rest can still feel all is one."""
        least = self.most - rest
        for line in np.flatnonzero((least > 0) & (rest > 0) & (self.opened <= stage)):
            word, shift = int(self.word[line]), int(self.shift[line])
            now = (sums[word] >> shift) & ((1 << int(self.width[line])) - 1)
            sums[word] = sums[word] + (np.maximum(least[line] - now, 0) << shift)
        for line in np.flatnonzero(self.closing == stage):
            word, mask = int(self.word[line]), ((1 << int(self.width[line])) - 1) << int(self.shift[line])
            sums[word] = sums[word] & ~mask
        return sums


def _in_order(groups: Numbers, touches: Numbers, sizes: Numbers) -> list[int]:
    """Groups with few ways first, and before them those that close rows: three rows count as much as a quarter of the ways.

    What is but a few ways waits until it closes more rows than it opens, or nothing else is left.
    """
    order: list[int] = []
    waiting = touches[groups].sum(axis=0)
    opened = np.zeros(touches.shape[1], dtype=bool)
    while len(groups):
        closing = (touches[groups] & (waiting == 1)).sum(axis=1)
        new = (touches[groups] & ~opened).sum(axis=1)
        waits = (sizes[groups] < FEW) & (new >= closing)
        keys = [
            (bool(wait), int(size) ** 3 << 2 * (len(waiting) - int(closed)))
            for wait, size, closed in zip(waits, sizes[groups], closing, strict=True)
        ]
        at = keys.index(min(keys))
        order.append(int(groups[at]))
        opened |= touches[groups[at]]
        waiting = waiting - touches[groups[at]]
        groups = np.delete(groups, at)
    return order


def _losses(thin: Thin) -> tuple[Numbers, Numbers]:
    """What ways lose, and what may be lost, in numbers of at most twenty bits: both are rounded down, so that nothing is forbidden by it."""
    large = np.array([max(int(one).bit_length() - 20, 0) for one in thin.room], dtype=np.int64)
    return thin.loss >> large, thin.room >> large


def _values(thin: Thin) -> list[Numbers]:
    """The levels in as few numbers as hold them, each weighing so much that nothing below makes up for one unit of it."""
    starts = thin.starts[:-1]
    least = np.minimum.reduceat(thin.worth, starts)
    worth = thin.worth - np.repeat(least, np.diff(thin.starts), axis=0)
    reach = (np.maximum.reduceat(thin.worth, starts) - least).sum(axis=0)
    values: list[Numbers] = []
    weight = 1 << BITS
    for level in reversed(np.flatnonzero(reach)):
        size = int(reach[level]) + 1
        if weight * size > 1 << BITS:
            values.append(np.zeros(len(worth), dtype=np.int64))
            weight = 1
        values[-1] += weight * worth[:, level]
        weight *= size
    return values[::-1] or [np.zeros(len(worth), dtype=np.int64)]


def _best_of_each(keys: Sequence[Numbers], values: Sequence[Numbers]) -> tuple[Numbers, Numbers]:
    """Of those with one key the best, and whether another one is as good; in the order of the keys."""
    order = np.lexsort([*(-value for value in reversed(values)), *reversed(keys)])
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for key in keys:
        ordered = key[order]
        same &= ordered[1:] == ordered[:-1]
    equal = same.copy()
    for value in values:
        ordered = value[order]
        equal &= ordered[1:] == ordered[:-1]
    first = np.append(True, ~same)[: len(order)]
    return order[first], np.append(equal, False)[: len(order)][first]
