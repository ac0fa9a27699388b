"""A real server with the demo city, and a real browser.

The city is built once for each state of code and data and kept below ``var/test``; the server is a process of its own on a free port and
works on a copy. Where no Chromium is found the tests are skipped with one line, but fail where everything is required.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
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


def _environment(database: Path, port: int) -> dict[str, str]:
    return {
        **os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": f"sqlite:///{database}",
        "SITE_URL": f"http://localhost:{port}", "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore",
    }  # fmt: skip


def _city() -> Path:
    """The demo city's database, built now if this state of code and data has none yet."""
    digest = hashlib.sha256()
    folders = ("seeds", "cms", "learning", "creditbank", "identity", "foundation")
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".yaml", ".md"}):
        digest.update(path.read_bytes())
    folder = ROOT / "var" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"city-{digest.hexdigest()[:16]}.sqlite3"
    if not target.exists():
        for old in folder.glob("city-*"):
            old.unlink()
        building = folder / "city-building.sqlite3"
        for command in (["migrate", "--verbosity", "0"], ["seed_demo"]):
            subprocess.run(
                [sys.executable, "manage.py", *command], cwd=ROOT, env=_environment(building, 1), check=True, stdout=subprocess.DEVNULL
            )
        _merge_wal(building)
        building.rename(target)
    return target


def _merge_wal(path: Path) -> None:
    import sqlite3

    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()


@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running demo."""
    database = tmp_path_factory.mktemp("site") / "site.sqlite3"
    shutil.copyfile(_city(), database)
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
    server = subprocess.Popen([*command, "--log-level", "error", "--no-control-socket"], cwd=ROOT, env=_environment(database, port))
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


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
def browser(chromium: str) -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()
