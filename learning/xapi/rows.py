"""Writing statements and what finds them, as fast as the database takes them: COPY on PostgreSQL, executemany on SQLite.

``seq`` orders all statements: microseconds of ``stored`` times 1024, plus a number that tells writers of one microsecond apart. So one
number answers ``since``, ``until``, pages and the horizon, and it can be computed before the row exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
FEW, AT_ONCE = 20, 50
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


def insert(rows: Iterable[Row], *, expected: int) -> None:
    """Write rows and their terms, in the given order; ``expected`` is about how many there will be.

    Rows may be made while they are written: with COPY the database takes the first ones in while the next are being read. Few rows go as
    INSERTs in one round trip. Callers that share ids bring them in one order, so that two of them wait for each other in turn and not
    both for ever.

    Raises IntegrityError where an id is stored already.
    """
    if connection.vendor != "postgresql":
        _insert_many(list(rows))
    elif expected <= FEW:
        with connection.wrap_database_errors, connection.connection.pipeline():
            _insert_many(list(rows))
    else:
        _copy_all(rows)


def _copy_all(rows: Iterable[Row]) -> None:
    terms: list[str] = []
    waiting: list[str] = []
    with _copying(Statement._meta.db_table, COLUMNS) as copy:
        for row in rows:
            waiting.append(_line(row))
            terms += [f"{value}\t{row.seq}\t{'t' if main else 'f'}\n" for value, main in row.terms.items()]
            if len(waiting) == AT_ONCE:
                copy.write("".join(waiting))
                waiting.clear()
        copy.write("".join(waiting))
    with _copying(StatementTerm._meta.db_table, TERM_COLUMNS) as copy:
        copy.write("".join(terms))


@contextmanager
def _copying(table: str, columns: Sequence[str]) -> Iterator[Any]:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        yield copy


def _insert_many(rows: list[Row]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_insertion(Statement._meta.db_table, COLUMNS), [_values(row) for row in rows])
        terms = [(value, row.seq, main) for row in rows for value, main in row.terms.items()]
        cursor.executemany(_insertion(StatementTerm._meta.db_table, TERM_COLUMNS), terms)


def _insertion(table: str, columns: Sequence[str]) -> str:
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608  names of our own models  # nosec B608


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
    """A row for INSERT: uuids as hexadecimal; on SQLite times in UTC without their zone, as Django writes them."""

    def time(value: datetime) -> str | datetime:
        return value if connection.vendor == "postgresql" else value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")

    return (
        row.seq, row.statement_id, time(row.stored), time(row.timestamp), row.verb, row.object_iri, row.actor or None, row.actor_uuid,
        row.registration, row.institution_id, row.target, row.key_id, row.content_hash, row.text,
    )  # fmt: skip
