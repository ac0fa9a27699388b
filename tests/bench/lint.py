"""``python -m tests.bench.lint [rules]``: seconds of lint over one-to-one rules of three sizes, and over rules that all ask for one outcome."""

from __future__ import annotations

import sys
import time
from datetime import date
from decimal import Decimal

from creditbank.rules.lint import lint
from creditbank.rules.types import CreditSystem, Grant, Leaf, Limit, Node, Outcome, RequirementLeaf, Rule, RuleBase, Target

ON = date(2026, 1, 1)
U = CreditSystem("U", Decimal(16), Decimal("0.5"))


def one_to_one(rules: int) -> RuleBase:
    """Every rule has a source of its own; ten share a course."""
    courses = max(rules // 10, 1)
    named = [f"S{at}" for at in range(rules)] + [f"T{at}" for at in range(courses)]
    return RuleBase(
        tuple(
            Rule(f"R{at:06}", 1, Node("leaf", Leaf(f"S{at}", min_score=Decimal(60))), (Grant("course", f"T{at % courses}", amount=Decimal(3)),),
                 window_from=date(2020, 1, 1))
            for at in range(rules)
        ),
        (U,), outcomes=tuple(Outcome(code, "I", credits=Decimal(3), system="U", category="academic") for code in named),
    )  # fmt: skip


def one_source(rules: int) -> RuleBase:
    """Every rule asks for the same outcome in a programme of its own, where comparing all pairs would be quadratic."""
    codes = ["A", *(f"T{at}" for at in range(rules))]
    return RuleBase(
        tuple(Rule(f"R{at:06}", 1, Node("leaf", Leaf("A")), (Grant("course", f"T{at}", amount=Decimal(3)),), programmes=(f"P{at}",)) for at in range(rules)),
        (U,), outcomes=tuple(Outcome(code, "I", credits=Decimal(3), system="U") for code in codes),
    )  # fmt: skip


def seconds(base: RuleBase) -> tuple[float, int]:
    """Time of one lint with a limit and a programme of twelve leaves, and the number of findings."""
    codes = [outcome.code for outcome in base.outcomes]
    leaves = tuple(
        RequirementLeaf(str(at), outcomes=tuple(code for code in codes[at::12] if code.startswith("T")), need_courses=1) for at in range(12)
    )
    start = time.perf_counter()
    found = lint(base, (Limit("CAP", bound=Decimal(10)),), (Target("P", "U", leaves=leaves),), codes, on=ON)
    return time.perf_counter() - start, len(found)


def main(most: int = 50_000) -> None:
    """Print seconds and microseconds a rule for a quarter, a half and all of the rules."""
    for name, made in (("one to one", one_to_one), ("one source", one_source)):
        for rules in (most // 4, most // 2, most):
            took, findings = seconds(made(rules))
            sys.stdout.write(f"lint, {name}: {rules:>7,} rules {took:6.1f} s {took / rules * 1e6:6.0f} µs a rule, {findings} finding(s)\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
