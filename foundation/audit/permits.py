"""Leave to delete from a table that is append-only otherwise: retention and erasure, always with an audit entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

from foundation.audit.actions import AuditOutsideTransactionError, record_audit_entry
from foundation.audit.models import DeletionPermit


@contextmanager
def deletion_permit(
    model: type[models.Model], *, action: str, actor: Any, reason: str, data: dict[str, Any] | None = None
) -> Iterator[None]:
    """Inside, rows of this purgeable table may be deleted in the caller's transaction; the audit log says why.

    Raises AuditOutsideTransactionError where no transaction is open.
    """
    if not transaction.get_connection().in_atomic_block:
        raise AuditOutsideTransactionError(action)
    record_audit_entry(action, actor=actor, reason=reason, data=data)
    permit = DeletionPermit.objects.create(table_name=model._meta.db_table, transaction=_transaction_id())
    yield
    permit.delete()


def _transaction_id() -> str:
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return str(cursor.fetchone()[0])
