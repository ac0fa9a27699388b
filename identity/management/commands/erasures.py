"""``manage.py erasures list|reapply``: the list that every restored backup is held against."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from identity.people.actions import erase_again
from identity.people.enums import ErasureState
from identity.people.models import ErasureRequest


class Command(BaseCommand):
    """``list`` prints the pseudonyms of everybody who was erased; keep it apart from the backups. After a restore, ``reapply`` reads such a list
    and erases again whoever came back with the backup.
    """

    help = "Print who was erased, or erase again after a backup was restored."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list")
        what.add_parser("reapply").add_argument("file", help="a list, one pseudonym a line; - reads it from the input")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "list":
            for pseudonym in ErasureRequest.objects.filter(state=ErasureState.DONE).order_by("id").values_list("person_uuid", flat=True):
                self.stdout.write(str(pseudonym))
            return
        try:
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text("ascii")
            found = [UUID(line) for line in text.split()]
        except (OSError, ValueError) as error:
            raise CommandError(f"Not a list of pseudonyms: {error}") from error
        self.stdout.write(f"{erase_again(found, at=timezone.now())} of {len(found)} erased again")
