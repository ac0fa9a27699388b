"""The bank with a million transactions beside the demo city: every page, the check of the books, and how fast it posts."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from tests.bench import million

SIZE = int(os.environ.get("BANK_SIZE", "1000000"))
TIMES = 30
BUDGET = 150
PAGES = {
    "-": (
        "/convert/", "/convert/?have=JLHV:NUR101&have=JLSA:CERT4&score=80", "/convert/towards/", "/rules/", "/rules/JLOU/v1/", "/verify/",
        "/verify/?code=ABCD-EFGH-JKLM",
    ),
    "lin": (
        "/my/credits/", "/my/credits/?unit=A&since=2020-01-01", "/my/credits/statement/", "/my/credits/statement.csv", "/my/applications/",
        "/my/applications/new/", "/my/applications/new/CARE-A-2026/", "/my/applications/RC-2025-0001/", "/my/transcript/", "/my/certificates/",
    ),
    "zhou": (
        "/desk/", "/desk/?state=posted", "/desk/?q=RC-2026", "/desk/cases/RC-2025-0001/", "/desk/deposits/", "/desk/issued/",
        "/desk/issued/?q=%E6%9E%97", "/desk/corrections/", "/desk/results/", "/desk/rulebooks/", "/desk/certificates/",
    ),
    "he": ("/desk/", "/desk/corrections/", "/desk/cases/RC-2025-0001/"),
    "gao": ("/desk/", "/desk/cases/RC-2025-0001/", "/desk/corrections/", "/ops/books/", "/ops/books/?q=award:"),
    "ops": ("/ops/books/", "/ops/health/"),
}  # fmt: skip


def run(say: Callable[[str], object]) -> None:
    """Print the figures. Works in a throw-away clone on whichever database is configured."""
    from django.conf import settings
    from django.core.management import call_command

    from tests import databases

    name = databases.clone("bench_bank")
    databases.point_to(name)
    settings.DEMO, settings.MEDIA_ROOT = True, tempfile.mkdtemp(prefix="bank-bench-")
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            call_command("seed_demo", stdout=nowhere)
        _measure(say)
    finally:
        databases.drop(name)


def _measure(say: Callable[[str], object]) -> None:
    from django.db import connection
    from django.utils import timezone

    from creditbank.api import check_books

    posted = _posting()
    begun = time.perf_counter()
    written = million.fill(SIZE)
    say(f"bank on {connection.vendor}: {written:,} transactions written past the door in {time.perf_counter() - begun:.0f} s")
    check = check_books(clock=timezone.now)
    seconds = (check.finished_at - check.started_at).total_seconds()
    say(
        f"bank: check_books over {check.transactions:,} transactions, {check.postings:,} postings: {seconds:.1f} s, {check.fault_count} faults"
    )
    say(f"bank: one posting {posted:.1f} ms with an empty ledger, {_posting():.1f} ms ({1000 / _posting():.0f}/s) now; one process")
    say(f"bank: {_together():,.0f} postings/s in batches of 500")
    slow = []
    for who, paths in PAGES.items():
        client = _client(who)
        for path in paths:
            times = sorted(_page(client, path) for _ in range(TIMES))
            p95 = times[int(TIMES * 0.95)]
            slow += [path] if p95 > BUDGET else []
            say(f"bank: {who:>5} {path}: median {statistics.median(times):.0f} ms, p95 {p95:.0f} ms" + (" OVER" if p95 > BUDGET else ""))
    say(f"bank: {sum(map(len, PAGES.values())) - len(slow)} pages within {BUDGET} ms at p95, {len(slow)} over: {', '.join(slow) or 'none'}")


def _client(who: str) -> Any:
    from django.test import Client

    from identity.api import User

    client = Client()
    if who != "-":
        client.force_login(User.objects.get(email=f"{who}@demo.example"))
    return client


def _page(client: Any, path: str) -> float:
    begun = time.perf_counter()
    answer = client.get(path)
    took = (time.perf_counter() - begun) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return took


def _posting() -> float:
    """Milliseconds of one deposit, each in a transaction of its own: the median of a hundred."""
    from creditbank.api import deposit

    def once() -> float:
        begun = time.perf_counter()
        deposit(record=uuid4(), owner=uuid4(), issuer="BENCH", unit="A", amount=Decimal(3), on=date(2026, 3, 2))
        return (time.perf_counter() - begun) * 1000

    return statistics.median(once() for _ in range(100))


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
