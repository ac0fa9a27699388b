"""``manage.py xapi_key create|list|revoke``: keys of the learning record store."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from identity.api import Institution
from learning.xapi.keys import UnknownScope, create_key, revoke_key
from learning.xapi.models import XapiKey


class Command(BaseCommand):
    """``create`` prints one JSON object with key and secret, once."""

    help = "Make, list and revoke keys of the learning record store."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        create = what.add_parser("create")
        create.add_argument("name")
        create.add_argument("--institution", default="", help="Code; without it the key is an operator's.")
        create.add_argument("--scopes", default="", help="By comma; without them those of its kind.")
        what.add_parser("list")
        what.add_parser("revoke").add_argument("key")

    def handle(self, *args: Any, **options: Any) -> None:
        {"create": self._create, "list": self._list, "revoke": self._revoke}[options["what"]](options)

    def _create(self, options: dict[str, Any]) -> None:
        institution = None
        if options["institution"]:
            institution = Institution.objects.filter(code=options["institution"]).first()
            if institution is None:
                raise CommandError(f"No institution has the code {options['institution']}.")
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()] or None
        try:
            row, secret = create_key(options["name"], institution=institution, scopes=scopes, actor=None, at=timezone.now())
        except UnknownScope as error:
            raise CommandError(f"Not a scope of the standard: {error}") from error
        self.stdout.write(json.dumps({"key": row.key, "secret": secret, "name": row.name, "scopes": row.scopes}, ensure_ascii=False))

    def _list(self, _options: dict[str, Any]) -> None:
        for row in XapiKey.objects.select_related("institution").order_by("id"):
            place = row.institution.code if row.institution else "operator"
            state = "revoked" if row.revoked_at else "living"
            self.stdout.write(f"{row.key} {place} {state} {','.join(row.scopes)} {row.name}")

    def _revoke(self, options: dict[str, Any]) -> None:
        row = XapiKey.objects.filter(key=options["key"]).first()
        if row is None:
            raise CommandError("There is no such key.")
        revoke_key(row, actor=None, at=timezone.now())
        self.stdout.write(f"{row.key} is revoked.")
