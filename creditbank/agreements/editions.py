"""In which state everything is that rules are read with, and what was read in that state.

Reading a rule book takes fifteen queries and the making of every rule; it is asked for on most pages and changes a few times a year. What
was read is kept in this process under the *edition*: a value that the database changes by itself, by triggers, whenever a row of the
catalogue, of an agreement, of a unit, a level or an institution is written, by whichever door, and that never comes back. A transaction
that is rolled back leaves an edition behind that nobody reads again. Drafts are never kept.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar

from django.apps import AppConfig
from django.db import connection, connections, models
from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from creditbank.agreements.models import Agreement, AgreementParty
from creditbank.catalogue.models import (
    Calendar,
    CalendarTerm,
    Convertibility,
    Grade,
    GradeMap,
    GradeMapRow,
    GradeScale,
    LevelMap,
    Outcome,
    Programme,
    Rate,
    Requirement,
)
from foundation.api import CreditSystem, Level, LevelFramework
from identity.api import Institution

T = TypeVar("T")
Edition = tuple[str, int, Any]
BITS = 47
MOST_KEPT = 1000
"""Books, limits and findings that a process keeps; the one that was not asked for longest goes first."""
WATCHED: tuple[type[models.Model], ...] = (
    Agreement, AgreementParty, Calendar, CalendarTerm, Convertibility, CreditSystem, Grade, GradeMap, GradeMapRow, GradeScale, Institution, Level,
    LevelFramework, LevelMap, Outcome, Programme, Rate, Requirement,
)  # fmt: skip
"""Everything that a rule base, a target or a title is read from, apart from the version itself, which is written once."""


class CatalogueChange(models.Model):
    """That something changed which rules are read with: a random number, so that no state is ever taken for another.

    Written by triggers alone. On PostgreSQL each changing statement adds a row, so that two writers never wait for each other here; on
    SQLite, which has one writer and triggers for single rows only, one row is written anew.

    Personal data: none.
    """

    number = models.BigIntegerField()

    class Meta:
        verbose_name = _("change of the catalogue")
        verbose_name_plural = _("changes of the catalogue")

    def __str__(self) -> str:
        return str(self.number)


def edition_now() -> Edition:
    """The state of the catalogue as this transaction sees it. One query."""
    found = CatalogueChange.objects.aggregate(n=Count("pk"), total=Sum("number"))
    return str(connection.settings_dict["NAME"]), found["n"], found["total"]


class Shelf:
    """What was read in one edition; a new edition begins with nothing."""

    def __init__(self) -> None:
        self.edition: Edition | None = None
        self.kept: OrderedDict[Hashable, Any] = OrderedDict()
        self.lock = Lock()

    def take(self, key: Hashable, edition: Edition, read: Callable[[], T]) -> T:
        """What stands under a key in an edition, read now if it does not. The edition was asked for before anything is read."""
        found: T = self.take_all([key], edition, lambda _missing: {key: read()})[key]
        return found

    def take_all(
        self, keys: Sequence[Hashable], edition: Edition, read: Callable[[list[Any]], Mapping[Any, Any]]
    ) -> dict[Any, Any]:  # fmt: skip
        """The same for many keys; those that are missing are read together."""
        with self.lock:
            there = {key: self.kept[key] for key in keys if key in self.kept} if self.edition == edition else {}
            for key in there:
                self.kept.move_to_end(key)
        missing = [key for key in keys if key not in there]
        if not missing:
            return there
        found = read(missing)
        with self.lock:
            if self.edition != edition:
                self.edition = edition
                self.kept.clear()
            self.kept.update(found)
            while len(self.kept) > MOST_KEPT:
                self.kept.popitem(last=False)
        return there | dict(found)


shelf = Shelf()

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION note_catalogue_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO creditbank_cataloguechange (number) VALUES (('x' || substr(md5(gen_random_uuid()::text), 1, 12))::bit(48)::bigint);
    RETURN NULL;
END $$;
"""
POSTGRES_TRIGGER = (
    "CREATE TRIGGER {table}_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION note_catalogue_change()"
)
SQLITE_TRIGGER = (
    "CREATE TRIGGER {table}_edition_{event} AFTER {event} ON {table}"
    " BEGIN UPDATE creditbank_cataloguechange SET number = random() / 65536 WHERE id = 1; END"
)
EVENTS = ("insert", "update", "delete")


def install_edition_triggers(sender: AppConfig | None = None, using: str = "default", **_kwargs: object) -> None:
    """Install the triggers on one database, and begin a new edition; receiver of ``post_migrate``. Installing them again changes nothing."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if CatalogueChange._meta.db_table not in tables:
        return
    drop_edition_triggers(using=using)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
        cursor.execute("DELETE FROM creditbank_cataloguechange")
        cursor.execute("INSERT INTO creditbank_cataloguechange (id, number) VALUES (1, %s)", [secrets.randbits(BITS)])
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('creditbank_cataloguechange', 'id'), 2)")
        for table in _watched_tables() & tables:
            if connection.vendor == "postgresql":
                cursor.execute(POSTGRES_TRIGGER.format(table=table))
            else:
                for event in EVENTS:
                    cursor.execute(SQLITE_TRIGGER.format(table=table, event=event))


def drop_edition_triggers(sender: AppConfig | None = None, using: str = "default", **_kwargs: object) -> None:
    """Take the triggers away; receiver of ``pre_migrate``: SQLite cannot rebuild a table that a trigger of another table names."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in _watched_tables() & tables:
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_edition ON {table}")
            else:
                for event in EVENTS:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_edition_{event}")


def _watched_tables() -> set[str]:
    return {model._meta.db_table for model in WATCHED}
