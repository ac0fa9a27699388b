"""Two applications that each have room alone and not together: the second is refused without loss, and worked out again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from creditbank.api import (
    Application,
    ApplicationRerun,
    LineDecision,
    NoGain,
    NoRoomLeft,
    Transaction,
    WrongState,
    accept_decision,
    balances,
    claim_application,
    confirm_decision,
    decide_application,
    decide_what_rules_decide,
    find_faults,
    propose,
    reckon_again,
    replay,
    save_choice,
    send_back,
    start_application,
    submit_application,
)
from foundation.api import AuditEntry, Notice
from tests.factories.creditbank import AT, LATER, ON, all_lines, earn, make_bank
from tests.factories.identity import UserFactory

pytestmark = pytest.mark.django_db
CAP = {"id": "L1", "bound": "4"}
"""Of two records that give three credits each, only one fits."""


@pytest.fixture
def bank():
    return make_bank(amounts=("3", "3"), limits=[CAP])


def apply(bank, learner, record, *, at=AT) -> Application:
    draft = save_choice(start_application(bank.programme, learner=learner, at=at), records=[record.uuid], at=at)
    return submit_application(draft, actor=learner, at=at)


def two_open(bank) -> list[Application]:
    """Two applications of one learner, each for one record, each within the limit."""
    learner = UserFactory()
    return [apply(bank, learner, earn(bank, learner, which=which)) for which in (0, 1)]


def to_second_review(bank, application) -> Application:
    claim_application(application, actor=bank.officer, at=AT)
    return decide_application(application, decisions=all_lines(application), actor=bank.officer, at=AT)


def waiting_for_acceptance(bank, application) -> Application:
    """Decided with a little less than was proposed, so that the learner has to accept."""
    claim_application(application, actor=bank.officer, at=AT)
    less = {line.position: LineDecision("change", amount=Decimal("2.5"), reason="content") for line in application.lines.all()}
    decide_application(application, decisions=less, actor=bank.officer, at=AT)
    return confirm_decision(application, actor=bank.reviewer, at=AT)


def awarded(application) -> Decimal:
    return balances(application.learner.uuid)["A"].awarded


def trace() -> tuple[int, int]:
    return Transaction.objects.count(), AuditEntry.objects.count()


def test_what_was_awarded_before_counts_in_the_next_proposal(bank):
    first, _second = two_open(bank)
    confirm_decision(to_second_review(bank, first), actor=bank.reviewer, at=LATER)

    proposal = propose(first.learner, bank.programme, on=ON)

    assert (awarded(first), proposal.decision.posted) == (3, 0)
    assert proposal.facts.earlier[0].application == str(first.uuid)


def test_the_second_of_two_confirmations_is_refused_and_changes_nothing(bank):
    first, second = (to_second_review(bank, one) for one in two_open(bank))
    confirm_decision(first, actor=bank.reviewer, at=LATER)
    before = trace()

    with pytest.raises(NoRoomLeft) as refused:
        confirm_decision(second, actor=bank.reviewer, at=LATER)

    lack = refused.value.lack
    assert (lack.kind, lack.name, lack.bound, lack.used) == ("limit", "L1", 4, 6)
    second.refresh_from_db()
    assert (trace(), second.state, awarded(second)) == (before, "second_review", 3)


def test_what_has_no_room_is_worked_out_again_and_its_records_are_free(bank):
    first, second = (to_second_review(bank, one) for one in two_open(bank))
    confirm_decision(first, actor=bank.reviewer, at=LATER)
    send_back(second, actor=bank.reviewer, at=LATER, note="限额已满")

    again = reckon_again(second, actor=bank.officer, at=LATER)

    kept = ApplicationRerun.objects.get()
    assert (again.state, again.proposed_credits, again.lines.count()) == ("checking", 0, 0)
    assert (kept.old_rules, kept.new_rules, kept.old_proposal["posted"]) == (second.rules, second.rules, "3")
    assert (balances(second.learner.uuid)["V"].held, balances(second.learner.uuid)["V"].available) == (0, 4)
    assert replay(again)
    assert Notice.objects.filter(code="recognition.reckoned_again", recipient_uuid=second.learner.uuid).count() == 1
    decide_application(again, decisions={}, actor=bank.officer, at=LATER)
    assert confirm_decision(again, actor=bank.reviewer, at=LATER).verdict == "refused"
    assert (awarded(second), find_faults()) == (3, [])


def test_what_is_left_of_a_limit_is_proposed_and_the_learner_is_asked():
    bank = make_bank(amounts=("3", "3"), limits=[{**CAP, "bound": "5", "overflow": "truncate"}])
    bank.programme.requirements.update(need_courses=None)  # a course that is cut is no course
    first, second = (to_second_review(bank, one) for one in two_open(bank))
    confirm_decision(first, actor=bank.reviewer, at=LATER)
    send_back(second, actor=bank.reviewer, at=LATER, note="限额已满")

    again = reckon_again(second, actor=bank.officer, at=LATER)
    decide_application(again, decisions=all_lines(again), actor=bank.officer, at=LATER)

    assert confirm_decision(again, actor=bank.reviewer, at=LATER).state == "decided"
    assert accept_decision(again, actor=again.learner, at=LATER).state == "posted"
    assert (awarded(again), find_faults()) == (5, [])


def test_an_acceptance_that_comes_second_takes_the_case_back_to_the_desk(bank):
    first, second = (waiting_for_acceptance(bank, one) for one in two_open(bank))
    assert accept_decision(first, actor=first.learner, at=LATER).state == "posted"

    after = accept_decision(second, actor=second.learner, at=LATER)

    assert (after.state, after.verdict, after.decided_credits, after.second_officer) == ("checking", "", None, None)
    assert (after.first_officer, after.waiting_until) == (bank.officer, None)
    assert awarded(second) == Decimal("2.5")
    assert AuditEntry.objects.filter(action="recognition.accept_without_room").count() == 1
    assert AuditEntry.objects.get(action="recognition.reckon_again").data == {"lack": "limit", "of": "L1", "bound": "4", "with": "5"}
    assert Notice.objects.filter(code="recognition.no_room_left", recipient_uuid=bank.officer.uuid).count() == 1
    assert find_faults() == []


def test_a_requirement_is_filled_once():
    bank = make_bank(amounts=("3", "3"))
    leaf = bank.programme.requirements.get(path="1.1")
    leaf.outcomes = [row.outcomes[0] for row in bank.programme.requirements.order_by("path")]
    leaf.save()
    bank.programme.requirements.get(path="1.2").delete()
    first, second = (to_second_review(bank, one) for one in two_open(bank))
    confirm_decision(first, actor=bank.reviewer, at=LATER)

    with pytest.raises(NoRoomLeft) as refused:
        confirm_decision(second, actor=bank.reviewer, at=LATER)

    assert (refused.value.lack.kind, refused.value.lack.name) == ("leaf", "1.1")


def test_what_the_rules_would_have_decided_alone_comes_to_a_person_without_room():
    bank = make_bank(amounts=("3", "3"), route="auto", limits=[CAP])
    first, second = two_open(bank)

    assert decide_what_rules_decide(at=AT + timedelta(hours=1)) == [first.reference]

    second.refresh_from_db()
    assert (second.state, second.required_approvals, second.proposed_credits, awarded(second)) == ("submitted", 2, 0, 3)
    assert decide_what_rules_decide(at=AT + timedelta(hours=2)) == []


def test_a_case_with_room_is_not_worked_out_again(bank):
    first, second = two_open(bank)
    claim_application(second, actor=bank.officer, at=AT)
    before = trace()

    with pytest.raises(NoGain):
        reckon_again(second, actor=bank.officer, at=AT)
    with pytest.raises(WrongState):
        reckon_again(first, actor=bank.officer, at=AT)

    assert trace() == before


def test_the_desk_sees_what_lacks_room_and_how_to_go_on(client, bank):
    first, second = (to_second_review(bank, one) for one in two_open(bank))
    confirm_decision(first, actor=bank.reviewer, at=LATER)
    case = f"/desk/cases/{second.reference}/"
    client.force_login(bank.reviewer)

    page = client.get(case).content.decode()
    assert "加上其间已授予的学分后为 6，上限 4" in page
    answer = client.post(f"{case}confirm/", follow=True).content.decode()
    assert "另一项认定已先入账" in answer
    client.post(f"{case}send-back/", {"back-text": "请重新计算"})
    client.force_login(bank.officer)
    assert "重新计算" in client.get(case).content.decode()
    client.post(f"{case}rerun/")

    second.refresh_from_db()
    assert (second.state, second.proposed_credits) == ("checking", 0)
    assert "加上其间已授予的学分后" not in client.get(case).content.decode()


def test_the_learner_is_told_on_the_page_and_by_the_interface(client, bank):
    first, second = (waiting_for_acceptance(bank, one) for one in two_open(bank))
    accept_decision(first, actor=first.learner, at=LATER)
    client.force_login(second.learner)

    page = client.post(f"/my/applications/{second.reference}/accept/", follow=True).content.decode()

    assert "另一项认定已先入账" in page
    assert "您不需要做什么" in page
    assert client.get(f"/api/v1/me/applications/{second.reference}").json()["state"] == "checking"
