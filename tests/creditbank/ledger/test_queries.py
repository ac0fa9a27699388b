"""Statements, lots, and the check of the books: every way in which they could be wrong is found and named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from creditbank.api import Account, AccountKind, Posting, Transaction, find_faults, live_lots, statement_lines
from creditbank.ledger.actions import award, convert, hold, release
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

    with django_assert_num_queries(1):
        lines = statement_lines(learner.uuid, "A")

    assert [line.balance for line in lines] == [6, 6, 6]
    assert lines[-1].held == Decimal(-6)


def test_statement_order_is_that_of_posting_not_of_dates(learner):
    give(learner.uuid, "6", on=date(2026, 5, 1))
    give(learner.uuid, "2", on=date(2026, 4, 1))

    assert [line.balance for line in statement_lines(learner.uuid, "A")] == [6, 8]


def test_right_books_are_said_to_be_right(learner):
    give(learner.uuid, "6")
    out = StringIO()

    call_command("check_books", stdout=out)

    assert out.getvalue() == "The books balance: 2 postings checked.\n"


def test_empty_books_balance():
    assert find_faults() == []


def raw_posting(learner, *, source, destination, amount, kind="transfer", lot=None):
    """A row that did not come through the door."""
    entry = Transaction.objects.create(type=kind, key=str(uuid4()), effective_on=ON)
    return Posting.objects.create(
        transaction=entry, source=source, destination=destination, amount=Decimal(amount), lot_uuid=lot or uuid4()
    )


def account(kind, learner, unit="A"):
    return Account.objects.get_or_create(kind=kind, unit=credit_system(unit), owner_uuid=learner.uuid)[0]


def test_a_wrong_cached_balance_is_named(learner):
    give(learner.uuid, "6")
    mine = Account.objects.get(kind=AccountKind.AVAILABLE)
    Account.objects.filter(pk=mine.pk).update(balance=Decimal(7))

    assert [(fault.promise, fault.found, fault.expected) for fault in find_faults()] == [("cached balance equals its postings", "7", "6")]
    with pytest.raises(CommandError, match=f"account {mine.pk} "):
        call_command("check_books", stderr=StringIO())


def test_a_posting_between_two_units_is_named(learner):
    raw = raw_posting(learner, source=account("issuer", learner), destination=account("issuer", learner, "V"), amount="1")

    promises = {fault.promise: fault.row for fault in find_faults()}

    assert promises["a posting has one unit"] == f"posting {raw.pk}"
    assert {fault.row for fault in find_faults() if fault.promise == "a unit sums to zero"} == {"A", "V"}


def test_an_amount_off_the_step_is_named(learner):
    raw_posting(learner, source=account("issuer", learner), destination=account("bridge", learner), amount="0.3")

    assert [(fault.promise, fault.row) for fault in find_faults()] == [("amounts lie on the step", "A")]


def test_an_account_and_a_lot_below_nothing_are_named(learner):
    lot = uuid4()
    raw_posting(learner, source=account("available", learner), destination=account("issuer", learner), amount="2", lot=lot)

    promises = [fault.promise for fault in find_faults()]

    assert promises == ["cached balance equals its postings", "no account below nothing", "a lot gives at most what it had"]


def test_a_lot_that_borrowed_from_another_is_named(learner):
    give(learner.uuid, "6")
    small = give(learner.uuid, "2")
    mine, held = account("available", learner), account("held", learner)
    raw_posting(learner, source=mine, destination=held, amount="4", lot=small)
    Account.objects.filter(pk=mine.pk).update(balance=Decimal(4))
    Account.objects.filter(pk=held.pk).update(balance=Decimal(4))

    assert [(fault.promise, fault.row) for fault in find_faults()] == [
        ("a lot gives at most what it had", f"lot {small} in account {mine.pk}")
    ]


def test_an_award_that_left_without_a_reversal_is_named(learner):
    lot = give(learner.uuid, "6", unit="V")
    credit_system("A")
    used(learner, uuid4(), lot)
    awarded, issuing = Account.objects.get(kind="award"), account("issuer", learner)
    raw = raw_posting(learner, source=awarded, destination=issuing, amount="3.5", lot=lot)
    Account.objects.filter(pk=awarded.pk).update(balance=0)

    assert [(fault.promise, fault.row) for fault in find_faults()] == [("an award leaves by reversal only", f"posting {raw.pk}")]


def test_a_transaction_without_postings_is_named():
    Transaction.objects.create(type="deposit", key="empty", effective_on=ON)

    assert [(fault.promise, fault.row) for fault in find_faults()] == [("a transaction has postings", "empty")]


def test_the_check_costs_the_same_for_1_and_30_lots(learner, django_assert_max_num_queries, django_assert_num_queries):
    give(learner.uuid, "6")
    with django_assert_max_num_queries(12) as once:
        find_faults()
    for _ in range(29):
        give(UserFactory().uuid, "6")

    with django_assert_num_queries(len(once.captured_queries)):
        find_faults()
