"""``manage.py run_clocks``: what is due today. Meant for every night; a night that was missed is made up for by the next."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from creditbank.api import NoCalendar, decide_what_rules_decide, resume_batches, run_agreement_clock, run_clocks
from foundation.api import forget_old_answers
from identity.api import tidy_exports


class Command(BaseCommand):
    """Automatic decisions, files whose worker died, reminders, lapses, defaults of appeals, warnings, expiry."""

    help = "Decide by rule, send reminders, let applications lapse, end appeals by default, expire credit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--decide", action="store_true", help="Only decide what the rules decide; meant for every few minutes.")
        parser.add_argument("--on", default="", help="The day (YYYY-MM-DD); today where it is missing.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["decide"]:
            decided, resumed = decide_what_rules_decide(at=now), resume_batches(at=now)
            tidy_exports(at=now)
            self.stdout.write(f"{len(decided)} decided by rule, {len(resumed)} files resumed")
            return
        try:
            on = date.fromisoformat(options["on"]) if options["on"] else timezone.localdate(now)
        except ValueError as error:
            raise CommandError(f"Not a day: {options['on']}") from error
        resumed = resume_batches(at=now)
        moved = run_agreement_clock(on=on, at=now)
        try:
            report = run_clocks(on=on, at=now)
            forget_old_answers(at=now)
            tidy_exports(at=now)
        except NoCalendar as error:
            raise CommandError(f"{error}: add a file to the folder of working days") from error
        self.stdout.write(
            f"{on}: {len(report.decided)} decided by rule, {len(report.reminded)} learners and {report.desk_reminded} desks reminded, "
            f"{len(report.lapsed)} lapsed, {len(report.defaulted)} appeals ended by default, {report.warned} warned, "
            f"{report.expired} lots expired, {moved} agreements begun or ended, {len(resumed)} files resumed"
        )
