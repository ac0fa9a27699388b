"""``manage.py verify_log [--anchor FILE]``: prove that history is what was sealed, or say exactly where it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from foundation.api import LogCheck, TreeHead, read_head, verify_log


class Command(BaseCommand):
    """Recompute every leaf and root; where one is wrong, posting is frozen and the exit status is not 0."""

    help = "Check the log: leaves against rows, roots, signatures of heads, and heads that were kept elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor", action="append", default=[], metavar="FILE", help="A head that was exported earlier; may be given several times."
        )
        parser.add_argument("--new", action="store_true", help="Only what came behind the last check.")

    def handle(self, *args: Any, **options: Any) -> None:
        anchors = [_read(Path(name)) for name in options["anchor"]]
        tell(self, verify_log(clock=timezone.now, anchors=anchors, is_full=not options["new"]))


def _read(path: Path) -> TreeHead:
    try:
        return read_head(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:  # NotAHead is a ValueError
        raise CommandError(f"{path} is no tree head: {error}") from error


def tell(command: BaseCommand, check: LogCheck) -> None:
    """Say what a look found. Raises CommandError where something is wrong."""
    for fault in check.faults:
        command.stderr.write("{promise}: {row}: found {found}, expected {expected}".format(**fault))
    if check.fault_count:
        head = next((fault["row"] for fault in check.faults if fault["row"].startswith("head ")), "none")
        first = "{promise}: {row}: found {found}, expected {expected}".format(**check.faults[0])
        raise CommandError(f"The log is not right: {check.fault_count} faults; first bad head: {head}; the first: {first}")
    seconds = (check.finished_at - check.started_at).total_seconds()
    command.stdout.write(f"The log is right: leaves {check.since} to {check.size} and {check.anchors} anchors checked in {seconds:.1f} s.")
