"""Deciding for one learner: seconds, how many are proved, how many need the solver, and the ratio to one plain solve of V2.

Processor time throughout, and the two sides of a ratio one after the other, so that other work on the machine counts for neither.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from unittest.mock import patch

from creditbank.rules import solver
from creditbank.rules.candidates import sieve
from creditbank.rules.decide import decide
from creditbank.rules.model import Model
from creditbank.rules.optimum import build
from creditbank.rules.types import CreditSystem, Facts, Grant, Leaf, Limit, Node, RecordFacts, RequirementLeaf, Rule, RuleBase, Target
from tests.bench.learners import ON, Question, city, crowded, learner

CROWDED = 30
LARGE = 5
SAMPLE = 1_000
POPULATION = 100_000
CORES = 2


def regular(records: int) -> Question:
    """One learner without chance: two rules for every record, twelve leaves, three limits."""
    leaves = tuple(
        RequirementLeaf(path=str(at), outcomes=tuple(f"T{n}" for n in range(at, records, 12)), need_credits=Decimal(8)) for at in range(12)
    )
    rules = tuple(
        Rule(
            f"R{n}-{kind}", 1, Node("leaf", Leaf(f"O{n}", min_score=Decimal(50 + n % 20))),
            (Grant("course", f"T{(n + shift) % records}", credits="rate"),),
        )
        for n in range(records)
        for kind, shift in (("a", 0), ("b", 5))
    )  # fmt: skip
    rows = tuple(
        RecordFacts(f"r{n:03d}", f"O{n}", f"I{n % 4}", date(2024, 1 + n % 12, 1), Decimal(2 + n % 4), "A", score=Decimal(55 + n % 40))
        for n in range(records)
    )
    limits = tuple(Limit(f"L{n}", bound=Decimal(24 + n), selector=(("institution", (f"I{n}",)),)) for n in range(3))
    base = RuleBase(rules, (CreditSystem("A", Decimal(16), Decimal("0.5")),))
    return Facts("p", rows, Target("P", "A", Decimal(120), leaves=leaves), ON), base, limits


@dataclass
class Figures:
    """What a series of decisions took, in seconds of processor time."""

    seconds: list[float] = field(default_factory=list)
    v2: list[float] = field(default_factory=list)
    proved: int = 0
    asked: int = 0

    def line(self, name: str) -> str:
        count = len(self.seconds)
        ordered = sorted(self.seconds)
        high = ordered[min(count - 1, -(-count * 99 // 100) - 1)]
        said = (
            f"{name}: {count} learners, median {statistics.median(ordered) * 1000:.0f} ms, mean {statistics.mean(ordered) * 1000:.0f} ms, "
            f"p99 {high * 1000:.0f} ms, proved {self.proved / count:.1%}, without the solver {1 - self.asked / count:.1%}"
        )
        if self.v2:
            ratios = [whole / one for whole, one in zip(self.seconds, self.v2, strict=True)]
            said += (
                f"; one plain solve of V2 median {statistics.median(self.v2) * 1000:.0f} ms; "
                f"all of deciding costs {sum(self.seconds) / sum(self.v2):.1f} times it in all, {statistics.median(ratios):.1f} in the median"
            )
        return said


@contextmanager
def _counted() -> Iterator[list[object]]:
    """Every question to the solver while this holds."""
    asked: list[object] = []
    plain = solver.by_prices

    def by_prices(problem: solver.Problem, *, ends: float) -> solver.Answer | None:
        asked.append(problem)
        return plain(problem, ends=ends)

    with patch.object(solver, "by_prices", by_prices):
        yield asked


def _measured(questions: Iterable[Question], *, beside_v2: bool = False) -> Figures:
    figures = Figures()
    for question in questions:
        with _counted() as asked:
            begun = time.process_time()
            decision = decide(*question, ON)
            figures.seconds.append(time.process_time() - begun)
        figures.asked += bool(asked)
        figures.proved += decision.proof.status == "optimal"
        if beside_v2:
            figures.v2.append(_one_solve(*question))
    return figures


def _one_solve(facts: Facts, base: RuleBase, limits: tuple[Limit, ...]) -> float:
    """Seconds of one solve of V2 for the whole program, as it stands."""
    facts = replace(facts, records=tuple(sorted(facts.records, key=lambda record: record.id)))
    model = Model(facts, base, limits, base.systems[0].step, sieve(facts, base, on=ON).candidates)
    _tree, objective = build(model, ON)
    begun = time.process_time()
    model.program.solve_plainly([objective[1]])
    return time.process_time() - begun


def run(say: Callable[[str], object]) -> None:
    """All figures, one line each."""
    decide(*regular(10), ON)
    decide(*crowded(0), ON)
    say(_measured([regular(40)] * 5, beside_v2=True).line("regular, 40 records, 80 rules, 12 leaves, 3 limits"))
    crowds = (crowded(number) for number in range(CROWDED))
    say(_measured(crowds, beside_v2=True).line("crowded, 40 records, about 90 candidates, 12 leaves, 3 limits"))
    large = (crowded(number, records=150, leaves=30) for number in range(LARGE))
    say(_measured(large).line("crowded, 150 records, 30 leaves"))
    _population(say)


def _population(say: Callable[[str], object]) -> None:
    """A sample of a population, and what it comes to for all."""
    here = city()
    figures = _measured((learner(here, number), here.base, here.limits) for number in range(SAMPLE))
    say(figures.line("population, 20 records each"))
    minutes = statistics.mean(figures.seconds) * POPULATION / CORES / 60
    say(f"population: {POPULATION:,} learners on {CORES} cores come to {minutes:.0f} minutes, reckoned from the mean of {SAMPLE:,} of them")
