"""Writing audit entries."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from foundation.audit.context import current_context
from foundation.audit.models import AuditEntry
from foundation.keys.sealing import keys_of
from foundation.rows.storing import insert_rows


class HasUuid(Protocol):
    """Anything with a pseudonym: a person, or a row."""

    uuid: Any


class AuditOutsideTransactionError(RuntimeError):
    """An audit entry was asked for outside a transaction, where it could survive a change that did not."""


def build_audit_entry(
    action: str,
    *,
    actor: Any,
    about: models.Model | None = None,
    concerns: UUID | None = None,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> AuditEntry:
    """An entry that is not stored yet; for the batch forms of actions, which store many at once."""
    context = current_context()
    return AuditEntry(
        at=timezone.now(),
        actor_uuid=getattr(actor, "uuid", None),
        acting_role=context.acting_role,
        acting_institution=context.acting_institution,
        action=action,
        object_type=about._meta.label_lower if about is not None else "",
        object_key=str(getattr(about, "uuid", None) or about.pk) if about is not None else "",
        person_uuid=concerns,
        reason=reason,
        data=data or {},
        request_id=context.request_id,
        address=context.address,
    )


def record_audit_entry(
    action: str,
    *,
    actor: Any,
    about: models.Model | None = None,
    concerns: UUID | None = None,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write who did what, in the caller's transaction.

    ``action`` is ``part.verb`` and as stable as an API; ``actor`` is a person or None (the system); ``about`` the object; ``concerns`` the
    uuid of the person whose data or credit it touches; ``data`` small JSON without names.

    Raises AuditOutsideTransactionError where no transaction is open.
    """
    if not transaction.get_connection().in_atomic_block:
        raise AuditOutsideTransactionError(action)
    entry = build_audit_entry(action, actor=actor, about=about, concerns=concerns, reason=reason, data=data)
    entry.save(force_insert=True)
    return entry


def record_audit_entries(entries: list[AuditEntry]) -> None:
    """Store entries made by ``build_audit_entry``, in order, in the caller's transaction. Two statements for 500 entries, four with reasons."""
    if not transaction.get_connection().in_atomic_block:
        raise AuditOutsideTransactionError("batch")
    with keys_of({entry.person_uuid for entry in entries if entry.person_uuid and entry.reason}):
        insert_rows(entries)
