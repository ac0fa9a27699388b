"""Two officers at one case, two devices of one learner: exactly one wins."""

from __future__ import annotations

import pytest

from creditbank.api import (
    Application,
    ApplicationStep,
    NothingToRecognise,
    RecordsTaken,
    SamePersonTwice,
    Transaction,
    WrongState,
    balances,
    claim_application,
    confirm_decision,
    find_faults,
    send_application,
    withdraw_application,
)
from identity.api import Role
from tests.creditbank.ledger.test_races import WORKERS, race
from tests.factories.creditbank import AT, LATER, make_application, make_bank, make_learner
from tests.factories.identity import person_as


@pytest.mark.postgres
def test_a_decision_that_eight_reviewers_confirm_at_once_is_confirmed_and_posted_once(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        bank = make_bank()
        application = make_application(bank, state="second_review")
        reviewers = [person_as(Role.REVIEWER, bank.institution) for _ in range(WORKERS)]

        found = race(lambda number: confirm_decision(application, actor=reviewers[number], at=LATER).state, WrongState)

        assert sorted(map(str, found)) == sorted([str(WrongState)] * (WORKERS - 1) + ["posted"])
        assert Transaction.objects.filter(type="award").count() == 1
        assert ApplicationStep.objects.filter(to_state="posted").count() == 1
        assert balances(application.learner.uuid)["A"].awarded == 5
        assert find_faults() == []


@pytest.mark.postgres
def test_a_case_is_taken_by_one_of_eight_officers(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        bank = make_bank()
        application = make_application(bank)
        officers = [person_as(Role.CREDIT_OFFICER, bank.institution) for _ in range(WORKERS)]

        found = race(
            lambda number: claim_application(application, actor=officers[number], at=AT).first_officer_id, WrongState, SamePersonTwice
        )

        winners = [result for result in found if isinstance(result, int)]
        assert winners == [Application.objects.get().first_officer_id]


@pytest.mark.postgres
def test_one_archive_sent_from_eight_devices_is_held_once(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        bank = make_bank()
        learner = make_learner(bank)

        found = race(
            lambda _n: send_application(bank.programme, learner=learner, at=AT, shown_hash="").reference,
            NothingToRecognise,
            RecordsTaken,
            WrongState,
        )

        assert len([result for result in found if isinstance(result, str)]) == 1
        assert Application.objects.exclude(state="draft").count() == 1
        assert balances(learner.uuid)["V"].held == 8
        assert find_faults() == []


@pytest.mark.postgres
def test_eight_learners_who_apply_at_once_get_eight_reference_numbers(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        bank = make_bank()
        learners = [make_learner(bank, records=1) for _ in range(WORKERS)]

        found = race(lambda number: send_application(bank.programme, learner=learners[number], at=AT, shown_hash="").reference)

        assert sorted(found) == [f"RC-2026-{number:04d}" for number in range(1, WORKERS + 1)]
        assert find_faults() == []


@pytest.mark.postgres
def test_withdrawing_and_claiming_at_once_end_in_one_of_both(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        bank = make_bank()
        application = make_application(bank)

        def step(number: int) -> str:
            if number % 2:
                return claim_application(application, actor=bank.officer, at=AT).state
            return withdraw_application(application, actor=application.learner, at=AT).state

        race(step, WrongState)

        assert Application.objects.get().state == "withdrawn"
        assert balances(application.learner.uuid)["V"].available == 8
        assert find_faults() == []
