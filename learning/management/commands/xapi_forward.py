"""``manage.py xapi_forward``: send new statements on to the stores that institutions named."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from learning.xapi.forwarding import forward_all


class Command(BaseCommand):
    """Once, for a timer; ``--every SECONDS`` for a service."""

    help = "Send an institution's new statements on to another store. Run it every minute, or as a service with --every."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=int, default=0, help="Stay, and do it again after so many seconds.")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            for code, number in forward_all(timezone.now()).items():
                self.stdout.write(f"{code}: {number} sent")
            if not options["every"]:
                return
            time.sleep(options["every"])
