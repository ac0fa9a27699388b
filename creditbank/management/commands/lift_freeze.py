"""``manage.py lift_freeze``: let posting go on after the books were put right; two administrators sign for it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from creditbank.api import SecondPersonNeeded, find_faults, lift_freeze
from identity.api import Role, User


class Command(BaseCommand):
    """Refuses while a fault is still there."""

    help = "Let posting go on after a freeze."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", required=True, help="E-mail of an operator.")
        parser.add_argument("--second", required=True, help="E-mail of another operator.")
        parser.add_argument("--because", required=True, help="What was done about the fault.")

    def handle(self, *args: Any, **options: Any) -> None:
        by, second = (_operator(options[name]) for name in ("by", "second"))
        faults = find_faults()
        if faults:
            raise CommandError(f"The books are still not right: {faults[0]}")
        try:
            freeze = lift_freeze(by=by, second=second, at=timezone.now(), because=options["because"])
        except SecondPersonNeeded as error:
            raise CommandError("It takes two different persons.") from error
        self.stdout.write("Posting goes on." if freeze else "Nothing is frozen.")


def _operator(email: str) -> User:
    person = User.objects.filter(email__iexact=email, is_active=True).first()
    if person is None or not person.acts_as(Role.OPERATOR):
        raise CommandError(f"No operator: {email}")
    return person
