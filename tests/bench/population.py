"""The population path: pairs a second, beside a merge of pandas, a join of polars and a grouping of pandas, in one run on one core."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd

from creditbank.rules.types import CreditSystem, Facts, Grade, GradeScale, Grant, Leaf, Node, RecordFacts, Rule, RuleBase, Target
from creditbank.simulation.answers import Book, ask
from creditbank.simulation.bits import BIT
from creditbank.simulation.comparing import tables_of
from creditbank.simulation.fast import Fast
from creditbank.simulation.kernel import Kernel
from creditbank.simulation.population import LEARNER_FIELDS, Population, population_of
from creditbank.simulation.tables import RuleTables

ON = date(2026, 1, 1)
GRADES = tuple("FEDCBA")
FAN_OUT, RECORDS_EACH = 5, 20
Say = Callable[[str], Any]


def single_book(rules: int, priorities: int = 1) -> RuleBase:
    """Rules on one outcome each, five to an outcome, each with a range of grades, a window of dates of earning, and a priority."""
    chance = np.random.default_rng(4)
    lows, days, spans = chance.integers(0, 4, rules), chance.integers(0, 2500, rules), chance.integers(200, 2500, rules)
    made = tuple(
        Rule(
            id=f"R{at:06}", version=1, lhs=Node("leaf", Leaf(f"O{at // FAN_OUT}", min_grade=GRADES[lows[at]], max_grade=GRADES[min(lows[at] + 2 + at % 3, 5)])),
            grants=(Grant("course", f"T{at % 997}", amount=Decimal(1 + at % 4)),), window_from=ON - timedelta(days=int(days[at] + spans[at])),
            window_to=ON - timedelta(days=int(days[at])), priority=100 + at % priorities,
        )
        for at in range(rules)
    )  # fmt: skip
    return RuleBase(
        made,
        (CreditSystem("U", Decimal(16), Decimal("0.5")),),
        scales=(GradeScale("g", tuple(Grade(label, at) for at, label in enumerate(GRADES))),),
    )


def group_book(rules: int) -> RuleBase:
    """Rules that ask for two or three outcomes at once."""
    chance = np.random.default_rng(8)
    first, width = chance.integers(0, 2000, rules), chance.integers(2, 4, rules)
    made = tuple(
        Rule(
            f"R{at:06}", 1, Node("all", children=tuple(Node("leaf", Leaf(f"O{(first[at] + 7 * slot) % 2000}", min_grade="D")) for slot in range(width[at]))),
            (Grant("course", f"T{at % 997}", amount=Decimal(3)),),
        )
        for at in range(rules)
    )  # fmt: skip
    return RuleBase(
        made,
        (CreditSystem("U", Decimal(16), Decimal("0.5")),),
        scales=(GradeScale("g", tuple(Grade(label, at) for at, label in enumerate(GRADES))),),
    )


def archive(records: int, outcomes: int) -> Population:
    """Learners with twenty records each, drawn from some outcomes, as the columns that are kept for a night."""
    chance = np.random.default_rng(3)
    learners = max(records // RECORDS_EACH, 1)
    only = {name: [getattr(RecordFacts("", "", "I", ON, Decimal(2), "U"), name)] for name in (field.name for field in fields(RecordFacts))}
    values = {f"record.{name}": value for name, value in only.items()} | {
        "record.id": list(range(records)), "record.outcome": [f"O{at}" for at in range(outcomes)], "record.grade": list(GRADES),
        "record.earned_on": [ON - timedelta(days=at) for at in range(3000)],
    }  # fmt: skip
    frame = pd.DataFrame({"of": np.repeat(np.arange(learners, dtype=np.int32), RECORDS_EACH)[:records]})
    for name, value in values.items():
        frame[name] = np.arange(records, dtype=np.int32) if name == "record.id" else chance.integers(0, len(value), records, dtype=np.int32)
    facts = Facts("", (), Target("", "U"), ON)
    people = pd.DataFrame(
        {name: np.zeros(learners, dtype=np.int32) for name in (*LEARNER_FIELDS, "groups")}
        | {"learner": np.arange(learners, dtype=np.int32)}
    )
    return Population(
        people, frame, values | {name: [getattr(facts, name)] for name in LEARNER_FIELDS} | {"learner": list(range(learners))}
    )


def best(work: Callable[[], Any], times: int = 4) -> tuple[Any, float]:
    """The answer, and the seconds of processor time of the fastest of some runs: others may be at work on the machine."""
    ((answer, seconds),) = in_turn(work, times=times)
    return answer, seconds


def in_turn(*works: Callable[[], Any], times: int = 7) -> list[tuple[Any, float]]:
    """Answers and fastest seconds of several ways, one after the other in each round: whoever shares the processor disturbs all alike."""
    answers, seconds = [None] * len(works), [float("inf")] * len(works)
    for _ in range(times):
        for at, work in enumerate(works):
            answers[at] = None  # the memory of the last answer is free again before the clock runs
            begun = time.process_time()
            answers[at] = work()
            seconds[at] = min(seconds[at], time.process_time() - begun)
    return list(zip(answers, seconds, strict=True))


def asked(people: Population, tables: RuleTables) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The same question as plain whole-number columns: what a merge or a join starts from, prepared outside of its clock."""
    one = Kernel(people, tables).coding
    rows, keys = one.keys
    records = {"learner": one.of[rows], "record": rows, "key": keys, "grade": one.grade[rows], "earned": one.earned[rows]}
    key = np.repeat(np.arange(len(tables.pointers) - 1, dtype=np.int32), np.diff(tables.pointers))
    _kinds, begins, ends = tables.windows
    rule = tables.rule_of
    grants = np.array([int(one.grants[0].amount * 2) for one in tables.rules], dtype=np.int32)
    rules = {
        "key": key, "rule": rule, "low": tables.min_grades[-1], "high": tables.max_grades[-1], "begins": begins, "ends": ends, "worth": grants[rule], "rank": tables.ranks[rule],
    }  # fmt: skip
    return records, rules


def by_merge(records: pd.DataFrame, rules: pd.DataFrame, *, ranked: bool) -> pd.DataFrame:
    """What one writes first: merge, compare, add up the bits; and sort to find the best rule of each record where rules have ranks."""
    pairs = records.merge(rules, on="key")
    bits = (pairs["grade"] < pairs["low"]) * BIT["grade"] + (pairs["grade"] > pairs["high"]) * BIT["grade_max"]
    pairs["bits"] = bits + ((pairs["earned"] < pairs["begins"]) | (pairs["earned"] > pairs["ends"])) * BIT["outside_window"]
    if ranked:
        pairs = pairs.sort_values(["record", "bits", "rank"])
        beaten = (pairs["bits"] == 0) & (pairs["rank"] > pairs.groupby("record")["rank"].transform("first"))
        pairs["bits"] += beaten * BIT["shadowed"]
    pairs["amount"] = pairs["worth"].where(pairs["bits"] == 0, 0)
    return pairs[["learner", "rule", "record", "bits", "amount"]]


def by_polars(records: Any, rules: Any, *, ranked: bool) -> Any:
    """The same question, written by hand for polars."""
    import polars as pl

    wide = pl.Int64
    bits = (
        (pl.col("grade") < pl.col("low")).cast(wide) * BIT["grade"] + (pl.col("grade") > pl.col("high")).cast(wide) * BIT["grade_max"]
        + ((pl.col("earned") < pl.col("begins")) | (pl.col("earned") > pl.col("ends"))).cast(wide) * BIT["outside_window"]
    )  # fmt: skip
    pairs = records.lazy().join(rules.lazy(), on="key").with_columns(bits=bits)
    if ranked:
        best_rank = pl.when(pl.col("bits") == 0).then(pl.col("rank")).min().over("record")
        beaten = (pl.col("bits") == 0) & (pl.col("rank") > best_rank)
        pairs = pairs.with_columns(bits=pl.col("bits") + beaten.cast(wide) * BIT["shadowed"])
    amount = pl.when(pl.col("bits") == 0).then(pl.col("worth")).otherwise(0)
    return pairs.with_columns(amount=amount).select("learner", "rule", "record", "bits", "amount").collect()


def single(say: Say, priorities: int, records: int = 1_000_000, rules: int = 50_000) -> None:
    """One million records and fifty thousand rules."""
    import polars as pl

    tables, people = RuleTables(single_book(rules, priorities), ON), archive(records, rules // FAN_OUT)
    left, right = asked(people, tables)
    kernel, ranked = Kernel(people, tables), priorities > 1
    records_frame, rules_frame = pd.DataFrame(left), pd.DataFrame(right)
    first, second = pl.DataFrame(left), pl.DataFrame(right)
    (frame, seconds), (merged, slow), (joined, other) = in_turn(
        kernel.candidates, lambda: by_merge(records_frame, rules_frame, ranked=ranked), lambda: by_polars(first, second, ranked=ranked)
    )
    same(frame, merged)
    same(frame, joined.to_pandas())
    pairs = len(frame)
    what = "and the best rule of each record" if ranked else "as a join alone"
    say(f"population, {records:,} records x {rules:,} rules, reason bits of every candidate {what}: {pairs:,} pairs in {seconds:.2f} s = {pairs / seconds / 1e6:.1f} M pairs/s, {records / seconds / 1e6:.1f} M records/s")  # fmt: skip
    say(f"  pandas merge {slow:.2f} s ({slow / seconds:.1f} times ours); polars on {pl.thread_pool_size()} thread {other:.2f} s (ours has {other / seconds:.2f} of its speed); equal answers")  # fmt: skip


def same(ours: pd.DataFrame, other: pd.DataFrame) -> None:
    """Both answers, pair for pair."""
    columns = ["learner", "rule", "record", "bits", "amount"]
    first, second = (frame[columns].astype("int64").sort_values(["record", "rule"], ignore_index=True) for frame in (ours, other))
    pd.testing.assert_frame_equal(first, second)


def groups(say: Say, records: int = 400_000, rules: int = 5_000) -> None:
    """Rules over two or three outcomes at once, beside a merge and a grouping of pandas."""
    tables, people = RuleTables(group_book(rules), ON), archive(records, 2000)
    kernel = Kernel(people, tables)
    rows, keys = kernel.coding.keys
    left = pd.DataFrame({"learner": kernel.coding.of[rows], "key": keys, "grade": kernel.coding.grade[rows]})
    key = np.repeat(np.arange(len(tables.pointers) - 1, dtype=np.int32), np.diff(tables.pointers))
    right = pd.DataFrame(
        {"key": key, "rule": tables.rule_of, "slot": tables.slot, "low": tables.min_grades[-1], "size": tables.slots[tables.rule_of]}
    )

    def by_grouping() -> pd.DataFrame:
        pairs = left.merge(right, on="key")
        found = pairs[pairs["grade"] >= pairs["low"]].groupby(["learner", "rule"]).agg(slots=("slot", "nunique"), size=("size", "first"))
        return found[found["slots"] == found["size"]].reset_index()

    (frame, seconds), (grouped, slow) = in_turn(kernel.candidates, by_grouping)
    ours = frame.loc[frame["bits"] == 0, ["learner", "rule"]].drop_duplicates().sort_values(["learner", "rule"], ignore_index=True)
    pd.testing.assert_frame_equal(ours.astype("int64"), grouped[["learner", "rule"]].astype("int64"))
    say(f"population, {records:,} records x {rules:,} rules over 2 or 3 outcomes: {len(frame):,} pairs, {len(ours):,} complete groups in {seconds:.2f} s; pandas merge and groupby {slow:.2f} s ({slow / seconds:.1f} times ours); equal answers")  # fmt: skip


def growth(say: Say) -> None:
    """How time grows with records and with rules; n log n would be 12 times for ten times as many (10^5 → 10^6)."""
    tables = RuleTables(single_book(50_000), ON)
    rows = []
    for records in (10_000, 100_000, 1_000_000):
        kernel = Kernel(archive(records, 10_000), tables)
        frame, seconds = best(kernel.candidates)
        rows.append(f"{records:,}: {seconds * 1000:.0f} ms ({seconds / len(frame) * 1e9:.0f} ns a pair)")
    say("population, growth with records at 50,000 rules: " + "; ".join(rows))
    rows = []
    for rules in (100, 1_000, 10_000, 100_000):
        tables, compiling = best(lambda rules=rules: RuleTables(single_book(rules), ON), 1)
        kernel = Kernel(archive(200_000, rules // FAN_OUT), tables)
        _frame, seconds = best(kernel.candidates)
        rows.append(f"{rules:,}: {seconds * 1000:.0f} ms (book made ready in {compiling:.1f} s)")
    say("population, growth with rules at 200,000 records: " + "; ".join(rows))


def decide_part(numbers: range) -> tuple[int, int, int, int]:
    """(learners, those of whom the solver was asked, those without proof, milliseconds of processor time) of a part of the city."""
    from creditbank.rules import decide as deciding
    from tests.bench.learners import city, learner

    begun, place, asked = time.process_time(), city(), []
    honest = deciding.choose

    def choose(*arguments: Any, **more: Any) -> Any:
        choice = honest(*arguments, **more)
        asked.append(choice.solved)
        return choice

    deciding.choose = choose
    people = population_of(learner(place, number) for number in numbers)
    book = Book(place.base, place.limits)
    fast = Fast(people, tables_of(book, ON), place.limits)
    unproved = 0
    for row in range(len(people)):
        answer = fast.answer(row) or ask(people.facts(row), book, ON)
        unproved += not answer.proved
    deciding.choose = honest
    return len(people), sum(asked), unproved, int((time.process_time() - begun) * 1000)


def everybody(say: Say, sample: int, total: int = 100_000) -> None:
    """Full semantics for learners of twenty records of the seeded city, on two processes; a sample is a stride through all of them."""
    stride = max(total // sample, 1)
    parts = [range(at, min(at + 1000 * stride, total), stride) for at in range(0, total, 1000 * stride)]
    begun, sums = time.perf_counter(), np.zeros(4, dtype=np.int64)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for part in pool.map(decide_part, parts):
            sums += part
    seconds = time.perf_counter() - begun
    people, solved, unproved, used = sums.tolist()
    each = used / people
    whole = f", {total:,} would need {each * total / 120_000:.0f} min of two cores (extrapolated)" if people < total else ""
    say(
        f"population, full semantics for {people:,} learners of {RECORDS_EACH} records on two processes: {seconds / 60:.1f} min on the clock, "
        f"{each:.1f} ms of processor time each{whole}; "
        f"{100 * (people - solved) / people:.2f} % without the solver, {100 * (people - unproved) / people:.2f} % proved"
    )


def run(say: Say, sample: int = 2_000) -> None:
    """All measurements of the population path; ``sample`` learners of 100,000 under full semantics."""
    single(say, priorities=1)
    single(say, priorities=3)
    groups(say)
    growth(say)
    everybody(say, sample)


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    parser = argparse.ArgumentParser(prog="python -m tests.bench.population", description=__doc__)
    parser.add_argument("--sample", type=int, default=2_000, help="learners under full semantics; 100000 is everybody")
    parser.add_argument("--only", choices=["everybody"], help="nothing but the learners under full semantics")
    options = parser.parse_args()
    if options.only:
        everybody(print, options.sample)
    else:
        run(print, options.sample)
