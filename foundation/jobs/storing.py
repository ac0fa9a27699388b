"""Writing many rows that each get values of their own."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, models


def store_columns(rows: Sequence[models.Model], *names: str) -> None:
    """Write some columns of rows that are stored already, in the caller's transaction: one prepared statement, sent once a row.

    ``bulk_update`` makes one statement with an alternative for each row, whose making alone takes longer than all of this.
    """
    if not rows:
        return
    meta, quote = rows[0]._meta, connection.ops.quote_name
    columns = [meta.get_field(name) for name in names]
    wanted = ", ".join(f"{quote(str(one.column))} = %s" for one in columns)  # type: ignore[union-attr]
    values = [
        [*(one.get_db_prep_save(one.pre_save(row, add=False), connection) for one in columns), row.pk]  # type: ignore[union-attr]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(meta.db_table)} SET {wanted} WHERE id = %s", values)  # noqa: S608  # nosec B608  names of our own columns
