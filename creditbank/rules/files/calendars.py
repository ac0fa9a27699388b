"""Working days from a folder with one CSV file a year (``2026.csv``)."""

from __future__ import annotations

from pathlib import Path

from creditbank.rules.clocks import WorkingDays, read_working_days


def working_days_in(folder: Path) -> WorkingDays:
    """Working days of every year that has a file. Raises BadCalendar for a file that cannot be read."""
    files = sorted(path for path in folder.glob("*.csv") if path.stem.isdecimal())
    return read_working_days((int(path.stem), path.read_text("utf-8-sig").splitlines()) for path in files)
