"""``manage.py run_clocks``: what is due today. Meant for every night; a night that was missed is made up for by the next."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from creditbank.api import run_clocks


class Command(BaseCommand):
    """Reminders, lapses, warnings, expiry."""

    help = "Let applications lapse, send reminders, expire credit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", default="", help="The day (YYYY-MM-DD); today where it is missing.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            on = date.fromisoformat(options["on"]) if options["on"] else timezone.localdate(now)
        except ValueError as error:
            raise CommandError(f"Not a day: {options['on']}") from error
        report = run_clocks(on=on, at=now)
        self.stdout.write(
            f"{on}: {len(report.reminded)} reminded, {len(report.lapsed)} lapsed, {report.warned} warned, {report.expired} lots expired"
        )
