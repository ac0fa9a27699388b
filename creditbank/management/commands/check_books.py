"""``manage.py check_books``: prove that the books are right, or say exactly where they are not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from creditbank.api import Posting, find_faults, freeze_ledger


class Command(BaseCommand):
    """Recompute every balance and promise of the ledger; where one is broken, posting is frozen and the exit status is not 0."""

    help = "Check that all credit balances: sums, steps, lots, reversals, cached balances."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = find_faults()
        for fault in faults:
            self.stderr.write(str(fault))
        if faults:
            freeze_ledger(faults, at=timezone.now())
            raise CommandError(f"The books are not right: {len(faults)} faults, the first: {faults[0]}")
        self.stdout.write(f"The books balance: {Posting.objects.count()} postings checked.")
