"""``manage.py xapi_purge``: let old statements go, after saying which."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from identity.api import institution_by_code
from learning.xapi.retention import Purged, purge, purgeable

KEPT_DAYS = 3 * 365


class Command(BaseCommand):
    """Counts by default; ``--apply`` deletes."""

    help = "Delete activity statements stored before a day (default: three years ago). Without --apply it only counts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--before", default="", help="First day that stays, as 2024-01-31.")
        parser.add_argument("--institution", default="", help="Code; without it everybody's.")
        parser.add_argument("--because", default="retention", help="Stands in the audit log.")
        parser.add_argument("--apply", action="store_true", help="Delete. Without it nothing changes.")

    def handle(self, *args: Any, **options: Any) -> None:
        before = self._before(options["before"])
        institution = None
        if options["institution"]:
            institution = institution_by_code(options["institution"])
            if institution is None:
                raise CommandError(f"No institution has the code {options['institution']}.")
        if not options["apply"]:
            self._say(purgeable(before, institution), f"would be deleted (stored before {before:%Y-%m-%d}); --apply deletes")
            return
        done = purge(before, institution=institution, actor=None, reason=options["because"], at=timezone.now())
        self._say(done, f"deleted, and {done.attachments} attachments; monthly totals keep their numbers")

    def _before(self, text: str) -> datetime:
        if not text:
            day = timezone.localdate() - timedelta(days=KEPT_DAYS)
        else:
            try:
                found = parse_date(text)
            except ValueError:
                found = None
            if found is None:
                raise CommandError(f"Not a day: {text}. Write it as 2024-01-31.")
            day = found
        if day > timezone.localdate():
            raise CommandError("That day has not come yet.")
        return timezone.make_aware(datetime.combine(day, time()))

    def _say(self, counted: Purged, what: str) -> None:
        for code, number in counted.statements.items():
            self.stdout.write(f"{code or '(platform)'}: {number}")
        self.stdout.write(f"{counted.total} statements {what}.")
