"""How a transaction enters the log: its own columns, and each posting with both accounts by what they are, since accounts are rows that change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from creditbank.ledger.models import NOBODY, Posting, Transaction
from foundation.api import LogSource, Written, canonical_bytes, register_log_source

TRANSACTION_FIELDS = (
    "uuid", "type", "key", "application_uuid", "record_uuid", "reverses__uuid", "by_uuid", "second_uuid", "effective_on", "note_zh", "note_en",
    "reason", "recorded_at",
)  # fmt: skip
POSTING_FIELDS = ("amount", "lot_uuid", "source__unit__code")
SIDE_FIELDS = ("kind", "owner_uuid", "reference")


def _read(rows: models.QuerySet[Any]) -> list[Written]:
    """Two queries: the transactions, and all postings of them."""
    entries = list(rows.values_list("pk", *TRANSACTION_FIELDS))
    postings = _postings([number for number, *_values in entries])
    written = []
    for number, *values in entries:
        facts: dict[str, Any] = dict(zip(TRANSACTION_FIELDS, values, strict=True))
        facts |= {"form": "ledger/1", "reverses": facts.pop("reverses__uuid"), "postings": [facts for facts, _owners in postings[number]]}
        owners = tuple(sorted({owner for _facts, sides in postings[number] for owner in sides if owner != NOBODY}))
        written.append(Written(number, canonical_bytes(facts), owners))
    return written


def _postings(transactions: list[int]) -> dict[int, list[tuple[dict[str, Any], tuple[UUID, UUID]]]]:
    """The postings of each transaction in their order, with the owners of both accounts."""
    names = ("transaction_id", *POSTING_FIELDS, *(f"{side}__{name}" for side in ("source", "destination") for name in SIDE_FIELDS))
    found: dict[int, list[tuple[dict[str, Any], tuple[UUID, UUID]]]] = defaultdict(list)
    rows: Iterable[Any] = Posting.objects.filter(transaction__in=transactions).order_by("pk").values_list(*names)
    for number, amount, lot, unit, kind, owner, reference, to_kind, to_owner, to_reference in rows:
        facts = {
            "amount": amount, "lot": lot, "unit": unit, "source": [kind, owner, reference], "destination": [to_kind, to_owner, to_reference],
        }  # fmt: skip
        found[number].append((facts, (owner, to_owner)))
    return found


def _rows_of(owner: UUID) -> models.QuerySet[Any]:
    sides = Posting.objects.filter(Q(source__owner_uuid=owner) | Q(destination__owner_uuid=owner))
    return Transaction.objects.filter(pk__in=sides.values("transaction"))


register_log_source(LogSource("ledger", Transaction, _read, _rows_of))
