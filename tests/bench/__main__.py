"""``make bench``: ratios within one run, with the machine's figures; never a gate."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from creditbank.rules.candidates import sieve
from creditbank.rules.decide import decide
from creditbank.rules.limits import add_limits, add_posting
from creditbank.rules.model import Model, add_candidates, add_exclusivity
from creditbank.rules.objective import build_tree, levels
from creditbank.rules.types import CreditSystem, Facts, Grant, Leaf, Limit, Node, RecordFacts, RequirementLeaf, Rule, RuleBase, Target

ON = date(2026, 1, 1)


def learner(records: int) -> tuple[Facts, RuleBase, tuple[Limit, ...]]:
    """One learner of a fixed generator: two rules for every record, twelve leaves, three limits."""
    leaves = tuple(
        RequirementLeaf(path=str(at), outcomes=tuple(f"T{n}" for n in range(at, records, 12)), need_credits=Decimal(8)) for at in range(12)
    )
    rules = tuple(
        Rule(
            id=f"R{n}-{kind}",
            version=1,
            lhs=Node("leaf", Leaf(outcome=f"O{n}", min_score=Decimal(50 + n % 20))),
            grants=(Grant("course", outcome=f"T{(n + shift) % records}", credits="rate"),),
        )
        for n in range(records)
        for kind, shift in (("a", 0), ("b", 5))
    )
    rows = tuple(
        RecordFacts(
            id=f"r{n:03d}",
            outcome=f"O{n}",
            issuer=f"I{n % 4}",
            earned_on=date(2024, 1 + n % 12, 1),
            credits=Decimal(2 + n % 4),
            system="A",
            score=Decimal(55 + n % 40),
        )
        for n in range(records)
    )
    limits = tuple(Limit(f"L{n}", bound=Decimal(24 + n), selector=(("institution", (f"I{n}",)),)) for n in range(3))
    return (
        Facts("p", rows, Target("P", "A", Decimal(120), leaves=leaves), ON),
        RuleBase(rules, (CreditSystem("A", Decimal(16), Decimal("0.5")),)),
        limits,
    )


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Seconds of each run."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return seconds


def main() -> None:
    """All measurements, or those named: rules, population, xapi."""
    wanted = sys.argv[1:] or ["rules", "population", "xapi"]
    sys.stdout.write(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    if "rules" in wanted:
        _rules()
    if "population" in wanted:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        from tests.bench import population

        population.run(lambda line: sys.stdout.write(line + "\n"))
    if "xapi" in wanted:
        _with_django()


def _rules() -> None:
    small, large = learner(10), learner(40)
    decide(*small, ON)
    base = statistics.median(timed(lambda: decide(*small, ON), 10))
    full = timed(lambda: decide(*large, ON), 10)
    decision = decide(*large, ON)
    sys.stdout.write(
        f"decide: 40 records, 80 rules, 12 leaves, 3 limits: median {statistics.median(full) * 1000:.0f} ms, worst {max(full) * 1000:.0f} ms, {decision.proof.status}\n"
    )
    solve = statistics.median(_one_solve(*large) for _ in range(5))
    sys.stdout.write(
        f"decide: all levels with reasons and uniqueness cost {statistics.median(full) / solve:.0f} times one solve of V2 alone\n"
    )
    sys.stdout.write(f"decide: 40 records cost {statistics.median(full) / base:.1f} times 10 records\n")


def _one_solve(facts: Facts, base: RuleBase, limits: tuple[Limit, ...]) -> float:
    """Seconds of one HiGHS solve of V2 on the same program."""
    model = Model(facts, base, limits, base.systems[0].step, sieve(facts, base, on=ON).candidates)
    add_candidates(model, set())
    add_exclusivity(model)
    add_posting(model)
    add_limits(model)
    needed = levels(model, build_tree(model), ON)[1]
    begun = time.perf_counter()
    model.program.solve([needed])
    return time.perf_counter() - begun


def _with_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import django

    django.setup()
    from tests.bench import xapi

    xapi.run(lambda line: sys.stdout.write(line + "\n"))


if __name__ == "__main__":
    main()
