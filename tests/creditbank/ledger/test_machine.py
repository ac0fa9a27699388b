"""Random orders against a plain-dict oracle: the ledger agrees after every step, and its books balance."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.api import (
    InsufficientCredit,
    Move,
    Place,
    Transaction,
    balances,
    expire,
    find_faults,
    live_lots,
    post_transaction,
    reverse_transaction,
    revoke,
    statement_lines,
    transfer,
)
from creditbank.ledger.actions import award, convert, hold, release
from tests.factories.creditbank import ON, give
from tests.factories.identity import UserFactory
from tests.factories.learning import credit_system

ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["give", "give", "hold", "release", "award", "undo", "expire", "revoke", "follow", "again"]),
        st.integers(0, 3),
        st.integers(1, 8),
    ),
    min_size=1,
    max_size=14,
)


class Oracle:
    """What the books should say: for every lot one place."""

    def __init__(self):
        self.place, self.size, self.gain, self.of = {}, {}, {}, {}

    def total(self, where):
        return sum((self.size[lot] for lot, place in self.place.items() if place == where), Decimal(0))

    def awarded(self):
        return sum((self.gain[lot] for lot, place in self.place.items() if place == "awarded"), Decimal(0))


def place_of(account):
    return Place(account.kind, account.unit.code, account.owner_uuid, account.reference)


class Machine:
    def __init__(self):
        for unit in ("V", "A"):
            credit_system(unit)
        self.owner, self.first, self.second = UserFactory(), UserFactory(), UserFactory()
        self.oracle, self.applications, self.lots, self.days = Oracle(), defaultdict(list), [], itertools.count()

    def give(self, _number, steps):
        lot = give(self.owner.uuid, str(Decimal(steps) / 2), unit="V")
        self.lots.append(lot)
        self.oracle.place[lot], self.oracle.size[lot] = "available", Decimal(steps) / 2

    def hold(self, number, steps):
        if not self.lots:
            return
        lot, application = self.lots[number % len(self.lots)], uuid4()
        asked = Decimal(steps) / 2
        try:
            with transaction.atomic():
                hold(application=application, owner=self.owner.uuid, lots=[(lot, "V", asked)], on=ON, by=self.owner)
        except (InsufficientCredit, IntegrityError):
            assert self.oracle.place[lot] != "available" or asked > self.oracle.size[lot]
            return
        assert self.oracle.place[lot] == "available"
        if asked < self.oracle.size[lot]:  # a part: the rest of the machine knows whole lots only
            release(application=application, on=ON, by=self.owner)
            return
        self.oracle.place[lot], self.oracle.of[lot] = "held", application

    def _one(self, place, number):
        found = [lot for lot in self.lots if self.oracle.place[lot] == place]
        return found[number % len(found)] if found else None

    def release(self, number, _steps):
        if lot := self._one("held", number):
            release(application=self.oracle.of[lot], on=ON, by=self.owner)
            self.oracle.place[lot] = "available"

    def award(self, number, steps):
        if lot := self._one("held", number):
            application, gains = self.oracle.of[lot], [(lot, Decimal(steps) / 2)]
            convert(application=application, owner=self.owner.uuid, unit="A", gains=gains, on=ON, by=self.first)
            award(application=application, owner=self.owner.uuid, unit="A", programme="P", gains=gains, on=ON, by=self.first)
            self.oracle.place[lot], self.oracle.gain[lot] = "awarded", gains[0][1]

    def undo(self, number, _steps):
        if lot := self._one("awarded", number):
            application = self.oracle.of[lot]
            for kind in ("award", "convert"):
                entry = Transaction.objects.get(key=f"{kind}:{application}")
                reverse_transaction(entry, by=self.first, second=self.second, on=ON, reason="x")
            release(application=application, on=ON, by=self.first)
            self.oracle.place[lot] = "available"

    def _leave(self, number, place, work):
        """A lot leaves the account for good, if it is there; the very same order again moves nothing."""
        lot = self._one("available", number) or (self.lots[number % len(self.lots)] if self.lots else None)
        if lot is None:
            return
        try:
            with transaction.atomic():
                moved = work(lot) is not None
        except InsufficientCredit:
            moved = False
        assert moved == (self.oracle.place[lot] == "available")
        if moved:
            self.oracle.place[lot] = place

    def expire(self, number, _steps):
        def work(lot):
            day = ON + timedelta(days=next(self.days))
            return expire(record=lot, owner=self.owner.uuid, unit="V", amount=self.oracle.size[lot], on=day)

        self._leave(number, "expired", work)

    def revoke(self, number, _steps):
        self._leave(number, "revoked", lambda lot: revoke(record=lot, on=ON, by=self.first, second=self.second, reason="x"))

    def follow(self, number, _steps):
        """Everything of another login follows to this one, a lot of its own among it."""
        twin, size = UserFactory(), Decimal(number + 1) / 2
        lot = give(twin.uuid, str(size), unit="V")
        transfer(source=twin.uuid, destination=self.owner.uuid, key=str(twin.uuid), on=ON, by=self.first, second=self.second, reason="x")
        self.lots.append(lot)
        self.oracle.place[lot], self.oracle.size[lot] = "available", size

    def again(self, number, _steps):
        """A retry of a deposit and its confirmation, long after."""
        if self.lots:
            lot = self.lots[number % len(self.lots)]
            before = Transaction.objects.count()
            for name in ("deposit", "verify"):
                entry = Transaction.objects.get(key=f"{name}:{lot}")
                moves = [Move(place_of(row.source), place_of(row.destination), row.amount, row.lot_uuid) for row in entry.postings.all()]
                assert post_transaction(name, moves, key=entry.key, by=None, on=ON) == entry
            assert Transaction.objects.count() == before

    def check(self):
        found = balances(self.owner.uuid)
        if found:
            places = ("available", "held", "expired", "revoked", "awarded")
            have = (found["V"].available, found["V"].held, found["V"].expired, found["V"].revoked, found["V"].used)
            assert have == tuple(self.oracle.total(place) for place in places)
            assert (found["A"].awarded if "A" in found else 0) == self.oracle.awarded()
            assert balances(self.owner.uuid, on=ON) == found or sum(b.total for b in found.values()) == sum(
                b.total for b in balances(self.owner.uuid, on=ON).values()
            )
        for unit, balance in found.items():
            lines = statement_lines(self.owner.uuid, unit)
            assert (lines[-1].balance if lines else 0) == balance.total
        expected = {lot: ("V", size) for lot, size in self.oracle.size.items() if self.oracle.place[lot] == "available"}
        assert live_lots(self.owner.uuid) == expected
        assert find_faults() == []


class _RollBack(Exception):
    pass


@transaction.atomic
def run_and_forget(orders):
    machine = Machine()
    for name, number, steps in orders:
        getattr(machine, name)(number, steps)
        machine.check()
    raise _RollBack


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=ORDERS)
def test_any_sequence_of_orders_agrees_with_the_oracle(orders):
    with pytest.raises(_RollBack):
        run_and_forget(orders)
