"""Appeals: who may appeal until when, who decides, what happens where nobody does, and what a grant does to the books."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from creditbank.api import (
    Appeal,
    Application,
    LineDecision,
    NoCalendar,
    NoFurtherAppeal,
    NothingGranted,
    RecordsTaken,
    SamePersonTwice,
    SecondPersonNeeded,
    Terms,
    TooLate,
    Transaction,
    WrongState,
    accept_decision,
    balances,
    carry_out_reversal,
    confirm_decision,
    decide_appeal,
    decide_application,
    find_faults,
    run_clocks,
    send_application,
    submit_appeal,
    take_appeal,
)
from foundation.api import AuditEntry, Notice
from identity.api import Role
from tests.creditbank.recognition.test_actions import notices, state_of_everything
from tests.factories.creditbank import AT, LATER, ON, all_lines, make_application, make_bank
from tests.factories.identity import person_as

pytestmark = pytest.mark.django_db

DECIDED_ON = ON + timedelta(days=1)


def everything() -> tuple[object, ...]:
    return state_of_everything(), list(Appeal.objects.order_by("id").values_list("level", "result", "decided_by"))


def refused(bank, *, at=LATER):
    """An application that was refused: what it held is given back."""
    application = make_application(bank, state="checking")
    decide_application(application, decisions=all_lines(application, "refuse", reason="content"), actor=bank.officer, at=at)
    return confirm_decision(application, actor=bank.reviewer, at=at)


def partly(bank, *, accepted=True):
    """Line 1 recognised, line 2 not; the learner took it."""
    application = make_application(bank, state="checking")
    choices = {1: LineDecision("accept"), 2: LineDecision("refuse", reason="content")}
    decide_application(application, decisions=choices, actor=bank.officer, at=LATER)
    application = confirm_decision(application, actor=bank.reviewer, at=LATER)
    return accept_decision(application, actor=application.learner, at=LATER) if accepted else application


def appeal_against(application, *, at=LATER, ground="evidence", text="成绩单第二页没有看"):
    return submit_appeal(application, actor=application.learner, at=at, ground=ground, text=text)


@pytest.fixture
def bank():
    return make_bank()


@pytest.fixture
def judge(bank):
    return person_as(Role.REVIEWER, bank.institution, name="秦远")


# --- making one ---


def test_an_appeal_names_its_ground_its_last_day_and_what_happens_without_a_decision(bank, judge):
    application = refused(bank)

    appeal = appeal_against(application)

    assert (appeal.level, appeal.from_state, appeal.ground, appeal.default_result) == (1, "decided", "evidence", "uphold")
    assert appeal.due_on == date(2026, 4, 2)  # 30 days after 3 March
    assert Application.objects.get().state == "appealed"
    assert notices(application.learner)[-1] == "recognition.appealed"
    assert Notice.objects.get(recipient_uuid=judge.uuid).code == "recognition.appeal_waits"
    assert not Notice.objects.filter(recipient_uuid=bank.reviewer.uuid, code="recognition.appeal_waits").exists()
    assert AuditEntry.objects.filter(action="recognition.appeal", person_uuid=application.learner.uuid).count() == 1


def test_the_last_day_for_an_appeal_is_the_hundred_and_twentieth(bank):
    application = refused(bank)
    last = LATER + timedelta(days=120)
    before = everything()

    with pytest.raises(TooLate):
        appeal_against(application, at=last + timedelta(days=1))

    assert everything() == before
    assert appeal_against(application, at=last).level == 1


@pytest.mark.parametrize("state", ["draft", "submitted", "checking", "second_review"])
def test_what_is_not_decided_and_not_overdue_is_not_appealed(bank, state):
    application = make_application(bank, state=state)
    before = everything()

    for ground in ("delay", "rule"):
        with pytest.raises(WrongState):
            appeal_against(application, at=AT + timedelta(days=15), ground=ground)

    assert everything() == before


@pytest.mark.parametrize("state", ["submitted", "checking", "second_review"])
def test_delay_is_a_ground_of_its_own_from_the_day_after_the_answer_was_due(bank, judge, state):
    application = make_application(bank, state=state)
    overdue = AT + timedelta(days=16)
    with pytest.raises(WrongState):
        appeal_against(application, at=overdue, ground="rule")

    appeal = appeal_against(application, at=overdue, ground="delay")
    assert appeal.from_state == state
    done = decide_appeal(appeal, result="granted", actor=judge, at=overdue, answer="确有延误")

    assert (done.state, done.decided_on_appeal, balances(done.learner.uuid)["A"].awarded) == ("posted", True, Decimal(5))
    assert find_faults() == []


def test_an_appeal_against_delay_that_is_refused_goes_back_to_where_the_case_stood(bank, judge):
    application = make_application(bank, state="checking")
    appeal = appeal_against(application, at=AT + timedelta(days=16), ground="delay")

    done = decide_appeal(appeal, result="upheld", actor=judge, at=AT + timedelta(days=17), answer="本周内答复")

    assert (done.state, balances(done.learner.uuid)["V"].held) == ("checking", Decimal(8))


# --- deciding one ---


def test_a_granted_appeal_holds_again_what_was_given_back_and_posts_it(bank, judge):
    application = refused(bank)
    assert balances(application.learner.uuid)["V"].available == Decimal(8)
    appeal = take_appeal(appeal_against(application), actor=judge, at=LATER)

    done = decide_appeal(appeal, result="granted", actor=judge, at=LATER, answer="第二页有成绩")

    found = balances(done.learner.uuid)
    assert (done.state, done.verdict, done.decided_credits) == ("posted", "full", Decimal(5))
    assert (found["A"].awarded, found["V"].available, found["V"].held) == (Decimal(5), Decimal(0), Decimal(0))
    assert [step.to_state for step in done.steps.all()][-4:] == ["appealed", "appeal_decided", "accepted", "posted"]
    assert notices(done.learner)[-2:] == ["recognition.appeal_granted", "recognition.posted"]
    assert find_faults() == []


def test_where_the_credit_was_used_meanwhile_the_grant_is_refused_and_nothing_changes(bank, judge):
    application = refused(bank)
    appeal = appeal_against(application)
    send_application(bank.programme, learner=application.learner, at=LATER, shown_hash="")
    before = everything()

    with pytest.raises(RecordsTaken):
        decide_appeal(appeal, result="granted", actor=judge, at=LATER, answer="同意")

    assert everything() == before
    assert find_faults() == []


def test_a_grant_that_is_less_than_what_was_declared_waits_for_the_learner(bank, judge):
    application = refused(bank)
    choices = {1: LineDecision("accept"), 2: LineDecision("refuse", reason="content")}

    done = decide_appeal(
        appeal_against(application), result="granted", actor=judge, at=LATER, answer="第一项成立", decisions=choices
    )  # fmt: skip

    assert (done.state, done.verdict, done.decided_credits, done.waiting_until) == ("decided", "partial", Decimal(3), date(2026, 4, 2))
    assert balances(done.learner.uuid)["V"].held == Decimal(4)
    accepted = accept_decision(done, actor=done.learner, at=LATER)
    assert (accepted.state, balances(done.learner.uuid)["A"].awarded) == ("posted", Decimal(3))
    assert find_faults() == []


def test_after_a_posted_result_a_grant_posts_the_difference_alone(bank, judge):
    application = partly(bank)
    assert balances(application.learner.uuid)["A"].awarded == Decimal(3)

    done = decide_appeal(appeal_against(application), result="granted", actor=judge, at=LATER, answer="第二项也成立")

    found = balances(done.learner.uuid)
    assert (done.state, found["A"].awarded, found["V"].available, found["V"].held) == ("posted", Decimal(5), Decimal(0), Decimal(0))
    assert Transaction.objects.filter(type="award").count() == 2
    assert find_faults() == []


def test_more_on_a_line_that_has_its_record_posts_the_difference_too(bank, judge):
    application = make_application(bank, state="checking")
    choices = {1: LineDecision("change", Decimal("1.5"), "overlap"), 2: LineDecision("accept")}
    decide_application(application, decisions=choices, actor=bank.officer, at=LATER)
    application = accept_decision(confirm_decision(application, actor=bank.reviewer, at=LATER), actor=application.learner, at=LATER)

    done = decide_appeal(appeal_against(application), result="granted", actor=judge, at=LATER, answer="不重合")

    assert (done.state, balances(done.learner.uuid)["A"].awarded) == ("posted", Decimal(5))
    assert find_faults() == []


def test_an_appeal_never_gives_less_and_a_grant_gives_something(bank, judge):
    appeal = appeal_against(partly(bank))
    before = everything()
    less = {1: LineDecision("change", Decimal(1), "overlap"), 2: LineDecision("accept")}
    same = {1: LineDecision("accept"), 2: LineDecision("refuse", reason="content")}

    for decisions in (less, same):
        with pytest.raises(NothingGranted):
            decide_appeal(appeal, result="granted", actor=judge, at=LATER, answer="x", decisions=decisions)

    assert everything() == before


def test_where_the_decision_stands_it_is_as_before_and_the_learner_has_time_to_accept_again(bank, judge):
    application = partly(bank, accepted=False)

    done = decide_appeal(appeal_against(application), result="upheld", actor=judge, at=LATER, answer="理由充分")

    assert (done.state, done.verdict, done.waiting_until) == ("decided", "partial", date(2026, 4, 2))
    assert accept_decision(done, actor=done.learner, at=LATER).state == "posted"
    assert find_faults() == []


@pytest.mark.parametrize("who", ["learner", "officer", "reviewer"])
def test_nobody_who_had_a_part_in_the_case_decides_the_appeal(bank, who):
    application = refused(bank)
    appeal = appeal_against(application)
    person = {"learner": application.learner, "officer": bank.officer, "reviewer": bank.reviewer}[who]
    before = everything()

    with pytest.raises(SamePersonTwice):
        take_appeal(appeal, actor=person, at=LATER)
    with pytest.raises(SamePersonTwice):
        decide_appeal(appeal, result="granted", actor=person, at=LATER, answer="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(decided_by=person, result="granted", decided_at=LATER)

    assert everything() == before


def test_an_appeal_that_somebody_has_taken_is_not_taken_by_another(bank, judge):
    appeal = take_appeal(appeal_against(refused(bank)), actor=judge, at=LATER)
    other = person_as(Role.REVIEWER, bank.institution)
    before = everything()

    with pytest.raises(WrongState):
        take_appeal(appeal, actor=other, at=LATER)

    assert everything() == before


def test_the_second_level_comes_after_the_first_by_somebody_else_again_and_a_third_does_not(bank, judge):
    application = decide_appeal(appeal_against(refused(bank)), result="upheld", actor=judge, at=LATER, answer="维持")
    second = appeal_against(application, ground="rule", text="规则第三条")
    assert second.level == 2
    before = everything()
    with pytest.raises(SamePersonTwice):
        decide_appeal(second, result="granted", actor=judge, at=LATER, answer="x")
    assert everything() == before

    other = person_as(Role.REVIEWER, bank.institution)
    application = decide_appeal(second, result="upheld", actor=other, at=LATER, answer="维持")

    before = everything()
    with pytest.raises(NoFurtherAppeal):
        appeal_against(application)
    assert everything() == before


# --- taking an award back ---


def test_an_award_that_is_to_be_taken_back_takes_a_second_person(bank, judge):
    application = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)
    appeal = appeal_against(application, ground="other", text="我想用于另一专业")
    application = decide_appeal(appeal, result="reverse", actor=judge, at=LATER, answer="同意退回")
    assert application.state == "appeal_decided"
    before = everything()
    with pytest.raises(SecondPersonNeeded):
        carry_out_reversal(application, actor=judge, at=LATER, reason="申诉裁决")
    assert everything() == before

    done = carry_out_reversal(application, actor=bank.officer, at=LATER, reason="申诉裁决")

    found = balances(done.learner.uuid)
    assert (done.state, found["A"].awarded, found["V"].available) == ("reversed", Decimal(0), Decimal(8))
    assert find_faults() == []


def test_both_awards_are_taken_back_where_an_appeal_had_added_one(bank, judge):
    application = decide_appeal(appeal_against(partly(bank)), result="granted", actor=judge, at=LATER, answer="成立")
    other = person_as(Role.REVIEWER, bank.institution)
    application = decide_appeal(
        appeal_against(application, ground="other", text="退回"), result="reverse", actor=other, at=LATER, answer="同意"
    )  # fmt: skip

    done = carry_out_reversal(application, actor=bank.officer, at=LATER, reason="申诉裁决")

    found = balances(done.learner.uuid)
    assert (done.state, found["A"].awarded, found["V"].available, found["V"].held) == ("reversed", Decimal(0), Decimal(8), Decimal(0))
    assert find_faults() == []


# --- the clock ---


def test_nothing_happens_on_the_last_day_and_the_default_on_the_next_with_who_was_late(judge):
    bank = make_bank(terms=Terms(people_for_review=2, default_result="grant", last_default_result="uphold"))
    judge = person_as(Role.REVIEWER, bank.institution, name="秦远")
    application = refused(bank)
    appeal = take_appeal(appeal_against(application), actor=judge, at=LATER)

    assert run_clocks(on=appeal.due_on, at=AT).defaulted == []
    assert Application.objects.get().state == "appealed"
    report = run_clocks(on=appeal.due_on + timedelta(days=1), at=AT + timedelta(days=32))

    done, appeal = Application.objects.get(), Appeal.objects.get()
    assert report.defaulted == [application.reference]
    assert (done.state, done.verdict, balances(done.learner.uuid)["A"].awarded) == ("posted", "full", Decimal(5))
    assert (appeal.result, appeal.by_default, appeal.decided_by, appeal.late_uuid) == ("granted", True, None, judge.uuid)
    entry = AuditEntry.objects.get(action="recognition.appeal_default")
    assert (entry.data["late"], entry.data["result"]) == (str(judge.uuid), "grant")
    assert run_clocks(on=appeal.due_on + timedelta(days=2), at=AT).defaulted == []
    assert find_faults() == []


def test_where_nobody_had_taken_it_nobody_by_name_was_late_and_the_decision_stands(bank):
    application = refused(bank)
    appeal = appeal_against(application)

    run_clocks(on=appeal.due_on + timedelta(days=1), at=AT + timedelta(days=32))

    appeal = Appeal.objects.get()
    assert (Application.objects.get().state, appeal.result, appeal.by_default, appeal.late_uuid) == ("decided", "upheld", True, None)
    assert AuditEntry.objects.get(action="recognition.appeal_default").data["institution"] == bank.institution.code
    assert notices(application.learner)[-1] == "recognition.appeal_upheld"


def test_a_default_may_pass_it_to_the_next_level_whose_default_ends_it():
    bank = make_bank(terms=Terms(people_for_review=2, default_result="escalate", last_default_result="grant"))
    application = refused(bank)
    first = appeal_against(application)

    run_clocks(on=first.due_on + timedelta(days=1), at=datetime(2026, 4, 3, 4, tzinfo=UTC))
    second = Appeal.objects.get(level=2)
    assert (Application.objects.get().state, Appeal.objects.get(level=1).result, second.due_on) == (
        "appealed",
        "escalated",
        date(2026, 5, 3),
    )
    assert (second.default_result, second.from_state) == ("grant", "decided")
    run_clocks(on=second.due_on + timedelta(days=1), at=datetime(2026, 5, 4, 4, tzinfo=UTC))

    assert (Application.objects.get().state, balances(application.learner.uuid)["A"].awarded) == ("posted", Decimal(5))
    assert find_faults() == []


def test_a_default_that_grants_what_is_no_longer_there_leaves_the_decision_as_it_was():
    bank = make_bank(terms=Terms(people_for_review=2, default_result="grant"))
    application = refused(bank)
    appeal = appeal_against(application)
    send_application(bank.programme, learner=application.learner, at=LATER, shown_hash="")

    run_clocks(on=appeal.due_on + timedelta(days=1), at=AT + timedelta(days=32))

    application.refresh_from_db()
    assert (application.state, application.verdict, Appeal.objects.get().result) == ("decided", "refused", "upheld")
    assert find_faults() == []


def test_reviewers_are_reminded_after_half_and_four_fifths_of_the_time(bank, judge):
    appeal_against(refused(bank))

    told = []
    for day in (14, 15, 23, 24, 25):
        run_clocks(on=DECIDED_ON + timedelta(days=day), at=AT)
        told.append(Notice.objects.filter(recipient_uuid=judge.uuid, code="recognition.appeal_waits").count())

    assert told == [1, 2, 2, 3, 3]  # one came with the appeal itself


def test_the_desk_is_reminded_after_half_and_four_fifths_of_its_working_days():
    bank = make_bank(terms=Terms(people_for_review=2, decide_counting="working"))
    application = make_application(bank, state="checking")
    assert application.due_on == date(2026, 3, 23)  # 15 working days after Monday, 2 March

    told = [run_clocks(on=date(2026, 3, day), at=AT).desk_reminded for day in (11, 12, 13, 17, 18, 19)]

    assert told == [0, 1, 0, 0, 1, 0]
    assert Notice.objects.filter(recipient_uuid=bank.officer.uuid, code="recognition.desk_reminder").count() == 2


def test_holidays_and_days_made_up_count_as_they_were_announced():
    bank = make_bank(terms=Terms(people_for_review=2, decide_counting="working"))

    application = make_application(bank, at=datetime(2026, 2, 13, 4, tzinfo=UTC))

    # Saturday 14 February is worked, 15 to 23 February are holidays, Saturday 28 February is worked
    assert application.due_on == date(2026, 3, 12)


def test_a_year_without_a_table_of_working_days_is_an_error_and_nothing_is_sent():
    bank = make_bank(terms=Terms(people_for_review=2, decide_counting="working"))
    from tests.factories.creditbank import make_learner

    learner = make_learner(bank)
    before = everything()

    with pytest.raises(NoCalendar), transaction.atomic():
        send_application(bank.programme, learner=learner, at=datetime(2031, 3, 3, 4, tzinfo=UTC), shown_hash="")

    assert everything() == before
