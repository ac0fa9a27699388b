"""A demo city and a full bank beside it, built once for a state of the project and a day, and kept: a run works in clones.

On SQLite they lie under ``var/test``; on PostgreSQL on the server, so that a server that stays (``DATABASE_URL``) keeps them, while the one
of ``tests.postgres`` builds them anew, in a few minutes. ``BANK_FRESH=1`` throws away what is kept.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from tests import databases
from tests.bench import million

PREFIX = "bench_kept"
BUILDING = "bench_building"
TODAY = date.today()  # noqa: DTZ011  part of a name; the same for the whole run, also over midnight


def key_of(stage: str) -> str:
    """The name of what is kept: another one for every schema, seed, day (the demo is told as of today) and stage."""
    digest = hashlib.sha256(databases.state_key().encode() + str(TODAY).encode())
    for path in sorted(databases.ROOT.glob("seeds/**/*.py")):
        digest.update(path.read_bytes())
    if stage != "demo":
        digest.update(Path(million.__file__).read_bytes())
    return f"{PREFIX}_{stage}_{digest.hexdigest()[:12]}"


@contextmanager
def demo_bank(say: Callable[[str], object]) -> Iterator[None]:
    """Work in a clone of the demo city alone."""
    with bench_settings(), _clone_of(_demo(say)):
        yield


@contextmanager
def full_bank(transactions: int, say: Callable[[str], object]) -> Iterator[str]:
    """Work in a clone of the demo city with so many transactions beside it; what Django calls its NAME."""
    demo, name = _demo(say), key_of(str(transactions))
    if not databases.exists(name):
        begun = time.perf_counter()
        _forget(f"{PREFIX}_{transactions}_")
        written = 0

        def write() -> None:
            nonlocal written
            written = million.fill(transactions)

        with bench_settings():
            _keep(name, databases.place_of(demo), write)
        say(f"bank: {written:,} transactions written past the door in {time.perf_counter() - begun:.0f} s; kept as {name}")
    with bench_settings(), _clone_of(name) as clone:
        yield clone


@contextmanager
def bench_settings() -> Iterator[None]:
    """A demo whose files are kept with it."""
    from django.test import override_settings

    with override_settings(DEMO=True, MEDIA_ROOT=media_folder()):
        yield


def _demo(say: Callable[[str], object]) -> str:
    """The demo city, made now if it is not there yet; files that it wrote are kept as well."""
    name = key_of("demo")
    if os.environ.pop("BANK_FRESH", ""):
        _forget(f"{PREFIX}_")
    if not databases.exists(name):
        begun = time.perf_counter()
        _forget(f"{PREFIX}_")
        shutil.rmtree(media_folder(), ignore_errors=True)
        with bench_settings():
            _keep(name, databases.template(), _seed)
        say(f"bank: the demo city made in {time.perf_counter() - begun:.0f} s; kept as {name}")
    return name


def media_folder() -> Path:
    return databases.FOLDER / "bench-media" / databases.vendor()


def _seed() -> None:
    from django.core.management import call_command

    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        call_command("seed_demo", stdout=nowhere)


def _forget(beginning: str) -> None:
    """Throw away what was kept for another state of the project."""
    for name in databases.names(beginning):
        databases.drop(databases.place_of(name))


def _keep(name: str, source: str, work: Callable[[], None]) -> None:
    """Build in a clone, and give it the name only when it is whole."""
    databases.point_to(databases.clone(BUILDING, source))
    _do_not_wait_for_the_disk()
    work()
    databases.rename(BUILDING, name)


def _do_not_wait_for_the_disk() -> None:
    """While building, in this connection alone: what is lost with the machine is built again."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")


@contextmanager
def _clone_of(name: str) -> Iterator[str]:
    from django.conf import settings

    before = settings.DATABASES["default"]["NAME"]
    clone = databases.clone(f"bench_{os.getpid()}", databases.place_of(name))
    databases.point_to(clone)
    try:
        yield clone
    finally:
        databases.drop(clone)
        databases.point_to(before)
