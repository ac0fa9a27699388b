"""``manage.py seed_demo``: build the demo city, or find it built."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from creditbank.api import find_faults
from foundation.api import seal_log, verify_log
from seeds import bank, issued, life, rules, store
from seeds import city as build

STEPS = (
    ("terms", build.build_terms), ("site", build.build_site), ("institutions", build.build_institutions), ("people", build.build_people),
    ("courses", build.build_courses), ("runs", life.open_runs), ("rules", rules.build_rules), ("study", life.study),
    ("store", store.fill_store), ("results", life.report_results), ("codes", issued.enter_codes),
    ("bank", bank.keep_bank), ("simulation", rules.simulate_drafts),
)  # fmt: skip


class Command(BaseCommand):
    """Every step is repeatable; the books must balance at the end."""

    help = "Build the demo city."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo city is not loaded into a database that is no demo.")
        city = build.City(today=timezone.localdate())
        with build.without_search_index():
            for name, step in STEPS:
                begun = time.monotonic()
                step(city)
                self.stdout.write(f"    {name}: {time.monotonic() - begun:.1f} s")
        begun = time.monotonic()
        call_command("wagtail_update_index", verbosity=0)
        self.stdout.write(f"    search index: {time.monotonic() - begun:.1f} s")
        begun = time.monotonic()
        sealed = seal_log(clock=timezone.now)
        if verify_log(clock=timezone.now, is_full=False).fault_count:
            raise CommandError("The log is not what was sealed.")
        self.stdout.write(f"    log: {sealed.rows} rows sealed and checked, {time.monotonic() - begun:.1f} s")
        faults = find_faults()
        if faults:
            raise CommandError(f"The books do not balance: {faults[0]}")
        self.stdout.write("    the books balance")
