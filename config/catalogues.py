"""Compile the translation catalogues (.po → .mo) with polib, because msgfmt is missing on many machines.

``python -m config.catalogues`` compiles what is older than its source and prints how many files it wrote.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
APPS = ("foundation", "identity", "cms", "learning", "creditbank", "seeds")


def catalogue_files() -> list[Path]:
    """Every catalogue of the project, sorted by path."""
    roots = [ROOT / app / "locale" for app in APPS] + [ROOT / "locale"]
    return sorted(path for root in roots for path in root.glob("**/LC_MESSAGES/*.po"))


def compile_catalogues() -> int:
    """Write each .mo that is missing or older than its .po; return how many were written."""
    written = 0
    for source in catalogue_files():
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source), encoding="utf-8").save_as_mofile(str(target))
            written += 1
    return written


if __name__ == "__main__":
    sys.stdout.write(f"{compile_catalogues()} catalogues compiled\n")
