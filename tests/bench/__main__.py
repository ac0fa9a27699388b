"""``make bench``: ratios within one run, with the machine's figures; never a gate."""

from __future__ import annotations

import importlib
import os
import platform
import sys


def main() -> None:
    """All measurements, or those named: rules, population, xapi, bank, results."""
    wanted = sys.argv[1:] or ["rules", "population", "xapi", "bank", "results"]
    sys.stdout.write(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    if "rules" in wanted:
        from tests.bench import rules

        rules.run(lambda line: sys.stdout.write(line + "\n"))
    if "population" in wanted:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        from tests.bench import population

        population.run(lambda line: sys.stdout.write(line + "\n"))
    with_django = [name for name in ("xapi", "bank", "results") if name in wanted]
    if with_django:
        _with_django(with_django)


def _with_django(names: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import django

    django.setup()
    for name in names:
        importlib.import_module(f"tests.bench.{name}").run(_say)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
