"""What people and foundation do when somebody is erased, and the wording of messages about it."""

from __future__ import annotations

from datetime import datetime

from foundation.api import IdempotencyKey, Notice, destroy_person_key, register_notice
from identity.people.actions import ERASED_NAME
from identity.people.erasing import Eraser, Treatment, register_eraser
from identity.people.models import User


def erase(person: User, at: datetime) -> dict[str, int]:
    """Name, addresses, notices and stored answers; last of all the key."""
    taken = {
        "notices": Notice.objects.filter(recipient_uuid=person.uuid).delete()[0],
        "stored_answers": IdempotencyKey.objects.filter(principal=str(person.uuid)).delete()[0],
        "contacts": sum(bool(value) for value in (person.email, person.phone)),
        "name": int(person.name != ERASED_NAME),
    }
    person.name, person.email, person.phone, person.phone_verified = ERASED_NAME, None, None, False
    person.is_active, person.is_superuser = False, False
    person.set_unusable_password()
    person.save()
    destroy_person_key(person.uuid, at=at)
    return taken


register_eraser(
    Eraser(
        part="identity.people",
        order=9,
        erase=erase,
        treats={
            "identity.User": Treatment.EMPTIED, "identity.ErasureRequest": Treatment.SEALED, "foundation.Notice": Treatment.DELETED,
            "foundation.IdempotencyKey": Treatment.DELETED, "foundation.Job": Treatment.PSEUDONYM, "foundation.AuditEntry": Treatment.SEALED,
        },
    )
)  # fmt: skip
register_notice(
    "people.erasure_refused",
    zh=("注销申请未获准", "理由请看设置中的注销页面。"),
    en=("Your wish to be erased was refused", "The page in your settings says why."),
)
