"""Many people's records in columns: every value once, and a number wherever it stands.

This is what is kept for a night, cut into shards, sent to workers and read by the kernel. Nothing is lost: the facts of one person are
built again from it, exactly, whenever the engine has to be asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from creditbank.rules.files.tables import replace_file
from creditbank.rules.snapshot import canonical, hash_of, hints, restore
from creditbank.rules.types import Facts, Pairs, RecordFacts

RECORD_FIELDS = tuple(field.name for field in fields(RecordFacts))
LEARNER_FIELDS = tuple(field.name for field in fields(Facts) if field.name != "records")
MOST = 2**62
"""Numbers of combinations stay below, so that 64 bits hold them."""


@dataclass(frozen=True)
class Population:
    """Whole learners with all their records, in the order of the learners' ids.

    ``learners`` has a row a learner and ``records`` a row a record, a learner's records together and in the order of their ids; every
    column is an int32 number into ``values`` of the same name. ``records["of"]`` is the row of the learner. "groups" says to what groups of the
    report somebody belongs, as (dimension, value) pairs; no decision looks at it.
    """

    learners: pd.DataFrame
    records: pd.DataFrame
    values: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.learners)

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        """All columns as plain arrays, for looking at one learner after the other."""
        return {name: frame[name].to_numpy() for frame in (self.learners, self.records) for name in frame.columns}

    def value(self, name: str, row: int) -> Any:
        """One field of a learner."""
        return self.values[name][self._columns[name][row]]

    def facts(self, row: int) -> Facts:
        """One learner as the engine takes it."""
        first, last = np.searchsorted(self._columns["of"], [row, row + 1]).tolist()
        cells = []
        for name in RECORD_FIELDS:
            values = self.values[f"record.{name}"]
            cells.append([values[code] for code in self._columns[f"record.{name}"][first:last].tolist()])
        records = tuple(RecordFacts(*fields) for fields in zip(*cells, strict=True))
        return Facts(records=records, **{name: self.value(name, row) for name in LEARNER_FIELDS})

    def combination(self, names: tuple[str, ...]) -> tuple[np.ndarray, list[RecordFacts]]:
        """Number of the combination of some values of each record, and a record of each that holds just these."""
        code = np.zeros(len(self.records), dtype=np.int64)
        top = 1
        for name in names:
            size = max(len(self.values[f"record.{name}"]), 1)
            if top * size > MOST:
                code = np.unique(code, return_inverse=True)[1].reshape(-1)
                top = int(code.max(initial=0)) + 1
            code, top = code * size + self.records[f"record.{name}"].to_numpy(), top * size
        found, first, numbers = np.unique(code, return_index=True, return_inverse=True)
        lists = {name: self.values[f"record.{name}"] for name in names}
        rows = {name: self.records[f"record.{name}"].to_numpy()[first] for name in names}
        empty: dict[str, Any] = {"id": "", "outcome": "", "issuer": "", "earned_on": date.min}
        examples = [RecordFacts(**(empty | {name: lists[name][rows[name][at]] for name in names})) for at in range(len(found))]
        return numbers.astype(np.int32), examples

    def digest(self) -> str:
        """A name for exactly this content."""
        found = hashlib.sha256(canonical(self.values).encode())
        for frame in (self.learners, self.records):
            for name in frame.columns:
                found.update(np.ascontiguousarray(frame[name].to_numpy()).tobytes())
        return found.hexdigest()

    def __iter__(self) -> Iterator[Facts]:
        return (self.facts(row) for row in range(len(self)))

    def only(self, rows: Sequence[int] | np.ndarray) -> Population:
        """Some of its learners, by their rows in rising order."""
        kept = np.asarray(rows, dtype=np.int32)
        of = self.records["of"].to_numpy()
        place = np.full(len(self), -1, dtype=np.int32)
        place[kept] = np.arange(len(kept), dtype=np.int32)
        records = self.records[place[of] >= 0].reset_index(drop=True)
        records["of"] = place[records["of"].to_numpy()]
        return Population(self.learners.iloc[kept].reset_index(drop=True), records, self.values)

    def compact(self) -> Population:
        """The same people with only the values that they have."""
        learners: dict[str, np.ndarray] = {}
        records, values = {"of": self.records["of"].to_numpy()}, {}
        for frame, columns in ((self.learners, learners), (self.records, records)):
            for name in frame.columns:
                if name != "of":
                    used, codes = np.unique(frame[name].to_numpy(), return_inverse=True)
                    columns[name], values[name] = codes.reshape(-1).astype(np.int32), [self.values[name][at] for at in used.tolist()]
        return Population(pd.DataFrame(learners), pd.DataFrame(records), values)

    def shards(self, count: int) -> list[Population]:
        """Its learners in parts by a hash of their ids: whole learners, the same part for everybody who asks."""
        parts = np.array([int(hash_of(name)[:8], 16) % count for name in self.values["learner"]], dtype=np.int32)
        of_learner = parts[self.learners["learner"].to_numpy()] if len(parts) else parts
        return [self.only(np.flatnonzero(of_learner == number)).compact() for number in range(count)]


class _Numbers:
    """Numbers for values in the order of their first appearance."""

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}
        self.codes: list[int] = []

    def add(self, value: Any) -> None:
        self.codes.append(self.known.setdefault(value, len(self.known)))


def population_of(people: Iterable[Facts], groups: Mapping[str, Pairs] | None = None) -> Population:
    """People in columns. Two people of one id stay two rows (two targets). ``groups`` by learner."""
    known = groups or {}
    ordered = sorted(people, key=lambda facts: (facts.learner, facts.target.code))
    columns = {name: _Numbers() for name in (*LEARNER_FIELDS, "groups")}
    cells = {name: _Numbers() for name in RECORD_FIELDS}
    of: list[int] = []
    for row, facts in enumerate(ordered):
        for name, column in columns.items():
            column.add(known.get(facts.learner, ()) if name == "groups" else getattr(facts, name))
        for record in sorted(facts.records, key=lambda one: one.id):
            of.append(row)
            for name, column in cells.items():
                column.add(getattr(record, name))
    return Population(
        learners=pd.DataFrame({name: np.array(column.codes, dtype=np.int32) for name, column in columns.items()}),
        records=pd.DataFrame(
            {"of": np.array(of, dtype=np.int32)}
            | {f"record.{name}": np.array(column.codes, dtype=np.int32) for name, column in cells.items()}
        ),
        values={name: list(column.known) for name, column in columns.items()}
        | {f"record.{name}": list(column.known) for name, column in cells.items()},
    )


def write_population(people: Population, place: Path) -> None:
    """Two Parquet files of numbers (learners, records), then the values as JSON: where that lies, the others do too."""
    import pyarrow as pa  # noqa: PLC0415  only where something is written or read
    import pyarrow.parquet as pq  # noqa: PLC0415

    place.parent.mkdir(parents=True, exist_ok=True)
    for name, frame in (("learners", people.learners), ("records", people.records)):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink, compression="zstd")
        replace_file(place.with_suffix(f".{name}.parquet"), sink.getvalue().to_pybytes())
    replace_file(place.with_suffix(".json"), canonical(people.values).encode())


def read_population(place: Path) -> Population:
    """What ``write_population`` wrote."""
    stored = json.loads(place.with_suffix(".json").read_text("utf-8"))
    known = {f"record.{name}": kind for name, kind in hints(RecordFacts).items()} | hints(Facts) | {"groups": Pairs}
    values = {name: [restore(known[name], value) for value in listed] for name, listed in stored.items()}
    learners, records = (pd.read_parquet(place.with_suffix(f".{name}.parquet"), engine="pyarrow") for name in ("learners", "records"))
    return Population(learners, records, values)
