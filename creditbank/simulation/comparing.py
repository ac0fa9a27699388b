"""Two rule books over a population: who gains, who loses, by which rule, and why. The same ``decide`` as for one person."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from creditbank.rules.decide import decide
from creditbank.rules.files.tables import replace_file
from creditbank.rules.snapshot import canonical, hash_of
from creditbank.rules.types import Decision, Facts, Limit, RuleBase

CLASSES = ("gained", "lost", "changed", "unchanged", "unproved")
SMALLEST_GROUP = 5
"""Groups of fewer people are not shown, because somebody might be recognised in them."""
COLUMNS = ("learner", "target", "group", "verdict", "before", "after", "rules_before", "rules_after", "reasons_before", "reasons_after")


@dataclass(frozen=True)
class Book:
    """One side of the comparison: a rule base with its limits."""

    base: RuleBase
    limits: tuple[Limit, ...] = ()


def compare(facts: Facts, before: Book, after: Book, on: date) -> dict[str, str]:
    """One person under both books. "before" and "after" are posted credits as text, so that no frame makes floats of them."""
    first, second = decide(facts, before.base, before.limits, on), decide(facts, after.base, after.limits, on)
    return {
        "learner": facts.learner, "target": facts.target.code, "group": dict(facts.attributes).get("group", ""), "verdict": verdict(first, second),
        "before": str(first.posted), "after": str(second.posted), "rules_before": _rules(first), "rules_after": _rules(second),
        "reasons_before": _reasons(first), "reasons_after": _reasons(second),
    }  # fmt: skip


def verdict(before: Decision, after: Decision) -> str:
    """Gained or lost by (V1, V2, V3); changed where these are equal but something else is not; unproved where a side has no proof."""
    if "gap" in {before.proof.status, after.proof.status}:
        return "unproved"
    first, second = before.objective[:3], after.objective[:3]
    if first != second:
        return "gained" if second > first else "lost"
    return "unchanged" if _said(before) == _said(after) else "changed"


def _said(decision: Decision) -> str:
    """What a decision tells its learner: what was given for what, and why the rest was not. A bound that moved without effect is no change."""
    rows = [[row.rule, row.records, row.grant, row.kind, row.leaf, row.fill, row.posted, row.grade] for row in decision.allocation]
    return canonical([rows, [[row.record, row.headline.code] for row in decision.unused]])


def _rules(decision: Decision) -> str:
    return ";".join(sorted({row.rule for row in decision.allocation}))


def _reasons(decision: Decision) -> str:
    return ";".join(sorted(row.headline.code for row in decision.unused))


def simulate(
    people: Iterable[Facts],
    before: Book,
    after: Book,
    *,
    on: date,
    folder: Path | None = None,
    shards: int = 8,
    workers: int = 1,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> pd.DataFrame:
    """One row a learner, in the order of their ids; the same for every number of shards and workers.

    Shards are whole learners. With a folder each finished shard is kept there under a name made from the question, so that a run that was
    killed goes on where it was and counts nobody twice; ``told`` hears (shards done, shards in all).
    """
    listed: list[list[Facts]] = [[] for _ in range(shards)]
    for facts in people:
        listed[int(hash_of(facts.learner)[:8], 16) % shards].append(facts)
    work = [(shard, before, after, on, _place(folder, shard, before, after, on)) for shard in listed]
    frames = []
    for done, frame in enumerate(_map(work, workers), start=1):
        frames.append(frame)
        told(done, shards)
    return pd.concat(frames).sort_values(["learner", "target"], kind="stable").reset_index(drop=True)


Work = tuple[Sequence[Facts], Book, Book, date, Path | None]


def _map(work: Sequence[Work], workers: int) -> Iterable[pd.DataFrame]:
    if workers == 1:
        yield from map(_shard, work)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_shard, work)


def _shard(work: Work) -> pd.DataFrame:
    people, before, after, on, place = work
    if place is not None and place.exists():
        return pd.read_csv(place, dtype=str, keep_default_na=False)
    frame = pd.DataFrame([compare(facts, before, after, on) for facts in people], columns=list(COLUMNS), dtype=str)
    if place is not None:
        replace_file(place, frame.to_csv(index=False).encode())
    return frame


def _place(folder: Path | None, people: Sequence[Facts], before: Book, after: Book, on: date) -> Path | None:
    """Where a shard is kept: its name is the question, so that another question never finds it."""
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    books = canonical([before.base, before.limits, after.base, after.limits, on])
    digest = hashlib.sha256(books.encode())
    for facts in people:
        digest.update(canonical(facts).encode())
    return folder / f"{digest.hexdigest()}.csv"


def by_class(frame: pd.DataFrame) -> pd.DataFrame:
    """People and credits by verdict."""
    return _totals(frame, "verdict").reindex(list(CLASSES), fill_value=0).rename_axis("verdict").reset_index()


def by_group(frame: pd.DataFrame) -> pd.DataFrame:
    """People and credits by group and verdict; groups under five are left out."""
    large = frame.groupby("group")["learner"].transform("size") >= SMALLEST_GROUP
    return _totals(frame[large], ["group", "verdict"]).reset_index()


def _totals(frame: pd.DataFrame, keys: str | list[str]) -> pd.DataFrame:
    """Counts, and sums in hundredths of a credit turned back into text-exact numbers: whole numbers add up exactly, floats would not."""
    cents = pd.DataFrame({side: (frame[side].astype(float) * 100).round().astype("int64") for side in ("before", "after")})
    table = pd.concat([frame[[keys] if isinstance(keys, str) else keys], cents], axis=1).groupby(keys)
    totals = table.agg(learners=("before", "size"), before=("before", "sum"), after=("after", "sum"))
    totals[["before", "after"]] /= 100
    return totals


def by_rule(frame: pd.DataFrame) -> pd.DataFrame:
    """For how many learners each rule was used, before and after."""
    sides = {
        side: frame[f"rules_{side}"].str.split(";").explode().loc[lambda names: names.ne("")].value_counts() for side in ("before", "after")
    }
    return pd.DataFrame(sides).fillna(0).astype("int64").rename_axis("rule").sort_index().reset_index()


def by_reason(frame: pd.DataFrame) -> pd.DataFrame:
    """How often each reason was the headline, before and after."""
    sides = {
        side: frame[f"reasons_{side}"].str.split(";").explode().loc[lambda names: names.ne("")].value_counts()
        for side in ("before", "after")
    }
    return pd.DataFrame(sides).fillna(0).astype("int64").rename_axis("reason").sort_index().reset_index()


def unused_rules(frame: pd.DataFrame, book: Book) -> list[str]:
    """Active rules of the new book that nobody's decision uses."""
    used = {name for names in frame["rules_after"] for name in names.split(";")}
    return sorted(rule.id for rule in book.base.rules if rule.status == "active" and rule.id not in used)
