"""Rows that are written once: triggers on both databases refuse UPDATE, DELETE and (on PostgreSQL) TRUNCATE.

A model says so with ``@append_only`` or, where some columns may still change, ``@append_only(mutable=("state",))``; ``once`` names columns
that may be filled but never changed, ``leaves`` a column with the value to which it never returns, and ``sealed_by`` the parent that takes
new rows only while one of its columns has a value (a rule joins a draft, never a published version). The triggers belong
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
POSTGRES_SEAL_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    EXECUTE format('SELECT %I::text FROM %I WHERE id = $1 FOR SHARE', TG_ARGV[1], TG_ARGV[0])
        INTO found USING (to_jsonb(NEW) ->> TG_ARGV[2])::bigint;
    IF found IS DISTINCT FROM TG_ARGV[3] THEN
        RAISE EXCEPTION 'append-only: INSERT into % is refused', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


@dataclass(frozen=True)
class Seal:
    """New rows are taken only while the parent's column has this value: (foreign key, column of the parent, value)."""

    foreign_key: str
    column: str
    value: str


@dataclass(frozen=True)
class AppendOnly:
    """One protected table and the columns of it that may still change."""

    model: type[models.Model]
    mutable: tuple[str, ...]
    purgeable: bool = False
    once: tuple[str, ...] = ()
    leaves: tuple[str, str] | None = None
    sealed_by: Seal | None = None

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def guarded_columns(self) -> list[str]:
        return [
            field.column
            for field in self.model._meta.local_concrete_fields
            if not {field.name, field.attname} & {*self.mutable, *self.once} and field.column
        ]

    def column(self, name: str) -> str:
        """The database's name of a field."""
        return str(self.model._meta.get_field(name).column)  # type: ignore[union-attr]

    @property
    def changes(self) -> bool:
        """Whether any update at all is let through."""
        return bool(self.mutable or self.once)

    def parent_table(self) -> str:
        """The table whose column opens and closes this one."""
        parent = self.model._meta.get_field(self.sealed_by.foreign_key).related_model if self.sealed_by else None
        return parent._meta.db_table if isinstance(parent, type) else ""

    def trigger_names(self) -> tuple[str, ...]:
        names = (f"{self.table}_no_update", f"{self.table}_no_delete")
        return (*names, f"{self.table}_no_insert") if self.sealed_by else names


_protected: dict[str, AppendOnly] = {}


@overload
def append_only(model: M) -> M: ...
@overload
def append_only(
    *, mutable: tuple[str, ...] = (), purgeable: bool = False, once: tuple[str, ...] = (), leaves: tuple[str, str] | None = None,
    sealed_by: Seal | None = None,
) -> Callable[[M], M]: ...  # fmt: skip
def append_only(
    model: Any = None, *, mutable: tuple[str, ...] = (), purgeable: bool = False, once: tuple[str, ...] = (),
    leaves: tuple[str, str] | None = None, sealed_by: Seal | None = None,
) -> Any:  # fmt: skip
    """Protect a model's table. ``mutable`` names the fields that may still be updated, ``once`` those that may be filled but not changed;
    ``leaves`` is a mutable field with the value that it never takes again; ``sealed_by`` the parent that takes rows only while it is open;
    ``purgeable`` lets rows go under a permit (``deletion_permit``) of the same transaction: retention and erasure."""

    def protect(cls: M) -> M:
        _protected[cls._meta.label] = AppendOnly(cls, mutable, purgeable, once, leaves, sealed_by)
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
            cursor.execute(POSTGRES_SEAL_FUNCTION)
        for entry in protected_tables():
            if entry.table in tables:
                for statement in statements(connection, entry):
                    cursor.execute(statement)


def _sqlite_statements(connection: BaseDatabaseWrapper, entry: AppendOnly) -> Iterator[str]:
    quote = connection.ops.quote_name
    no_update, no_delete = entry.trigger_names()[:2]
    when = f"WHEN {_forbidden(entry, quote, 'IS NOT')}" if entry.changes else ""
    permitted = f"(SELECT 1 FROM foundation_deletionpermit WHERE table_name = '{entry.table}')"  # noqa: S608  a name of our own  # nosec B608
    permit = f"WHEN NOT EXISTS {permitted}" if entry.purgeable else ""
    for name, verb, condition in ((no_update, "UPDATE", when), (no_delete, "DELETE", permit)):
        yield f"DROP TRIGGER IF EXISTS {quote(name)}"
        yield (
            f"CREATE TRIGGER {quote(name)} BEFORE {verb} ON {quote(entry.table)} {condition} "
            f"BEGIN SELECT RAISE(ABORT, 'append-only: {verb} of {entry.table} is refused'); END"
        )
    if entry.sealed_by:
        seal, name = entry.sealed_by, entry.trigger_names()[2]
        held = f"SELECT {quote(seal.column)} FROM {quote(entry.parent_table())} WHERE id = NEW.{quote(entry.column(seal.foreign_key))}"  # noqa: S608  # nosec B608
        yield f"DROP TRIGGER IF EXISTS {quote(name)}"
        yield (
            f"CREATE TRIGGER {quote(name)} BEFORE INSERT ON {quote(entry.table)} WHEN ({held}) IS NOT '{seal.value}' "
            f"BEGIN SELECT RAISE(ABORT, 'append-only: INSERT into {entry.table} is refused'); END"
        )


def _forbidden(entry: AppendOnly, quote: Callable[[str], str], differs: str) -> str:
    """Which updates are refused: guarded columns that change, columns filled once that change again, a value that comes back."""
    parts = [f"OLD.{quote(column)} {differs} NEW.{quote(column)}" for column in entry.guarded_columns()]
    for name in entry.once:
        column = quote(entry.column(name))
        parts.append(f"(OLD.{column} IS NOT NULL AND OLD.{column} {differs} NEW.{column})")
    if entry.leaves:
        column, value = quote(entry.column(entry.leaves[0])), entry.leaves[1]
        parts.append(f"(OLD.{column} <> '{value}' AND NEW.{column} = '{value}')")
    return " OR ".join(parts)


def _postgres_statements(connection: BaseDatabaseWrapper, entry: AppendOnly) -> Iterator[str]:
    quote = connection.ops.quote_name
    no_update, no_delete = entry.trigger_names()[:2]
    when = f"WHEN ({_forbidden(entry, quote, 'IS DISTINCT FROM')})" if entry.changes else ""
    on_delete = "refuse_unpermitted_delete" if entry.purgeable else "refuse_change"
    for name, event, condition, function in ((no_update, "UPDATE", when, "refuse_change"), (no_delete, "DELETE", "", on_delete)):
        yield f"DROP TRIGGER IF EXISTS {quote(name)} ON {quote(entry.table)}"
        yield f"CREATE TRIGGER {quote(name)} BEFORE {event} ON {quote(entry.table)} FOR EACH ROW {condition} EXECUTE FUNCTION {function}()"
    no_truncate = f"{entry.table}_no_truncate"
    yield f"DROP TRIGGER IF EXISTS {quote(no_truncate)} ON {quote(entry.table)}"
    yield f"CREATE TRIGGER {quote(no_truncate)} BEFORE TRUNCATE ON {quote(entry.table)} EXECUTE FUNCTION refuse_change()"
    if entry.sealed_by:
        seal, name = entry.sealed_by, entry.trigger_names()[2]
        arguments = f"'{entry.parent_table()}', '{seal.column}', '{entry.column(seal.foreign_key)}', '{seal.value}'"
        yield f"DROP TRIGGER IF EXISTS {quote(name)} ON {quote(entry.table)}"
        yield f"CREATE TRIGGER {quote(name)} BEFORE INSERT ON {quote(entry.table)} FOR EACH ROW EXECUTE FUNCTION refuse_sealed({arguments})"
