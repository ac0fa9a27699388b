"""``manage.py case_verify FILE``: is a case file ours, is it whole, and does deciding again give the same?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from creditbank.api import NotACaseFile, verify_case_file
from foundation.api import NotAKeySet, read_key_set

WORDS = {True: "ok", False: "WRONG", None: "not looked at"}


class Command(BaseCommand):
    """Exit code 0: signed, whole, in the log, and decided again alike. 1: something is wrong. 2: signed and whole, but something could not be asked."""

    help = "Check a case file: signature, hashes, proofs of the log, and the decision on its own snapshot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--keys", default="", help="A published key set (credit-bank-keys.json); without it, the keys of this machine.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys = read_key_set(Path(options["keys"]).read_bytes()) if options["keys"] else None
            findings = verify_case_file(Path(options["file"]).read_bytes(), keys=keys)
        except (NotACaseFile, NotAKeySet) as error:
            raise CommandError(f"This is no case file: {error}") from error
        except OSError as error:
            raise CommandError(str(error)) from error
        for finding in findings:
            self.stdout.write(f"{finding.name}: {WORDS[finding.ok]}: {finding.found}")
        if any(finding.ok is False for finding in findings):
            raise CommandError("The case file is not as it was signed.")
        if any(finding.ok is None for finding in findings):
            sys.exit(2)
