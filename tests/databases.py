"""Databases for tests: one template with all migrations, cloned in milliseconds.

A template is built once per state of the migrations and kept under ``var/test``. Each worker of a parallel run works in a clone of its
own; a test that must really commit (races, live servers, triggers) takes another clone and throws it away, because the append-only
triggers rightly refuse the flush that a transactional test would end with.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from config.migrating import drawing_little

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(settings.VAR) / "test"
ADMIN_DATABASE = "postgres"


def vendor() -> str:
    return "postgresql" if settings.DATABASES["default"]["ENGINE"].endswith("postgresql") else "sqlite"


def state_key() -> str:
    """A short hash over everything that shapes an empty database."""
    digest = hashlib.sha256()
    paths = [
        *sorted(ROOT.glob("*/migrations/*.py")),
        ROOT / "requirements" / "base.txt",
        ROOT / "foundation/audit/immutability.py",
        ROOT / "creditbank/ledger/triggers.py",
        ROOT / "creditbank/agreements/editions.py",
    ]
    paths += sorted(ROOT.glob("*/*/models.py"))
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _lock(name: str) -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def point_to(name: str) -> None:
    """Let the default connection of this process use another database."""
    connections["default"].close()
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name


def template() -> str:
    """Name of the template, built now if this state of the migrations has none yet."""
    key = state_key()
    with _lock(f"{vendor()}-template"):
        return _sqlite_template(key) if vendor() == "sqlite" else _postgres_template(key)


def _sqlite_template(key: str) -> str:
    path = FOLDER / f"template-{key}.sqlite3"
    if not path.exists():
        for old in FOLDER.glob("template-*"):
            old.unlink()
        building = Path(empty(f"building-{os.getpid()}"))
        _migrate(str(building))
        _settle_sqlite(building)
        building.rename(path)
    return str(path)


def _postgres_template(key: str) -> str:
    name = f"template_{key}"
    if not _admin("SELECT 1 FROM pg_database WHERE datname = %s", name):
        building = empty(f"building_{os.getpid()}")
        _migrate(building)
        _admin(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    return name


def _migrate(name: str) -> None:
    point_to(name)
    with drawing_little():
        call_command("migrate", verbosity=0, interactive=False)
    connections["default"].close()


def empty(name: str) -> str:
    """A database with nothing in it; returns what Django calls its NAME."""
    if vendor() == "sqlite":
        target = str(FOLDER / f"{name}.sqlite3")
        drop(target)
        return target
    drop(name)
    _admin(f'CREATE DATABASE "{name}"')
    return name


def do_not_wait_for_the_disk() -> None:
    """Tests kill workers and connections, never the machine: no commit of theirs has to outlive a power cut."""
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        _admin(f"ALTER SYSTEM SET {setting} = off")
    _admin("SELECT pg_reload_conf()")


def lose_nothing_but_the_machine() -> None:
    """For tests that kill the server: what is committed has left the server's own memory, and no disk is waited for."""
    for setting in ("fsync", "full_page_writes"):
        _admin(f"ALTER SYSTEM SET {setting} = off")
    _admin("SELECT pg_reload_conf()")


def _admin(statement: str, *parameters: str) -> list[tuple[object, ...]]:
    import psycopg

    facts = settings.DATABASES["default"]
    with psycopg.connect(
        host=facts["HOST"] or None, port=facts["PORT"] or None, user=facts["USER"] or None, password=facts["PASSWORD"] or None,
        dbname=ADMIN_DATABASE, autocommit=True,
    ) as connection:  # fmt: skip
        cursor = connection.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


def clone(name: str, source: str = "") -> str:
    """A fresh database with all migrations, or a copy of another one; returns what Django calls its NAME."""
    source = source or template()
    target = place_of(name)
    drop(target)
    if vendor() == "sqlite":
        shutil.copyfile(source, target)
    else:
        with _lock("postgresql-template"):
            _admin(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    return target


def place_of(name: str) -> str:
    """What Django calls the NAME of a database of the suite."""
    return str(FOLDER / f"{name}.sqlite3") if vendor() == "sqlite" else name


def exists(name: str) -> bool:
    return name in names(name)


def names(beginning: str) -> list[str]:
    """The databases of the suite whose name begins so."""
    if vendor() == "sqlite":
        return [path.stem for path in sorted(FOLDER.glob(f"{beginning}*.sqlite3"))]
    return [str(row[0]) for row in _admin("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", beginning)]


def rename(name: str, new: str) -> None:
    """Give a database that nobody uses any more another name; this process may have been the one that filled it."""
    connections["default"].close()
    if vendor() == "sqlite":
        _settle_sqlite(place_of(name))
        Path(place_of(name)).rename(place_of(new))
    else:
        _admin(f'ALTER DATABASE "{name}" RENAME TO "{new}"')


def _settle_sqlite(path: str | Path) -> None:
    """One file with everything in it, that can be copied."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.execute("PRAGMA journal_mode=DELETE")


def drop(name: str) -> None:
    """Remove a clone and what belongs to it."""
    connections["default"].close()
    if vendor() == "sqlite":
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(name + suffix).unlink(missing_ok=True)
    else:
        _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def own(purpose: str) -> Iterator[str]:
    """Let this process work in a fresh clone, and afterwards in its former database again."""
    before = settings.DATABASES["default"]["NAME"]
    name = clone(f"{purpose}_{os.getpid()}")
    point_to(name)
    try:
        yield name
    finally:
        drop(name)
        point_to(before)


def url_of(name: str) -> str:
    """The clone as a DATABASE_URL, for processes that a test starts."""
    if vendor() == "sqlite":
        return f"sqlite:///{name}"
    facts = settings.DATABASES["default"]
    return f"postgres://{quote(facts['USER'] or '')}@{quote(facts['HOST'], safe='')}/{name}"
