"""The short way of migrating makes what Django's own way makes: every table, index, trigger, and every row that migrations write."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.state import ProjectState

from config.migrating import drawing_little
from tests import databases

SCHEMA = {
    "sqlite": ("SELECT type, name, tbl_name, sql FROM sqlite_master",),
    "postgresql": (
        (
            "SELECT c.oid::regclass::text, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,"
            " pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
            " WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
        ),
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    ),
}
"""What says everything about a schema."""


def _made() -> tuple[set[object], dict[str, int]]:
    """The schema of the database in use, and how many rows each table has."""
    with connection.cursor() as cursor:
        schema: set[object] = set()
        for question in SCHEMA[connection.vendor]:
            cursor.execute(question)
            schema.update(cursor.fetchall())
        counts = {}
        for name in connection.introspection.table_names():
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            counts[name] = cursor.fetchone()[0]
    return schema, counts


@pytest.mark.soak
@pytest.mark.postgres(also="sqlite")
def test_the_short_way_makes_the_same_database(own_database, django_db_blocker):
    short_way = settings.DATABASES["default"]["NAME"]
    with django_db_blocker.unblock():
        short = _made()
        plain_way = databases.empty("plain")
        databases.point_to(plain_way)
        try:
            call_command("migrate", verbosity=0, interactive=False)
            plain = _made()
        finally:
            databases.drop(plain_way)
            databases.point_to(short_way)

    assert short == plain


def test_the_short_way_ends_with_its_block():
    stock = ProjectState._find_reload_model, ProjectState.alter_field

    with drawing_little():
        assert ProjectState._find_reload_model != stock[0]

    assert (ProjectState._find_reload_model, ProjectState.alter_field) == stock
