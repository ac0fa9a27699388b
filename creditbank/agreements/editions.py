"""In which state everything is that rules are read with, and what was read in that state.

Reading a rule book takes fifteen queries and the making of every rule; it is asked for on most pages and changes a few times a year. What
was read is kept in this process under the *edition*: a value that the database changes by itself, by triggers, whenever a row of the
catalogue, of an agreement, of a unit, a level or an institution is written, by whichever door, and that never comes back. A transaction
that is rolled back leaves an edition behind that nobody reads again.

A draft only grows: its rows are added, never changed or taken away (triggers refuse both), so how many of them there are says what is in it. What
was read of it is kept beside, under the edition and these numbers; only the newest drafts, as every change of a book makes one more.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, TypeVar
from uuid import UUID

from django.apps import AppConfig
from django.db import connection, connections, models
from django.db.models import Count, IntegerField, OuterRef, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.models import Agreement, AgreementParty, ExampleRecord, LimitRow, RuleBookVersion, RuleExample, RuleRow
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
BITS = 47
MOST_KEPT = 1000
"""Books, limits and findings that a process keeps; the one that was not asked for longest goes first."""
MOST_DRAFTS = 40
"""The same of drafts: four entries each, so about the ten that somebody works at."""
PARTS = (RuleRow, LimitRow, RuleExample, ExampleRecord)
"""What a version consists of, beside its own row, which is written once."""
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


@dataclass(frozen=True)
class Edition:
    """The state of the catalogue, and how much is in each of the drafts that were asked about with it."""

    state: tuple[str, int, Any]
    drafts: Mapping[UUID, tuple[int, ...]] = field(default_factory=dict)


def edition_now(*versions: RuleBookVersion) -> Edition:
    """The state of the catalogue as this transaction sees it. One query; a second where drafts are among the versions."""
    found = CatalogueChange.objects.aggregate(n=Count("pk"), total=Sum("number"))
    drafts = [version.pk for version in versions if version.status == VersionStatus.DRAFT]
    return Edition((str(connection.settings_dict["NAME"]), found["n"], found["total"]), _sizes(drafts) if drafts else {})


def _sizes(drafts: Sequence[int]) -> dict[UUID, tuple[int, ...]]:
    """How many rows of each part stand in drafts, by their uuids."""
    counted = [
        Subquery(part._default_manager.filter(version=OuterRef("pk")).order_by().values("version").annotate(n=Count("pk")).values("n"), IntegerField())
        for part in PARTS
    ]  # fmt: skip
    rows = RuleBookVersion.objects.filter(pk__in=drafts).values_list("uuid", *counted)
    return {uuid: tuple(numbers) for uuid, *numbers in rows}


class Shelf:
    """What was read in one state; a new state begins with nothing."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.edition: Hashable = None
        self.kept: OrderedDict[Hashable, Any] = OrderedDict()
        self.lock = Lock()

    def take(self, key: Hashable, edition: Hashable, read: Callable[[], T]) -> T:
        """What stands under a key in an edition, read now if it does not. The edition was asked for before anything is read."""
        found: T = self.take_all([key], edition, lambda _missing: {key: read()})[key]
        return found

    def take_all(
        self, keys: Sequence[Hashable], edition: Hashable, read: Callable[[list[Any]], Mapping[Any, Any]]
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
            while len(self.kept) > (self.most or MOST_KEPT):
                self.kept.popitem(last=False)
        return there | dict(found)


shelf, drafts = Shelf(), Shelf(MOST_DRAFTS)


def kept_of(
    kind: str, versions: Sequence[RuleBookVersion], edition: Edition, read: Callable[[Sequence[RuleBookVersion]], Mapping[UUID, T]]
) -> dict[UUID, T]:
    """Something of several versions by their uuids; what was not read before in this edition is read now, together.

    A draft that the edition does not speak of is read each time.
    """
    found: dict[UUID, T] = {}
    keys: dict[bool, dict[Hashable, RuleBookVersion]] = {True: {}, False: {}}
    unknown = []
    for version in versions:
        is_draft = version.status == VersionStatus.DRAFT
        if is_draft and version.uuid not in edition.drafts:
            unknown.append(version)
        else:
            keys[is_draft][kind, version.uuid, edition.drafts.get(version.uuid)] = version
    for is_draft, wanted in keys.items():
        taken = (drafts if is_draft else shelf).take_all([*wanted], edition.state, partial(_read_keys, wanted, read))
        found |= {version.uuid: taken[key] for key, version in wanted.items()}
    return found | dict(read(unknown)) if unknown else found


def _read_keys(
    wanted: Mapping[Hashable, RuleBookVersion], read: Callable[[Sequence[RuleBookVersion]], Mapping[UUID, T]], missing: Sequence[Hashable]
) -> dict[Hashable, T]:
    found = read([wanted[key] for key in missing])
    return {key: found[wanted[key].uuid] for key in missing}


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
