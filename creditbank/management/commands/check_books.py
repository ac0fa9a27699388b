"""``manage.py check_books``: prove that the books are right, or say exactly where they are not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from creditbank.api import check_books


class Command(BaseCommand):
    """Recompute every balance and promise of the ledger; where one is broken, posting is frozen and the exit status is not 0."""

    help = "Check that all credit balances: sums, lots, steps, paths, reversals, holds, cached balances."

    def handle(self, *args: Any, **options: Any) -> None:
        check = check_books(clock=timezone.now)
        for fault in check.faults:
            self.stderr.write("{promise}: {row}: found {found}, expected {expected}".format(**fault))
        if check.faults:
            first = "{promise}: {row}: found {found}, expected {expected}".format(**check.faults[0])
            raise CommandError(f"The books are not right: {check.fault_count} faults, the first: {first}")
        seconds = (check.finished_at - check.started_at).total_seconds()
        self.stdout.write(f"The books balance: {check.transactions} transactions, {check.postings} postings checked in {seconds:.1f} s.")
