"""Fixtures of the whole suite.

``django_db`` tests run in a clone of the template database inside a rolled-back transaction; what the product does on commit runs as soon
as the product's own outermost block ends, and a background task that fails fails the test. ``own_database`` gives a test that must really
commit a clone of its own; ``postgres_db`` is the same, for tests marked ``postgres``.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections, transaction
from django.db.transaction import Atomic, get_connection
from django.utils import translation
from django_tasks.base import TaskResultStatus
from django_tasks.signals import task_finished

from tests import databases

LONG = ("tests/permissions/", "tests/seeds/", "tests/simulation/", "tests/test_api_schema.py", "tests/rules/")
"""Where single tests take seconds. They begin first, so that at the end no worker waits for another's long one."""


def pytest_configure(config: pytest.Config) -> None:
    """Collecting makes objects that live to the end of the run; looking for garbage among them finds none and takes its time."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on there is garbage again: look for it seldom, and never again among what Django, the libraries and the tests are made of."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """On PostgreSQL a file that does not name the mark has nothing to run, so it is not imported either."""
    if databases.vendor() != "postgresql" or not collection_path.match("test_*.py"):
        return None
    return True if "mark.postgres" not in collection_path.read_text(encoding="utf-8") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked ``postgres`` belong to the second run of ``make test``; the first leaves them out by name, never by a silent skip."""
    on_postgres = databases.vendor() == "postgresql"
    chosen: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        mine = (item.get_closest_marker("postgres") is not None) == on_postgres or _both(item)
        (chosen if mine else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = sorted(chosen, key=lambda item: not item.nodeid.startswith(LONG))


def _both(item: pytest.Item) -> bool:
    """A test may ask for both databases: ``@pytest.mark.postgres(also="sqlite")``."""
    mark = item.get_closest_marker("postgres")
    return mark is not None and mark.kwargs.get("also") == "sqlite"


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock():
        if databases.vendor() == "postgresql":
            databases.do_not_wait_for_the_disk()
        name = databases.clone(f"worker_{worker}_{os.getpid()}")
        databases.point_to(name)
    yield
    with django_db_blocker.unblock():
        databases.drop(name)


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of one's own in which commits are real; the value is its DATABASE_URL."""
    with django_db_blocker.unblock(), databases.own("own") as name:
        yield databases.url_of(name)


@pytest.fixture
def postgres_db(own_database: str) -> str:
    """As ``own_database``, on PostgreSQL only."""
    assert databases.vendor() == "postgresql", "mark the test with pytest.mark.postgres"
    return own_database


@pytest.fixture(autouse=True)
def _commit_hooks_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside the test's own transaction nothing ever commits, so run on-commit work when the product's outermost block ends."""
    leave = Atomic.__exit__

    def leave_and_run(self: Atomic, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        leave(self, exc_type, exc_value, traceback)
        connection = get_connection(self.using)
        if exc_type is None and connection.in_atomic_block and all(block._from_testcase for block in connection.atomic_blocks):
            waiting, connection.run_on_commit = connection.run_on_commit, []
            for _sids, work, _robust in waiting:
                work()

    original = transaction.on_commit

    def on_commit(func: Any, using: str | None = None, robust: bool = False) -> None:
        connection = get_connection(using)
        if connection.in_atomic_block and all(block._from_testcase for block in connection.atomic_blocks):
            func()
        else:
            original(func, using=using, robust=robust)

    monkeypatch.setattr(Atomic, "__exit__", leave_and_run)
    monkeypatch.setattr(transaction, "on_commit", on_commit)


@pytest.fixture(autouse=True)
def _failed_tasks_fail_the_test() -> Iterator[None]:
    """The immediate backend turns an exception into a status and a log line; here it is a failure."""
    failures: list[str] = []

    def remember(sender: Any, task_result: Any, **kwargs: Any) -> None:
        if task_result.status == TaskResultStatus.FAILED:
            failures.extend(error.traceback for error in task_result.errors)

    task_finished.connect(remember)
    yield
    task_finished.disconnect(remember)
    if failures:
        pytest.fail("A background task failed:\n" + "\n".join(failures))


@pytest.fixture(autouse=True)
def _clean_surroundings(tmp_path: Any, settings: Any) -> Iterator[None]:
    """Files, cache and language of one test are nothing to the next."""
    settings.MEDIA_ROOT = tmp_path / "media"
    cache.clear()
    translation.activate("zh-hans")
    yield
    translation.activate("zh-hans")


@pytest.fixture(scope="session", autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    connections.close_all()
