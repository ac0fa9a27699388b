"""The same credit wanted by eight processes at once, hundreds of rounds: one winner each, a clear refusal for the others, right books."""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from creditbank.api import (
    Account,
    Application,
    Posting,
    Transaction,
    accept_decision,
    balances,
    claim_application,
    confirm_decision,
    deposit,
    deposit_record,
    expire,
    find_faults,
    reverse_transaction,
    revoke,
    run_clocks,
    send_application,
    transfer,
    verify,
    withdraw_application,
)
from creditbank.ledger.actions import award, convert, hold, release
from foundation.api import Notice, answer_once
from foundation.http.models import IdempotencyKey
from identity.api import Role, User
from learning.api import LearningRecord
from tests.creditbank.ledger.racing import RACERS, racers
from tests.factories.creditbank import AT, LATER, ON, earn, give, make_application, make_bank, make_learner
from tests.factories.identity import UserFactory, person_as
from tests.factories.learning import credit_system

ROUNDS = int(os.environ.get("RACE_ROUNDS", "20"))
"""Of each kind of race; ``make soak`` sets 500, which makes more than eight thousand rounds."""
pytestmark = pytest.mark.postgres
SIX = Decimal(6)


@pytest.fixture
def row(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        for unit in ("A", "V"):
            credit_system(unit)
        with racers() as ready:
            yield ready
        assert find_faults() == []


# --- what one racer does ---


def do_deposit(record, owner):
    return deposit(record=record, owner=owner, issuer="SCHOOL", unit="A", amount=SIX, on=ON).pk


def do_verify(record, owner):
    return verify(record=record, owner=owner, unit="A", amount=SIX, on=ON).pk


@transaction.atomic
def do_hold(lot, owner):
    hold(application=uuid4(), owner=owner, lots=[(lot, "A", SIX)], on=ON, by=None)
    return "held"


def do_expire(lot, owner):
    expire(record=lot, owner=owner, unit="A", amount=SIX, on=ON)
    return "expired"


class Person:
    """Whoever signs; the ledger keeps only the pseudonym."""

    def __init__(self, number: int) -> None:
        self.uuid = UUID(int=(9 << 120) + number)
        self.is_authenticated = True


def do_revoke(lot, _owner):
    return "revoked" if revoke(record=lot, on=ON, by=Person(1), second=Person(2), reason="x") else "nothing to revoke"


def do_reverse(key):
    reverse_transaction(Transaction.objects.get(key=key), by=Person(1), second=Person(2), on=ON, reason="x")
    return "reversed"


@transaction.atomic
def do_award(application, owner, lot):
    gains = [(lot, Decimal(3))]
    convert(application=application, owner=owner, unit="A", gains=gains, on=ON, by=None)
    award(application=application, owner=owner, unit="A", programme="P", gains=gains, on=ON, by=None)
    return "awarded"


def do_release(application, _owner, _lot):
    return "released" if release(application=application, on=ON, by=None) else "nothing held"


def do_transfer(source, destination, key):
    return (
        "moved"
        if transfer(source=source, destination=destination, key=key, on=ON, by=Person(1), second=Person(2), reason="x")
        else "nothing"
    )


def do_once(key, owner):
    def work():
        return 201, {"entry": do_deposit(uuid4(), owner)}

    return answer_once(principal="school", endpoint="deposits", key=key, body={"owner": str(owner)}, work=work)


def do_one_of(work, *order):
    """One of several kinds of work in one race."""
    return work(*order)


# --- the ledger's own races ---


def test_a_deposit_and_its_confirmation_that_arrive_eight_times_are_posted_once(row):
    for _ in range(ROUNDS):
        record, owner = uuid4(), uuid4()
        assert len(set(row.run(do_deposit, (record, owner)))) == 1
        assert len(set(row.run(do_verify, (record, owner)))) == 1
        assert balances(owner)["A"].available == SIX
    assert (Transaction.objects.count(), Posting.objects.count()) == (2 * ROUNDS, 2 * ROUNDS)


def test_eight_applications_that_want_one_lot_end_with_one_that_has_it(row):
    for _ in range(ROUNDS):
        owner = uuid4()
        found = Counter(row.run(do_hold, (give(owner), owner)))
        assert found["held"] == 1
        assert set(found) <= {"held", "InsufficientCredit", "IntegrityError"}
        assert (balances(owner)["A"].held, balances(owner)["A"].available) == (SIX, 0)


@pytest.mark.parametrize(("other", "words"), [(do_expire, "expired"), (do_revoke, "revoked")])
def test_a_lot_that_is_held_and_taken_away_at_once_ends_in_one_of_both(row, other, words):
    seen = Counter()
    for _ in range(ROUNDS):
        owner = uuid4()
        order = (give(owner), owner)
        found = Counter(row.run(do_one_of, (do_hold, *order), (other, *order)))
        have = balances(owner)["A"]
        gone = have.expired + have.revoked
        assert (have.held, gone) in {(SIX, 0), (0, SIX)}
        assert set(found) <= {"held", words, "InsufficientCredit", "IntegrityError", "nothing to revoke"}
        assert found["held"] == (have.held == SIX)
        seen[have.held == SIX] += 1
    assert sum(seen.values()) == ROUNDS


def test_expiring_and_revoking_at_once_takes_a_lot_once(row):
    for _ in range(ROUNDS):
        owner = uuid4()
        order = (give(owner), owner)
        row.run(do_one_of, (do_expire, *order), (do_revoke, *order))
        have = balances(owner)["A"]
        assert (have.available, have.expired + have.revoked) == (0, SIX)


def test_a_transaction_is_reversed_once(row):
    for _ in range(ROUNDS):
        owner = uuid4()
        lot = give(owner)
        found = Counter(row.run(do_reverse, (f"verify:{lot}",)))
        assert set(found) <= {"reversed", "AlreadyReversed"}
        assert Transaction.objects.filter(reverses__key=f"verify:{lot}").count() == 1
        assert (balances(owner)["A"].pending, balances(owner)["A"].available) == (SIX, 0)


def test_an_award_and_a_release_at_once_end_in_one_of_both(row):
    for _ in range(ROUNDS):
        owner, application = uuid4(), uuid4()
        lot = give(owner)
        hold(application=application, owner=owner, lots=[(lot, "A", SIX)], on=ON, by=None)
        order = (application, owner, lot)
        found = Counter(row.run(do_one_of, (do_award, *order), (do_release, *order)))
        have = balances(owner)["A"]
        assert (have.awarded, have.available, have.held) in {(Decimal(3), 0, 0), (0, SIX, 0)}
        assert set(found) <= {"awarded", "released", "nothing held", "NotHeld", "KeyReused", "InsufficientCredit"}
        assert found["released"] == (have.available == SIX)


def test_two_logins_are_brought_together_once(row):
    for number in range(ROUNDS):
        one, other = uuid4(), uuid4()
        give(one)
        row.run(do_transfer, (one, other, f"m{number}"))
        assert balances(other)["A"].available == SIX
        assert Transaction.objects.filter(key=f"transfer:m{number}").count() == 1


def test_a_request_with_one_key_fifty_times_has_one_effect_and_one_answer(row):
    owner = uuid4()
    for number in range(ROUNDS):
        answers = [answer for _ in range(7) for answer in row.run(do_once, (f"key{number}", owner))]
        assert len(answers) == 7 * RACERS
        assert len({str(answer) for answer in answers}) == 1
        assert answers[0][0] == 201
    assert IdempotencyKey.objects.count() == Transaction.objects.count() == ROUNDS


def test_eight_processes_that_pay_the_same_people_in_any_order_never_wait_for_ever(row):
    owners = [uuid4() for _ in range(RACERS)]
    for number in range(ROUNDS):
        orders = [(uuid4(), owners[(number + shift) % RACERS]) for shift in range(RACERS)]
        assert all(isinstance(found, int) for found in row.run(do_deposit, *orders))
    assert Account.objects.filter(kind="pending").count() == RACERS


# --- the desk's races, through the product's own actions ---

CASES = max(ROUNDS // 10, 2)


def do_confirm(application, reviewer):
    return str(confirm_decision(Application.objects.get(pk=application), actor=User.objects.get(pk=reviewer), at=LATER).state)


def do_claim(application, officer):
    return str(claim_application(Application.objects.get(pk=application), actor=User.objects.get(pk=officer), at=AT).state)


def do_withdraw(application, learner):
    return str(withdraw_application(Application.objects.get(pk=application), actor=User.objects.get(pk=learner), at=AT).state)


def do_accept(application, learner):
    return str(accept_decision(Application.objects.get(pk=application), actor=User.objects.get(pk=learner), at=LATER).state)


def do_send(programme, learner):
    from creditbank.api import Programme

    return send_application(Programme.objects.get(pk=programme), learner=User.objects.get(pk=learner), at=AT, shown_hash="").state


def do_deposit_job(record):
    return deposit_record(LearningRecord.objects.get(pk=record), on=ON).pk


def do_clocks(day):
    return run_clocks(on=day, at=AT).expired


def test_a_decision_that_eight_reviewers_confirm_is_confirmed_once(row):
    bank = make_bank()
    reviewers = [person_as(Role.REVIEWER, bank.institution).pk for _ in range(RACERS)]
    for _ in range(CASES):
        application = make_application(bank, state="second_review")
        found = Counter(row.run(do_confirm, *[(application.pk, reviewer) for reviewer in reviewers]))
        assert found == {"posted": 1, "WrongState": RACERS - 1}
        assert balances(application.learner.uuid)["A"].awarded == Decimal(5)


def test_a_case_is_taken_by_one_officer_or_withdrawn(row):
    bank = make_bank()
    for _ in range(CASES):
        application = make_application(bank)
        officers = [person_as(Role.CREDIT_OFFICER, bank.institution).pk for _ in range(RACERS - 1)]
        orders = [(do_claim, application.pk, officer) for officer in officers] + [(do_withdraw, application.pk, application.learner_id)]
        found = Counter(row.run(do_one_of, *orders))
        assert found["checking"] <= 1
        assert found["checking"] + found["withdrawn"] >= 1
        held = balances(application.learner.uuid)["V"].held
        assert held == (0 if found["withdrawn"] else Decimal(8))


def test_a_result_that_is_accepted_eight_times_is_posted_once(row):
    from creditbank.api import LineDecision, decide_application

    bank = make_bank()
    for _ in range(CASES):
        application = make_application(bank, state="checking")
        lines = {line.position: LineDecision("change", amount=Decimal("1.5"), reason="content") for line in application.lines.all()}
        decide_application(application, decisions=lines, actor=bank.officer, at=AT)
        confirm_decision(application, actor=bank.reviewer, at=AT)
        found = Counter(row.run(do_accept, (application.pk, application.learner_id)))
        assert found == {"posted": 1, "WrongState": RACERS - 1}
        assert balances(application.learner.uuid)["A"].awarded == Decimal(3)


def test_one_archive_sent_from_eight_devices_is_held_once(row):
    bank = make_bank()
    for _ in range(CASES):
        learner = make_learner(bank)
        found = Counter(row.run(do_send, (bank.programme.pk, learner.pk)))
        assert found["submitted"] == 1
        assert set(found) <= {"submitted", "RecordsTaken", "NothingToRecognise", "WrongState"}
        assert balances(learner.uuid)["V"].held == Decimal(8)


def test_a_deposit_job_and_a_night_that_run_eight_times_do_their_work_once(row):
    from datetime import date

    bank = make_bank()
    for _ in range(CASES):
        learner = UserFactory()
        record = earn(bank, learner, valid_until=date(2026, 6, 30))
        row.run(do_deposit_job, (record.pk,))
        assert balances(learner.uuid)["V"].available == Decimal(4)
        assert sorted(row.run(do_clocks, (date(2026, 7, 1),))) == [0] * (RACERS - 1) + [1]
        assert Notice.objects.filter(recipient_uuid=learner.uuid, code="ledger.expired").count() == 1
        assert balances(learner.uuid)["V"].expired == Decimal(4)
        assert Transaction.objects.filter(record_uuid=record.uuid, type="expire").count() == 1
