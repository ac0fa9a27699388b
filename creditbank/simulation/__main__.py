"""``python -m creditbank.simulation``: two rule books over the people of a records file, without a database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from creditbank.rules.files.cells import BadFiles, Problems
from creditbank.rules.files.checks import check_tables
from creditbank.rules.files.people import read_people, with_units
from creditbank.rules.files.rulebook import read_base, read_limits
from creditbank.rules.files.tables import COLUMNS, read_tables
from creditbank.rules.types import Facts
from creditbank.simulation.answers import Book
from creditbank.simulation.executors import EXECUTORS, DaskIsMissing
from creditbank.simulation.output import SUFFIXES, TooManyRows, write
from creditbank.simulation.running import simulate


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a row a learner and the totals; returns the exit status."""
    options = _options(arguments)
    try:
        before, people = _book(options.tables, {}, options.on)
        places = {"rules": options.new_rules} | ({"limits": options.new_limits} if options.new_limits else {})
        after, _people = _book(options.tables, places, options.on)
        executor = EXECUTORS[options.executor or ("pool" if options.workers > 1 else "inline")](options.workers)
        simulation = simulate(
            people, before, after, on=options.on, executor=executor, shards=options.shards, folder=options.keep, told=_tell
        )
        write(simulation, options.out)
    except BadFiles as bad:
        print(*(problem.said(options.language) for problem in bad.problems), sep="\n", file=sys.stderr)  # noqa: T201
        return 1
    except (DaskIsMissing, TooManyRows) as refused:
        print(refused, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m creditbank.simulation", description=__doc__)
    parser.add_argument("--tables", required=True, type=Path, help="folder, workbook or document with all tables of today")
    parser.add_argument("--new-rules", required=True, type=Path, help="rules of the new book")
    parser.add_argument("--new-limits", type=Path, help="limits of the new book; without it those of today")
    parser.add_argument("--on", required=True, type=date.fromisoformat)
    parser.add_argument("--out", required=True, type=Path, help="report by its ending: .xlsx, .parquet, .csv, or a folder for CSV files")
    parser.add_argument("--keep", type=Path, help="folder for finished shards: a run that was ended goes on there")
    parser.add_argument("--executor", choices=sorted(EXECUTORS), help="without it: pool with several workers, else inline")
    parser.add_argument("--workers", type=_count, default=1)
    parser.add_argument("--shards", type=_count, default=8, help="parts of whole learners; changes no result")
    parser.add_argument("--language", choices=["zh-hans", "en"], default="en", help="of complaints about the files")
    options = parser.parse_args(arguments)
    if options.out.suffix.lower() not in SUFFIXES:
        parser.error(f"--out: {options.out.suffix} is none of .xlsx, .parquet, .csv")
    return options


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 10_000:  # noqa: PLR2004  more than that is a slip of the hand
        raise ValueError(text)
    return number


def _book(tables: Path, places: dict[str, Path], on: date) -> tuple[Book, list[Facts]]:
    problems = Problems()
    rows = read_tables({name: path for name, path in places.items() if name in COLUMNS}, tables, problems)
    problems.stop()
    check_tables({"calendars": [], **rows})
    base = with_units(read_base(rows), rows)
    limits, people = read_limits(rows.get("limits", ())), read_people(rows, base, on)
    problems.stop()
    return Book(base, limits), people


def _tell(done: int, total: int) -> None:
    print(f"{done}/{total}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
