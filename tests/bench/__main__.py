"""``make bench``: ratios within one run, with the machine's figures; never a gate."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys

NAMES = ("rules", "population", "xapi", "bank", "results")


def main() -> None:
    """All measurements, or those named; of the bank only some pages, where it is said which."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=f"what to measure: {', '.join(NAMES)}; without one, all"
    )
    parser.add_argument(
        "--only", default="", metavar="TEXT", help='bank: only pages whose person and address hold this, as "officer /desk/"'
    )
    asked = parser.parse_args()
    wanted = asked.names or (["bank"] if asked.only else list(NAMES))
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
        _with_django(with_django, asked.only)


def _with_django(names: list[str], only: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import django

    django.setup()
    for name in names:
        module = importlib.import_module(f"tests.bench.{name}")
        module.run(_say, **({"only": only} if name == "bank" else {}))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
