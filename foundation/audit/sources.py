"""What enters the log: kinds of rows, each with the one way to write a row down as bytes.

The audit log's own entries are the first; a higher part registers what it seals in ``AppConfig.ready``. A form, once rows were sealed in it, is
never changed: a new column is a new form (docs/adr/0035).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models

from foundation.audit.models import AuditEntry

AUDIT_FIELDS = (
    "uuid", "at", "actor_uuid", "acting_role", "acting_institution", "action", "object_type", "object_key", "person_uuid", "reason", "data",
    "request_id", "address",
)  # fmt: skip


class Written(NamedTuple):
    """One row as it is sealed: its number, its canonical bytes, and the pseudonyms of whom it is about."""

    row: int
    text: bytes
    owners: tuple[UUID, ...]


@dataclass(frozen=True)
class LogSource:
    """A kind of rows: ``read`` writes the rows of a queryset down, in its order, sealed texts as they are stored; ``rows_of`` are those that are
    about a person.

    Rows are append-only and never go. ``model`` numbers them in the order in which they were begun.
    """

    code: str
    model: type[models.Model]
    read: Callable[[models.QuerySet[Any]], list[Written]]
    rows_of: Callable[[UUID], models.QuerySet[Any]]


_sources: dict[str, LogSource] = {}


def register_log_source(source: LogSource) -> None:
    """Called once by each part when the apps are ready."""
    _sources[source.code] = source


def log_sources() -> tuple[LogSource, ...]:
    """All of them, in the order of their codes."""
    return tuple(_sources[code] for code in sorted(_sources))


def canonical_bytes(facts: Mapping[str, Any]) -> bytes:
    """A row as JSON whose bytes hang on nothing but what it says: sorted names, no blanks, amounts and UTC times as text."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_as_text).encode()


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _read_audit(rows: models.QuerySet[Any]) -> list[Written]:
    person = AUDIT_FIELDS.index("person_uuid")
    return [
        Written(
            number, canonical_bytes({"form": "audit/1", **dict(zip(AUDIT_FIELDS, values, strict=True))}), (values[person],) if values[person] else ()
        )
        for number, *values in rows.values_list("pk", *AUDIT_FIELDS)
    ]  # fmt: skip


register_log_source(LogSource("audit", AuditEntry, _read_audit, lambda owner: AuditEntry.objects.filter(person_uuid=owner)))
