"""``manage.py export_head FILE``: the newest signed head, to be kept where nobody who can change the database can change it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation.api import head_document, newest_head


class Command(BaseCommand):
    """Writes JSON; ``verify_log --anchor FILE`` reads it."""

    help = "Write the newest signed tree head into a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")

    def handle(self, *args: Any, **options: Any) -> None:
        head = newest_head()
        if head is None:
            raise CommandError("Nothing was sealed yet: run manage.py seal_log first.")
        try:
            Path(options["file"]).write_text(json.dumps(head_document(head), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['file']}: head {head.pk}, {head.size} leaves")
