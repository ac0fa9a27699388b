"""``python -m creditbank.simulation``: two rule books over the people of a records file, without a database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from creditbank.rules.files.cells import BadFiles, Problems
from creditbank.rules.files.people import read_people, with_units
from creditbank.rules.files.rulebook import read_base, read_limits
from creditbank.rules.files.tables import COLUMNS, read_tables
from creditbank.rules.types import Facts
from creditbank.simulation.comparing import Book, by_class, by_group, by_reason, by_rule, simulate, unused_rules


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one workbook (or a folder of CSV files) with a row a learner and the totals; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m creditbank.simulation", description=__doc__)
    parser.add_argument("--tables", required=True, type=Path, help="folder, workbook or document with all tables of today")
    parser.add_argument("--new-rules", required=True, type=Path, help="rules of the new book")
    parser.add_argument("--new-limits", type=Path, help="limits of the new book; without it those of today")
    parser.add_argument("--on", required=True, type=date.fromisoformat)
    parser.add_argument("--out", required=True, type=Path, help="workbook (.xlsx), or a folder for CSV files")
    parser.add_argument("--keep", type=Path, help="folder for finished shards: a run that was ended goes on there")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    try:
        before, people = _book(options.tables, {}, options.on)
        places = {"rules": options.new_rules} | ({"limits": options.new_limits} if options.new_limits else {})
        after, _people = _book(options.tables, places, options.on)
    except BadFiles as bad:
        print(*bad.problems, sep="\n", file=sys.stderr)  # noqa: T201
        return 1
    frame = simulate(people, before, after, on=options.on, folder=options.keep, workers=options.workers, told=_tell)
    unused = pd.DataFrame({"rule": unused_rules(frame, after)})
    tables = {
        "learners": frame, "verdicts": by_class(frame), "groups": by_group(frame), "rules": by_rule(frame), "reasons": by_reason(frame), "unused": unused,
    }  # fmt: skip
    _write(tables, options.out)
    return 0


def _book(tables: Path, places: dict[str, Path], on: date) -> tuple[Book, list[Facts]]:
    problems = Problems()
    rows = read_tables({name: path for name, path in places.items() if name in COLUMNS}, tables, problems)
    problems.stop()
    base = with_units(read_base(rows), rows)
    limits, people = read_limits(rows.get("limits", ())), read_people(rows, base, on)
    problems.stop()
    return Book(base, limits), people


def _tell(done: int, total: int) -> None:
    print(f"{done}/{total}", file=sys.stderr)  # noqa: T201


def _write(tables: dict[str, pd.DataFrame], place: Path) -> None:
    if place.suffix.lower() == ".xlsx":
        with pd.ExcelWriter(place, engine="openpyxl") as book:
            for name, table in tables.items():
                table.to_excel(book, sheet_name=name, index=False)
        return
    place.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(place / f"{name}.csv", index=False)


if __name__ == "__main__":
    sys.exit(main())
