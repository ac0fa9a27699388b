"""The same credit wanted by many at the same moment: exactly one wins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from creditbank.api import InsufficientCredit, Posting, Transaction, balances, deposit, find_faults, reverse_transaction
from creditbank.ledger.actions import award, convert, hold
from tests.factories.creditbank import ON, give
from tests.factories.identity import UserFactory
from tests.factories.learning import credit_system

WORKERS = 8


def race(work: Callable[[int], object], *expected: type[Exception]) -> list[object]:
    """Run the work in eight threads with a connection each; the results, with refusals that may happen as their class."""

    def one(number: int) -> object:
        try:
            return work(number)
        except expected as refusal:
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as workers:
        return list(workers.map(one, range(WORKERS)))


@pytest.mark.postgres
def test_a_record_that_arrives_eight_times_at_once_is_deposited_once(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        credit_system()
        record, owner = uuid4(), uuid4()

        found = race(lambda _n: deposit(record=record, owner=owner, issuer="I", unit="A", amount=Decimal(3), on=ON).pk)

        assert len(set(found)) == 1
        assert (Transaction.objects.count(), Posting.objects.count()) == (1, 1)
        assert balances(owner)["A"].pending == Decimal(3)
        assert find_faults() == []


@pytest.mark.postgres
def test_eight_applications_want_one_lot_and_one_gets_it(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        learner = UserFactory()
        lot = give(learner.uuid, "3")

        found = race(
            lambda _n: hold(application=uuid4(), owner=learner.uuid, lots=[(lot, "A", Decimal(3))], on=ON, by=learner).pk,
            InsufficientCredit,
            IntegrityError,
        )

        assert len([result for result in found if isinstance(result, int)]) == 1
        assert balances(learner.uuid)["A"].held == Decimal(3)
        assert find_faults() == []


@pytest.mark.postgres
def test_an_award_that_is_posted_eight_times_at_once_counts_once(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        learner, application = UserFactory(), uuid4()
        lot = give(learner.uuid, "3")
        hold(application=application, owner=learner.uuid, lots=[(lot, "A", Decimal(3))], on=ON, by=learner)
        gains = [(lot, Decimal(2))]
        convert(application=application, owner=learner.uuid, unit="A", gains=gains, on=ON, by=None)

        found = race(lambda _n: award(application=application, owner=learner.uuid, unit="A", programme="P", gains=gains, on=ON, by=None).pk)

        assert len(set(found)) == 1
        assert balances(learner.uuid)["A"].awarded == Decimal(2)
        assert find_faults() == []


@pytest.mark.postgres
def test_a_transaction_is_reversed_once_by_eight_pairs(postgres_db, django_db_blocker):
    from creditbank.api import AlreadyReversed

    with django_db_blocker.unblock():
        learner, first, second = UserFactory(), UserFactory(), UserFactory()
        lot = give(learner.uuid, "3")
        entry = Transaction.objects.get(key=f"verify:{lot}")

        race(lambda _n: reverse_transaction(entry, by=first, second=second, on=ON, reason="x").pk, AlreadyReversed)

        assert Transaction.objects.filter(reverses=entry).count() == 1
        assert balances(learner.uuid)["A"].pending == Decimal(3)
        assert find_faults() == []


@pytest.mark.postgres
def test_two_people_who_pay_into_the_same_accounts_in_opposite_order_do_not_wait_for_ever(postgres_db, django_db_blocker):
    from creditbank.api import AccountKind, Move, Place, post_transaction
    from tests.factories.creditbank import issuer

    with django_db_blocker.unblock():
        credit_system()
        one, two = uuid4(), uuid4()

        def pay(number: int) -> int:
            moves = [Move(issuer(), Place(AccountKind.PENDING, "A", owner), Decimal(2), uuid4()) for owner in (one, two)]
            return post_transaction("deposit", moves if number % 2 else moves[::-1], key=f"t{number}", by=None, on=ON).pk

        assert len(set(race(pay))) == WORKERS
        assert [balances(owner)["A"].pending for owner in (one, two)] == [Decimal(16), Decimal(16)]
        assert find_faults() == []
