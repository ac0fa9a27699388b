"""``manage.py submission_codes BANK FILE``: the code table of a receiving bank, from a CSV file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from creditbank.api import replace_codes

COLUMNS = ("sheet", "kind", "ours", "theirs", "label")


class Command(BaseCommand):
    """All or nothing; the table that was there before is replaced. Columns: sheet, kind, ours, theirs, label."""

    help = "Replace the code table that a receiving bank's submission files are written with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bank")
        parser.add_argument("file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Path(options["file"]).open(encoding="utf-8-sig", newline="") as file:
                rows = [tuple((row.get(name) or "").strip() for name in COLUMNS) for row in csv.DictReader(file)]
            count = replace_codes(options["bank"], rows, actor=None)  # type: ignore[arg-type]
        except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
            raise CommandError(f"Nothing was changed: {error}") from error
        self.stdout.write(f"{options['bank']}: {count} codes")
