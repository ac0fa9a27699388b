"""``make bench``: ratios within one run, with the machine's figures; never a gate."""

from __future__ import annotations

import os
import platform
import sys


def main() -> None:
    """All measurements, or those named: rules, population, xapi."""
    wanted = sys.argv[1:] or ["rules", "population", "xapi"]
    sys.stdout.write(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    if "rules" in wanted:
        from tests.bench import rules

        rules.run(lambda line: sys.stdout.write(line + "\n"))
    if "population" in wanted:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        from tests.bench import population

        population.run(lambda line: sys.stdout.write(line + "\n"))
    if "xapi" in wanted:
        _with_django()


def _with_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import django

    django.setup()
    from tests.bench import xapi

    xapi.run(lambda line: sys.stdout.write(line + "\n"))


if __name__ == "__main__":
    main()
