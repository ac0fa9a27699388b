"""A real server with the demo city, and a real browser.

The city is built once for each state of code and data and kept below ``var/test``; the server is a process of its own on a free port and
works on a copy. Where no Chromium is found the tests are skipped with one line, but fail where everything is required.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.city import ROOT, built_city, environment

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def _chromium() -> str | None:
    return next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    path = _chromium()
    if path is None:
        if os.environ.get("REQUIRE_EVERYTHING"):
            pytest.fail("Chromium is required here and was not found (Debian: apt install chromium).")
        pytest.skip("no Chromium found: the browser tests were left out (Debian: apt install chromium)")
    return path


@pytest.fixture(scope="session")
def city(chromium: str, django_db_blocker: Any) -> Path:
    """The demo city's database, to be copied."""
    with django_db_blocker.unblock():
        return built_city()


@contextmanager
def _serving(city: Path, folder: Path) -> Iterator[str]:
    database = folder / "site.sqlite3"
    shutil.copyfile(city, database)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--threads",
        "4",
        "--worker-class",
        "gthread",
    ]
    server = subprocess.Popen([*command, "--log-level", "error", "--no-control-socket"], cwd=ROOT, env=environment(database, port))
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture(scope="session")
def site(chromium: str, city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running demo that all tests share."""
    with _serving(city, tmp_path_factory.mktemp("site")) as address:
        yield address


@pytest.fixture
def fresh_site(chromium: str, city: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a demo in which nobody has done anything yet."""
    with _serving(city, tmp_path) as address:
        yield address


def _wait_for(address: str) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail("the server did not start")


@pytest.fixture(scope="session")
def browser(chromium: str, city: Path) -> Iterator[object]:
    """One browser for all; the city stands before it starts, because Django builds nothing beside Playwright's running loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()
