"""A whole simulation: shards of whole learners, worked by an executor, kept where they are finished, and put together into one report.

With a folder every finished shard stays there under a name made from the question. A run that was killed goes on where it was and counts
nobody twice, and another question never finds the shards of this one. Where there is no folder, a temporary one is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from creditbank.rules.files.tables import replace_file
from creditbank.rules.snapshot import canonical
from creditbank.rules.types import Facts
from creditbank.simulation.answers import Book, merge_sums
from creditbank.simulation.comparing import SUMS, Part, compare
from creditbank.simulation.executors import Executor, Inline
from creditbank.simulation.population import Population, population_of, read_population, write_population
from creditbank.simulation.report import Report, report_of

FORM = 1
"""Raised when what a finished shard keeps changes."""
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Simulation:
    """What a simulation gave: every learner, sorted by id, and the report over them."""

    learners: pd.DataFrame
    report: Report
    decided: int


@dataclass(frozen=True)
class Work:
    """The question of all shards: given the place of one, its answer is written beside it."""

    before: Book
    after: Book
    on: date

    def __call__(self, place: Path) -> Path:
        answered = place.with_suffix(".answer.json")
        if not answered.exists():
            part = compare(read_population(place), self.before, self.after, self.on)
            write_part(part, answered)
        return answered


def simulate(
    people: Iterable[Facts] | Population,
    before: Book,
    after: Book,
    *,
    on: date,
    executor: Executor | None = None,
    shards: int = 8,
    folder: Path | None = None,
    told: Told = lambda done, total: None,
) -> Simulation:
    """Everybody under both books; the same for every executor and number of shards. ``told`` hears (shards done, shards in all)."""
    whole = people if isinstance(people, Population) else population_of(people)
    if folder is None:
        with TemporaryDirectory() as place:
            return _simulate(whole, Work(before, after, on), executor or Inline(), shards, Path(place), told)
    return _simulate(whole, Work(before, after, on), executor or Inline(), shards, folder, told)


def _simulate(whole: Population, work: Work, executor: Executor, shards: int, folder: Path, told: Told) -> Simulation:
    place = folder / question(whole, work, shards)
    places = [place / f"shard-{number:04}" for number in range(shards)]
    missing = [number for number in range(shards) if not places[number].with_suffix(".json").exists()]
    if missing:
        parts = whole.shards(shards)
        for number in missing:
            write_population(parts[number], places[number])
    return run(places, work, executor, told)


def run(places: Sequence[Path], work: Work, executor: Executor, told: Told = lambda done, total: None) -> Simulation:
    """Work all shards that are not yet answered and put the answers together."""
    waiting = [place for place in places if not place.with_suffix(".answer.json").exists()]
    done = len(places) - len(waiting)
    told(done, len(places))
    for _number, _answered in executor.map(work, waiting):
        done += 1
        told(done, len(places))
    return together([read_part(place.with_suffix(".answer.json")) for place in places], work)


def question(whole: Population, work: Work, shards: int) -> str:
    """A name for a question: people, books, day, number of shards."""
    books = canonical([work.before.base, work.before.limits, work.after.base, work.after.limits, work.on, shards, FORM])
    return hashlib.sha256((whole.digest() + books).encode()).hexdigest()


def together(parts: Sequence[Part], work: Work) -> Simulation:
    """One answer from those of the shards."""
    learners = pd.concat([part.learners for part in parts]).sort_values(["learner", "target"], kind="stable").reset_index(drop=True)
    sums = {name: merge_sums(part.sums[name] for part in parts) for name in SUMS}
    active = sorted(rule.id for rule in work.after.base.rules if rule.status == "active")
    return Simulation(learners, report_of(learners, sums, active, work.on), sum(part.decided for part in parts))


def write_part(part: Part, place: Path) -> None:
    """Learners as Parquet, sums as JSON; the JSON is written last, and a shard without it is not finished."""
    import pyarrow as pa  # noqa: PLC0415  only where something is written
    import pyarrow.parquet as pq  # noqa: PLC0415

    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(part.learners, preserve_index=False), sink, compression="zstd")
    replace_file(place.with_suffix(".parquet"), sink.getvalue().to_pybytes())
    replace_file(place, canonical({"sums": part.sums, "decided": part.decided}).encode())


def read_part(place: Path) -> Part:
    """What ``write_part`` wrote."""
    stored = json.loads(place.read_text("utf-8"))
    return Part(pd.read_parquet(place.with_suffix(".parquet"), engine="pyarrow"), stored["sums"], stored["decided"])
