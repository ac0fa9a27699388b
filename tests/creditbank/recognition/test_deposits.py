"""Credit of learning records reaches the account: once, by itself where two persons arranged it, else by an officer's hand."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from creditbank.api import InsufficientCredit, Transaction, balances, confirm_record, deposit_record, find_faults
from creditbank.recognition import tasks
from foundation.api import AuditEntry, Notice
from learning.api import LearningRecord, Trust, void_record
from tests.factories.creditbank import ON
from tests.factories.identity import UserFactory
from tests.factories.learning import make_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def learner():
    return UserFactory()


def account(person):
    found = balances(person.uuid).get("A")
    return (found.pending, found.available) if found else None


def test_what_an_institution_uploads_is_available_at_once(learner):
    record = make_record(learner)

    assert account(learner) == (Decimal(0), Decimal(3))
    assert list(Transaction.objects.order_by("id").values_list("key", flat=True)) == [f"deposit:{record.uuid}", f"verify:{record.uuid}"]
    assert Notice.objects.get(code="ledger.deposited").data["credits"] == "3"
    assert find_faults() == []


def test_a_run_with_an_approved_automatic_deposit_needs_no_officer(learner):
    make_record(learner, source="run", auto_deposit=True)

    assert account(learner) == (Decimal(0), Decimal(3))


def test_a_run_without_one_waits_for_an_officer(learner):
    record = make_record(learner, source="run")
    assert account(learner) == (Decimal(3), Decimal(0))
    officer = UserFactory()

    confirm_record(record, actor=officer, on=ON)

    assert account(learner) == (Decimal(0), Decimal(3))
    assert Transaction.objects.get(type="verify").by_uuid == officer.uuid


def test_ten_credits_are_named_ten_in_the_notice(learner):
    make_record(learner, credits=Decimal("10.0"))

    assert Notice.objects.get(code="ledger.deposited").data["credits"] == "10"


def test_depositing_and_confirming_again_changes_nothing(learner):
    record = make_record(learner)
    before = (Transaction.objects.count(), AuditEntry.objects.count(), Notice.objects.count())

    first, again = (deposit_record(record, on=ON) for _ in range(2))
    confirm_record(record, actor=UserFactory(), on=ON)

    assert first == again
    assert (Transaction.objects.count(), AuditEntry.objects.count(), Notice.objects.count()) == before


@pytest.mark.parametrize("facts", [{"trust": Trust.SELF, "source": "learner_upload"}, {"credits": None, "credit_system": None}])
def test_what_no_institution_stands_for_or_carries_no_credit_is_not_deposited(learner, facts):
    make_record(learner, **facts)

    assert account(learner) is None
    assert not Transaction.objects.exists()


def test_a_record_that_became_void_is_not_confirmed(learner):
    record = make_record(learner, source="run")
    void_record(record, actor=UserFactory(), reason="重复录入", at=record.recorded_at)
    record.refresh_from_db()
    before = (Transaction.objects.count(), AuditEntry.objects.count())

    assert confirm_record(record, actor=UserFactory(), on=ON) is None

    assert account(learner) == (Decimal(3), Decimal(0))
    assert (Transaction.objects.count(), AuditEntry.objects.count()) == before


class TestAFailure:
    @pytest.fixture(autouse=True)
    def _failed_tasks_fail_the_test(self):
        """Here a task is meant to fail."""

    def test_a_deposit_that_fails_does_not_undo_the_record_and_can_be_made_up(self, learner, monkeypatch):
        def broken(*args, **kwargs):
            raise InsufficientCredit("issuer", Decimal(0), Decimal(3))

        with monkeypatch.context() as patch:
            patch.setattr(tasks, "deposit_record", broken)
            record = make_record(learner)

        assert LearningRecord.objects.filter(pk=record.pk).exists()
        assert not Transaction.objects.exists()
        out = StringIO()
        call_command("missing_deposits", stdout=out)
        assert out.getvalue().splitlines() == [f"{record.uuid} 3 A {record.institution.code} 2025-07-04", "1 record without deposit."]

        call_command("missing_deposits", "--deposit", stdout=out)

        assert account(learner) == (Decimal(0), Decimal(3))
        assert find_faults() == []
        out = StringIO()
        call_command("missing_deposits", stdout=out)
        assert out.getvalue() == "Every record with credit is deposited.\n"
