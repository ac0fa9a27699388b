"""``manage.py missing_deposits``: records whose credit never reached an account; with ``--deposit``, make up for it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from creditbank.api import deposit_record, without_deposit


class Command(BaseCommand):
    """A deposit follows a completion in the background; this is the nightly look at what did not arrive."""

    help = "List learning records with credit that were not deposited."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--deposit", action="store_true", help="Deposit them now.")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = list(without_deposit())
        for record in missing:
            amount = format(record.credits.normalize(), "f") if record.credits else "0"
            system, school = record.credit_system, record.institution
            self.stdout.write(f"{record.uuid} {amount} {system and system.code} {school and school.code} {record.earned_on}")
            if options["deposit"]:
                deposit_record(record, on=timezone.localdate())
        count = len(missing)
        self.stdout.write(
            f"{count} record{'' if count == 1 else 's'} without deposit." if count else "Every record with credit is deposited."
        )
