"""Finding people by pseudonym."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from foundation.api import Recipient
from identity.people.models import User


def person_by_uuid(uuid: UUID) -> User | None:
    """The person behind a pseudonym, or None. One query."""
    return User.objects.filter(uuid=uuid).first()


def names_of(uuids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of many people in one query; who is gone is missing."""
    wanted = {uuid for uuid in uuids if uuid}
    return dict(User.objects.filter(uuid__in=wanted).values_list("uuid", "name")) if wanted else {}


def find_recipient(uuid: UUID) -> Recipient | None:
    """The reader of a notice; a deactivated person gets none."""
    person = User.objects.filter(uuid=uuid, is_active=True).first()
    return Recipient(name=person.name, email=person.email, language=person.language) if person else None
