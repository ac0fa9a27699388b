"""A population in the numbers of one rule book: places among its bounds, its outcomes, days, gates and scopes.

Every different value is looked at once; the columns follow by one step through an array each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from creditbank.rules.amounts import consumed_minutes
from creditbank.rules.dates import last_good_day
from creditbank.rules.leaves import _hours, grade_rank
from creditbank.rules.scope import person_fault, scope_fault
from creditbank.rules.types import TRUST_RANK, Facts, RecordFacts, Target
from creditbank.simulation.bits import BIT
from creditbank.simulation.population import Population
from creditbank.simulation.tables import HIGH, LOW, NOT_KNOWN, WINDOW_KINDS, RuleTables


@dataclass(frozen=True)
class Coding:
    """Columns of one population for one rule book; all by row of ``records`` unless they say learner."""

    people: Population
    tables: RuleTables

    # -- columns from distinct values

    def _mapped(self, name: str, find: Callable[[Any], int], dtype: Any = np.int32) -> np.ndarray:
        """A column made by looking at each different value once."""
        values = np.array([find(value) for value in self.people.values[name]], dtype=dtype)
        frame = self.people.records if name.startswith("record.") else self.people.learners
        return values[frame[name].to_numpy()] if len(values) else np.zeros(len(frame), dtype=dtype)

    def _combined(self, names: tuple[str, ...], find: Callable[[RecordFacts], int], dtype: Any = np.int32) -> np.ndarray:
        """A column made by looking at each different combination of values once."""
        code, examples = self.combination(names)
        return np.array([find(record) for record in examples], dtype=dtype)[code] if examples else np.zeros(0, dtype=dtype)

    def combination(self, names: tuple[str, ...]) -> tuple[np.ndarray, list[RecordFacts]]:
        """Number of the combination of some values of each record, and a record of each that holds just these."""
        return self.people.combination(names)

    @cached_property
    def of(self) -> np.ndarray:
        return self.people.records["of"].to_numpy()

    @cached_property
    def keys(self) -> tuple[np.ndarray, np.ndarray]:
        """(record, number of a key in the compiled form) for every key under which a leaf may name a record, in the order of records."""
        columns = [self._keys_of(name) for name in self.tables.properties]
        everything = np.arange(len(self.of), dtype=np.int32)
        if self.tables.has_open:
            columns.append((everything, np.zeros(len(everything), dtype=np.int32)))
        if not columns:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
        if len(columns) == 1:
            return columns[0]
        rows = np.concatenate([rows for rows, _keys in columns])
        order = np.argsort(rows, kind="stable")
        return rows[order], np.concatenate([keys for _rows, keys in columns])[order]

    def _keys_of(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """The same for one property; records that no leaf names by it are left out."""
        numbers = self.tables.compiled.numbers
        if name == "subject":
            code = self.people.records["record.subjects"].to_numpy()
            found = [
                [number for one in subjects if (number := numbers.get((name, one)))] for subjects in self.people.values["record.subjects"]
            ]
            sizes = np.array([len(one) for one in found], dtype=np.int64)
            begins, flat = np.cumsum(sizes) - sizes, np.array([number for one in found for number in one], dtype=np.int32)
            rows = np.repeat(np.arange(len(code), dtype=np.int32), sizes[code])
            within = np.arange(len(rows)) - np.repeat(np.cumsum(sizes[code]) - sizes[code], sizes[code])
            return rows, flat[begins[code[rows]] + within]
        if name == "dup_class":
            keys = self._combined(("dup_class", "outcome", "repeatable"), lambda record: numbers.get((name, record.class_key), 0))
        else:
            keys = self._mapped(f"record.{name}", lambda value: numbers.get((name, value), 0))
        rows = np.flatnonzero(keys).astype(np.int32)
        return rows, keys[rows]

    def named(self, name: str) -> np.ndarray:
        """Number of what a leaf may name, -2 for what none names."""
        numbers = self.tables.named[name][1]
        return self._mapped(f"record.{name}", lambda value: numbers.get(value, -2))

    def place(self, name: str) -> np.ndarray:
        """Place among the bounds of a kind."""
        places = self.tables.places[name]
        if name == "hours":
            return self._combined(("hours", "credits", "system"), lambda record: places.of(_hours(record, self.tables.base)))
        return self._mapped(f"record.{name}", places.of)

    @cached_property
    def scale(self) -> np.ndarray:
        return self._mapped("record.issuer", self.tables.scale_number)

    @cached_property
    def grade(self) -> np.ndarray:
        """Place of the record's grade among the grades that leaves ask, on the scale of its issuer."""

        def find(record: RecordFacts) -> int:
            places = self.tables.grade_places[self.tables.scale_number(record.issuer)]
            return places.of(grade_rank(record.grade, record.issuer, self.tables.base))

        return self._combined(("issuer", "grade"), find)

    @cached_property
    def score(self) -> np.ndarray:
        return self.place("score")

    @cached_property
    def lasting(self) -> np.ndarray:
        """Whether the record says until when it holds, and still does."""
        return (self.valid_until != HIGH) & (self.valid_until >= self.tables.on.toordinal())

    @cached_property
    def target(self) -> np.ndarray:
        """Number of the target by learner."""
        return self.people.learners["target"].to_numpy()

    @cached_property
    def trust(self) -> np.ndarray:
        return self._mapped("record.trust", TRUST_RANK.__getitem__, np.int8)

    @cached_property
    def earned(self) -> np.ndarray:
        return self._mapped("record.earned_on", date.toordinal)

    @cached_property
    def valid_until(self) -> np.ndarray:
        return self._mapped("record.valid_until", lambda day: HIGH if day is None else day.toordinal())

    @cached_property
    def start_of_age(self) -> np.ndarray:
        return self._combined(("issued_on", "earned_on"), lambda record: record.start_of_age.toordinal())

    @cached_property
    def minutes(self) -> np.ndarray:
        """Notional minutes that using the record costs (V4)."""
        return self._combined(("hours", "credits", "system"), lambda record: consumed_minutes(self.tables.base, record), np.int64)

    # -- gates of a record

    @cached_property
    def gates(self) -> np.ndarray:
        """Why a record may not be used at all, as bits; the first reason alone, as the engine gives it."""
        gates = np.zeros(len(self.of), dtype=np.int32)
        gates[self._refused[self.of]] = BIT["not_eligible"]
        expired = self.valid_until < self.tables.on.toordinal()
        gates[expired] = BIT["expired"]
        for name, bit in (("used", BIT["already_used"]), ("held", BIT["not_available"])):
            for row in self._listed(name):
                gates[row] = bit
        state = self._mapped("record.state", lambda state: state != "available", bool)
        gates[state] = BIT["not_available"]
        return gates

    @cached_property
    def _refused(self) -> np.ndarray:
        """By learner: whether the person may not use the bank, or this target, at all."""
        columns = np.stack([self.people.learners[name].to_numpy() for name in ("target", "attributes")], axis=1)
        found, numbers = np.unique(columns, axis=0, return_inverse=True)
        targets, attributes = self.people.values["target"], self.people.values["attributes"]
        faults = [
            person_fault(Facts("", (), targets[target], self.tables.on, attributes=attributes[own]), self.tables.base) is not None
            for target, own in found.tolist()
        ]
        return np.array(faults, dtype=bool)[numbers.reshape(-1)]

    @cached_property
    def lacking(self) -> np.ndarray | None:
        """Whether something is missing, by (number of a checklist, number of what a record brings)."""
        if self.tables.evidence is None:
            return None
        brought = [frozenset(value) for value in self.people.values["record.evidence"]]
        return np.array([[not items <= one for one in brought] for items in self.tables.evidence[1]], dtype=bool)

    def _listed(self, name: str) -> list[int]:
        """Rows of the records that a column of the learners names as (record, by what) pairs."""
        values, found = self.people.values, []
        some = np.array([bool(value) for value in values[name]], dtype=bool)
        learners = np.flatnonzero(some[self.people.learners[name].to_numpy()]) if len(some) else np.zeros(0, dtype=np.int64)
        ids = self.people.records["record.id"].to_numpy()
        for row in learners.tolist():
            wanted = {ident for ident, _by in values[name][self.people.learners[name].to_numpy()[row]]}
            first, last = np.searchsorted(self.of, [row, row + 1])
            found += [at for at in range(first, last) if values["record.id"][ids[at]] in wanted]
        return found

    # -- columns of learners

    def learner_days(self, kind: str) -> np.ndarray:
        """The day, by learner, that a window of this kind compares; NOT_KNOWN where there is none."""
        applied = self._mapped("applied_on", date.toordinal)
        if kind == "applied":
            return applied
        if kind == "admitted":
            admitted = self._mapped("admitted_on", lambda day: NOT_KNOWN if day is None else day.toordinal())
            return np.where(admitted == NOT_KNOWN, applied, admitted)
        return self._mapped("cohort", _cohort_day)

    @cached_property
    def scope_faults(self) -> tuple[np.ndarray, np.ndarray] | None:
        """(profile number by learner, fault by profile and scope); nothing where every rule is meant for everybody."""
        if self.tables.scopes is None:
            return None
        _numbers, examples = self.tables.scopes
        names = ("target", "cohort", "attributes")
        columns = np.stack([self.people.learners[name].to_numpy() for name in names], axis=1)
        found, profiles = np.unique(columns, axis=0, return_inverse=True)
        faults = np.zeros((len(found), len(examples)), dtype=bool)
        for at, row in enumerate(found):
            target, cohort, attributes = (self.people.values[name][code] for name, code in zip(names, row, strict=True))
            facts = Facts("", (), target, self.tables.on, cohort=cohort, attributes=attributes)
            faults[at] = [scope_fault(rule, facts) is not None for rule in examples]
        return profiles.reshape(-1).astype(np.int32), faults

    @cached_property
    def unconvertible(self) -> np.ndarray | None:
        """Whether a record's category may not be turned into what is granted, by (target, category, categories granted)."""
        base, (_numbers, granted) = self.tables.base, self.tables.granted
        targets, categories = self.people.values["target"], self.people.values["record.category"]

        def blocked(category: str, target: str, rule: tuple[bool, tuple[str, ...]]) -> bool:
            free = {*base.convertible, *(base.partly_convertible if rule[0] else ())}
            return any(category != (one or target) and (category, one or target) not in free for one in rule[1])

        found = np.array(
            [[[blocked(own, target.category, into) for into in granted] for own in categories] for target in targets], dtype=bool
        )
        return found if found.any() else None

    @cached_property
    def earliest_start(self) -> tuple[np.ndarray, np.ndarray] | None:
        """(number of the application's day by learner, first start that is young enough by that number and number of the age asked)."""
        if self.tables.ages is None:
            return None
        days = self.people.values["applied_on"]
        rows = [
            [LOW, *(_earliest(self.tables.on if at == "review" else day, months) for months, at in self.tables.ages[1])] for day in days
        ]
        return self.people.learners["applied_on"].to_numpy(), np.array(rows, dtype=np.int32)

    # -- who is left to the engine

    @cached_property
    def asks_engine(self) -> np.ndarray:
        """By learner: an exception, an earlier award, a target that the kernel does not know how to fill, or a record of which a part is left."""
        asks = self._mapped("exceptions", bool, bool) | self._mapped("earlier", bool, bool) | self._mapped("target", self._is_special, bool)
        asks[self.of[self._mapped("record.remaining", lambda left: left is not None, bool)]] = True
        return asks

    def _is_special(self, target: Target) -> bool:
        """A target without a unit, or with leaves that ask for a grade of what is granted; any, where titles make classes that rules name."""
        by_title = self.tables.base.titles is not None and "dup_class" in self.tables.properties
        return by_title or self.tables.base.system(target.system) is None or any(seat.min_grade for seat in target.seats())


def _cohort_day(cohort: str) -> int:
    return date(int(cohort), 1, 1).toordinal() if cohort.isdecimal() and len(cohort) == 4 else NOT_KNOWN  # noqa: PLR2004  a year


def _earliest(day: date, months: int) -> int:
    """The first start of an age that is not over on a day; found by halving, because the last good day never falls when the start rises."""
    low, high = 1, day.toordinal() + 1
    while low < high:
        middle = (low + high) // 2
        start = date.fromordinal(middle)
        if start.year + months // 12 + 1 > 9998 or last_good_day(start, months=months) >= day:  # noqa: PLR2004  the last year of a calendar
            high = middle
        else:
            low = middle + 1
    return low


__all__ = ["WINDOW_KINDS", "Coding"]
