"""A worker that is killed: does jobs one after another and says each on a line once its transaction is committed.

``python -m tests.creditbank.ledger.worker KIND FIRST LAST``; every job may be begun again from its start, by anybody, at any time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

AMOUNT = Decimal(6)
BULK = 40


def lot_of(job: int) -> UUID:
    return UUID(int=(5 << 120) + job)


def owner_of(job: int) -> UUID:
    return UUID(int=(6 << 120) + job % 7)


def application_of(job: int) -> UUID:
    return UUID(int=(7 << 120) + job)


def keys_of(kind: str, job: int) -> list[str]:
    """Every transaction that a finished job has left, by its key."""
    lot, application = lot_of(job), application_of(job)
    if kind == "bulk":
        return [f"deposit:{lot_of(job * BULK + number)}" for number in range(BULK)]
    both = [f"deposit:{lot}", f"verify:{lot}"]
    more = {0: [f"hold:{application}", f"release:{application}"], 1: [f"hold:{application}", f"convert:{application}", f"award:{application}"],
            2: [f"expire:{lot}:2026-03-02"], 3: []}  # fmt: skip
    return both + more[job % 4]


def single(job: int) -> Iterator[str]:
    """The life of one lot, step by step, each a database transaction of its own; award and conversion are one."""
    from django.db import transaction

    from creditbank.api import deposit, expire, verify
    from creditbank.ledger.actions import award, convert, hold, release
    from tests.factories.creditbank import ON

    lot, owner, application = lot_of(job), owner_of(job), application_of(job)
    yield deposit(record=lot, owner=owner, issuer="SCHOOL", unit="A", amount=AMOUNT, on=ON).key
    yield verify(record=lot, owner=owner, unit="A", amount=AMOUNT, on=ON).key
    if job % 4 == 2:
        yield expire(record=lot, owner=owner, unit="A", amount=AMOUNT, on=ON).key
    if job % 4 > 1:
        return
    hold(application=application, owner=owner, lots=[(lot, "A", AMOUNT)], on=ON, by=None)
    yield f"hold:{application}"
    if job % 4 == 0:
        release(application=application, on=ON, by=None)
        yield f"release:{application}"
        return
    gains = [(lot, Decimal(3))]
    with transaction.atomic():
        convert(application=application, owner=owner, unit="A", gains=gains, on=ON, by=None)
        award(application=application, owner=owner, unit="A", programme="P", gains=gains, on=ON, by=None)
    yield f"convert:{application}"
    yield f"award:{application}"


def bulk(job: int) -> Iterator[str]:
    """Forty deposits that come together or not at all."""
    from creditbank.ledger.batches import Order, post_many
    from creditbank.ledger.models import NOBODY
    from creditbank.ledger.types import Move, Place
    from tests.factories.creditbank import ON

    orders = []
    for number in range(BULK):
        lot = lot_of(job * BULK + number)
        move = Move(Place("issuer", "A", NOBODY, "SCHOOL"), Place("pending", "A", owner_of(number)), AMOUNT, lot)
        orders.append(Order("deposit", (move,), key=f"deposit:{lot}", on=ON, record=lot))
    post_many(orders)
    yield from keys_of("bulk", job)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import django

    django.setup()
    kind, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    work = {"single": single, "bulk": bulk}[kind]
    for job in range(first, last):
        for key in work(job):
            say(key)
        say(f"done {job}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
