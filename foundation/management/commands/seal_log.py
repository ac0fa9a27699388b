"""``manage.py seal_log``: take what happened since into the log, sign a head, and look at what is new."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from foundation.api import SigningKeyMissing, seal_log, verify_log
from foundation.management.commands.verify_log import tell


class Command(BaseCommand):
    """For a job of every ten minutes. Nobody waits for it, and of two that run at once one does the work. The exit status is that of ``verify_log``."""

    help = "Seal audit entries and transactions into the log, sign a tree head, and verify what is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--patience",
            type=float,
            default=10.0,
            help="Seconds to wait for open transactions before their table is left for the next time.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = seal_log(clock=timezone.now, patience=options["patience"])
        except SigningKeyMissing as error:
            raise CommandError(f"There is no key to sign a head with in {error}.") from error
        for code in done.held_back:
            self.stderr.write(f"{code}: held back by a transaction that is open; the next sealing takes it.")
        if done.is_busy:
            self.stdout.write("Another sealer is at work.")
            return
        covered = f"head {done.head.pk} covers {done.head.size} leaves" if done.head else "nothing was ever sealed"
        self.stdout.write(f"{done.rows} rows sealed; {covered}.")
        tell(self, verify_log(clock=timezone.now, is_full=False))
