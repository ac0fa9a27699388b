"""``manage.py signing_key list|new|retire``: the keys that sign papers and case files."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from foundation.keys.exceptions import SigningKeyMissing
from foundation.keys.signing import KeyFile, key_files, make_key, retire_key


class Command(BaseCommand):
    """A rotation is ``new``; ``retire NAME`` afterwards keeps the public half of an older one, so that what it signed stays valid."""

    help = "List, make and retire signing keys."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list")
        what.add_parser("new")
        what.add_parser("retire").add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        {"list": self._list, "new": self._new, "retire": self._retire}[options["what"]](options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = key_files()
        for row in rows:
            self._say(row, signs=row == next((one for one in reversed(rows) if one.can_sign), None))
        if not rows:
            self.stdout.write("No keys.")

    def _new(self, options: dict[str, Any]) -> None:
        self._say(make_key(f"{timezone.now():%Y%m%d-%H%M%S}"), signs=True)

    def _retire(self, options: dict[str, Any]) -> None:
        rows = key_files()
        if [row.name for row in rows if row.can_sign] == [options["name"]]:
            raise CommandError("This is the only key that signs. Make a new one first.")
        try:
            self._say(retire_key(options["name"]), signs=False)
        except SigningKeyMissing as error:
            raise CommandError(f"No private key named {options['name']}.") from error

    def _say(self, row: KeyFile, *, signs: bool) -> None:
        self.stdout.write(f"{row.name} {row.key} {'signs' if signs else 'verifies'}")
