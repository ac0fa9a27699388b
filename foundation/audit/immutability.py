"""Rows that are written once: triggers on both databases refuse UPDATE, DELETE and (on PostgreSQL) TRUNCATE.

A model says so with ``@append_only`` or, where some columns may still change, ``@append_only(mutable=("state",))``. The triggers belong
to no migration: SQLite drops a table's triggers without a word whenever a migration rebuilds it, so one idempotent step after every
``migrate`` installs them all anew (docs/adr/0004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from django.apps import AppConfig
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

M = TypeVar("M", bound=type[models.Model])

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
POSTGRES_PERMIT_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_unpermitted_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM foundation_deletionpermit WHERE table_name = TG_TABLE_NAME AND transaction = pg_current_xact_id()::text) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'append-only: DELETE of % is refused', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


@dataclass(frozen=True)
class AppendOnly:
    """One protected table and the columns of it that may still change."""

    model: type[models.Model]
    mutable: tuple[str, ...]
    purgeable: bool = False

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def guarded_columns(self) -> list[str]:
        return [
            field.column
            for field in self.model._meta.local_concrete_fields
            if field.name not in self.mutable and field.attname not in self.mutable and field.column
        ]

    def trigger_names(self) -> tuple[str, str]:
        return f"{self.table}_no_update", f"{self.table}_no_delete"


_protected: dict[str, AppendOnly] = {}


@overload
def append_only(model: M, *, mutable: tuple[str, ...] = (), purgeable: bool = False) -> M: ...
@overload
def append_only(model: None = None, *, mutable: tuple[str, ...] = (), purgeable: bool = False) -> Callable[[M], M]: ...
def append_only(model: Any = None, *, mutable: tuple[str, ...] = (), purgeable: bool = False) -> Any:
    """Protect a model's table; ``mutable`` names the fields that may still be updated, ``purgeable`` lets rows go under a permit
    (``deletion_permit``) of the same transaction: retention and erasure."""

    def protect(cls: M) -> M:
        _protected[cls._meta.label] = AppendOnly(cls, mutable, purgeable)
        return cls

    return protect if model is None else protect(model)


def protected_tables() -> tuple[AppendOnly, ...]:
    """Every protected table, sorted by name; the test of expected triggers reads this."""
    return tuple(sorted(_protected.values(), key=lambda entry: entry.table))


def install_triggers(sender: AppConfig | None = None, using: str = "default", **_kwargs: object) -> None:
    """Install all triggers on one database; receiver of ``post_migrate``, also called by tests."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    statements = _sqlite_statements if connection.vendor == "sqlite" else _postgres_statements
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
            cursor.execute(POSTGRES_PERMIT_FUNCTION)
        for entry in protected_tables():
            if entry.table in tables:
                for statement in statements(connection, entry):
                    cursor.execute(statement)


def _sqlite_statements(connection: BaseDatabaseWrapper, entry: AppendOnly) -> Iterator[str]:
    quote = connection.ops.quote_name
    no_update, no_delete = entry.trigger_names()
    changed = " OR ".join(f"OLD.{quote(column)} IS NOT NEW.{quote(column)}" for column in entry.guarded_columns())
    when = f"WHEN {changed}" if entry.mutable else ""
    permitted = f"(SELECT 1 FROM foundation_deletionpermit WHERE table_name = '{entry.table}')"  # noqa: S608  a name of our own  # nosec B608
    permit = f"WHEN NOT EXISTS {permitted}" if entry.purgeable else ""
    for name, verb, condition in ((no_update, "UPDATE", when), (no_delete, "DELETE", permit)):
        yield f"DROP TRIGGER IF EXISTS {quote(name)}"
        yield (
            f"CREATE TRIGGER {quote(name)} BEFORE {verb} ON {quote(entry.table)} {condition} "
            f"BEGIN SELECT RAISE(ABORT, 'append-only: {verb} of {entry.table} is refused'); END"
        )


def _postgres_statements(connection: BaseDatabaseWrapper, entry: AppendOnly) -> Iterator[str]:
    quote = connection.ops.quote_name
    no_update, no_delete = entry.trigger_names()
    changed = " OR ".join(f"OLD.{quote(column)} IS DISTINCT FROM NEW.{quote(column)}" for column in entry.guarded_columns())
    when = f"WHEN ({changed})" if entry.mutable else ""
    on_delete = "refuse_unpermitted_delete" if entry.purgeable else "refuse_change"
    for name, event, condition, function in ((no_update, "UPDATE", when, "refuse_change"), (no_delete, "DELETE", "", on_delete)):
        yield f"DROP TRIGGER IF EXISTS {quote(name)} ON {quote(entry.table)}"
        yield f"CREATE TRIGGER {quote(name)} BEFORE {event} ON {quote(entry.table)} FOR EACH ROW {condition} EXECUTE FUNCTION {function}()"
    no_truncate = f"{entry.table}_no_truncate"
    yield f"DROP TRIGGER IF EXISTS {quote(no_truncate)} ON {quote(entry.table)}"
    yield f"CREATE TRIGGER {quote(no_truncate)} BEFORE TRUNCATE ON {quote(entry.table)} EXECUTE FUNCTION refuse_change()"
