"""Statements and lots."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from creditbank.api import Transaction, balances, live_lots, lots_of, reverse_transaction, statement_lines
from creditbank.ledger.actions import award, convert, deposit, hold, release
from creditbank.ledger.queries import pending_lots
from tests.factories.creditbank import ON, give
from tests.factories.identity import UserFactory
from tests.factories.learning import credit_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def learner():
    return UserFactory()


def used(learner, application, lot):
    credit_system("V")
    hold(application=application, owner=learner.uuid, lots=[(lot, "V", Decimal(6))], on=ON, by=learner)
    gains = [(lot, Decimal("3.5"))]
    convert(application=application, owner=learner.uuid, unit="A", gains=gains, on=ON, by=None)
    award(application=application, owner=learner.uuid, unit="A", programme="P", gains=gains, on=ON, by=None)


def test_the_statement_shows_every_change_with_the_balance_after_it(learner):
    lot, other = give(learner.uuid, "6", unit="V"), give(learner.uuid, "2", unit="V")
    give(uuid4(), "9", unit="V")
    credit_system("A")
    application = uuid4()
    used(learner, application, lot)

    lines = [(line.type, str(line.change), str(line.held), str(line.balance)) for line in statement_lines(learner.uuid, "V")]

    assert [(kind, Decimal(change), Decimal(held), Decimal(balance)) for kind, change, held, balance in lines] == [
        ("verify", 6, 0, 6), ("verify", 2, 0, 8), ("hold", 0, 6, 8), ("convert", -6, -6, 2),
    ]  # fmt: skip
    gained = statement_lines(learner.uuid, "A")
    assert [(line.type, line.change, line.balance, line.application) for line in gained] == [
        ("award", Decimal("3.5"), Decimal("3.5"), application)
    ]
    assert live_lots(learner.uuid) == {other: ("V", Decimal(2))}


def test_the_last_balance_of_the_statement_is_the_balance(learner, django_assert_num_queries):
    lot = give(learner.uuid, "6")
    application = uuid4()
    hold(application=application, owner=learner.uuid, lots=[(lot, "A", Decimal(6))], on=ON, by=learner)
    release(application=application, on=ON, by=learner)

    with django_assert_num_queries(4):
        lines = statement_lines(learner.uuid, "A")

    assert [line.balance for line in lines] == [6, 6, 6]
    assert lines[-1].held == Decimal(-6)


def test_statement_order_is_that_of_posting_not_of_dates(learner):
    give(learner.uuid, "6", on=date(2026, 5, 1))
    give(learner.uuid, "2", on=date(2026, 4, 1))

    assert [line.balance for line in statement_lines(learner.uuid, "A")] == [6, 8]


def test_where_a_record_s_credit_lies_is_one_list(learner):
    lot = give(learner.uuid, "6", unit="V")
    credit_system("A")
    used(learner, uuid4(), lot)

    assert [(found.kind, found.unit, found.amount) for found in lots_of(lot)] == [("award", "A", Decimal("3.5"))]


def test_what_was_used_is_counted_until_it_is_reversed(learner):
    first, second = UserFactory(), UserFactory()
    lot, application = give(learner.uuid, "6", unit="V"), uuid4()
    credit_system("A")
    used(learner, application, lot)
    assert (balances(learner.uuid)["V"].used, balances(learner.uuid, on=ON)["V"].used) == (Decimal(6), Decimal(6))
    assert balances(learner.uuid)["A"].used == 0

    for kind in ("award", "convert"):
        reverse_transaction(Transaction.objects.get(key=f"{kind}:{application}"), by=first, second=second, on=ON, reason="x")

    assert (balances(learner.uuid)["V"].used, balances(learner.uuid)["V"].held) == (0, Decimal(6))


def test_what_waits_is_found_whether_it_came_last_or_lies_among_what_left(learner, django_assert_num_queries):
    unit = "A"
    one, several, none, back = (UserFactory() for _ in range(4))
    waits = {}
    for person, lots in ((one, 1), (several, 3), (back, 1)):
        for _ in range(2):
            give(person.uuid)
        waits[person] = [uuid4() for _ in range(lots)]
        for lot in waits[person]:
            deposit(record=lot, owner=person.uuid, issuer="SCHOOL", unit=unit, amount=Decimal(6), on=ON)
    give(none.uuid)
    give(several.uuid)  # came last, and has left
    taken_back = Transaction.objects.filter(type="verify", record_uuid=give(back.uuid)).get()
    reverse_transaction(taken_back, by=UserFactory(), second=UserFactory(), on=ON, reason="x")

    with django_assert_num_queries(3):
        found = pending_lots()

    assert sorted(found) == sorted(lot for lots in waits.values() for lot in lots)  # a confirmation that was taken back waits for nobody


def test_what_waits_costs_the_same_for_1_and_30_people(learner, django_assert_num_queries):
    credit_system("A")
    for people in (1, 29):
        for _ in range(people):
            deposit(record=uuid4(), owner=UserFactory().uuid, issuer="SCHOOL", unit="A", amount=Decimal(2), on=ON)
        with django_assert_num_queries(2):
            pending_lots()

    assert len(pending_lots()) == 30
