"""``manage.py master_key list|new|rewrap|retire``: what wraps the key of each person."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from foundation.keys.exceptions import SealingProblem
from foundation.keys.masters import make_master, master_names, remove_master
from foundation.keys.models import PersonKey
from foundation.keys.sealing import rewrap_person_keys


class Command(BaseCommand):
    """A rotation is ``new``, then ``rewrap``, then ``retire NAME`` for the older one. Files and texts are not touched by it."""

    help = "List, make and retire master keys, and wrap people's keys anew under the newest."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list")
        what.add_parser("new")
        what.add_parser("rewrap")
        what.add_parser("retire").add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            {"list": self._list, "new": self._new, "rewrap": self._rewrap, "retire": self._retire}[options["what"]](options)
        except SealingProblem as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _list(self, options: dict[str, Any]) -> None:
        names, wraps = master_names(), Counter(PersonKey.objects.filter(destroyed_at__isnull=True).values_list("master", flat=True))
        for name in sorted({*names, *wraps}):
            state = "missing" if name not in names else "wraps" if name == names[-1] else "unwraps"
            self.stdout.write(f"{name} {state} {wraps[name]} keys")
        if not names and not wraps:
            self.stdout.write("No master keys.")

    def _new(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{make_master(f'{timezone.now():%Y%m%d-%H%M%S}')} wraps from now on; run rewrap for the keys that are there")

    def _rewrap(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{rewrap_person_keys()} keys wrapped under {master_names()[-1]}")

    def _retire(self, options: dict[str, Any]) -> None:
        name, names = options["name"], master_names()
        if names[-1:] == [name]:
            raise CommandError("This is the key that wraps. Make a new one first.")
        if left := PersonKey.objects.filter(master=name, destroyed_at__isnull=True).count():
            raise CommandError(f"{left} keys are still wrapped under it. Run rewrap first.")
        remove_master(name)
        self.stdout.write(f"{name} removed")
