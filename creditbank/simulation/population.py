"""Many people's records in columns: every value once, and a number wherever it stands.

This is what is kept for a night, cut into shards, sent to workers and read by the kernel. Nothing is lost: the facts of one person are
built again from it, exactly, whenever the engine has to be asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from creditbank.rules.files.tables import replace_file
from creditbank.rules.snapshot import canonical, hints, restore
from creditbank.rules.types import Facts, RecordFacts

RECORD_FIELDS = tuple(field.name for field in fields(RecordFacts))
LEARNER_FIELDS = tuple(field.name for field in fields(Facts) if field.name != "records")


@dataclass(frozen=True)
class Population:
    """Whole learners with all their records, in the order of the learners' ids.

    ``learners`` has a row a learner and ``records`` a row a record, a learner's records together and in the order of their ids; every
    column is an int32 number into ``values`` of the same name. ``records["of"]`` is the row of the learner.
    """

    learners: pd.DataFrame
    records: pd.DataFrame
    values: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.learners)

    def facts(self, row: int) -> Facts:
        """One learner as the engine takes it."""
        first, last = np.searchsorted(self.records["of"].to_numpy(), [row, row + 1])
        mine = {name: self.records[f"record.{name}"].to_numpy()[first:last].tolist() for name in RECORD_FIELDS}
        lists = {name: self.values[f"record.{name}"] for name in RECORD_FIELDS}
        records = tuple(
            RecordFacts(**{name: lists[name][mine[name][at]] for name in RECORD_FIELDS})  # type: ignore[arg-type]
            for at in range(last - first)
        )
        own = {name: self.values[name][self.learners[name].to_numpy()[row]] for name in LEARNER_FIELDS}
        return Facts(records=records, **own)

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


class _Numbers:
    """Numbers for values in the order of their first appearance."""

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}
        self.codes: list[int] = []

    def add(self, value: Any) -> None:
        self.codes.append(self.known.setdefault(value, len(self.known)))


def population_of(people: Iterable[Facts]) -> Population:
    """People in columns. Two people of one id stay two rows (two targets)."""
    ordered = sorted(people, key=lambda facts: (facts.learner, facts.target.code))
    columns = {name: _Numbers() for name in LEARNER_FIELDS}
    cells = {name: _Numbers() for name in RECORD_FIELDS}
    of: list[int] = []
    for row, facts in enumerate(ordered):
        for name, column in columns.items():
            column.add(getattr(facts, name))
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
    """One Parquet file: records and learners as two columns-only tables beside each other, the values in its description."""
    import pyarrow as pa  # noqa: PLC0415  only where something is written or read
    import pyarrow.parquet as pq  # noqa: PLC0415

    place.parent.mkdir(parents=True, exist_ok=True)
    replace_file(place.with_suffix(".json"), canonical(people.values).encode())
    for name, frame in (("learners", people.learners), ("records", people.records)):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink, compression="zstd")
        replace_file(place.with_suffix(f".{name}.parquet"), sink.getvalue().to_pybytes())


def read_population(place: Path) -> Population:
    """What ``write_population`` wrote."""
    stored = json.loads(place.with_suffix(".json").read_text("utf-8"))
    known = {f"record.{name}": kind for name, kind in hints(RecordFacts).items()} | hints(Facts)
    values = {name: [restore(known[name], value) for value in listed] for name, listed in stored.items()}
    learners, records = (pd.read_parquet(place.with_suffix(f".{name}.parquet"), engine="pyarrow") for name in ("learners", "records"))
    return Population(learners, records, values)
