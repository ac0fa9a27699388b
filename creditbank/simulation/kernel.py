"""All pairs of records and rules of a population, judged in columns: the candidates that the engine would find, and why the others are none.

Works on blocks of about ``BLOCK`` pairs that end between learners, so that what is looked at fits the processor's cache and everything
about a learner stays in one block. Whole numbers only; equal to ``sieve`` on every learner (a test holds both together).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from creditbank.rules.candidates import sieve
from creditbank.rules.individual import apply_exceptions
from creditbank.rules.titles import with_title_classes
from creditbank.simulation.amounts import Amounts
from creditbank.simulation.bits import BIT, GATES, bit_of
from creditbank.simulation.coding import Coding
from creditbank.simulation.groups import join_groups
from creditbank.simulation.pairs import COLUMNS, DTYPES, Pairs
from creditbank.simulation.population import Population
from creditbank.simulation.tables import HIGH, NOT_KNOWN, WINDOW_KINDS, RuleTables

BLOCK = 50_000
ANY = -1
"""What an entry asks where it names nothing."""
KIND_DENY, KIND_PENDING = 7, 8
"""Places in KIND_ORDER."""


class Kernel:
    """The kernel for one population under one rule book. ``candidates`` is the whole answer, ``blocks`` gives it in parts."""

    def __init__(self, people: Population, tables: RuleTables) -> None:
        self.tables, self.coding = tables, Coding(people, tables)
        self.amounts = Amounts(self.coding)
        self.left = self.coding.asks_engine.copy()
        """Learners left to the engine; complete when all blocks are done."""
        self._lower = self._lower_bounds()

    def candidates(self) -> pd.DataFrame:
        """One row a pair: learner, rule, offer, record, lead (the record whose row carries the amount), bits, amount in steps."""
        grouped, size = self.tables.has_groups, int(self._counts.sum())
        columns = {name: np.empty(size, dtype=DTYPES[name]) for name in COLUMNS if grouped or name != "lead"}
        at = 0
        for pairs in self.blocks():
            here = slice(at, at := at + len(pairs.bits))
            for name in ("learner", "rule", "record", "bits", "amount"):
                columns[name][here] = getattr(pairs, name)
            if grouped:
                columns["lead"][here] = pairs.record if pairs.lead is None else pairs.lead
        columns["offer"].fill(1)
        if not grouped:
            columns["lead"] = columns["record"]
        return pd.DataFrame({name: columns[name][:at] for name in COLUMNS}, copy=False)

    def blocks(self) -> Iterator[Pairs]:
        """The same in parts of whole learners."""
        for first, last in self._bounds():
            pairs = self._expand(first, last)
            if len(pairs.bits):
                self._judge_leaves(pairs)
                self._judge_rules(pairs)
                self._finish(pairs)
                yield pairs

    # -- pairs

    @cached_property
    def _counts(self) -> np.ndarray:
        """Pairs by key of a record."""
        return np.diff(self.tables.pointers).take(self.coding.keys[1]).astype(np.int64)

    def _bounds(self) -> Iterator[tuple[int, int]]:
        """First and last key of each block: those of whole learners, as many as give about BLOCK pairs."""
        of = self.coding.of.take(self.coding.keys[0])
        if not len(of):
            return
        starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1], True])
        pairs = np.r_[0, np.cumsum(self._counts)][starts]
        at = 0
        while at < len(starts) - 1:
            until = max(int(np.searchsorted(pairs, pairs[at] + BLOCK, side="right")) - 1, at + 1)
            yield int(starts[at]), int(starts[until])
            at = until

    def _expand(self, first: int, last: int) -> Pairs:
        """All pairs of some records, not yet judged; those that a leaf is not about by another name than its key are left out."""
        count, rows = self._counts[first:last], self.coding.keys[0][first:last]
        ends = np.cumsum(count)
        entry = np.arange(int(ends[-1]))
        entry += np.repeat(self.tables.pointers.take(self.coding.keys[1][first:last]) - ends + count, count)
        if self._names:
            about = np.ones(len(entry), dtype=bool)
            for asked, has in self._names:
                wanted = asked.take(entry)
                about &= (wanted == ANY) | (wanted == np.repeat(has.take(rows), count))
            count = np.bincount(np.repeat(np.arange(len(rows)), count)[about], minlength=len(rows))
            entry = entry[about]
        empty = np.zeros((2, len(entry)), dtype=np.int32)
        return Pairs(rows, self.coding.of.take(rows), count, entry, self.tables.rule_of.take(entry), *empty)

    @cached_property
    def _names(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(what entries ask, what records are) for everything but the institution that leaves name besides their keys."""
        return [(asked, self.coding.named(name)) for name, (asked, _numbers) in self.tables.named.items() if name != "issuer"]

    def _lower_bounds(self) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """(bit, column of records, bounds of entries) of all lower bounds but grades that are asked and could fail."""
        coding, tables = self.coding, self.tables
        found = [(name, coding.place(name), bounds) for name, bounds in tables.lower.items()]
        if len(coding.trust) and coding.trust.min() < tables.trust.max(initial=0):
            found.append(("trust", coding.trust, tables.trust))
        return found

    def _judge_leaves(self, pairs: Pairs) -> None:
        bits, entry, coding, tables = pairs.bits, pairs.entry, self.coding, self.tables

        def has(column: np.ndarray) -> np.ndarray:
            return pairs.spread(column.take(pairs.rows))

        if "issuer" in tables.named:  # beside a course, class or subject the institution is a condition
            wanted = tables.named["issuer"][0].take(entry)
            _mark(bits, (wanted != ANY) & (wanted != has(coding.named("issuer"))), "issuer")
        for name, column, bounds in self._lower:
            _mark(bits, has(column) < bounds.take(entry), name)
        if tables.asks_min_grade or tables.asks_max_grade:
            self._judge_grades(pairs)
        if tables.max_score is not None:
            _mark_upper(bits, has(coding.score), tables.max_score.take(entry), "score_max")
        if tables.valid is not None:
            _mark(bits, tables.valid.take(entry) & ~has(coding.lasting), "validity")
        if tables.ages is not None and coding.earliest_start is not None:
            applied, earliest = coding.earliest_start
            _mark(bits, has(coding.start_of_age) < earliest[applied[pairs.learner], tables.ages[0].take(entry)], "age")

    def _judge_grades(self, pairs: Pairs) -> None:
        tables, has = self.tables, pairs.spread(self.coding.grade.take(pairs.rows))

        def bound(by_scale: np.ndarray) -> np.ndarray:
            if tables.only_scale is not None:
                return by_scale[tables.only_scale].take(pairs.entry)
            return by_scale[pairs.spread(self.coding.scale.take(pairs.rows)), pairs.entry]

        if tables.asks_min_grade:
            _mark(pairs.bits, has < bound(tables.min_grades), "grade")
        if tables.asks_max_grade:
            _mark_upper(pairs.bits, has, bound(tables.max_grades), "grade_max", complete=self._all_graded)

    @cached_property
    def _all_graded(self) -> bool:
        return bool((self.coding.grade != NOT_KNOWN).all())

    @cached_property
    def _has_gates(self) -> bool:
        return bool(self.coding.gates.any())

    def _judge_rules(self, pairs: Pairs) -> None:
        """What belongs to whole rules: gates of the record, scope, convertibility, windows, evidence."""
        coding, tables, bits, rule = self.coding, self.tables, pairs.bits, pairs.rule
        if self._has_gates:
            bits |= pairs.spread(coding.gates.take(pairs.rows))
        self._judge_windows(pairs)
        if coding.scope_faults is not None and tables.scopes is not None:
            profiles, faults = coding.scope_faults
            _mark(bits, faults[profiles[pairs.learner], tables.scopes[0][rule]], "out_of_scope")
        if coding.unconvertible is not None:
            category = pairs.spread(coding.people.records["record.category"].to_numpy().take(pairs.rows))
            _mark(bits, coding.unconvertible[coding.target[pairs.learner], category, tables.granted[0][rule]], "not_convertible")
        if coding.lacking is not None and tables.evidence is not None:
            brought = pairs.spread(coding.people.records["record.evidence"].to_numpy().take(pairs.rows))
            young = bits & BIT["age"] == 0  # an age that is over is said first
            _mark(bits, coding.lacking[tables.evidence[0][rule], brought] & young, "evidence_missing")
        if self._asks_engine:
            self.left[pairs.learner[tables.engine[rule] & (bits & GATES == 0)]] = True

    @cached_property
    def _asks_engine(self) -> bool:
        return bool(self.tables.engine.any())

    def _judge_windows(self, pairs: Pairs) -> None:
        if self.tables.windows is None:
            return
        kinds, begins, ends = self.tables.windows
        day = pairs.spread(self.coding.earned.take(pairs.rows))
        for number in self.tables.window_kinds - {0}:
            of_learner = self.coding.learner_days(WINDOW_KINDS[number])[pairs.learner]
            day = np.where(kinds.take(pairs.entry) == number, of_learner, day)
        _mark(pairs.bits, (day < begins.take(pairs.entry)) | (day > ends.take(pairs.entry)), "outside_window")

    # -- candidates

    def _finish(self, pairs: Pairs) -> None:
        """Groups of records, denials and pending rules, amounts, shadows."""
        tables, bits = self.tables, pairs.bits
        if tables.has_groups:
            pairs.lead = join_groups(pairs, self.coding, self.left)
        if tables.has_denials:
            kind = tables.first_kind.take(pairs.rule)
            self.left[pairs.learner[(bits == 0) & (kind == KIND_DENY)]] = True
            bits[(bits == 0) & (kind == KIND_PENDING)] |= BIT["pending"]
        self.amounts.fill(pairs, self.left)
        if tables.ranks.max(initial=0) > 0:
            self._shadow(pairs)

    def _shadow(self, pairs: Pairs) -> None:
        """Of several candidates on one record only the best by precedence, priority and kind that could be placed stays."""
        open_pairs = pairs.bits == 0
        if self.tables.has_groups:
            open_pairs &= self._is_single.take(pairs.entry)
        rows = np.flatnonzero(open_pairs)
        if not len(rows):
            return
        record, rank = pairs.record.take(rows), self._rank_by_entry.take(pairs.entry.take(rows))
        starts = np.flatnonzero(np.concatenate(([True], record[1:] != record[:-1])))
        best = np.minimum.reduceat(np.where(self.amounts.useful(pairs, rows), rank, HIGH), starts)
        beaten = rows.take(
            np.flatnonzero(rank > np.repeat(best, np.diff(starts, append=len(rows))))
        )  # a mask as index branches at each row
        pairs.bits[beaten] |= BIT["shadowed"]
        pairs.amount[beaten] = 0

    @cached_property
    def _rank_by_entry(self) -> np.ndarray:
        return self.tables.ranks.take(self.tables.rule_of)

    @cached_property
    def _is_single(self) -> np.ndarray:
        return self.tables.slots.take(self.tables.rule_of) == 1


def _mark(bits: np.ndarray, fails: np.ndarray, name: str) -> None:
    """Set a bit where something fails."""
    np.bitwise_or(bits, np.left_shift(fails, BIT[name].bit_length() - 1, dtype=np.int32), out=bits)


def _mark_upper(bits: np.ndarray, has: np.ndarray, most: np.ndarray, name: str, *, complete: bool = False) -> None:
    """An upper bound: a value that is missing fails it wherever it is asked; ``complete`` says that none is missing."""
    fails = has > most
    _mark(bits, fails if complete else fails | ((has == NOT_KNOWN) & (most != HIGH)), name)


def candidates_of(people: Population, tables: RuleTables) -> pd.DataFrame:
    """Candidates and refused pairs of everybody, learners left to the engine included; sorted by learner, record, rule, offer."""
    kernel = Kernel(people, tables)
    frame = kernel.candidates()
    frame = frame[~kernel.left[frame["learner"].to_numpy()]]
    asked = [engine_rows(people, tables, row) for row in np.flatnonzero(kernel.left).tolist()]
    whole = pd.concat([frame, *asked], ignore_index=True)
    return whole.sort_values(["learner", "record", "rule", "offer", "lead"], kind="stable", ignore_index=True)


def engine_rows(people: Population, tables: RuleTables, row: int) -> pd.DataFrame:
    """The same columns for one learner, from the engine itself; what a rule that counts may take stands there record by record."""
    facts = people.facts(row)
    facts, base, _limits = apply_exceptions(facts, tables.base, (), tables.on)
    sieved = sieve(with_title_classes(facts, base.titles), base, on=tables.on)
    begin = int(np.searchsorted(people.records["of"].to_numpy(), row))
    places = {record.id: begin + at for at, record in enumerate(facts.records)}
    numbers = {rule.id: number for number, rule in enumerate(tables.rules)}
    system = base.system(facts.target.system)
    found: list[tuple[int, ...]] = []
    for one in sieved.candidates:
        lead = places[one.lead.id]
        amount = int(sum((Fraction(given.amount) for given in one.given), Fraction(0)) / Fraction(system.step)) if system else 0
        found += [
            (row, numbers[one.rule.id], one.offer, places[ident], lead, 0, amount if places[ident] == lead else 0)
            for ident in one.match.ids
        ]
    for counted in sieved.counted:
        found += [(row, numbers[counted.rule.id], counted.offer, places[one.id], places[one.id], 0, 0) for one in counted.records]
    bits: dict[tuple[int, int], int] = {}
    for ident, reasons in sieved.reasons.items():
        for reason in reasons:
            if reason.rule:
                key = places[ident], numbers[reason.rule]
                bits[key] = bits.get(key, 0) | bit_of(reason.code, reason.as_dict().get("field", ""))
    found += [(row, rule, 1, place, place, value, 0) for (place, rule), value in bits.items()]
    return pd.DataFrame(np.array(found, dtype=np.int64).reshape(-1, len(COLUMNS)), columns=list(COLUMNS)).astype(DTYPES)
