"""The record store beside bare inserts of the same rows: batches, single statements, and questions as the table grows."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

BATCH = 500
BATCHES = 8
SINGLES = 200
HOME = "http://lms.example.org"


def statement(number: int) -> dict[str, Any]:
    """A statement of about a kilobyte: an account, an activity with a description, a result, a context."""
    return {
        "id": str(uuid4()),
        "actor": {"objectType": "Agent", "account": {"homePage": HOME, "name": f"learner-{number % 500}"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"zh-CN": "完成了", "en": "completed"}},
        "object": {
            "id": f"{HOME}/unit/{number % 300}",
            "definition": {"name": {"zh-CN": "用药安全与护理核对", "en": "Safe medication"}, "description": {"zh-CN": "三查八对" * 20}},
        },
        "result": {"completion": True, "success": True, "score": {"scaled": 0.86, "raw": 86, "min": 0, "max": 100}, "duration": "PT12M30S"},
        "context": {"registration": str(uuid4()), "contextActivities": {"parent": [{"id": f"{HOME}/course/{number % 30}"}]}, "platform": "Moodle"},
        "timestamp": "2026-11-24T10:00:00.000Z",
    }  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def run(say: Callable[[str], object]) -> None:
    """Print the ratios. Works in a throw-away clone on whichever database is configured."""
    from tests import databases

    name = databases.clone("bench")
    databases.point_to(name)
    try:
        _measure(say)
    finally:
        databases.drop(name)


def _measure(say: Callable[[str], object]) -> None:
    from django.db import connection

    from learning.xapi.models import Statement, StatementTerm
    from tests.learning.xapi.test_store import Store

    store = Store()
    through_http: list[float] = []
    for at in range(BATCHES):
        body = json.dumps([statement(at * BATCH + number) for number in range(BATCH)])
        through_http.append(_seconds(lambda body=body: store.ask("POST", "statements", body)))  # type: ignore[misc]
    rows, terms = list(Statement.objects.all()), list(StatementTerm.objects.all())
    fresh = [_copy(row) for row in rows]
    bare = _seconds(lambda: Statement.objects.bulk_create(fresh, batch_size=BATCH))
    bare += _seconds(lambda: StatementTerm.objects.bulk_create([_moved(term) for term in terms], batch_size=4 * BATCH))
    http = sum(through_http)
    say(
        f"xapi on {connection.vendor}: {BATCH * BATCHES / http:,.0f} statements/s in batches of {BATCH}, {bare / http:.2f} of bare bulk inserts"
    )
    singles = [_seconds(lambda: store.send(statement(1))) for _ in range(SINGLES)]
    say(f"xapi: one statement {statistics.median(singles) * 1000:.1f} ms")
    agent = json.dumps({"account": {"homePage": HOME, "name": "learner-7"}})
    for what, params in (("agent", {"agent": agent}), ("activity", {"activity": f"{HOME}/unit/7"}),
                         ("related", {"activity": f"{HOME}/course/7", "related_activities": "true"})):  # fmt: skip
        times = sorted(_seconds(lambda params=params: store.ask("GET", "statements", limit="100", **params)) for _ in range(20))  # type: ignore[misc]
        say(f"xapi: by {what} at {Statement.objects.count():,} statements: p95 {times[18] * 1000:.1f} ms")


def _copy(row: Any) -> Any:
    row.pk, row.statement_id = None, uuid4()
    row._state.adding = True
    return row


def _moved(term: Any) -> Any:
    term.pk, term.statement_id = None, uuid4()
    return term
