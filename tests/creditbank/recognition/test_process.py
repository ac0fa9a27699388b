"""Panels, withdrawal as a request, interests, and clocks: each step by its own person and day; every other is refused and changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from creditbank.api import (
    Application,
    ApplicationVote,
    ExpertNeeded,
    Involved,
    LineDecision,
    SamePersonTwice,
    WrongState,
    answer_request,
    answer_withdrawal,
    balances,
    cast_vote,
    claim_application,
    confirm_decision,
    decide_application,
    find_faults,
    request_information,
    request_withdrawal,
    run_clocks,
    send_back,
    stand_aside,
)
from creditbank.ledger.actions import hold
from creditbank.ledger.queries import expiring_lots
from foundation.api import Notice
from identity.api import Role, User
from tests.creditbank.recognition.test_actions import notices, state_of_everything
from tests.factories.creditbank import AT, LATER, ON, all_lines, earn, make_application, make_bank, make_learner
from tests.factories.identity import MembershipFactory, person_as
from tests.factories.learning import CourseRunFactory, EnrolmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return make_bank()


@pytest.fixture
def panel():
    """A case that three people decide, with the first officer's opinion given."""
    bank = make_bank(route="panel")
    application = make_application(bank, state="second_review")
    members = {
        "reviewer": User.objects.get(pk=bank.reviewer.pk),
        "other": User.objects.get(pk=person_as(Role.REVIEWER, bank.institution).pk),
        "expert": User.objects.get(pk=person_as(Role.EXPERT, bank.institution).pk),
        "stranger": User.objects.get(pk=person_as(Role.EXPERT).pk),
    }
    return bank, application, members


# --- a panel of three ---


def test_a_rule_that_asks_for_a_panel_asks_for_three_people(panel):
    _bank, application, _members = panel

    assert (application.required_approvals, application.state) == (3, "second_review")


def test_the_majority_decides_with_the_last_seat_and_not_before(panel):
    _bank, application, members = panel

    application = cast_vote(application, "oppose", actor=members["reviewer"], at=LATER, note="内容不足")
    assert (application.state, application.second_officer) == ("second_review", None)

    application = cast_vote(application, "approve", actor=members["expert"], at=LATER)

    assert (application.state, application.second_officer) == ("posted", members["expert"])
    assert [(vote.vote, vote.as_expert) for vote in application.votes.all()] == [("oppose", False), ("approve", True)]
    assert balances(application.learner.uuid)["A"].awarded == Decimal(5)
    assert find_faults() == []


def test_a_majority_against_sends_the_case_back_and_the_next_round_starts_empty(panel):
    bank, application, members = panel
    cast_vote(application, "oppose", actor=members["reviewer"], at=LATER)

    application = cast_vote(application, "oppose", actor=members["expert"], at=LATER, note="请补充教学大纲")

    assert (application.state, application.second_officer) == ("checking", None)
    application = decide_application(application, decisions=all_lines(application), actor=bank.officer, at=LATER)
    cast_vote(application, "approve", actor=members["reviewer"], at=LATER)
    application = cast_vote(application, "approve", actor=members["expert"], at=LATER)
    assert application.state == "posted"
    assert sorted(ApplicationVote.objects.values_list("round", flat=True)) == [1, 1, 2, 2]


def test_the_last_seat_is_an_experts_where_none_has_voted(panel):
    _bank, application, members = panel
    cast_vote(application, "approve", actor=members["reviewer"], at=LATER)
    before = (state_of_everything(), ApplicationVote.objects.count())

    with pytest.raises(ExpertNeeded):
        cast_vote(application, "approve", actor=members["other"], at=LATER)

    assert (state_of_everything(), ApplicationVote.objects.count()) == before


@pytest.mark.parametrize("who", ["first officer", "learner", "twice"])
def test_nobody_votes_twice_or_in_the_own_case(panel, who):
    bank, application, members = panel
    cast_vote(application, "approve", actor=members["reviewer"], at=LATER)
    person = {"first officer": bank.officer, "learner": application.learner, "twice": members["reviewer"]}[who]
    before = (state_of_everything(), ApplicationVote.objects.count())

    with pytest.raises(SamePersonTwice):
        cast_vote(application, "approve", actor=person, at=LATER)

    assert (state_of_everything(), ApplicationVote.objects.count()) == before


@pytest.mark.parametrize("who", ["first_officer", "learner"])
def test_the_schema_itself_refuses_a_vote_of_either(panel, who):
    _bank, application, _members = panel
    facts = {"learner": application.learner, "first_officer": application.first_officer, "voter": getattr(application, who)}

    with pytest.raises(IntegrityError), transaction.atomic():
        ApplicationVote.objects.create(application=application, round=1, vote="approve", at=LATER, **facts)


def test_agreeing_and_sending_back_are_votes_where_a_panel_decides(panel):
    _bank, application, members = panel

    send_back(application, actor=members["reviewer"], at=LATER, note="不够")
    application = confirm_decision(application, actor=members["expert"], at=LATER)

    assert [vote.vote for vote in application.votes.all()] == ["oppose", "approve"]
    assert application.state == "posted"


def test_an_expert_votes_on_the_page_of_the_case_and_one_from_elsewhere_finds_none(client, panel):
    _bank, application, members = panel
    page, confirm = (reverse(f"creditbank:{name}", args=[application.reference]) for name in ("case", "confirm"))

    client.force_login(members["stranger"])
    assert client.post(confirm).status_code == 404
    client.force_login(members["expert"])
    assert "由 3 人评审组按多数决定" in client.get(page).content.decode()
    assert client.post(confirm).status_code == 302

    assert "以学科专家身份" in client.get(page).content.decode()
    assert Application.objects.get().state == "second_review"


# --- withdrawal ---


@pytest.mark.parametrize("state", ["checking", "second_review"])
def test_later_than_ten_minutes_withdrawing_is_a_wish_that_an_officer_grants(bank, state):
    application = make_application(bank, state=state)

    application = request_withdrawal(application, actor=application.learner, at=LATER, reason="我换专业了")
    assert (application.state, balances(application.learner.uuid)["V"].held) == ("withdrawal_requested", Decimal(8))
    other = person_as(Role.CREDIT_OFFICER, bank.institution)
    application = answer_withdrawal(application, grant=True, actor=other, at=LATER)

    assert (application.state, balances(application.learner.uuid)["V"].available) == ("withdrawn", Decimal(8))
    assert notices(application.learner)[-1] == "recognition.withdrawal_granted"
    assert find_faults() == []


@pytest.mark.parametrize("state", ["checking", "second_review"])
def test_where_the_wish_is_not_granted_the_case_goes_on_where_it_stood(bank, state):
    application = make_application(bank, state=state)
    request_withdrawal(application, actor=application.learner, at=LATER, reason="我换专业了")

    application = answer_withdrawal(application, grant=False, actor=bank.officer, at=LATER, note="决定已经作出")

    assert (application.state, balances(application.learner.uuid)["V"].held) == (state, Decimal(8))
    assert notices(application.learner)[-1] == "recognition.withdrawal_refused"


def test_while_nobody_has_taken_the_case_the_wish_is_enough(bank):
    application = make_application(bank)

    application = request_withdrawal(application, actor=application.learner, at=LATER, reason="算了")

    assert (application.state, balances(application.learner.uuid)["V"].available) == ("withdrawn", Decimal(8))


def test_what_is_posted_is_not_withdrawn(bank):
    application = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)
    before = state_of_everything()

    with pytest.raises(WrongState):
        request_withdrawal(application, actor=application.learner, at=LATER, reason="反悔")

    assert state_of_everything() == before


def test_withdrawing_by_http_needs_a_reason_and_a_refusal_too(client, bank):
    application = make_application(bank, state="checking", at=timezone.now() - timedelta(hours=1))
    ask, answer = (reverse(f"creditbank:{name}", args=[application.reference]) for name in ("ask_to_withdraw", "withdrawal"))
    client.force_login(application.learner)
    client.post(ask, {"withdraw-text": "  "})
    assert Application.objects.get().state == "checking"
    client.post(ask, {"withdraw-text": "我换专业了"})
    assert Application.objects.get().state == "withdrawal_requested"

    assert client.post(answer, {"withdrawal-grant": "yes"}).status_code == 403
    client.force_login(bank.reviewer)
    assert client.post(answer, {"withdrawal-grant": "yes"}).status_code == 403
    client.force_login(bank.officer)
    client.post(answer, {"withdrawal-grant": "no", "withdrawal-text": ""})
    assert Application.objects.get().state == "withdrawal_requested"
    client.post(answer, {"withdrawal-grant": "yes"})

    assert Application.objects.get().state == "withdrawn"


# --- interests ---


def test_who_taught_it_does_not_decide_on_it(bank):
    learner = make_learner(bank, records=1)
    run = CourseRunFactory()
    run.instructors.add(bank.officer)
    enrolment = EnrolmentFactory(run=run, learner=learner)
    earn(bank, learner, which=1, enrolment=enrolment.uuid)
    application = make_application(bank, learner=learner)
    before = state_of_everything()

    with pytest.raises(Involved):
        claim_application(application, actor=bank.officer, at=LATER)

    assert state_of_everything() == before
    other = person_as(Role.CREDIT_OFFICER, bank.institution)
    assert claim_application(application, actor=other, at=LATER).first_officer == other


def test_who_stood_aside_stays_aside(client, bank):
    application = make_application(bank, state="second_review")
    client.force_login(bank.reviewer)
    client.post(reverse("creditbank:stand_aside", args=[application.reference]), {"aside-text": "申请人是我的亲属"})
    before = state_of_everything()

    page = client.post(reverse("creditbank:confirm", args=[application.reference]), follow=True).content.decode()

    assert "须由他人决定" in page
    assert state_of_everything() == before
    with pytest.raises(SamePersonTwice):
        stand_aside(application, actor=application.learner, at=LATER, reason="x")


# --- clocks ---


def test_what_is_not_answered_in_thirty_days_lapses_with_a_reminder_before(bank):
    application = request_information(make_application(bank, state="checking"), actor=bank.officer, at=AT, text="请补充照片")
    learner, until = application.learner, ON + timedelta(days=30)
    assert application.waiting_until == until

    days = (14, 15, 23, 24, 30)
    reminded = [run_clocks(on=ON + timedelta(days=day), at=AT) for day in days]
    assert [(day, report.reminded, report.lapsed) for day, report in zip(days, reminded, strict=True)] == [
        (14, [], []), (15, [application.reference], []), (23, [], []), (24, [application.reference], []), (30, [], []),
    ]  # fmt: skip
    assert Application.objects.get().state == "information_requested"

    report = run_clocks(on=until + timedelta(days=1), at=AT)

    assert report.lapsed == [application.reference]
    assert (Application.objects.get().state, balances(learner.uuid)["V"].available) == ("lapsed", Decimal(8))
    assert notices(learner)[-2:] == ["recognition.reminder", "recognition.lapsed"]
    assert run_clocks(on=until + timedelta(days=2), at=AT).lapsed == []
    assert find_faults() == []


def test_an_answer_stops_the_clock(bank):
    application = request_information(make_application(bank, state="checking"), actor=bank.officer, at=AT, text="请补充照片")

    application = answer_request(application, actor=application.learner, at=AT + timedelta(days=5), text="已补")

    assert application.waiting_until is None
    assert run_clocks(on=ON + timedelta(days=90), at=AT).lapsed == []


def test_a_result_that_nobody_accepts_lapses_and_a_refusal_does_not(bank):
    learner = make_learner(bank)
    application = make_application(bank, state="checking", learner=learner)
    choices = {1: LineDecision("accept"), 2: LineDecision("refuse", reason="content")}
    decide_application(application, decisions=choices, actor=bank.officer, at=AT)
    confirm_decision(application, actor=bank.reviewer, at=AT)
    refused = make_application(bank, state="checking")
    decide_application(refused, decisions=all_lines(refused, "refuse", reason="content"), actor=bank.officer, at=AT)
    confirm_decision(refused, actor=bank.reviewer, at=AT)

    report = run_clocks(on=ON + timedelta(days=31), at=AT)

    assert report.lapsed == [application.reference]
    assert sorted(Application.objects.values_list("state", "verdict")) == [("decided", "refused"), ("lapsed", "partial")]
    assert balances(learner.uuid)["V"].available == Decimal(8)


def test_credit_is_announced_90_30_and_7_days_before_and_expires_the_day_after_its_last(bank):
    learner = make_learner(bank, records=1)
    record = earn(bank, learner, which=1, valid_until=date(2026, 6, 30))

    days = (
        date(2026, 3, 31),
        date(2026, 4, 1),
        date(2026, 4, 2),
        date(2026, 5, 31),
        date(2026, 6, 22),
        date(2026, 6, 23),
        date(2026, 6, 30),
    )
    assert [run_clocks(on=day, at=AT).warned for day in days] == [0, 1, 0, 1, 0, 1, 0]
    assert [run_clocks(on=day, at=AT).warned for day in days] == [0] * 7
    assert balances(learner.uuid)["V"].available == Decimal(8)

    assert [run_clocks(on=date(2026, 7, day), at=AT).expired for day in (1, 1, 2)] == [1, 0, 0]

    have = balances(learner.uuid)["V"]
    assert (have.available, have.expired) == (Decimal(4), Decimal(4))
    told = Notice.objects.filter(recipient_uuid=learner.uuid, code__in=["ledger.expiring", "ledger.expired"])
    assert [(row.code, row.data["record"]) for row in told.order_by("id")] == [("ledger.expiring", str(record.uuid))] * 3 + [
        ("ledger.expired", str(record.uuid))
    ]
    assert find_faults() == []


def test_after_nights_that_were_missed_only_the_nearest_warning_goes_out(bank):
    learner = make_learner(bank, records=1)
    earn(bank, learner, which=1, valid_until=date(2026, 6, 30))

    assert [run_clocks(on=day, at=AT).warned for day in (date(2026, 6, 20), date(2026, 6, 21), date(2026, 6, 29))] == [1, 0, 1]
    assert Notice.objects.filter(code="ledger.expiring").count() == 2


def test_credit_that_still_waits_for_confirmation_expires_too(bank):
    learner = make_learner(bank, records=1)
    earn(bank, learner, which=1, valid_until=date(2026, 6, 30), source="run", auto_deposit=False)
    assert balances(learner.uuid)["V"].pending == Decimal(4)

    assert run_clocks(on=date(2026, 7, 1), at=AT).expired == 1

    assert (balances(learner.uuid)["V"].pending, balances(learner.uuid)["V"].expired) == (0, Decimal(4))


def test_one_lot_that_is_held_meanwhile_does_not_keep_the_others_from_expiring(bank, monkeypatch):
    learner = make_learner(bank, records=1)
    taken, other = (earn(bank, learner, which=1, valid_until=date(2026, 6, 30)) for _ in range(2))
    seen = iter([expiring_lots([taken.uuid, other.uuid])])  # what the night saw before the learner was quicker
    hold(application=uuid4(), owner=learner.uuid, lots=[(taken.uuid, "V", Decimal(4))], on=ON, by=learner)
    monkeypatch.setattr("creditbank.recognition.actions.clocks.expiring_lots", lambda records: next(seen, None) or expiring_lots(records))

    assert run_clocks(on=date(2026, 7, 1), at=AT).expired == 1

    have = balances(learner.uuid)["V"]
    assert (have.held, have.expired, have.available) == (Decimal(4), Decimal(4), Decimal(4))
    assert Notice.objects.filter(code="ledger.expired").count() == 1
    assert find_faults() == []


def test_held_credit_does_not_expire_under_an_open_application(bank):
    learner = make_learner(bank, records=1)
    earn(bank, learner, which=1, valid_until=date(2026, 4, 30))
    application = make_application(bank, learner=learner, state="checking")

    assert run_clocks(on=date(2026, 5, 1), at=AT).expired == 0

    assert balances(learner.uuid)["V"].held == Decimal(8)
    assert application.state == "checking"


def test_the_nightly_command_says_what_it_did_and_refuses_a_day_that_is_none(capsys, bank):
    make_application(bank)

    call_command("run_clocks", on="2026-03-09")

    assert capsys.readouterr().out == (
        "2026-03-09: 0 decided by rule, 0 learners and 0 desks reminded, 0 lapsed, 0 appeals ended by default, 0 warned, 0 lots expired,"
        " 0 agreements begun or ended, 0 files resumed\n"
    )
    with pytest.raises(CommandError, match="Not a day"):
        call_command("run_clocks", on="next week")


def test_a_subject_expert_sees_the_cases_of_panels_and_no_others(client, panel):
    _bank, application, members = panel
    ordinary = make_bank()
    pair = make_application(ordinary)
    MembershipFactory(person=members["expert"], institution=ordinary.institution, role=Role.EXPERT)
    client.force_login(User.objects.get(pk=members["expert"].pk))

    queue = client.get(reverse("creditbank:desk")).content.decode()

    assert application.reference in queue
    assert pair.reference not in queue
    assert client.get(reverse("creditbank:case", args=[pair.reference])).status_code == 404
