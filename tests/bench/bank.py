"""The bank with a million transactions beside the demo city: every page, the check of the books, and how fast it posts."""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from tests.bench import filled, pages
from tests.bench.books import broken, check_apart
from tests.bench.staged import stage

SIZE = int(os.environ.get("BANK_SIZE", "1000000"))
TIMES = int(os.environ.get("BANK_TIMES", "40"))
BUDGET = 150
SLOW, LEAST = 1.2, 5
"""Seconds that one page is looked at before the rest of its rounds is left out, after so many at least: what takes long is known after a few."""
NEAR = 100
"""From so many milliseconds on a page is listed once more at the end."""


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds on the clock, and of the processor (this process and the database's together), queries, bytes.

    The clock says what a visitor waits for; on a machine that does other work as well, the processor says what the page costs.
    """

    who: str
    path: str
    p50: float
    p95: float
    work: float
    queries: int
    size: int


def run(say: Callable[[str], object], *, only: str = "") -> None:
    """Print the figures. Works in throw-away clones on whichever database is configured. ``only`` measures the pages that hold this text, nothing else.

    A page that fails is told and stops nothing; the end says so once more. Raises RuntimeError then, after everything was measured.
    """
    from tests import databases

    begun = time.perf_counter()
    if only:
        with filled.full_bank(SIZE, say):
            failed = measure_pages(say, only)
    else:
        with filled.demo_bank(say):
            empty = _posting()
        with filled.full_bank(SIZE, say) as name:
            say(f"bank on {databases.vendor()}: {check_apart(name)}")
            measure_posting(say, empty)
            failed = measure_pages(say)
            say(f"bank: one of them broken: {broken(name)}")
    say(f"bank on {databases.vendor()}: everything in {time.perf_counter() - begun:.0f} s")
    if failed:
        raise RuntimeError(f"{failed} pages failed; see above")


@contextmanager
def demo_settings() -> Iterator[None]:
    """A demo with files of its own, which go when the bench ends."""
    from django.test import override_settings

    with tempfile.TemporaryDirectory(prefix="bank-bench-") as folder, override_settings(DEMO=True, MEDIA_ROOT=Path(folder)):
        yield


def measure_posting(say: Callable[[str], object], empty: float) -> None:
    """How fast a filled bank posts; ``empty`` is what a posting took before it was filled, in milliseconds."""
    full = _posting()
    say(f"bank: one posting {empty:.1f} ms with the demo alone, {full:.1f} ms ({1000 / full:.0f}/s) now; one process")
    say(f"bank: {_together():,.0f} postings/s in batches of 500")


def measure_pages(say: Callable[[str], object], part: str = "") -> int:
    """A line for every page (or those whose person and address hold ``part``), then the counts. How many failed."""
    gc.collect()
    gc.freeze()  # as config.wsgi does
    gc.set_threshold(20_000, 20, 20)
    say(
        f"bank: each page {TIMES} times or for {SLOW} s; milliseconds on the clock, work: p95 of processor time, its database's process included;"
        f" the bound is {BUDGET} ms at p95"
    )
    say(HEAD)
    failed: list[str] = []
    found = list(measured_pages(say, part, failed))
    gc.unfreeze()
    if not part:
        say(f"bank: routes of the bank not measured: {', '.join(pages.forgotten(one.path for one in found)) or 'none'}")
    near = sorted((one for one in found if one.p95 > NEAR), key=lambda one: -one.p95)
    say(f"bank: slowest pages (over {NEAR} ms at p95): {'' if near else 'none'}")
    for one in near:
        say(_line(one))
    over, costly = sum(one.p95 > BUDGET for one in found), sum(one.work > BUDGET for one in found)
    say(
        f"bank: {len(found)} pages measured, {len(found) - over} within {BUDGET} ms at p95, {over} over by the clock, {costly} by the processor;"
        f" {len(failed)} failed (load {os.getloadavg()[0]:.1f})"
    )
    return len(failed)


def measured_pages(say: Callable[[str], object], part: str = "", failed: list[str] | None = None) -> Iterator[Measured]:
    """Every page (or those whose address holds ``part``) asked for again and again, one line each."""
    people, headers = pages.people(), _token_headers()
    stage(people, say)
    for who, person in people.items():
        client, given = _client(person), pages.arguments(person)
        for pattern in pages.PAGES[who]:
            path = pages.address(pattern, given)
            if part not in f"{who} {path or pattern}":
                continue
            if not path:
                say(f"bank: {who:>8} nothing of the kind to ask for: {pattern}")
                continue
            try:
                one = _measured(client, who, path, headers if who == "token" else None)
            except Exception as error:  # noqa: BLE001  the others are to be measured all the same
                say(f"bank: {who:>8} FAILED {path}: {type(error).__name__}: {error}")
                if failed is not None:
                    failed.append(path)
                continue
            say(_line(one))
            yield one


HEAD = f"bank: {'who':>8} {'p50':>6} {'p95':>6} {'work':>6} {'queries':>7} {'kB':>6} {'':5} page"


def _line(one: Measured) -> str:
    verdict = "OVER" if one.p95 > BUDGET else "under"
    return f"bank: {one.who:>8} {one.p50:6.0f} {one.p95:6.0f} {one.work:6.0f} {one.queries:7} {one.size / 1024:6.0f} {verdict:5} {one.path}"


def _client(person: Any) -> Any:
    from django.test import Client

    client = Client()
    if person is not None:
        client.force_login(person)
    return client


def _token_headers() -> dict[str, str]:
    from django.utils import timezone

    from identity.api import Institution, make_token

    ends = timezone.localdate() + timedelta(days=9)
    _row, secret = make_token(
        Institution.objects.get(code="JLOU"), name="bench", scopes=["results:read", "applications:read"], expires_on=ends, actor=None,
        at=timezone.now(),
    )  # fmt: skip
    return {"Authorization": f"Bearer {secret}"}


def _measured(client: Any, who: str, path: str, headers: dict[str, str] | None = None) -> Measured:
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cache.clear()
    _page(client, path, headers)  # not measured: it compiles templates, and reads rule books that are kept then
    with CaptureQueriesContext(connection) as queries:
        size = len(_page(client, path, headers))
    asked = len(queries)
    clock: list[float] = []
    work: list[float] = []
    until = time.perf_counter() + SLOW
    while len(clock) < TIMES and (len(clock) < LEAST or time.perf_counter() < until):
        cache.clear()  # it counts how often somebody asks; each asks for the first time
        begun, used = time.perf_counter(), _processor()
        _page(client, path, headers)
        clock.append((time.perf_counter() - begun) * 1000)
        work.append((_processor() - used) * 1000)
    return Measured(who, path, median(clock), _p95(clock), _p95(work), asked, size)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _processor() -> float:
    """Seconds of processor that this process and, on PostgreSQL, its connection's server process have used."""
    from django.db import connection

    own = time.process_time()
    if connection.vendor != "postgresql" or connection.connection is None:
        return own
    server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return own + int(server.read_text(encoding="ascii").split()[0]) / 1e9


def _page(client: Any, path: str, headers: dict[str, str] | None) -> bytes:
    answer = client.get(path, headers=headers)
    if answer.status_code not in {200, 302}:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def _posting() -> float:
    """Milliseconds of one deposit, each in a transaction of its own: the median of a hundred."""
    from creditbank.api import deposit

    def once() -> float:
        begun = time.perf_counter()
        deposit(record=uuid4(), owner=uuid4(), issuer="BENCH", unit="A", amount=Decimal(3), on=date(2026, 3, 2))
        return (time.perf_counter() - begun) * 1000

    return median(once() for _ in range(100))


def _together() -> float:
    """Deposits a second through the batch path."""
    from creditbank.ledger.batches import Order, post_many
    from creditbank.ledger.models import NOBODY
    from creditbank.ledger.types import Move, Place

    orders = []
    for _ in range(500):
        lot = uuid4()
        move = Move(Place("issuer", "A", NOBODY, "BENCH"), Place("pending", "A", uuid4()), Decimal(3), lot)
        orders.append(Order("deposit", (move,), key=f"deposit:{lot}", on=date(2026, 3, 2), by=None, record=lot))
    begun = time.perf_counter()
    post_many(orders)
    return len(orders) / (time.perf_counter() - begun)
