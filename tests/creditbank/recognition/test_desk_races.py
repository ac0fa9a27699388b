"""Two desks, two devices, two retries at the same moment, in real processes: one wins, the others are told, and no limit is passed."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings

from creditbank.agreements.actions import sign_agreement
from creditbank.agreements.models import Agreement
from creditbank.agreements.texts import hash_of_text
from creditbank.api import (
    Application,
    ApplicationStep,
    Transcript,
    accept_decision,
    balances,
    confirm_decision,
    decide_what_rules_decide,
    find_faults,
    reckon_again,
    release_batch,
    send_back,
)
from creditbank.results.models import ResultBatch
from foundation.api import AuditEntry, Notice
from foundation.http.models import IdempotencyKey
from identity.api import Role, User
from learning.api import LearningRecord
from tests.creditbank.ledger.racing import racers
from tests.creditbank.recognition.desk_jobs import ROWS, make_town
from tests.creditbank.recognition.test_room import apply, to_second_review, waiting_for_acceptance
from tests.factories.creditbank import AT, LATER, earn, make_bank
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.postgres
SOAK_ROUNDS = int(os.environ.get("DESK_RACE_ROUNDS", "250"))
"""Of each of seven kinds of race; a release and its signatures are raced for in every tenth round."""
PAIR = 2
LIMITS = {
    "in all": {"bound": "4"},
    "a year": {"bound": "4", "per": "year"},
    "an institution": {"bound": "4", "per": "institution"},
    "a share": {"share": "1/19"},
    "records": {"bound": "1", "measure": "records"},
}
"""Each has room for one of two awards of three credits; 1/19 of the programme's 76 are 4."""


@pytest.fixture
def row(postgres_db, django_db_blocker):
    with django_db_blocker.unblock(), override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"), racers(4) as ready:
        yield ready
        assert find_faults() == []


# --- what one racer does ---


def do_confirm(application, reviewer):
    return str(confirm_decision(Application.objects.get(pk=application), actor=User.objects.get(pk=reviewer), at=LATER).state)


def do_accept(application):
    case = Application.objects.select_related("learner").get(pk=application)
    return str(accept_decision(case, actor=case.learner, at=LATER).state)


def do_decide_by_rule():
    return len(decide_what_rules_decide(at=LATER))


def do_post(path, session, body, key):
    """A request of a signed-in person, whole."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    answer = client.post(path, body, content_type="application/json", headers={"Idempotency-Key": key})
    return answer.status_code, answer.json()


def do_release(batch, person):
    return str(release_batch(ResultBatch.objects.get(pk=batch), actor=User.objects.get(pk=person), at=LATER).pk)


def do_sign(agreement, place, officer):
    row = Agreement.objects.get(pk=agreement)
    institution = row.parties.get(pk=place)
    return str(sign_agreement(row, institution=institution, actor=User.objects.get(pk=officer), at=AT, shown_hash=hash_of_text(row)).pk)


def do_one_of(work, *order):
    return work(*order)


# --- caps: each within the limit, both together beyond it ---


def confirm_both(row, bank):
    """Two cases of one learner, at two desks, confirmed at the same moment."""
    cases = [to_second_review(bank, one) for one in open_cases(bank)]
    reviewers = [person_as(Role.REVIEWER, bank.institution).pk for _ in cases]
    return cases, Counter(row.run(do_confirm, *[(case.pk, reviewer) for case, reviewer in zip(cases, reviewers, strict=True)]))


def accept_both(row, bank):
    """Two results of one learner, accepted on two devices."""
    cases = [waiting_for_acceptance(bank, one) for one in open_cases(bank)]
    return cases, Counter(row.run(do_accept, *[(case.pk,) for case in cases]))


def confirm_and_accept(row, bank):
    """A second person confirms one, the learner accepts the other."""
    first, second = open_cases(bank)
    cases = [to_second_review(bank, first), waiting_for_acceptance(bank, second)]
    reviewer = person_as(Role.REVIEWER, bank.institution).pk
    return cases, Counter(row.run(do_one_of, (do_confirm, cases[0].pk, reviewer), (do_accept, cases[1].pk)))


def open_cases(bank):
    learner = UserFactory()
    return [apply(bank, learner, earn(bank, learner, which=which)) for which in range(PAIR)]


def limited_bank(limit):
    return make_bank(amounts=("3", "3"), limits=[{"id": "L1", **limit}])


def automatic_bank():
    return make_bank(amounts=("3", "3"), route="auto", limits=[{"id": "L1", "bound": "4"}])


def race_for_a_limit(row, kind, bank) -> None:
    cases, found = kind(row, bank)
    learner = cases[0].learner
    rows = Application.objects.filter(learner=learner)
    assert found["posted"] == 1
    assert set(found) <= {"posted", "NoRoomLeft", "WrongState", "checking"}
    assert found["NoRoomLeft"] + found["checking"] >= 1
    assert 0 < balances(learner.uuid)["A"].awarded <= Decimal(3)
    assert rows.filter(state="posted").count() == 1
    loser = rows.exclude(state="posted").get()
    if loser.state == "second_review":  # refused, and nothing changed: the way on is back to the first officer
        send_back(loser, actor=bank.reviewer, at=LATER, note="限额已满")
        loser = reckon_again(loser, actor=bank.officer, at=LATER)
    assert (loser.state, loser.proposed_credits) == ("checking", 0)
    assert Notice.objects.filter(recipient_uuid=learner.uuid, code="recognition.reckoned_again").count() == 1
    assert balances(learner.uuid)["V"].available == Decimal(4)  # what the loser held is the learner's again


@pytest.mark.timeout(300)
def test_what_has_room_alone_and_not_together_is_awarded_once(row):
    for kind, limit in ((confirm_both, "an institution"), (accept_both, "a year"), (confirm_and_accept, "a share")):
        race_for_a_limit(row, kind, limited_bank(LIMITS[limit]))
    race_of_rules(row, automatic_bank())


def race_of_rules(row, bank) -> None:
    """Two automatic cases, decided by four clocks at once: one is posted, the other comes to a person."""
    cases = open_cases(bank)
    assert sum(row.run(do_decide_by_rule, ())) == 1
    found = Application.objects.filter(pk__in=[case.pk for case in cases])
    assert sorted(found.values_list("state", flat=True)) == ["posted", "submitted"]
    assert found.get(state="submitted").required_approvals == PAIR
    assert balances(cases[0].learner.uuid)["A"].awarded == Decimal(3)


# --- the same step twice ---


def race_of_keys(row, bank, number: int) -> None:
    """One request sent by four retries at once: one application, one answer; another body under the key is refused."""
    learner = UserFactory()
    earn(bank, learner)
    client, session = signed_in(learner)
    proposal = client.get(f"/api/v1/me/proposals/{bank.programme.code}").json()
    body = {"programme": bank.programme.code, "snapshot_hash": proposal["snapshot_hash"], "declaration": True}
    found = row.run(do_post, ("/api/v1/me/applications", session, body, f"key-{number}"))
    reference = Application.objects.get(learner=learner).reference
    assert found == [found[0]] * len(found)
    assert (found[0][0], found[0][1]["reference"]) == (201, reference)
    assert IdempotencyKey.objects.filter(principal=str(learner.uuid)).count() == 1
    assert ApplicationStep.objects.filter(application__learner=learner).count() == 1
    status, problem = do_post("/api/v1/me/applications", session, {**body, "snapshot_hash": "0" * 64}, f"key-{number}")
    assert (status, problem["code"]) == (422, "idempotency_key_reused")


def race_of_two_requests_with_one_key(row) -> None:
    """Two papers that differ are asked for under one key, twice each: one is issued, and whoever asked for the other is told."""
    learner = UserFactory()
    _client, session = signed_in(learner)
    orders = [("/api/v1/me/transcripts", session, {"days": days}, "paper") for days in (30, 60)]
    found = row.run(do_post, *orders)
    issued = Transcript.objects.get(learner=learner)
    same, other = (found[::2], found[1::2]) if found[0][0] == 201 else (found[1::2], found[::2])
    assert same == [same[0]] * PAIR
    assert same[0][1]["uuid"] == str(issued.uuid)
    assert [(status, told["code"]) for status, told in other] == [(422, "idempotency_key_reused")] * PAIR
    assert IdempotencyKey.objects.filter(principal=str(learner.uuid)).count() == 1
    assert AuditEntry.objects.filter(action="statements.issue", person_uuid=learner.uuid).count() == 1


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client, client.cookies[settings.SESSION_COOKIE_NAME].value


def race_of_one_reviewer(row, bank) -> None:
    """The same person confirms from four windows."""
    case = to_second_review(bank, open_case(bank))
    assert Counter(row.run(do_confirm, (case.pk, bank.reviewer.pk))) == {"posted": 1, "WrongState": 3}
    assert AuditEntry.objects.filter(action="recognition.confirm", person_uuid=case.learner.uuid).count() == 1


def open_case(bank):
    learner = UserFactory()
    return apply(bank, learner, earn(bank, learner))


def race_of_releases_and_signatures(row, number: int = 0) -> None:
    town = make_town(applications=0, batches=1, agreements=1, first=number)
    releasers = [person_as(Role.REVIEWER, town.bank.source).pk for _ in range(4)]
    released = Counter(row.run(do_release, *[(town.batches[0].pk, person) for person in releasers]))
    assert released == {str(town.batches[0].pk): 1, "WrongBatchState": 3}
    batch = ResultBatch.objects.get(pk=town.batches[0].pk)
    entered = batch.rows.filter(state="entered").values("record_uuid")
    assert (batch.state, LearningRecord.objects.filter(uuid__in=entered).count()) == ("released", ROWS)
    orders = [(town.agreements[0].pk, place.pk, officer.pk) for place, officer in town.parties for _twice in range(2)]
    signed = Counter(row.run(do_sign, *orders))
    agreement = Agreement.objects.get(pk=town.agreements[0].pk)
    assert (agreement.status, agreement.signatures.count(), signed[str(agreement.pk)]) == ("active", 2, 2)
    assert set(signed) <= {str(agreement.pk), "AlreadySigned", "WrongStep"}


@pytest.mark.timeout(300)
def test_the_same_step_at_the_same_moment_counts_once(row):
    bank = make_bank()
    race_of_keys(row, bank, 1)
    race_of_two_requests_with_one_key(row)
    race_of_one_reviewer(row, bank)
    race_of_releases_and_signatures(row)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_thousands_of_races_at_the_desk(row, capsys):
    """All at the same few banks, by ever new learners: what a round costs is the race."""
    limited, automatic, plain = [limited_bank(limit) for limit in LIMITS.values()], automatic_bank(), make_bank()
    begun = time.monotonic()
    for number in range(SOAK_ROUNDS):
        for kind in (confirm_both, accept_both, confirm_and_accept):
            race_for_a_limit(row, kind, limited[number % len(limited)])
        race_of_rules(row, automatic)
        race_of_keys(row, plain, number)
        race_of_two_requests_with_one_key(row)
        race_of_one_reviewer(row, plain)
        if number % 10 == 0:
            race_of_releases_and_signatures(row, number)
            with capsys.disabled():
                sys.stdout.write(f"\nround {number} of {SOAK_ROUNDS}, {time.monotonic() - begun:.0f} s")
