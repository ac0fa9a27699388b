"""Writing statements and what finds them, as fast as the database takes them: COPY on PostgreSQL, executemany on SQLite.

``seq`` orders all statements: microseconds of ``stored`` times 1024, plus a number that tells writers of one microsecond apart. So one
number answers ``since``, ``until``, pages and the horizon, and it can be computed before the row exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import connection
from django.utils import timezone

from learning.xapi.models import Statement, StatementTerm

TIES = 1024
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
COLUMNS = (
    "seq", "statement_id", "stored", "timestamp", "verb", "object_iri", "actor", "actor_uuid", "registration", "institution_id", "target",
    "key_id", "content_hash", "text",
)  # fmt: skip
TERM_COLUMNS = ("value", "seq", "is_main")


@dataclass(slots=True)
class Row:
    """A statement on its way into the table, beside the (fingerprint, is main) of all that it names. Ids are hexadecimal, 32 digits."""

    statement_id: str
    timestamp: datetime
    verb: str
    object_iri: str
    actor: str
    content_hash: str
    text: str
    terms: dict[str, bool]
    actor_uuid: str | None = None
    registration: str | None = None
    institution_id: int | None = None
    target: str | None = None
    key_id: int | None = None
    stored: datetime = EPOCH
    seq: int = 0


@dataclass(frozen=True)
class Moment:
    """When a batch is stored, and its number among the writers of that microsecond."""

    at: datetime
    tie: int


def order_number(stored: datetime, tie: int = 0) -> int:
    """The place of a moment in the order of storing."""
    return ((stored - EPOCH) // MICROSECOND) * TIES + tie


def stored_at(seq: int) -> datetime:
    """The moment behind a place in the order."""
    return EPOCH + (seq // TIES) * MICROSECOND


def moment() -> Moment:
    """The moment of storing, for the running transaction.

    On PostgreSQL the database's own clock, read after the transaction has taken a number that others see: the horizon relies on
    ``stored`` being later than the beginning of every transaction that it cannot see yet. On SQLite, where one writes at a time, never
    before what is stored already.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id(), nextval('learning_statement_tie'), clock_timestamp()")
            _xid, tie, at = cursor.fetchone()
        return Moment(at.astimezone(UTC), tie % TIES)
    last = Statement.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    return Moment(max(timezone.now(), stored_at(last) + MICROSECOND), 0)


def place(rows: Iterable[Row], when: Moment) -> None:
    """Give each row its moment, a microsecond after the one before."""
    for number, row in enumerate(rows):
        row.stored = when.at + number * MICROSECOND
        row.seq = order_number(row.stored, when.tie)


def insert(rows: Sequence[Row]) -> None:
    """Write rows and their terms. Sorted by id, so that two batches with the same ids wait for each other instead of both for ever.

    Raises IntegrityError where an id is stored already.
    """
    if connection.vendor == "postgresql":
        ordered = sorted(rows, key=attrgetter("statement_id"))
        _copy(Statement._meta.db_table, COLUMNS, "".join([_line(row) for row in ordered]))
        terms = [f"{value}\t{row.seq}\t{'t' if main else 'f'}\n" for row in ordered for value, main in row.terms.items()]
        _copy(StatementTerm._meta.db_table, TERM_COLUMNS, "".join(terms))
        return
    with connection.cursor() as cursor:
        cursor.executemany(_insertion(Statement._meta.db_table, COLUMNS), [_values(row) for row in rows])
        terms_of_rows = [(value, row.seq, main) for row in rows for value, main in row.terms.items()]
        cursor.executemany(_insertion(StatementTerm._meta.db_table, TERM_COLUMNS), terms_of_rows)


def _copy(table: str, columns: Sequence[str], text: str) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        copy.write(text)


def _insertion(table: str, columns: Sequence[str]) -> str:
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608  names of our own models


_NULL = "\\N"


def _line(row: Row) -> str:
    """A row in COPY's text format."""
    return (
        f"{row.seq}\t{row.statement_id}\t{row.stored.isoformat()}\t{row.timestamp.isoformat()}\t{_text(row.verb)}\t{_text(row.object_iri)}\t"
        f"{row.actor or _NULL}\t{row.actor_uuid or _NULL}\t{row.registration or _NULL}\t"
        f"{_NULL if row.institution_id is None else row.institution_id}\t"
        f"{row.target or _NULL}\t{_NULL if row.key_id is None else row.key_id}\t{row.content_hash}\t{_text(row.text)}\n"
    )


def _text(value: str) -> str:
    """Escaped for COPY: what carries statements has no other control characters than these."""
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if "\n" in value or "\t" in value or "\r" in value:
        value = value.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return value


def _values(row: Row) -> tuple[Any, ...]:
    """A row for SQLite: uuids as hexadecimal, times in UTC without their zone, as Django writes them."""

    def time(value: datetime) -> str:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")

    return (
        row.seq, row.statement_id, time(row.stored), time(row.timestamp), row.verb, row.object_iri, row.actor or None, row.actor_uuid,
        row.registration, row.institution_id, row.target, row.key_id, row.content_hash, row.text,
    )  # fmt: skip
