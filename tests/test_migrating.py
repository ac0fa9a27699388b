"""The short way of migrating makes what Django's own way makes: every table, index, trigger, and every row that migrations write."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.state import ProjectState

from config.migrating import drawing_little
from tests import databases


def _made(path: Path) -> dict[str, object]:
    """The statements of the schema by name, and the rows of every plain table but for times."""
    with sqlite3.connect(path) as raw:
        schema = {f"{kind} {name}": sql for kind, name, sql in raw.execute("SELECT type, name, sql FROM sqlite_master")}
        counts = {name: raw.execute(f'SELECT count(*) FROM "{name[6:]}"').fetchall() for name in schema if name.startswith("table ")}
    raw.close()
    return schema | {f"rows of {name}": count for name, count in counts.items()}


@pytest.mark.soak
def test_the_short_way_makes_the_same_database(tmp_path, django_db_blocker, django_db_setup):
    template = databases.template()
    before = connections["default"].settings_dict["NAME"]
    with django_db_blocker.unblock():
        databases.point_to(str(tmp_path / "plain.sqlite3"))
        call_command("migrate", verbosity=0, interactive=False)
        databases.point_to(before)

    assert _made(Path(template)) == _made(tmp_path / "plain.sqlite3")


def test_the_short_way_ends_with_its_block():
    stock = ProjectState._find_reload_model, ProjectState.alter_field

    with drawing_little():
        assert ProjectState._find_reload_model != stock[0]

    assert (ProjectState._find_reload_model, ProjectState.alter_field) == stock
