"""Writing many rows at once: in few statements, and with everything that ``save()`` does to a value.

Where thousands of rows are written, most of the time goes into Django's making of one statement out of all of them. Here the values of a
column are prepared one after the other (a value that repeats is prepared once), and the statement is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from django.db import connections, models, transaction
from django.db.utils import DEFAULT_DB_ALIAS

AT_ONCE = 2000
"""So many rows go into one statement at most."""


def insert_rows(rows: Sequence[models.Model], *, numbered: bool = False, missing: bool = False) -> None:
    """Store new rows of one model in their order; one statement for up to two thousand, one more where they shall know their numbers.

    Each value is what ``save(force_insert=True)`` would write (``pre_save`` of its field seals, sets times), constraints and triggers of the
    database judge each row, and no signal is sent, as with ``bulk_create``. ``numbered`` fills in ``pk``, for models that have a ``uuid``;
    ``missing`` leaves out a row that is there already, as a twin may have been quicker: the caller looks them up afterwards.

    Raises ValueError for a row that points to one that is not stored; IntegrityError, and then nothing is stored.
    """
    if not rows:
        return
    meta = rows[0]._meta
    relations: list[Any] = [field for field in meta.concrete_fields if field.is_relation]
    for row in rows:
        if any(field.is_cached(row) for field in relations):
            row._prepare_related_fields_for_save(operation_name="insert_rows")  # type: ignore[attr-defined]
    fields = [field for field in meta.concrete_fields if field is not meta.pk]
    connection = connections[DEFAULT_DB_ALIAS]
    with transaction.atomic(savepoint=False):
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            _insert(
                connection,
                meta,
                fields,
                [_prepared(connection, field, part, add=True) for field in fields],
                "ON CONFLICT DO NOTHING" if missing else "",
            )
            for row in part:
                row._state.adding, row._state.db = False, connection.alias
            if numbered:
                _number(part)


def _prepared(connection: Any, field: Any, rows: Sequence[models.Model], *, add: bool) -> list[Any]:
    """The values of a column as the database takes them."""
    own = type(field).pre_save
    get: Callable[[Any], Any] = attrgetter(field.attname) if own is models.Field.pre_save else lambda row: field.pre_save(row, add=add)
    prepare, values = field.get_db_prep_save, []
    plain = str if type(field) in {models.CharField, models.TextField} else None  # such a text is stored as it is
    last, made, before, made_before = object(), None, object(), None
    for row in rows:
        value = get(row)
        if value is not last:  # the very same object: title, institution, nothing at all; or two that take turns: deposit, confirmation
            last, made, before, made_before = before, made_before, last, made
            if value is not last:
                last, made = value, value if type(value) is plain else prepare(value, connection)
        values.append(made)
    return values


def _insert(connection: Any, meta: Any, fields: Sequence[Any], columns: Sequence[Sequence[Any]], conflict: str) -> None:
    quote = connection.ops.quote_name
    into = f"INSERT INTO {quote(meta.db_table)} ({', '.join(quote(field.column) for field in fields)})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A list for each column: the statement is planned once, however many rows.
            lists = ", ".join(f"%s::{_list_type(connection, field)}" for field in fields)
            cursor.execute(f"{into} SELECT * FROM UNNEST({lists}) {conflict}", [list(column) for column in columns])  # noqa: S608  # nosec B608  our own names
        else:
            cursor.executemany(f"{into} VALUES ({', '.join(['%s'] * len(fields))}) {conflict}", list(zip(*columns, strict=True)))


def _number(rows: Sequence[models.Model]) -> None:
    """Let rows that were just stored know their numbers. One query."""
    manager = rows[0].__class__._base_manager
    numbers = dict(manager.filter(uuid__in=[row.uuid for row in rows]).values_list("uuid", "pk"))  # type: ignore[attr-defined]
    for row in rows:
        row.pk = numbers[row.uuid]  # type: ignore[attr-defined]


def store_columns(rows: Sequence[models.Model], *names: str) -> None:
    """Write some columns of rows that are stored already and locked by the caller's transaction: one statement for up to two thousand rows.

    Values are sealed as ``save()`` seals them. ``bulk_update`` makes one statement with an alternative for each row, whose making alone takes longer than all of this.
    """
    if not rows:
        return
    meta, connection = rows[0]._meta, connections[DEFAULT_DB_ALIAS]
    fields: list[Any] = [meta.pk, *(meta.get_field(name) for name in names)]
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        values = [_prepared(connection, field, part, add=False) for field in fields]
        _update(connection, meta, fields, values)


def _update(connection: Any, meta: Any, fields: Sequence[Any], columns: Sequence[list[Any]]) -> None:
    quote = connection.ops.quote_name
    table, (key, *names) = quote(meta.db_table), [quote(field.column) for field in fields]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            lists = ", ".join(f"%s::{_list_type(connection, field)}" for field in fields)
            wanted = ", ".join(f"{name} = given.{name}" for name in names)
            given = f"UNNEST({lists}) AS given({', '.join([key, *names])})"
            cursor.execute(f"UPDATE {table} SET {wanted} FROM {given} WHERE {table}.{key} = given.{key}", list(columns))  # noqa: S608  # nosec B608
        else:
            wanted = ", ".join(f"{name} = %s" for name in names)
            keys, *values = columns
            cursor.executemany(f"UPDATE {table} SET {wanted} WHERE {key} = %s", list(zip(*values, keys, strict=True)))  # noqa: S608  # nosec B608


def _list_type(connection: Any, field: Any) -> str:
    """The type of a list of the field's values on PostgreSQL, without a length, so that nothing is cut off unseen."""
    return f"{field.rel_db_type(connection) if field.primary_key else field.db_type(connection)}".split("(", maxsplit=1)[0] + "[]"
