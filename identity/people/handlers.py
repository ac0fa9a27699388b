"""What people and foundation do when somebody is erased, what they give of a person's own data, and the wording of messages about both."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from foundation.api import IdempotencyKey, Notice, destroy_person_key, forget_salts, register_notice
from identity.people.actions import ERASED_NAME
from identity.people.erasing import Eraser, Treatment, register_eraser
from identity.people.exporting import About, Exporter, register_exporter
from identity.people.models import CivilNumber, DataExport, User


def erase(person: User, at: datetime) -> dict[str, int]:
    """Name, addresses, notices and stored answers; the salts of the log; last of all the key."""
    taken = {
        "notices": Notice.objects.filter(recipient_uuid=person.uuid).delete()[0],
        "own_data": _forget_exports(person),
        "civil_number": CivilNumber.objects.filter(person_uuid=person.uuid).delete()[0],
        "stored_answers": IdempotencyKey.objects.filter(principal=str(person.uuid)).delete()[0],
        "contacts": sum(bool(value) for value in (person.email, person.phone)),
        "name": int(person.name != ERASED_NAME),
    }
    person.name, person.email, person.phone, person.phone_verified = ERASED_NAME, None, None, False
    person.is_active, person.is_superuser = False, False
    person.set_unusable_password()
    person.save()
    taken["salts_of_the_log"] = forget_salts(person.uuid, actor=None)
    destroy_person_key(person.uuid, at=at)
    return taken


def _forget_exports(person: User) -> int:
    """Files of own data go."""
    rows = list(DataExport.objects.filter(person_uuid=person.uuid).exclude(file=""))
    for row in rows:
        transaction.on_commit(lambda file=row.file: file.storage.delete(file.name))  # type: ignore[misc]
    DataExport.objects.filter(person_uuid=person.uuid).delete()
    return len(rows)


register_eraser(
    Eraser(
        part="identity.people",
        order=9,
        erase=erase,
        treats={
            "identity.User": Treatment.EMPTIED, "identity.ErasureRequest": Treatment.SEALED, "foundation.Notice": Treatment.DELETED,
            "identity.DataExport": Treatment.DELETED, "identity.CivilNumber": Treatment.DELETED,
            "foundation.IdempotencyKey": Treatment.DELETED, "foundation.Job": Treatment.PSEUDONYM, "foundation.AuditEntry": Treatment.SEALED,
            "foundation.LogLeaf": Treatment.EMPTIED,
        },
    )
)  # fmt: skip
register_notice(
    "people.erasure_refused",
    zh=("注销申请未获准", "理由请看设置中的注销页面。"),
    en=("Your wish to be erased was refused", "The page in your settings says why."),
)
register_notice(
    "people.data_ready",
    zh=("您的个人数据已备好", "可在 {until} 之前下载，逾期自动删除。"),
    en=("Your own data are ready", "The file can be fetched until {until}; then it is deleted."),
)
register_exporter(
    Exporter(
        part="identity.people",
        gives=(
            About("identity.User", of=("uuid",), hidden=("password", "is_superuser", "is_demo")),
            About("identity.ErasureRequest", of=("person_uuid",)),
            About("identity.DataExport", of=("person_uuid",)),
            About("identity.CivilNumber", of=("person_uuid",)),
            About("foundation.Notice", of=("recipient_uuid",)),
            About("foundation.Job", of=("owner_uuid",)),
            About("foundation.AuditEntry", of=("person_uuid",), hidden=("address", "request_id")),
        ),
        left_out={
            "foundation.IdempotencyKey": "Answers to repeated calls repeat what stands elsewhere, and go after two days.",
            "foundation.LogLeaf": "Hashes and random numbers, which prove that what stands elsewhere was not changed.",
        },
    )
)
