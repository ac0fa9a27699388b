"""``manage.py case_export REFERENCE --out FILE``: a case as a signed file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from creditbank.api import Application, ApplicationState, export_case
from foundation.api import SigningKeyMissing


class Command(BaseCommand):
    """Leaves an audit entry, as the auditor's button does."""

    help = "Export a case with its rules, steps and postings as a signed zip."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference")
        parser.add_argument("--out", required=True, help="Where to write the zip.")

    def handle(self, *args: Any, **options: Any) -> None:
        application = Application.objects.filter(reference=options["reference"]).exclude(state=ApplicationState.DRAFT).first()
        if application is None:
            raise CommandError(f"No submitted application {options['reference']}.")
        try:
            data = export_case(application, actor=None)
            Path(options["out"]).write_bytes(data)
        except (SigningKeyMissing, OSError) as error:
            raise CommandError(f"The case file could not be made: {error}") from error
        self.stdout.write(f"{options['out']}: {len(data)} bytes")
