"""Files of a simulation: Parquet, CSV or XLSX. Credits are exact: decimals in Parquet, text of the same digits in the others."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pandas as pd

from creditbank.rules.files.tables import replace_file
from creditbank.simulation.answers import PARTS
from creditbank.simulation.report import credits_of, tables_of
from creditbank.simulation.running import Simulation

MOST_ROWS = 1_048_575
"""Rows of a sheet beside its heading."""
SUFFIXES = (".xlsx", ".parquet", ".csv", "")


class TooManyRows(Exception):
    """More learners than a sheet of a workbook has rows."""

    def __str__(self) -> str:
        return f"{self.args[0]} learners are more than a sheet holds ({MOST_ROWS}): choose .parquet or .csv"


def write(simulation: Simulation, place: Path) -> None:
    """Write everything to a place, by its ending: a workbook with a sheet a table; one Parquet or CSV file with a row a learner and the other
    tables beside it in a folder of the same name; without an ending a folder of CSV files. Nothing is ever seen half written."""
    suffix = place.suffix.lower()
    tables = {name: _frame(rows) for name, rows in tables_of(simulation.report).items()}
    learners = simulation.learners.copy()
    if suffix == ".parquet":
        _write_all({"learners": learners} | tables, place, ".parquet")
        return
    if suffix == ".xlsx" and len(learners) > MOST_ROWS:
        raise TooManyRows(len(learners))
    learners = _in_credits(learners)
    if suffix == ".xlsx":
        sink = io.BytesIO()
        with pd.ExcelWriter(sink, engine="openpyxl") as book:
            for name, table in ({"learners": learners} | tables).items():
                _safe(table).to_excel(book, sheet_name=name, index=False)
        place.parent.mkdir(parents=True, exist_ok=True)
        replace_file(place, sink.getvalue())
        return
    _write_all({"learners": learners} | tables, place, ".csv")


def learners_file(stored: IO[bytes], form: str) -> bytes:
    """The row a learner of a finished simulation, from its Parquet file, as ``csv`` or ``xlsx``. Raises TooManyRows."""
    learners = _safe(_in_credits(pd.read_parquet(stored, engine="pyarrow")))
    if form == "csv":
        return learners.to_csv(index=False).encode()
    if len(learners) > MOST_ROWS:
        raise TooManyRows(len(learners))
    sink = io.BytesIO()
    with pd.ExcelWriter(sink, engine="openpyxl") as book:
        learners.to_excel(book, sheet_name="learners", index=False)
    return sink.getvalue()


def _in_credits(learners: pd.DataFrame) -> pd.DataFrame:
    """Thousandths as text of exact credits."""
    return learners.assign(**{side: [str(credits_of(parts)) for parts in learners[side]] for side in ("before", "after")})


def _write_all(tables: dict[str, pd.DataFrame], place: Path, suffix: str) -> None:
    """The learners at the place itself, the other tables in a folder named after it; all in one folder where the place has no ending."""
    folder = place.with_suffix("") if place.suffix else place
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        target = place if place.suffix and name == "learners" else folder / f"{name}{suffix}"
        replace_file(target, _parquet(table) if suffix == ".parquet" else _safe(table).to_csv(index=False).encode())


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, dtype=object) if rows else pd.DataFrame()


def _safe(table: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would take for a formula gets a quote before it, as in all files of rules."""

    def cell(value: Any) -> Any:
        if isinstance(value, Decimal):
            return str(value)
        return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value

    return table.map(cell) if len(table) else table


def _parquet(table: pd.DataFrame) -> bytes:
    """Credits of learners are whole thousandths there, which their description says."""
    import pyarrow as pa  # noqa: PLC0415  only where something is written
    import pyarrow.parquet as pq  # noqa: PLC0415

    if not len(table.columns):
        table = pd.DataFrame({"empty": pd.Series(dtype="int8")})
    whole = pa.Table.from_pandas(table.infer_objects(), preserve_index=False)
    whole = whole.replace_schema_metadata({"credits": f"before and after of learners are in 1/{PARTS} credit"})
    sink = pa.BufferOutputStream()
    pq.write_table(whole, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())
