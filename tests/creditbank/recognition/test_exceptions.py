"""Individual exceptions: two persons, a reason, a last day; what is approved reaches the engine, and nothing else does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from creditbank.api import (
    BadException,
    IndividualException,
    NewException,
    SamePersonTwice,
    WrongState,
    answer_exception,
    end_exception,
    propose,
    propose_exception,
    replay,
)
from foundation.api import AuditEntry, Notice
from identity.api import Role
from tests.factories.creditbank import AT, ON, OutcomeFactory, earn, make_application, make_bank, make_learner
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db

UNTIL = date(2026, 12, 31)


@pytest.fixture
def bank():
    return make_bank()


def ask(bank, learner, **facts) -> IndividualException:
    given = {"kind": "block", "path": "R1", "reason": "该证书已用于入学", "expires_on": UNTIL, **facts}
    return propose_exception(learner, bank.programme, NewException(**given), actor=bank.officer, at=AT)


def approve(bank, row) -> IndividualException:
    return answer_exception(row, approve=True, actor=bank.reviewer, at=AT)


def worth(bank, learner, *, on=ON) -> Decimal:
    return propose(learner, bank.programme, on=on).decision.posted


def test_what_is_only_proposed_or_refused_changes_nothing(bank):
    learner = make_learner(bank)
    row = ask(bank, learner)
    assert worth(bank, learner) == Decimal(5)

    answer_exception(row, approve=False, actor=bank.reviewer, at=AT, note="理由不足")

    assert (IndividualException.objects.get().state, worth(bank, learner)) == ("refused", Decimal(5))


def test_an_approved_block_holds_for_this_learner_in_this_programme_until_its_last_day(bank):
    learner, other = make_learner(bank), make_learner(bank)

    approve(bank, ask(bank, learner))

    assert (worth(bank, learner), worth(bank, other)) == (Decimal(2), Decimal(5))
    assert (worth(bank, learner, on=UNTIL), worth(bank, learner, on=UNTIL + timedelta(days=1))) == (Decimal(2), Decimal(5))
    notice = Notice.objects.get(code="recognition.exception_approved")
    assert (notice.recipient_uuid, notice.data["until"]) == (learner.uuid, "2026-12-31")


def test_an_outcome_that_may_be_inserted_counts_for_the_requirement(bank):
    learner = UserFactory()
    earn(bank, learner, which=0)
    leaf = bank.programme.requirements.get(path="1.1")
    leaf.outcomes = [OutcomeFactory(owner=bank.institution).code]
    leaf.save()
    assert worth(bank, learner) == Decimal(0)
    target = f"HOME{bank.outcomes[0].code.split(':')[0].removeprefix('SRC')}:T1"

    approve(bank, ask(bank, learner, kind="insert", path="1.1", value=target))

    assert worth(bank, learner) == Decimal(3)


def test_a_decision_keeps_the_exceptions_it_was_taken_under_and_replays(bank):
    learner = make_learner(bank)
    approve(bank, ask(bank, learner))
    application = make_application(bank, learner=learner)
    end_exception(IndividualException.objects.get(), actor=bank.officer, at=AT, note="不再需要")

    assert application.proposed_credits == Decimal(2)
    assert replay(application)
    assert str(IndividualException.objects.get().uuid) in application.snapshot
    assert "该证书已用于入学" not in application.snapshot  # words about a person are sealed, and stand in no snapshot
    assert worth(bank, UserFactory()) == Decimal(0)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"path": "R9"}, "path"), ({"kind": "waive", "path": "9.9"}, "path"), ({"kind": "insert", "path": "1.1"}, "value"),
        ({"kind": "value", "path": "1.1", "value": "many"}, "value"), ({"kind": "value", "path": "1.1", "value": "-1"}, "value"),
        ({"kind": "value", "path": "1.1", "value": "NaN"}, "value"), ({"expires_on": date(2026, 3, 1)}, "expires_on"),
    ],
)  # fmt: skip
def test_what_programme_and_rules_do_not_know_is_refused(bank, facts, field):
    learner = make_learner(bank)
    before = AuditEntry.objects.count()

    with pytest.raises(BadException) as refusal:
        ask(bank, learner, **facts)

    assert refusal.value.field == field
    assert (IndividualException.objects.count(), AuditEntry.objects.count()) == (0, before)


def test_it_takes_two_persons_and_neither_is_the_learner(bank):
    learner = make_learner(bank)
    with pytest.raises(SamePersonTwice):
        propose_exception(bank.officer, bank.programme, NewException("block", "R1", "x", UNTIL), actor=bank.officer, at=AT)
    row = ask(bank, learner)

    for person in (bank.officer, learner):
        with pytest.raises(SamePersonTwice):
            answer_exception(row, approve=True, actor=person, at=AT)
        with pytest.raises(IntegrityError), transaction.atomic():
            IndividualException.objects.filter(pk=row.pk).update(state="approved", answered_by=person, answered_at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        IndividualException.objects.filter(pk=row.pk).update(state="approved")

    assert IndividualException.objects.get().state == "proposed"


def test_an_answer_is_given_once_and_only_what_is_approved_is_ended(bank):
    row = ask(bank, make_learner(bank))
    with pytest.raises(WrongState):
        end_exception(row, actor=bank.officer, at=AT, note="x")
    approve(bank, row)

    with pytest.raises(WrongState):
        approve(bank, row)

    end_exception(row, actor=bank.officer, at=AT, note="x")
    with pytest.raises(WrongState):
        end_exception(row, actor=bank.officer, at=AT, note="x")


# --- pages ---


def test_an_officer_proposes_and_a_reviewer_approves_by_http(client, bank):
    application = make_application(bank)
    new = reverse("creditbank:exception_new")
    given = {
        "learner": application.reference,
        "kind": "block",
        "path": "R2",
        "reason": "重复",
        "expires_on": str(timezone.localdate() + timedelta(days=9)),
    }
    client.force_login(bank.officer)

    bad = client.post(new, given | {"path": "R7", "learner": "RC-1-1"})
    assert bad.status_code == 400
    assert "本机构没有这个编号的申请" in bad.content.decode()
    assert client.post(new, given).status_code == 302
    row = IndividualException.objects.get()
    answer = reverse("creditbank:exception_answer", args=[row.uuid])
    assert client.post(answer, {"approve": "yes"}).status_code == 403
    client.force_login(bank.reviewer)
    assert client.post(answer, {"approve": "no", "note": " "}).status_code == 400
    assert IndividualException.objects.get().state == "proposed"

    assert client.post(answer, {"approve": "yes"}, follow=True).status_code == 200

    assert IndividualException.objects.get().state == "approved"
    assert "重复" in client.get(reverse("creditbank:exception", args=[row.uuid])).content.decode()
    assert application.learner.name in client.get(reverse("creditbank:exceptions")).content.decode()


def test_exceptions_of_other_institutions_do_not_exist(client, bank):
    row = ask(bank, make_learner(bank))
    client.force_login(make_bank().reviewer)

    assert client.get(reverse("creditbank:exception", args=[row.uuid])).status_code == 404
    assert client.post(reverse("creditbank:exception_answer", args=[row.uuid]), {"approve": "yes"}).status_code == 404
    client.force_login(person_as(Role.REVIEWER, bank.institution))
    assert client.get(reverse("creditbank:exception", args=["no-uuid"])).status_code == 404


def test_the_list_costs_the_same_queries_for_one_and_thirty(client, bank):
    learner = make_learner(bank)
    ask(bank, learner)
    client.force_login(bank.reviewer)
    client.get(reverse("creditbank:exceptions"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("creditbank:exceptions"))
    for _ in range(29):
        ask(bank, learner)
    with CaptureQueriesContext(connection) as thirty:
        client.get(reverse("creditbank:exceptions"))

    assert len(thirty) <= len(one) + 1
