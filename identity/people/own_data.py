"""A person's own data: asked for, put together in the background, fetched while the link lives, and gone afterwards."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from foundation.api import keys_at_hand, notify, record_audit_entry, seal, unseal
from identity.people.enums import ExportState
from identity.people.exceptions import ExportEnded
from identity.people.models import DataExport, User
from identity.people.packing import pack_data

PURPOSE = "identity.dataexport.file"
LIVES = timedelta(days=7)
"""So long the file can be fetched."""
PATIENCE = timedelta(minutes=15)
"""So long an export is left to whoever is at it."""


@transaction.atomic
def ask_for_data(person: User, *, at: datetime) -> DataExport:
    """Ask for everything that is known of oneself; one that is being put together is found again. The caller starts the work."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    known = DataExport.objects.filter(person_uuid=person.uuid, state=ExportState.ASKED).first()
    if known is not None:
        return known
    row = DataExport.objects.create(person_uuid=person.uuid, asked_at=at)
    record_audit_entry("people.ask_data", actor=person, about=row, concerns=person.uuid)
    return row


@transaction.atomic
def put_together(export: DataExport, *, at: datetime) -> DataExport:
    """Make the file, tell the person, and let older ones go. Once: whoever comes second finds it done."""
    row = DataExport.objects.select_for_update().get(pk=export.pk)
    if row.state != ExportState.ASKED:
        return row
    person = User.objects.get(uuid=row.person_uuid)
    with keys_at_hand():
        content = pack_data(person, at=at)
        sealed = seal(person.uuid, PURPOSE, content)
    for older in DataExport.objects.filter(person_uuid=row.person_uuid, state=ExportState.READY):
        _end(older)
    row.state, row.ready_at, row.ends_at = ExportState.READY, at, at + LIVES
    row.size, row.sha256 = len(content), hashlib.sha256(content).hexdigest()
    row.file.save("", ContentFile(sealed), save=False)
    row.save()
    record_audit_entry("people.make_data", actor=None, about=row, concerns=person.uuid, data={"size": row.size, "sha256": row.sha256})
    with translation.override(person.language):
        address = reverse("identity:own_data")
    notify(person.uuid, "people.data_ready", url=address, data={"until": row.ends_at.date().isoformat()})
    return row


@transaction.atomic
def fetch_data(export: DataExport, *, actor: Any, at: datetime) -> bytes:
    """The file, for its person alone, whose fetching is written down. Raises ExportEnded; what ``unseal`` raises."""
    row = DataExport.objects.select_for_update().get(pk=export.pk)
    if row.state != ExportState.READY or row.ends_at is None or at > row.ends_at:
        raise ExportEnded
    with row.file.open() as file:
        content = unseal(PURPOSE, file.read())
    record_audit_entry("people.fetch_data", actor=actor, about=row, concerns=row.person_uuid, data={"sha256": row.sha256})
    return content


@transaction.atomic
def end_data(*, at: datetime) -> int:
    """Let every file go whose time is over; how many."""
    rows = list(DataExport.objects.select_for_update().filter(state=ExportState.READY, ends_at__lt=at))
    for row in rows:
        _end(row)
    return len(rows)


def forgotten(*, at: datetime) -> list[DataExport]:
    """Exports that were asked for so long ago that their worker must have died."""
    return list(DataExport.objects.filter(state=ExportState.ASKED, asked_at__lte=at - PATIENCE).order_by("id"))


def _end(row: DataExport) -> None:
    name, storage = row.file.name, row.file.storage
    row.state, row.file = ExportState.ENDED, ""
    row.save(update_fields=["state", "file"])
    if name:
        transaction.on_commit(lambda: storage.delete(name))
