"""The way of an application: every step, every refusal, and that three different people take it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from creditbank.api import (
    Application,
    ApplicationState,
    ApplicationStep,
    DecisionIncomplete,
    Hold,
    LineDecision,
    NoRulesInForce,
    NothingToRecognise,
    RecordsTaken,
    SamePersonTwice,
    SecondPersonNeeded,
    Terms,
    TooLate,
    Transaction,
    WrongState,
    accept_decision,
    answer_request,
    balances,
    claim_application,
    confirm_decision,
    decide_application,
    find_faults,
    post_award,
    propose,
    replay,
    request_information,
    reverse_award,
    send_application,
    send_back,
    start_application,
    submit_application,
    withdraw_application,
)
from creditbank.recognition.approvals import approvals_needed
from creditbank.recognition.enums import TRANSITIONS
from foundation.api import AuditEntry, Notice
from tests.factories.creditbank import AT, LATER, ProgrammeFactory, all_lines, earn, make_application, make_bank, make_learner
from tests.factories.identity import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return make_bank()


def state_of_everything() -> tuple[object, ...]:
    """What a refusal may not change: ledger, audit log, log of steps, and the applications themselves."""
    rows = tuple(Application.objects.order_by("id").values_list("state", "verdict", "first_officer", "second_officer", "decided_credits"))
    holds = tuple(Hold.objects.order_by("id").values_list("lot_uuid", "state"))
    counts = (Transaction.objects.count(), AuditEntry.objects.count(), ApplicationStep.objects.count(), Notice.objects.count())
    return rows, holds, counts


def notices(person) -> list[str]:
    return list(
        Notice.objects.filter(recipient_uuid=person.uuid, code__startswith="recognition.").order_by("id").values_list("code", flat=True)
    )


# --- submitting ---


def test_submitting_pins_the_rules_and_holds_the_records(bank):
    application = make_application(bank)
    balance = balances(application.learner.uuid)["V"]

    assert (balance.available, balance.held) == (Decimal(0), Decimal(8))
    assert application.rules == bank.version
    assert (application.state, application.proposed_credits, application.required_approvals) == ("submitted", Decimal(5), 2)
    assert application.due_on == date(2026, 3, 17)
    assert application.declared_at == application.submitted_at == AT
    assert [(line.rule, line.proposed) for line in application.lines.all()] == [("R1", Decimal(3)), ("R2", Decimal(2))]
    assert notices(application.learner) == ["recognition.submitted"]
    assert AuditEntry.objects.filter(action="recognition.submit", person_uuid=application.learner.uuid).count() == 1


def test_reference_numbers_count_by_the_year_of_the_city(bank):
    learner = make_learner(bank)
    first = start_application(bank.programme, learner=learner, at=AT)
    Application.objects.filter(pk=first.pk).update(reference="RC-2026-9999")

    second = start_application(ProgrammeFactory(institution=bank.institution), learner=learner, at=AT)
    third = start_application(ProgrammeFactory(institution=bank.institution), learner=learner, at=AT)
    new_year = start_application(ProgrammeFactory(institution=bank.institution), learner=learner, at=AT.replace(month=12, day=31, hour=16))

    assert [row.reference for row in (second, third, new_year)] == ["RC-2026-10000", "RC-2026-10001", "RC-2027-0001"]


def test_the_same_open_draft_is_found_again_and_holds_nothing(bank):
    learner = make_learner(bank)

    first, again = (start_application(bank.programme, learner=learner, at=AT) for _ in range(2))

    assert first == again
    assert not Hold.objects.exists()


def test_an_archive_without_anything_that_counts_is_refused_and_leaves_no_draft(bank):
    learner = UserFactory()
    earn(bank, learner, score="59")
    before = state_of_everything()

    with pytest.raises(NothingToRecognise):
        send_application(bank.programme, learner=learner, at=AT, shown_hash="")

    assert state_of_everything() == before


def test_an_institution_without_rules_is_refused(bank):
    programme = ProgrammeFactory()
    before = state_of_everything()

    with pytest.raises(NoRulesInForce):
        send_application(programme, learner=make_learner(bank, records=0), at=AT, shown_hash="")

    assert state_of_everything() == before


def test_a_declaration_for_another_proposal_than_the_present_is_refused(bank):
    learner = make_learner(bank, records=1)
    shown = propose(learner, bank.programme, on=date(2026, 3, 2)).decision.snapshot_hash
    earn(bank, learner, which=1)
    before = state_of_everything()

    with pytest.raises(RecordsTaken):
        send_application(bank.programme, learner=learner, at=AT, shown_hash=shown)

    assert state_of_everything() == before


def test_records_that_another_application_holds_are_not_used_again(bank):
    first = make_application(bank)
    other = ProgrammeFactory(institution=bank.institution)
    before = state_of_everything()

    with pytest.raises(NothingToRecognise):
        send_application(other, learner=first.learner, at=AT, shown_hash="")

    decision = propose(first.learner, other, on=date(2026, 3, 2)).decision
    assert {row.headline.code for row in decision.unused} == {"not_available"}
    assert state_of_everything() == before


def test_credit_that_is_not_confirmed_yet_is_not_used(bank):
    learner = UserFactory()
    earn(bank, learner, source="run")

    decision = propose(learner, bank.programme, on=date(2026, 3, 2)).decision

    assert decision.allocation == ()
    assert balances(learner.uuid)["V"].pending == Decimal(4)


def test_the_snapshot_knows_no_name(bank):
    application = make_application(bank)

    assert application.learner.name not in application.snapshot
    assert str(application.learner.uuid) in application.snapshot


def test_replaying_gives_the_same_bytes_whatever_changed_since(bank):
    application = make_application(bank)
    assert replay(application)
    earn(bank, application.learner, which=0, score="99")
    bank.programme.requirements.all().delete()

    assert replay(Application.objects.get())
    application.proposal["posted"] = "6"
    assert not replay(application)


# --- withdrawing ---


def test_within_the_free_minutes_everything_is_available_again(bank):
    application = make_application(bank)

    done = withdraw_application(application, actor=application.learner, at=AT + timedelta(minutes=10))

    assert done.state == "withdrawn"
    assert balances(application.learner.uuid)["V"].available == Decimal(8)
    assert find_faults() == []


def test_a_minute_later_it_is_too_late(bank):
    application = make_application(bank)
    before = state_of_everything()

    with pytest.raises(TooLate):
        withdraw_application(application, actor=application.learner, at=AT + timedelta(minutes=10, seconds=1))

    assert state_of_everything() == before


def test_after_withdrawing_the_same_records_can_be_sent_again(bank):
    first = make_application(bank)
    withdraw_application(first, actor=first.learner, at=AT)

    second = send_application(bank.programme, learner=first.learner, at=AT, shown_hash="")

    assert second.proposed_credits == Decimal(5)
    assert find_faults() == []


# --- the desk ---


def test_full_recognition_is_posted_with_the_second_signature(bank):
    application = make_application(bank, state="second_review")
    assert balances(application.learner.uuid)["V"].held == Decimal(8)

    done = confirm_decision(application, actor=bank.reviewer, at=LATER)

    assert (done.state, done.verdict, done.first_officer, done.second_officer) == ("posted", "full", bank.officer, bank.reviewer)
    found = balances(application.learner.uuid)
    assert (found["A"].awarded, found["V"].held, found["V"].available) == (Decimal(5), Decimal(0), Decimal(0))
    award = Transaction.objects.get(type="award")
    assert (award.by_uuid, award.second_uuid, award.application_uuid) == (bank.officer.uuid, bank.reviewer.uuid, application.uuid)
    walked = [step.to_state for step in done.steps.all()]
    assert walked == ["submitted", "checking", "second_review", "decided", "accepted", "posted"]
    assert notices(application.learner) == [f"recognition.{code}" for code in ("submitted", "checking", "second_review", "posted")]
    assert find_faults() == []


def test_posting_again_posts_nothing(bank):
    application = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)
    before = state_of_everything()

    with pytest.raises(WrongState), transaction.atomic():
        post_award(application, actor=bank.officer, at=LATER)

    assert state_of_everything() == before


def test_a_refusal_releases_what_was_held_and_gives_the_reasons(bank):
    application = make_application(bank, state="checking")
    decide_application(application, decisions=all_lines(application, "refuse", reason="content"), actor=bank.officer, at=AT)

    done = confirm_decision(application, actor=bank.reviewer, at=LATER)

    assert (done.state, done.verdict, done.decided_credits) == ("decided", "refused", Decimal(0))
    assert [(line.choice, line.decided, line.reason) for line in done.lines.all()] == [("refuse", 0, "content")] * 2
    assert balances(application.learner.uuid)["V"].available == Decimal(8)
    assert notices(application.learner) == [f"recognition.{code}" for code in ("submitted", "checking", "second_review", "refused")]
    before = state_of_everything()
    with pytest.raises(NothingToRecognise):
        accept_decision(done, actor=done.learner, at=LATER)
    assert state_of_everything() == before
    assert find_faults() == []


def test_another_result_than_shown_waits_for_the_learner_and_releases_refused_records(bank):
    application = make_application(bank, state="checking")
    decisions = {1: LineDecision("accept"), 2: LineDecision("refuse", reason="outdated", note="2009 年")}
    decide_application(application, decisions=decisions, actor=bank.officer, at=AT, message="请看理由")

    decided = confirm_decision(application, actor=bank.reviewer, at=LATER)

    assert (decided.state, decided.verdict, decided.decided_credits, decided.message) == ("decided", "partial", Decimal(3), "请看理由")
    assert balances(application.learner.uuid)["V"].held == Decimal(8)
    assert "A" not in balances(application.learner.uuid)
    notice = Notice.objects.get(code="recognition.decided")
    assert (notice.data["credits"], notice.url) == ("3", f"/my/applications/{application.reference}/")

    done = accept_decision(decided, actor=decided.learner, at=LATER)

    found = balances(application.learner.uuid)
    assert (done.state, found["A"].awarded, found["V"].available, found["V"].held) == ("posted", Decimal(3), Decimal(4), Decimal(0))
    assert find_faults() == []


def test_a_record_of_a_refused_and_of_a_recognised_line_is_used_not_released(bank):
    application = make_application(bank, state="checking")
    first, second = application.lines.all()
    second.records, second.lead_record = first.records, first.lead_record
    second.save()
    decisions = {1: LineDecision("accept"), 2: LineDecision("refuse", reason="content")}
    decide_application(application, decisions=decisions, actor=bank.officer, at=AT)
    decided = confirm_decision(application, actor=bank.reviewer, at=LATER)

    accept_decision(decided, actor=decided.learner, at=LATER)

    assert Hold.objects.get(lot_uuid=first.lead_record).state == "posted"
    assert balances(application.learner.uuid)["V"].available == Decimal(0)


def test_a_smaller_amount_needs_a_reason_and_lies_on_the_step(bank):
    application = make_application(bank, state="checking")
    before = state_of_everything()
    wrong = {
        "missing": None,
        "amount": LineDecision("change", Decimal("1.3"), "content"),
        "reason": LineDecision("change", Decimal("1.5"), ""),
    }
    wrong_cases = [
        *wrong.items(),
        ("amount", LineDecision("change", Decimal("3.5"), "content")),
        ("amount", LineDecision("change", Decimal("-0.5"), "content")),
        ("amount", LineDecision("change", None, "content")),
        ("missing", LineDecision("perhaps")),
        ("reason", LineDecision("refuse", reason="because")),
        ("reason", LineDecision("refuse", reason="other", note="  ")),
    ]

    for code, decision in wrong_cases:
        decisions = {1: decision, 2: LineDecision("accept")} if decision else {2: LineDecision("accept")}
        with pytest.raises(DecisionIncomplete) as refusal:
            decide_application(application, decisions=decisions, actor=bank.officer, at=AT)
        assert (refusal.value.line, refusal.value.code) == (1, code)

    assert state_of_everything() == before
    assert set(application.lines.values_list("choice", flat=True)) == {""}


def test_a_case_that_is_sent_back_starts_with_the_first_officer_again(bank):
    application = make_application(bank, state="second_review")

    returned = send_back(application, actor=bank.reviewer, at=LATER, note="请核对成绩")

    assert (returned.state, returned.steps.last().note) == ("checking", "请核对成绩")
    again = decide_application(returned, decisions=all_lines(returned), actor=bank.officer, at=LATER)
    assert (again.state, again.second_officer) == ("second_review", None)


def test_the_clock_stands_still_while_the_learner_owes_something(bank):
    application = make_application(bank, state="checking")
    request_information(application, actor=bank.officer, at=AT, text="请补充成绩单")

    answered = answer_request(application, actor=application.learner, at=AT + timedelta(days=4), text="已补充")

    assert (answered.state, answered.due_on, answered.answer) == ("checking", date(2026, 3, 21), "已补充")
    assert "recognition.information_requested" in notices(application.learner)


# --- three different people ---


def test_the_same_person_acting_twice_is_refused(bank):
    application = make_application(bank, state="second_review")
    before = state_of_everything()

    for actor in (bank.officer, application.learner):
        with pytest.raises(SamePersonTwice):
            confirm_decision(application, actor=actor, at=LATER)
        with pytest.raises(SamePersonTwice):
            send_back(application, actor=actor, at=LATER, note="x")

    assert state_of_everything() == before


def test_nobody_takes_or_decides_the_own_application(bank):
    submitted = make_application(bank)
    before = state_of_everything()
    with pytest.raises(SamePersonTwice):
        claim_application(submitted, actor=submitted.learner, at=AT)
    assert state_of_everything() == before

    claim_application(submitted, actor=bank.officer, at=AT)
    before = state_of_everything()
    with pytest.raises(SamePersonTwice):
        decide_application(submitted, decisions=all_lines(submitted), actor=submitted.learner, at=AT)
    with pytest.raises(SamePersonTwice):
        request_information(submitted, actor=submitted.learner, at=AT, text="x")
    assert state_of_everything() == before


@pytest.mark.postgres(also="sqlite")
def test_the_schema_refuses_one_person_in_two_parts(bank):
    application = make_application(bank, state="second_review")
    rows = Application.objects.filter(pk=application.pk)
    before = state_of_everything()
    attempts = (
        {"first_officer": application.learner},
        {"second_officer": application.learner},
        {"second_officer": bank.officer},
        {"state": "decided"},
        {"state": "posted", "second_officer": None},
        {"state": "approved"},
    )

    for change in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)

    with pytest.raises(DatabaseError), transaction.atomic():
        ApplicationStep.objects.update(to_state="withdrawn")
    assert state_of_everything() == before


# --- steps in the wrong order ---


@pytest.mark.parametrize("state", ["draft", "submitted", "checking", "second_review"])
def test_a_step_from_the_wrong_state_is_refused(bank, state):
    application = make_application(bank, state=state)
    steps = {
        "draft": lambda: submit_application(application, actor=application.learner, at=AT),
        "submitted": lambda: claim_application(application, actor=bank.officer, at=AT),
        "checking": lambda: decide_application(application, decisions=all_lines(application), actor=bank.officer, at=AT),
        "second_review": lambda: confirm_decision(application, actor=bank.reviewer, at=AT),
        "information_requested": lambda: answer_request(application, actor=application.learner, at=AT, text="x"),
        "decided": lambda: accept_decision(application, actor=application.learner, at=AT),
        "posted": lambda: reverse_award(application, actor=bank.officer, second=bank.reviewer, at=AT, reason="x"),
    }
    before = state_of_everything()

    for begins_in, step in steps.items():
        if begins_in != state:
            with pytest.raises(WrongState):
                step()

    assert state_of_everything() == before


def test_every_state_has_its_row_in_the_table_of_steps():
    assert set(TRANSITIONS) == set(ApplicationState)
    assert {state for state, onward in TRANSITIONS.items() if not onward} == {"withdrawn", "lapsed", "reversed"}


# --- taking back ---


def test_an_award_is_taken_back_by_two_persons_and_the_credit_is_available_again(bank):
    application = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)

    done = reverse_award(application, actor=bank.officer, second=bank.reviewer, at=LATER, reason="来源课程被撤销")

    found = balances(application.learner.uuid)
    assert (done.state, found["A"].awarded, found["V"].available, found["V"].held) == ("reversed", Decimal(0), Decimal(8), Decimal(0))
    assert find_faults() == []
    again = send_application(bank.programme, learner=application.learner, at=LATER, shown_hash="")
    assert again.proposed_credits == Decimal(5)


def test_an_award_is_not_taken_back_by_one_person_or_by_its_owner(bank):
    application = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)
    before = state_of_everything()

    for by, second in (
        (bank.officer, bank.officer),
        (bank.officer, application.learner),
        (application.learner, bank.officer),
        (bank.officer, None),
    ):
        with pytest.raises(SecondPersonNeeded):
            reverse_award(application, actor=by, second=second, at=LATER, reason="x")

    assert state_of_everything() == before


# --- how many must agree ---


@pytest.mark.parametrize(
    ("route", "amount", "median", "persons"),
    [("auto", "2", None, 0), ("auto", "10.5", None, 2), ("auto", "10", None, 0), ("auto", "6", "1", 2), ("auto", "5", "1", 0),
     ("review", "1", None, 1), ("review", "11", None, 2), ("panel", "1", None, 3), ("panel", "40", "1", 3), ("standards", "1", None, 5)],
)  # fmt: skip
def test_how_many_persons_must_agree(route, amount, median, persons):
    found = approvals_needed(route=route, amount=Decimal(amount), median=None if median is None else Decimal(median))

    assert found == persons


def test_an_institution_may_ask_for_two_on_a_reviewed_case_and_for_no_fewer_than_the_rules():
    assert [approvals_needed(route=route, amount=Decimal(1), people_for_review=2) for route in ("auto", "review", "panel")] == [0, 2, 3]


def test_one_signature_is_enough_where_the_rule_says_so():
    bank = make_bank(amounts=("3",), terms=Terms())
    application = make_application(bank, learner=make_learner(bank, records=1), state="checking")
    assert application.required_approvals == 1

    done = decide_application(application, decisions=all_lines(application), actor=bank.officer, at=AT)

    assert (done.state, done.second_officer) == ("posted", None)
    assert find_faults() == []


def test_notices_link_to_the_page_in_the_learners_language(bank):
    from django.utils import translation

    learner = make_learner(bank)
    learner.language = "en"
    learner.save()
    with translation.override("zh-hans"):
        application = make_application(bank, learner=learner)

    assert Notice.objects.get(code="recognition.submitted").url == f"/en/my/applications/{application.reference}/"
