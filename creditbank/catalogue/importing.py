"""Bringing a file into the catalogue: read with every complaint at once, kept, and stored when somebody confirms."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from creditbank.catalogue.actions import OWN_TABLES, SHARED_TABLES, import_catalogue
from creditbank.catalogue.enums import ImportState
from creditbank.catalogue.exceptions import MovedOn
from creditbank.catalogue.imports import CatalogueImport
from creditbank.catalogue.uploads import read_uploads
from creditbank.rules.files.cells import Problems
from creditbank.rules.files.complaints import Complaint
from foundation.api import record_audit_entry
from identity.api import Institution

TABLES = (*SHARED_TABLES, *OWN_TABLES)


@transaction.atomic
def bring_catalogue(institution: Institution | None, *, filename: str, content: bytes, actor: Any, at: datetime) -> CatalogueImport:
    """Read a file as if it were stored, and keep it with what it would store; the catalogue is not changed.

    ``institution`` is whose rows it brings; None: tables of the whole city. Raises BadFiles with every complaint; nothing is kept then.
    """
    counts = _tried(institution, filename, content, actor=actor, at=at)
    digest = hashlib.sha256(content).hexdigest()
    row = CatalogueImport(
        institution=institution, filename=filename[-200:], sha256=digest, counts=counts, brought_by_uuid=actor.uuid, brought_at=at
    )  # fmt: skip
    row.file.save(digest, ContentFile(content), save=False)
    row.save(force_insert=True)
    record_audit_entry("catalogue.bring", actor=actor, about=row, data={"sha256": digest, "counts": counts})
    return row


@transaction.atomic
def confirm_import(row: CatalogueImport, *, actor: Any, at: datetime) -> CatalogueImport:
    """Store a kept file, all or nothing.

    Raises MovedOn where it was stored or put aside already; BadFiles where the catalogue has moved on so that it no longer fits.
    """
    row = _locked(row)
    with row.file.open("rb") as stream:
        content = stream.read()
    row.counts = _stored(row.institution, row.filename, content, actor=actor, at=at)
    row.state, row.confirmed_by_uuid, row.confirmed_at = ImportState.STORED, actor.uuid, at
    row.save(update_fields=["state", "counts", "confirmed_by_uuid", "confirmed_at"])
    record_audit_entry("catalogue.confirm", actor=actor, about=row, data={"sha256": row.sha256, "counts": row.counts})
    return row


@transaction.atomic
def put_aside(row: CatalogueImport, *, actor: Any) -> CatalogueImport:
    """Nothing of a kept file is stored. Raises MovedOn."""
    row = _locked(row)
    row.state = ImportState.ASIDE
    row.save(update_fields=["state"])
    record_audit_entry("catalogue.put_aside", actor=actor, about=row, data={"sha256": row.sha256})
    return row


def _locked(row: CatalogueImport) -> CatalogueImport:
    row = CatalogueImport.objects.select_for_update(of=("self",)).select_related("institution").get(pk=row.pk)
    if row.state != ImportState.READ:
        raise MovedOn(row.state)
    return row


def _tried(institution: Institution | None, filename: str, content: bytes, *, actor: Any, at: datetime) -> dict[str, int]:
    """What storing would count, undone at once."""
    with transaction.atomic():
        counts = _stored(institution, filename, content, actor=actor, at=at)
        transaction.set_rollback(True)
    return counts


def _stored(institution: Institution | None, filename: str, content: bytes, *, actor: Any, at: datetime) -> dict[str, int]:
    problems = Problems()
    tables = read_uploads([(filename, content)], problems, only=TABLES)
    problems.stop()
    if not tables:
        problems.add(filename, 0, "", Complaint("no_catalogue_table"))
        problems.stop()
    places = frozenset({institution.code}) if institution is not None else None
    return import_catalogue(tables, problems, actor=actor, at=at, places=places)
