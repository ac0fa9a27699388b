"""Everything between a fresh clone and a site that can be served: catalogues, database, demo city, static files.

``python -m config.prepare`` prints each step with its time and skips what is already built. A database that an interrupted first run left
half-made is moved aside, never used silently.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from config.catalogues import compile_catalogues

ROOT = Path(__file__).resolve().parent.parent


def say(text: str) -> None:
    """One line to the person who waits, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def fingerprint(paths: Iterable[Path]) -> str:
    """A hash over names and contents, so that a step runs again exactly when something it reads has changed."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def step(name: str, stamp: Path, key: str, work: Callable[[], None]) -> None:
    """Do one step unless its stamp says that it was done for this very input."""
    if stamp.exists() and stamp.read_text(encoding="utf-8") == key:
        say(f"  {name}: already done")
        return
    stamp.unlink(missing_ok=True)
    begun = time.monotonic()
    work()
    stamp.write_text(key, encoding="utf-8")
    say(f"  {name}: {time.monotonic() - begun:.1f} s")


def run(*arguments: str) -> None:
    """One Python program of ours in a process of its own, its output shown."""
    environment = {**os.environ, "PYTHONUTF8": "1"}
    if subprocess.run([sys.executable, *arguments], env=environment, check=False).returncode != 0:  # noqa: S603  our own
        say(f"\nThis step failed: {' '.join(arguments)}. The lines above say why; after mending it, run the same make command again.")
        sys.exit(1)


def build_city(database: Path | None, stamp: Path) -> None:
    """Migrate and load the demo city; a database without its stamp is of unknown state and is moved aside."""
    if database is not None and database.exists() and not stamp.with_suffix(".known").exists():
        aside = database.with_name(f"{database.stem}-broken-{time.strftime('%Y%m%d-%H%M%S')}{database.suffix}")
        shutil.move(database, aside)
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        say(f"  an unfinished database was moved to {aside.name}")
    run("-m", "config.migrating")
    run("manage.py", "seed_demo")
    stamp.with_suffix(".known").write_text("complete\n", encoding="utf-8")


def advise() -> None:
    """Name what is missing for full comfort, with its remedy; nothing here is needed to run."""
    from django.conf import settings  # noqa: PLC0415  after the environment has been set

    if importlib.util.find_spec("weasyprint") and not settings.PDF_AVAILABLE:
        say(
            "  note: no PDF files, because the system library pango is missing; pages can be printed instead (Debian: apt install libpango-1.0-0 libpangoft2-1.0-0)"
        )


def main() -> None:
    """All steps in order."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.demo")
    from django.conf import settings  # noqa: PLC0415  the settings module is chosen in the line above

    folder = Path(settings.VAR)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"  texts: {compile_catalogues()} catalogues compiled")
    default = settings.DATABASES["default"]
    database = Path(default["NAME"]) if default["ENGINE"].endswith("sqlite3") else None
    sources = [*ROOT.glob("*/migrations/*.py"), *(ROOT / "seeds").rglob("*"), ROOT / "requirements" / "base.txt"]
    stamp = folder / "city.stamp"
    known = f"{default['ENGINE']} {default['NAME']} {fingerprint(sources)}"
    if database is not None and not database.exists():
        stamp.unlink(missing_ok=True)
        stamp.with_suffix(".known").unlink(missing_ok=True)
    step("demo city", stamp, known, lambda: build_city(database, stamp))
    static = fingerprint([*(ROOT / "static").rglob("*"), ROOT / "requirements" / "base.txt"])
    step("static files", folder / "static.stamp", static, lambda: run("manage.py", "collectstatic", "--no-input", "--verbosity", "0"))
    advise()


if __name__ == "__main__":
    main()
