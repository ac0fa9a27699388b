"""The completion condition 结课条件, as a pure function of what happened.

The result depends on which events there are, not on the order in which they arrived, nor on how often.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from learning.study.outline import Place, RunContent
from learning.study.types import Standing

CENT = Decimal("0.01")


def best_shares(attempts: Iterable[Any]) -> dict[str, Decimal]:
    """The best share of the points by quiz."""
    best: dict[str, Decimal] = {}
    for attempt in attempts:
        best[attempt.block_id] = max(best.get(attempt.block_id, Decimal(0)), Decimal(attempt.scaled))
    return best


def passed_at(attempts: Iterable[Any]) -> dict[str, datetime]:
    """The earliest passed attempt by quiz."""
    first: dict[str, datetime] = {}
    for attempt in attempts:
        if attempt.passed:
            first[attempt.block_id] = min(first.get(attempt.block_id, attempt.submitted_at), attempt.submitted_at)
    return first


def unit_done_at(place: Place, done_at: datetime | None, passed: dict[str, datetime]) -> datetime | None:
    """When a unit was done: a unit with quizzes when the last of them was first passed, another when the learner said so."""
    if not place.quiz_ids:
        return done_at
    moments = [passed.get(quiz_id) for quiz_id in place.quiz_ids]
    return None if None in moments else max(moment for moment in moments if moment is not None)


def mean_score(quiz_ids: list[str], best: dict[str, Decimal]) -> Decimal | None:
    """Mean of the best shares in per cent, to two places; None where there is no quiz."""
    if not quiz_ids:
        return None
    total = sum((best.get(quiz_id, Decimal(0)) for quiz_id in quiz_ids), Decimal(0))
    return (total * 100 / len(quiz_ids)).quantize(CENT, ROUND_HALF_UP)


def line_reached_at(quiz_ids: list[str], attempts: Iterable[Any], pass_mark: Decimal) -> datetime | None:
    """When the mean first reached the pass line, going through the attempts in the order of their moments."""
    seen: list[Any] = []
    for attempt in sorted(attempts, key=lambda row: row.submitted_at):
        seen.append(attempt)
        score = mean_score(quiz_ids, best_shares(seen))
        if score is not None and score >= pass_mark:
            return attempt.submitted_at  # type: ignore[no-any-return]
    return None


def judge(content: RunContent, progress: Iterable[Any], attempts: Iterable[Any], *, pass_mark: Decimal) -> Standing:
    """Where somebody stands in a run. No query."""
    attempts = list(attempts)
    said = {row.unit_id: row.completed_at for row in progress}
    passed = passed_at(attempts)
    done = {place.unit_id: unit_done_at(place, said.get(place.unit_id), passed) for place in content.places}
    required = list(content.required()) or list(content.places)
    moments = [moment for place in required if (moment := done[place.unit_id]) is not None]
    quiz_ids = [quiz_id for place in required for quiz_id in place.quiz_ids]
    score = mean_score(quiz_ids, best_shares(attempts))
    line = line_reached_at(quiz_ids, attempts, pass_mark)
    holds = bool(required) and len(moments) == len(required) and (score is None or line is not None)
    return Standing(
        done=len(moments),
        required=len(required),
        score=score,
        pass_mark=pass_mark,
        completed_at=max([*moments, *([line] if line else [])]) if holds else None,
        done_units=frozenset(unit_id for unit_id, moment in done.items() if moment is not None),
        minutes_left=sum(place.unit.minutes or 0 for place in required if done[place.unit_id] is None),
    )
