"""Letting old statements go: first counted into monthly totals, then deleted with what finds them, in small transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from foundation.api import deletion_permit
from learning.xapi.models import Statement, StatementTerm, StatementTotal, XapiAttachment
from learning.xapi.reading import attachment_key
from learning.xapi.refusals import forget_refusals
from learning.xapi.rows import order_number

BATCH = 2000


@dataclass
class Purged:
    """What goes, or would go: statements by institution code ("" is the platform's own and the operator's), and attachments."""

    statements: dict[str, int] = field(default_factory=dict)
    attachments: int = 0

    @property
    def total(self) -> int:
        return sum(self.statements.values())


def purgeable(before: datetime, institution: Any = None) -> Purged:
    """What was stored before a moment. One query."""
    rows = _rows(before, institution).order_by().values("institution__code").annotate(number=Count("pk"))
    return Purged({row["institution__code"] or "": row["number"] for row in rows.order_by("institution__code")})


def purge(before: datetime, *, institution: Any = None, actor: Any, reason: str, at: datetime) -> Purged:
    """Delete statements stored before a moment, oldest first; each batch adds to the monthly totals in the same transaction, so that a stop
    in between loses and doubles nothing. Attachments that no statement names any more go with them."""
    done = Purged()
    while True:
        rows = list(_rows(before, institution).select_related("institution").order_by("seq")[:BATCH])
        if not rows:
            break
        done.attachments += _purge_batch(rows, actor=actor, reason=reason)
        for row in rows:
            code = row.institution.code if row.institution else ""
            done.statements[code] = done.statements.get(code, 0) + 1
    forget_refusals(at)
    return done


def _rows(before: datetime, institution: Any) -> Any:
    rows = Statement.objects.filter(seq__lt=order_number(before))
    return rows.filter(institution=institution) if institution is not None else rows


def forget_statements(rows: list[Statement], *, reason: str) -> None:
    """Delete these statements, whatever their age; months keep their totals. For somebody who is erased."""
    for start in range(0, len(rows), BATCH):
        _purge_batch(rows[start : start + BATCH], actor=None, reason=reason)


@transaction.atomic
def _purge_batch(rows: list[Statement], *, actor: Any, reason: str) -> int:
    _count(rows)
    places = [row.seq for row in rows]
    hashes = _attachments_of(rows)
    data = {"from": rows[0].seq, "to": rows[-1].seq, "statements": len(rows)}
    with deletion_permit(Statement, action="xapi.purge", actor=actor, reason=reason, data=data):
        StatementTerm.objects.filter(statement_id__in=places)._raw_delete("default")
        Statement.objects.filter(pk__in=places)._raw_delete("default")
    return _drop_unnamed(hashes)


def _count(rows: Iterable[Statement]) -> None:
    """Add to the totals by month, institution, person, verb and activity."""
    numbers: dict[tuple[date, int | None, Any, str, str], int] = {}
    for row in rows:
        month = timezone.localdate(row.timestamp).replace(day=1)
        key = (month, row.institution_id, row.actor, row.verb, row.object_iri)
        numbers[key] = numbers.get(key, 0) + 1
    known = {
        (total.month, total.institution_id, total.actor, total.verb, total.object_iri): total
        for total in StatementTotal.objects.select_for_update().filter(
            month__in={key[0] for key in numbers}, verb__in={key[3] for key in numbers}, object_iri__in={key[4] for key in numbers}
        )
    }
    for key, number in numbers.items():
        if key in known:
            known[key].statements += number
    StatementTotal.objects.bulk_update([known[key] for key in numbers if key in known], ["statements"], batch_size=500)
    names = ("month", "institution_id", "actor", "verb", "object_iri")
    new = [StatementTotal(**dict(zip(names, key, strict=True)), statements=number) for key, number in numbers.items() if key not in known]
    StatementTotal.objects.bulk_create(new, batch_size=500)


def _attachments_of(rows: Iterable[Statement]) -> set[str]:
    """Hashes of attachments that these statements name; only texts that speak of one are looked into."""
    found: set[str] = set()
    for row in rows:
        if '"sha2"' in row.text:
            statement = json.loads(row.text)
            for holder in (statement, statement["object"]):
                found |= {item["sha2"].lower() for item in holder.get("attachments", ())}
    return found


def _drop_unnamed(hashes: Iterable[str]) -> int:
    """Delete attachments that no statement names any more."""
    dropped = 0
    for sha2 in sorted(hashes):
        if StatementTerm.objects.filter(value=attachment_key(sha2)).exists():
            continue
        for row in XapiAttachment.objects.filter(sha2=sha2):
            name, storage = str(row.file.name), row.file.storage
            row.delete()
            transaction.on_commit(lambda name=name, storage=storage: storage.delete(name))  # type: ignore[misc]
            dropped += 1
    return dropped
