"""The demo city as a database file: built once for each state of code and data, kept below ``var/test``, shared by all who ask."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests import databases

ROOT = Path(__file__).resolve().parent.parent


def environment(database: Path, port: int) -> dict[str, str]:
    """The environment of a process that works on a city."""
    return {
        **os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": f"sqlite:///{database}",
        "SITE_URL": f"http://localhost:{port}", "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore",
    }  # fmt: skip


def built_city() -> Path:
    """The demo city's database, built now if this state of code and data has none yet."""
    digest = hashlib.sha256()
    folders = ("seeds", "cms", "learning", "creditbank", "identity", "foundation")
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".yaml", ".md"}):
        digest.update(path.read_bytes())
    folder = ROOT / "var" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"city-{digest.hexdigest()[:16]}.sqlite3"
    with (folder / "city.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _build(target)
    return target


def _build(target: Path) -> None:
    folder = target.parent
    if not target.exists():
        for old in folder.glob("city-*"):
            old.unlink()
        building = folder / "city-building.sqlite3"
        for leftover in folder.glob("city-building*"):
            leftover.unlink()
        shutil.copyfile(databases.template(), building)
        subprocess.run(
            [sys.executable, "manage.py", "seed_demo"], cwd=ROOT, env=environment(building, 1), check=True, stdout=subprocess.DEVNULL
        )
        _merge_wal(building)
        building.rename(target)


def _merge_wal(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()
