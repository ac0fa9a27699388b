"""A learner's plan: what is missing in a programme, and the least effort that closes it. Nothing is stored by looking."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from creditbank.api import (
    Application,
    LineDecision,
    Transaction,
    accept_decision,
    confirm_decision,
    decide_application,
    propose,
)
from creditbank.pathways.queries import plan_for
from foundation.api import AuditEntry
from tests.factories.creditbank import AT, ProgrammeFactory, RequirementFactory, earn, make_application, make_bank, make_learner

pytestmark = pytest.mark.django_db
NAUGHTY = ["\x00", "'", "x" * 5000, "{{7*7}}", "-1", "%", "../.."]


def test_what_is_missing_is_closed_by_the_course_that_a_rule_turns_into_it():
    bank = make_bank()
    learner = make_learner(bank, records=1)

    found = plan_for(learner, bank.programme, on=timezone.localdate())

    assert [(row.path, row.done) for row in found.audit.rows] == [("1.1", True), ("1.2", False)]
    assert [step.outcome.code for step in found.steps] == [bank.outcomes[1].code]
    assert (found.is_enough, found.plan.proof.status, found.hours) == (True, "optimal", Decimal(64))


def test_somebody_who_has_everything_needs_nothing_more():
    bank = make_bank()

    found = plan_for(make_learner(bank), bank.programme, on=timezone.localdate())

    assert (found.steps, [row.done for row in found.audit.rows]) == ((), [True, True])


def test_what_an_application_to_the_programme_holds_counts_towards_it():
    bank = make_bank()
    learner = make_application(bank).learner

    found = plan_for(learner, bank.programme, on=timezone.localdate())

    assert [row.done for row in found.audit.rows] == [True, True]


CAP = {"id": "L1", "bound": "4"}


def awarded_in_part(bank, learner):
    """An award of two credits where three were proposed."""
    application = make_application(bank, learner=learner, state="checking")
    less = {line.position: LineDecision("change", amount=Decimal(2), reason="content") for line in application.lines.all()}
    decide_application(application, decisions=less, actor=bank.officer, at=AT)
    return accept_decision(confirm_decision(application, actor=bank.reviewer, at=AT), actor=learner, at=AT)


def test_an_award_counts_as_it_was_decided_and_is_told_apart(client):
    bank = make_bank()
    learner = make_learner(bank, records=1)
    awarded_in_part(bank, learner)
    client.force_login(learner)

    found = plan_for(learner, bank.programme, on=timezone.localdate())
    page = client.get("/my/plan/", {"to": bank.programme.code}).content.decode()
    said = client.get(f"/api/v1/me/plans/{bank.programme.code}").json()["requirements"]

    assert [(row.path, row.done, row.gap.have, row.awarded, row.by) for row in found.audit.rows] == [
        ("1.1", True, Decimal(1), Decimal(1), ()), ("1.2", False, Decimal(0), Decimal(0), ()),
    ]  # fmt: skip
    assert found.audit.total.have == Decimal(2)
    assert [step.outcome.code for step in found.useful] == [bank.outcomes[1].code]
    assert ("其中 1 门此前已认定" in page, [row["awarded"] for row in said]) == (True, ["1", "0"])


def test_what_an_award_has_used_up_of_a_limit_is_not_planned_again(client):
    bank = make_bank(amounts=("3", "3"), limits=[CAP])
    learner = make_learner(bank, records=1)
    confirm_decision(make_application(bank, learner=learner, state="second_review"), actor=bank.reviewer, at=AT)
    earn(bank, learner, which=1)
    client.force_login(learner)

    found = plan_for(learner, bank.programme, on=timezone.localdate())
    worth = client.get(f"/api/v1/me/conversions?programme={bank.programme.code}").json()["answers"][0]
    page = client.get("/convert/?mine=1").content.decode()

    assert (found.audit.total.have, [row.awarded for row in found.audit.rows]) == (Decimal(3), [Decimal(1), Decimal(0)])
    codes = sorted(one["reasons"][0]["code"] for one in worth["unused"])
    assert (worth["posted"], codes) == ("0", ["already_used", "limit_full"])
    assert bank.programme.title_zh in page


def test_the_page_says_where_one_stands_and_what_to_take_next(client):
    bank = make_bank()
    client.force_login(make_learner(bank, records=1))

    page = client.get("/my/plan/", {"to": bank.programme.code}).content.decode()

    assert "1 / 1 门" in page
    assert "来源课程2" in page
    assert "1 门课，共 64 学时" in page


def test_where_nothing_completes_the_programme_what_fills_most_comes_first(client):
    bank = make_bank(amounts=("3", "2", "1"))
    RequirementFactory(programme=bank.programme, path="1.9", outcomes=["NOBODY:KNOWS"], need_credits=Decimal(9))
    learner = make_learner(bank, records=1)
    client.force_login(learner)

    found = plan_for(learner, bank.programme, on=timezone.localdate())
    page = client.get("/my/plan/", {"to": bank.programme.code}).content.decode()

    assert found.steps == ()
    assert [(step.outcome.code, step.gain) for step in found.useful] == [
        (bank.outcomes[1].code, Decimal(2)), (bank.outcomes[2].code, Decimal(1)),
    ]  # fmt: skip
    assert page.index("来源课程2") < page.index("来源课程3")
    assert "+2.0 学分" in page


def test_a_record_that_has_run_out_is_told_as_that_and_planned_with_no_more():
    bank = make_bank()
    learner = make_learner(bank, records=1)
    earn(bank, learner, which=1, earned_on=date(2024, 1, 1), valid_until=date(2025, 1, 1))

    found = plan_for(learner, bank.programme, on=timezone.localdate())
    proposal = propose(learner, bank.programme, on=timezone.localdate())

    assert found.audit.expiring == ()
    assert [unused.reasons[0].code for unused in proposal.decision.unused] == ["expired"]


def test_a_programme_without_rules_says_so(client):
    client.force_login(make_learner(make_bank()))

    assert "还没有发布规则" in client.get("/my/plan/", {"to": ProgrammeFactory().code}).content.decode()


@pytest.mark.parametrize("bad", NAUGHTY)
def test_whatever_stands_in_the_address_is_a_page(client, bad):
    client.force_login(make_learner(make_bank()))

    assert client.get("/my/plan/", {"to": bad}).status_code == 200


def test_looking_at_a_plan_writes_nothing(client):
    bank = make_bank()
    client.force_login(make_learner(bank))
    before = Application.objects.count(), Transaction.objects.count(), AuditEntry.objects.count()

    client.get("/my/plan/", {"to": bank.programme.code})

    assert (Application.objects.count(), Transaction.objects.count(), AuditEntry.objects.count()) == before


def test_a_plan_is_for_people_who_are_signed_in(client):
    assert client.get("/my/plan/").status_code == 302
