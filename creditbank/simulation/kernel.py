"""All pairs of records and rules of a population, judged in columns: the candidates that the engine would find, and why the others are none.

Works on blocks of about ``BLOCK`` pairs that end between learners, so that what is looked at fits the processor's cache and everything
about a learner stays in one block. Whole numbers only; equal to ``sieve`` on every learner (a test holds both together).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from creditbank.rules.candidates import sieve
from creditbank.rules.individual import apply_exceptions
from creditbank.simulation.amounts import Amounts
from creditbank.simulation.bits import BIT, GATES, bit_of
from creditbank.simulation.coding import Coding
from creditbank.simulation.groups import join_groups
from creditbank.simulation.population import Population
from creditbank.simulation.tables import HIGH, NOT_KNOWN, WINDOW_KINDS, RuleTables

BLOCK = 50_000
COLUMNS = ("learner", "rule", "offer", "record", "lead", "bits", "amount")
KIND_DENY, KIND_PENDING = 7, 8
"""Places in KIND_ORDER."""


@dataclass
class Pairs:
    """Pairs of a record and an entry of the tables (a rule under the outcome of one of its leaves), in the order of records."""

    record: np.ndarray
    count: np.ndarray
    entry: np.ndarray
    rule: np.ndarray
    bits: np.ndarray


class Kernel:
    """The kernel for one population under one rule book. ``candidates`` is the whole answer, ``blocks`` gives it in parts."""

    def __init__(self, people: Population, tables: RuleTables) -> None:
        self.tables, self.coding = tables, Coding(people, tables)
        self.amounts = Amounts(self.coding)
        self.left = self.coding.asks_engine.copy()
        """Learners left to the engine; complete when all blocks are done."""
        self._by_record = self._record_columns()

    def candidates(self) -> pd.DataFrame:
        """One row a pair: learner, rule, offer, record, lead (the record whose row carries the amount), bits, amount in steps."""
        blocks = list(self.blocks())
        return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame({name: np.zeros(0, np.int32) for name in COLUMNS})

    def blocks(self) -> Iterator[pd.DataFrame]:
        """The same in parts of whole learners."""
        for first, last in self._bounds():
            pairs = self.judge(first, last)
            yield self._finish(pairs)

    # -- pairs

    def _bounds(self) -> Iterator[tuple[int, int]]:
        """First and last record of each block: whole learners, as many as give about BLOCK pairs."""
        of, counts = self.coding.of, np.diff(self.tables.pointers)[self.coding.key]
        if not len(of):
            return
        starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1], True])
        pairs = np.r_[0, np.cumsum(counts, dtype=np.int64)][starts]
        at = 0
        while at < len(starts) - 1:
            until = max(int(np.searchsorted(pairs, pairs[at] + BLOCK, side="right")) - 1, at + 1)
            yield int(starts[at]), int(starts[until])
            at = until

    def judge(self, first: int, last: int) -> Pairs:
        """All pairs of some records, with a bit for everything that stands between them."""
        key = self.coding.key[first:last]
        begins = self.tables.pointers[key]
        count = self.tables.pointers[key + 1] - begins
        ends = np.cumsum(count, dtype=np.int32)
        total = int(ends[-1]) if len(ends) else 0
        entry = np.arange(total, dtype=np.int32)
        entry += np.repeat(begins - ends + count, count)
        rule = self.tables.rule_of[entry]
        record = np.repeat(np.arange(first, last, dtype=np.int32), count)
        pairs = Pairs(record, count, entry, rule, np.zeros(total, dtype=np.int64))
        if total:
            self._judge_leaves(pairs, first, last)
            self._judge_rules(pairs, first, last)
        return pairs

    def _record_columns(self) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """(bit, column of records, bounds of entries) of all plain lower bounds that are asked and could fail."""
        coding, tables = self.coding, self.tables
        found = [(name, coding.place(name), bounds) for name, bounds in tables.lower.items()]
        if len(coding.trust) and coding.trust.min() < tables.trust.max(initial=0):
            found.append(("trust", coding.trust, tables.trust))
        if tables.asks_min_grade and len(tables.scales) == 1:
            found.append(("grade", coding.grade, tables.min_grades[0]))
        return found

    def _judge_leaves(self, pairs: Pairs, first: int, last: int) -> None:
        bits, entry, count = pairs.bits, pairs.entry, pairs.count

        def spread(column: np.ndarray) -> np.ndarray:
            return np.repeat(column[first:last], count)

        for name, column, bounds in self._by_record:
            _mark(bits, spread(column) < bounds[entry], name)
        coding, tables = self.coding, self.tables
        if len(tables.scales) > 1 and tables.asks_min_grade:
            _mark(bits, spread(coding.grade) < tables.min_grades[spread(coding.scale), entry], "grade")
        if tables.asks_max_grade:
            _mark_upper(
                bits,
                spread(coding.grade),
                tables.max_grades[0][entry] if len(tables.scales) == 1 else tables.max_grades[spread(coding.scale), entry],
                "grade_max",
            )
        if tables.max_score is not None:
            _mark_upper(bits, spread(coding.place("score")), tables.max_score[entry], "score_max")
        if tables.valid is not None:
            lasting = (coding.valid_until != HIGH) & (coding.valid_until >= tables.on.toordinal())
            _mark(bits, tables.valid[entry] & ~spread(lasting), "validity")
        if tables.ages is not None and coding.earliest_start is not None:
            applied, earliest = coding.earliest_start
            _mark(bits, spread(coding.start_of_age) < earliest[spread(applied[coding.of]), tables.ages[0][entry]], "age")

    def _judge_rules(self, pairs: Pairs, first: int, last: int) -> None:
        """What belongs to whole rules: gates of the record, scope, convertibility, windows."""
        coding, tables, bits, rule = self.coding, self.tables, pairs.bits, pairs.rule

        def spread(column: np.ndarray) -> np.ndarray:
            return np.repeat(column[first:last], pairs.count)

        if coding.gates[first:last].any():
            bits |= spread(coding.gates)
        of = coding.of
        self._judge_windows(pairs, first, last)
        if coding.scope_faults is not None and tables.scopes is not None:
            profiles, faults = coding.scope_faults
            _mark(bits, faults[spread(profiles[of]), tables.scopes[0][rule]], "out_of_scope")
        if coding.unconvertible is not None:
            target = coding.people.learners["target"].to_numpy()
            category = coding.people.records["record.category"].to_numpy()
            _mark(bits, coding.unconvertible[spread(target[of]), spread(category), tables.granted[0][rule]], "not_convertible")
        if tables.engine.any():
            self.left[of[pairs.record[tables.engine[rule] & (bits & GATES == 0)]]] = True

    def _judge_windows(self, pairs: Pairs, first: int, last: int) -> None:
        if self.tables.windows is None:
            return
        kinds, begins, ends = self.tables.windows
        rule, count, coding = pairs.rule, pairs.count, self.coding
        day = np.repeat(coding.earned[first:last], count)
        for number in range(1, len(WINDOW_KINDS)):
            if number in self.tables.window_kinds:
                days = coding.learner_days(WINDOW_KINDS[number])[coding.of[first:last]]
                day = np.where(kinds[rule] == number, np.repeat(days, count), day)
        _mark(pairs.bits, (day < begins[rule]) | (day > ends[rule]), "outside_window")

    # -- candidates

    def _finish(self, pairs: Pairs) -> pd.DataFrame:
        """Pending rules, groups of records, amounts, shadows."""
        tables, coding, bits, rule = self.tables, self.coding, pairs.bits, pairs.rule
        learner = coding.of[pairs.record]
        lead, amount = pairs.record, np.zeros(len(bits), dtype=np.int32)
        open_pairs = bits == 0
        kind = tables.first_kind[rule]
        if len(tables.slots) and tables.slots.max() > 1:
            lead = join_groups(pairs, coding, self.left)
            open_pairs = bits == 0
        denials = open_pairs & (kind == KIND_DENY)
        if denials.any():
            self.left[learner[denials]] = True
        pending = open_pairs & (kind == KIND_PENDING)
        if pending.any():
            bits[pending] |= BIT["pending"]
            open_pairs &= ~pending
        self.amounts.fill(pairs, lead, open_pairs, amount, self.left)
        self._shadow(pairs, learner, lead, amount)
        frame = {
            "learner": learner, "rule": rule, "offer": np.ones(len(bits), dtype=np.int8), "record": pairs.record, "lead": lead, "bits": bits,
            "amount": amount,
        }  # fmt: skip
        return pd.DataFrame(frame, copy=False)

    def _shadow(self, pairs: Pairs, learner: np.ndarray, lead: np.ndarray, amount: np.ndarray) -> None:
        """Of several candidates on one record only the best by precedence, priority and kind that could be placed stays."""
        bits = pairs.bits
        rows = np.flatnonzero((bits == 0) & (self.tables.slots[pairs.rule] == 1))
        record = pairs.record[rows]
        again = record[1:] == record[:-1]
        if not again.any():
            return
        several = np.r_[again, False] | np.r_[False, again]
        rows, record = rows[several], record[several]
        rank = self.tables.ranks[pairs.rule[rows]]
        if (rank == rank[0]).all():
            return
        useful = self.amounts.useful(learner[rows], pairs.rule[rows], amount[rows])
        starts = np.flatnonzero(np.r_[True, record[1:] != record[:-1]])
        best = np.minimum.reduceat(np.where(useful, rank, HIGH), starts)
        best = np.repeat(best, np.diff(np.r_[starts, len(rows)]))
        bits[rows[rank > best]] |= BIT["shadowed"]


def _mark(bits: np.ndarray, fails: np.ndarray, name: str) -> None:
    """Set a bit where something fails."""
    bits |= fails.astype(np.int64) << np.int64(BIT[name].bit_length() - 1)


def _mark_upper(bits: np.ndarray, has: np.ndarray, most: np.ndarray, name: str) -> None:
    """An upper bound: a value that is missing fails it wherever it is asked."""
    _mark(bits, (has > most) | ((has == NOT_KNOWN) & (most != HIGH)), name)


def candidates_of(people: Population, tables: RuleTables) -> pd.DataFrame:
    """Candidates and refused pairs of everybody, learners left to the engine included; sorted by learner, record, rule, offer."""
    kernel = Kernel(people, tables)
    frame = kernel.candidates()
    frame = frame[~kernel.left[frame["learner"].to_numpy()]]
    asked = [engine_rows(people, tables, row) for row in np.flatnonzero(kernel.left).tolist()]
    whole = pd.concat([frame, *asked], ignore_index=True)
    return whole.sort_values(["learner", "record", "rule", "offer", "lead"], kind="stable", ignore_index=True)


def engine_rows(people: Population, tables: RuleTables, row: int) -> pd.DataFrame:
    """The same columns for one learner, from the engine itself."""
    facts = people.facts(row)
    base = apply_exceptions(facts, tables.base, (), tables.on)[1]
    sieved = sieve(facts, base, on=tables.on)
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
    bits: dict[tuple[int, int], int] = {}
    for ident, reasons in sieved.reasons.items():
        for reason in reasons:
            if reason.rule:
                key = places[ident], numbers[reason.rule]
                bits[key] = bits.get(key, 0) | bit_of(reason.code, reason.as_dict().get("field", ""))
    found += [(row, rule, 1, place, place, value, 0) for (place, rule), value in bits.items()]
    return pd.DataFrame(np.array(found, dtype=np.int64).reshape(-1, len(COLUMNS)), columns=list(COLUMNS)).astype(DTYPES)


DTYPES = dict.fromkeys(COLUMNS, np.int32) | {"offer": np.int8, "bits": np.int64}
