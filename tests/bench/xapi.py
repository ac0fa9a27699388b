"""The record store beside bare inserts of the same rows: batches, single statements, and questions as the table grows."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from tests.bench.server import Client, served

BATCH = 500
BATCHES = 8
SINGLES = 200
HOME = "http://lms.example.org"


def statement(number: int, *, people: int = 500, units: int = 300) -> dict[str, Any]:
    """A statement of about a kilobyte: an account, an activity with a description, a result, a context."""
    return {
        "id": str(uuid4()),
        "actor": {"objectType": "Agent", "account": {"homePage": HOME, "name": f"learner-{number % people}"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"zh-CN": "完成了", "en": "completed"}},
        "object": {
            "id": f"{HOME}/unit/{number % units}",
            "definition": {"name": {"zh-CN": "用药安全与护理核对", "en": "Safe medication"}, "description": {"zh-CN": "三查八对" * 20}},
        },
        "result": {"completion": True, "success": True, "score": {"scaled": 0.86, "raw": 86, "min": 0, "max": 100}, "duration": "PT12M30S"},
        "context": {"registration": str(UUID(int=number // 20)), "contextActivities": {"parent": [{"id": f"{HOME}/course/{number % 30}"}]}, "platform": "Moodle"},
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
        _measure(say, databases.url_of(name))
    finally:
        databases.drop(name)


def _measure(say: Callable[[str], object], url: str) -> None:
    from django.db import connection
    from django.utils import timezone

    from learning.xapi.keys import create_key

    key, secret = create_key("bench", institution=None, scopes=None, actor=None, at=timezone.now())
    connection.close()
    with served(url, module="tests.bench.one_insert") as port:
        clients = [Client(port, key.key, secret) for _ in range(2)]
        clients[0].ask("POST", "/xapi/2.0/statements", _body(BATCH))
        _ingest(say, clients)
        _singles(say, clients[0])
    _growth(say, key)


def _body(size: int, start: int = 0) -> bytes:
    return json.dumps([statement(start + number) for number in range(size)]).encode()


def _ingest(say: Callable[[str], object], clients: list[Client]) -> None:
    """Batches of 500 beside COPY of the very same rows; batches of 50 by two clients."""
    from django.db import connection

    from learning.xapi.models import Statement

    before = Statement.objects.count()
    bodies = [_body(BATCH, at * BATCH) for at in range(BATCHES)]
    bare, through_http = [], []
    for body in bodies:
        known = Statement.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
        through_http.append(_seconds(lambda body=body: clients[0].ask("POST", "/xapi/2.0/statements", body)))  # type: ignore[misc]
        bare.append(_copy_again(known))
    stored = Statement.objects.count() - before
    rate = BATCH / statistics.median(through_http)
    ratio = statistics.median(bare) / statistics.median(through_http)
    say(
        f"xapi on {connection.vendor}: {rate:,.0f} statements/s over HTTP in batches of {BATCH}, {ratio:.2f} of bare {_bare_name()} of the same rows"
    )
    small = [_body(50, at * 50) for at in range(200)]
    halves = [small[::2], small[1::2]]

    def send(number: int) -> None:
        for body in halves[number]:
            clients[number].ask("POST", "/xapi/2.0/statements", body)

    with ThreadPoolExecutor(2) as pool:
        seconds = _seconds(lambda: list(pool.map(send, range(2))))
    say(f"xapi: {200 * 50 / seconds:,.0f} statements/s in batches of 50, two clients, server and database on the same cores")
    assert stored == BATCH * BATCHES * 2


def _bare_name() -> str:
    from django.db import connection

    return "COPY" if connection.vendor == "postgresql" else "executemany"


def _copy_again(after: int) -> float:
    """Write the rows that came after a place once more, under new ids and places, as bare as the database allows; the seconds it takes."""
    from django.db import connection, transaction

    from learning.xapi import rows as store
    from learning.xapi.models import Statement, StatementTerm

    when = store.Moment(store.stored_at(Statement.objects.order_by("-seq").values_list("seq", flat=True)[0]) + store.MICROSECOND, 1)
    terms: dict[int, dict[str, bool]] = {}
    for value, seq, main in StatementTerm.objects.filter(statement_id__gt=after).values_list("value", "statement_id", "is_main"):
        terms.setdefault(seq, {})[value.hex] = main
    fresh = [
        store.Row(
            uuid4().hex, row.timestamp, row.verb, row.object_iri, row.actor.hex, row.content_hash, row.text, terms[row.seq],
            registration=row.registration.hex, key_id=row.key_id,
        )
        for row in Statement.objects.filter(seq__gt=after)
    ]  # fmt: skip
    store.place(fresh, when)
    if connection.vendor == "postgresql":
        lines = "".join([store._line(row) for row in fresh])
        of_terms = "".join(f"{value}\t{row.seq}\t{'t' if main else 'f'}\n" for row in fresh for value, main in row.terms.items())

        def write() -> None:
            for table, columns, text in (
                ("learning_statement", store.COLUMNS, lines),
                ("learning_statementterm", store.TERM_COLUMNS, of_terms),
            ):
                with store._copying(table, columns) as copy:
                    copy.write(text)
    else:

        def write() -> None:
            store.insert(fresh, expected=len(fresh))

    def committed() -> None:
        with transaction.atomic():
            write()

    return _seconds(committed)


def _singles(say: Callable[[str], object], client: Client) -> None:
    """One statement beside one INSERT, in turns, so that both meet the same machine."""
    ours, theirs = [], []
    for number in range(SINGLES):
        body = json.dumps(statement(number)).encode()
        ours.append(_seconds(lambda body=body: client.ask("POST", "/xapi/2.0/statements", body)))  # type: ignore[misc]
        theirs.append(_seconds(lambda body=body: client.ask("POST", "/bench/insert", body)))  # type: ignore[misc]
    one, insert = statistics.median(ours), statistics.median(theirs)
    say(f"xapi: one statement {one * 1000:.1f} ms, {one / insert:.2f} times a view with one INSERT ({insert * 1000:.1f} ms)")


def _growth(say: Callable[[str], object], key: Any) -> None:
    """Cost of a statement, and of every question, as the table grows tenfold and tenfold again."""
    from django.db import connection

    from learning.xapi.models import Statement

    before: dict[str, float] = {}
    first = Statement.objects.count()
    for size in SIZES if connection.vendor == "postgresql" else SIZES[:2]:
        have = Statement.objects.count()
        seconds = _fill(key, have, first + size)
        if connection.vendor == "postgresql":
            _settle()
        say(
            f"xapi at {size:,}: {seconds / (first + size - have) * 1e6:.0f} µs a statement in process, {_bytes() / (first + size):,.0f} bytes a statement on disk"
        )
        times = {what: _p95(key, params) for what, params in QUESTIONS.items()}
        shown = ", ".join(
            f"{what} {value:.1f} ms" + (f" ({value / before[what]:.2f}×)" if what in before else "") for what, value in times.items()
        )
        say(f"xapi at {size:,}: p95 at limit 100: {shown}")
        before = times


SIZES = (10_000, 100_000, 1_000_000)
AGENT = json.dumps({"account": {"homePage": HOME, "name": "learner-7"}})
QUESTIONS: dict[str, dict[str, str]] = {
    "agent": {"agent": AGENT}, "activity": {"activity": f"{HOME}/unit/7"}, "registration": {"registration": str(UUID(int=7))},
    "verb": {"verb": "http://adlnet.gov/expapi/verbs/completed"}, "since": {"since": "2020-01-01T00:00:00Z", "ascending": "true"},
    "until": {"until": "2100-01-01T00:00:00Z"}, "related activity": {"activity": f"{HOME}/course/7", "related_activities": "true"},
    "related agent": {"agent": AGENT, "related_agents": "true"}, "agent and verb": {"agent": AGENT, "verb": "http://adlnet.gov/expapi/verbs/completed"},
}  # fmt: skip


def _fill(key: Any, have: int, size: int) -> float:
    """Store statements until there are so many; the seconds that storing took. One in a thousand points to another one.

    So few people and units that from 100,000 statements on every question fills its page of 100: equal answers are compared.
    """
    from learning.xapi.receiving import read_parsed, read_quickly
    from learning.xapi.storing import store_batch

    seconds = 0.0
    for start in range(have, size, BATCH):
        batch = [statement(number, people=500, units=300) for number in range(start, min(start + BATCH, size))]
        pointing = {**batch[0], "id": str(uuid4()), "object": {"objectType": "StatementRef", "id": batch[-1]["id"]}}
        del pointing["context"]["platform"]
        body = json.dumps(batch[1:]).encode()
        begun = time.perf_counter()
        store_batch(read_quickly(body, "2.0.0") or [], key=key, release="2.0.0")
        seconds += time.perf_counter() - begun
        store_batch([read_parsed(pointing)], key=key, release="2.0.0")
    return seconds


def _settle() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE learning_statement")
        cursor.execute("VACUUM ANALYZE learning_statementterm")


def _bytes() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size('learning_statement') + pg_total_relation_size('learning_statementterm')")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return float(cursor.fetchone()[0])


def _p95(key: Any, params: dict[str, str]) -> float:
    """Milliseconds of the whole request in process, the 95th of a hundred."""
    from django.conf import settings
    from django.test import Client as TestClient

    from learning.xapi.tokens import issue_token

    token = issue_token(key, at=datetime.now(UTC), seconds=3600)
    headers = {"authorization": f"Bearer {token}", "x-experience-api-version": "2.0.0"}
    settings.XAPI_REQUESTS_PER_MINUTE = 10**9
    client = TestClient()

    def ask() -> None:
        answer = client.get("/xapi/2.0/statements", {"limit": "100", **params}, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(answer.content)

    ask()
    return sorted(_seconds(ask) for _ in range(60))[56] * 1000
