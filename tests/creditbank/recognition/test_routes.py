"""How many people decide, and when nobody has to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command

from creditbank.api import (
    Application,
    ApplicationLine,
    ExpertNeeded,
    Involved,
    Outcome,
    SamePersonTwice,
    Terms,
    WrongState,
    accept_decision,
    balances,
    cast_vote,
    claim_application,
    confirm_decision,
    decide_application,
    decide_automatically,
    draft_version,
    find_faults,
    publish_rules,
    record_expert_standing,
    rerun_application,
    run_clocks,
    withdraw_application,
)
from creditbank.recognition.exceptions import NoGain
from identity.api import Role, User
from tests.creditbank.recognition.test_actions import notices, state_of_everything
from tests.factories.creditbank import ACKNOWLEDGED, AT, LATER, ON, all_lines, earn, make_application, make_bank, make_learner
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db

WINDOW = timedelta(minutes=10)


# --- nobody: the rules decide ---


def test_what_the_rules_decide_waits_for_the_free_minutes_and_is_then_posted():
    bank = make_bank(route="auto")
    application = make_application(bank)
    assert (application.required_approvals, application.state) == (0, "submitted")
    before = state_of_everything()
    with pytest.raises(WrongState):
        decide_automatically(application, at=AT + WINDOW)
    assert state_of_everything() == before

    report = run_clocks(on=ON, at=AT + WINDOW + timedelta(seconds=1))

    done = Application.objects.get()
    assert report.decided == [application.reference]
    assert (done.state, done.verdict, done.first_officer, done.second_officer) == ("posted", "full", None, None)
    assert balances(done.learner.uuid)["A"].awarded == Decimal(5)
    assert [step.by_uuid for step in done.steps.all()][1:] == [None] * 4
    assert find_faults() == []


def test_within_the_free_minutes_it_can_be_taken_back_and_is_not_decided_afterwards():
    application = make_application(make_bank(route="auto"))
    withdraw_application(application, actor=application.learner, at=AT + WINDOW)

    assert run_clocks(on=ON, at=AT + timedelta(hours=1)).decided == []
    assert Application.objects.get().state == "withdrawn"


def test_the_command_that_runs_every_few_minutes_decides_and_does_nothing_else(capsys):
    make_application(make_bank(route="auto"))

    call_command("run_clocks", decide=True)

    assert (capsys.readouterr().out, Application.objects.get().state) == ("1 decided by rule, 0 files resumed\n", "posted")


def test_about_one_case_in_ten_is_marked_for_a_later_look():
    bank = make_bank(route="auto")
    wanted = {make_application(bank, learner=make_learner(bank)).uuid for _ in range(12)}

    run_clocks(on=ON, at=AT + timedelta(hours=1))

    marked = {row.uuid for row in Application.objects.filter(spot_check=True)}
    assert marked == {uuid for uuid in wanted if uuid.int % 10 == 0}


@pytest.mark.parametrize(
    ("why", "people"), [("nothing", 0), ("much", 2), ("outcome not in the catalogue", 3)]
)  # fmt: skip
def test_a_person_decides_where_rules_say_auto_and_something_else_does_not(why, people):
    bank = make_bank(amounts=("11",) if why == "much" else ("3",), route="auto", terms=Terms())
    if why == "outcome not in the catalogue":
        Outcome.objects.filter(code=bank.outcomes[0].code).delete()
    learner = UserFactory()
    earn(bank, learner)

    application = make_application(bank, learner=learner)

    assert application.required_approvals == people


def test_five_times_the_usual_amount_takes_two_from_the_twentieth_decision_on():
    bank = make_bank(amounts=("6", "1"), route="auto", terms=Terms())
    for number in range(19):
        decided_line(bank, number)
    assert make_application(bank, learner=make_learner(bank, records=1)).required_approvals == 0

    decided_line(bank, 19)

    assert make_application(bank, learner=make_learner(bank, records=1)).required_approvals == 2


def decided_line(bank, number: int) -> None:
    """An earlier decision of one credit under rule R1."""
    application = Application.objects.create(
        reference=f"RC-2020-{number:04d}", learner=UserFactory(), institution=bank.institution, programme=bank.programme, rules=bank.version,
        decided_at=AT,
    )  # fmt: skip
    ApplicationLine.objects.create(
        application=application, position=1, rule="R1", records=[], lead_record=application.uuid, leaf="1.1", proposed=1, decided=1
    )


# --- three and five ---


@pytest.fixture
def five():
    """A case of a new standard, with the first officer's opinion and four people who may vote."""
    bank = make_bank(route="standards")
    application = make_application(bank, state="second_review")
    members = [User.objects.get(pk=person_as(Role.REVIEWER, bank.institution).pk) for _ in range(4)]
    expert = User.objects.get(pk=person_as(Role.EXPERT, bank.institution).pk)
    return bank, application, members, expert


def test_a_new_standard_takes_five_of_whom_one_has_five_years_of_practice(five):
    bank, application, members, expert = five
    assert application.required_approvals == 5
    for member in members[:3]:
        application = cast_vote(application, "approve", actor=member, at=LATER)
    record_expert_standing(expert, bank.institution, field="护理", since=date(2022, 1, 1), actor=bank.officer, at=AT)
    before = state_of_everything()
    for person in (members[3], expert):
        with pytest.raises(ExpertNeeded):
            cast_vote(application, "approve", actor=person, at=LATER)
    assert state_of_everything() == before
    record_expert_standing(expert, bank.institution, field="护理", since=date(2021, 3, 3), actor=bank.officer, at=AT)

    done = cast_vote(application, "approve", actor=expert, at=LATER)

    assert (done.state, done.votes.count(), balances(done.learner.uuid)["A"].awarded) == ("posted", 4, Decimal(5))
    assert find_faults() == []


def test_two_against_two_and_the_first_officer_is_a_majority(five):
    bank, application, members, expert = five
    record_expert_standing(expert, bank.institution, field="护理", since=date(2010, 1, 1), actor=bank.officer, at=AT)
    for member, vote in zip(members[:3], ("oppose", "oppose", "approve"), strict=True):
        application = cast_vote(application, vote, actor=member, at=LATER)

    assert cast_vote(application, "approve", actor=expert, at=LATER).state == "posted"


def test_nobody_enters_the_own_years_of_practice(five):
    bank, _application, _members, expert = five

    with pytest.raises(SamePersonTwice):
        record_expert_standing(expert, bank.institution, field="护理", since=date(2010, 1, 1), actor=expert, at=AT)


# --- who published the rules ---


def test_who_published_the_rules_does_not_decide_under_them_for_a_day():
    bank = make_bank()
    officer = person_as(Role.CREDIT_OFFICER, bank.institution)
    new_rules(bank, at=AT - timedelta(hours=23), publisher=officer)
    application = make_application(bank)
    before = state_of_everything()

    with pytest.raises(Involved):
        claim_application(application, actor=officer, at=AT)

    assert state_of_everything() == before
    assert claim_application(application, actor=officer, at=AT + timedelta(hours=1)).first_officer == officer


def new_rules(bank, *, at=AT, publisher=None, amounts=("4", "3"), valid_from=ON):
    """A second version of the bank's rules that gives other amounts."""
    rules = [
        {
            "id": f"R{number}", "lhs": {"outcome": outcome.code, "min_score": "60"}, "route": "review", "reason_zh": "内容相当",
            "grants": [{"kind": "course", "outcome": row.outcomes[0], "credits": "fixed", "amount": amount}],
        }
        for number, (outcome, amount, row) in enumerate(
            zip(bank.outcomes, amounts, bank.programme.requirements.order_by("path"), strict=True), start=1
        )
    ]  # fmt: skip
    draft = draft_version(bank.version.book, rules=rules, limits=[], valid_from=valid_from, actor=bank.officer)
    return publish_rules(draft, actor=publisher or bank.reviewer, at=at, acknowledged=ACKNOWLEDGED)


# --- again under newer rules ---


def test_a_case_is_worked_out_again_under_newer_rules_only_if_the_learner_gains():
    bank = make_bank()
    bank.programme.requirements.update(need_credits=Decimal(4))
    application = make_application(bank, state="checking")
    assert application.proposed_credits == Decimal(5)
    newer = new_rules(bank, valid_from=date(2026, 3, 3))

    again = rerun_application(application, actor=bank.officer, at=LATER)

    assert (again.rules, again.proposed_credits, again.state) == (newer, Decimal(7), "checking")
    [kept] = again.reruns.all()
    assert (kept.old_rules, kept.new_rules, kept.old_proposal["posted"]) == (bank.version, newer, "5")
    assert kept.new_objective[:3] > kept.old_objective[:3]
    assert balances(again.learner.uuid)["V"].held == Decimal(8)
    assert notices(again.learner)[-1] == "recognition.rerun"
    assert find_faults() == []


def test_what_was_not_declared_for_waits_for_the_learner_even_in_full():
    bank = make_bank()
    bank.programme.requirements.update(need_credits=Decimal(4))
    application = make_application(bank, state="checking")
    new_rules(bank, valid_from=date(2026, 3, 3))
    application = rerun_application(application, actor=bank.officer, at=LATER)
    decide_application(application, decisions=all_lines(application), actor=bank.officer, at=LATER)

    decided = confirm_decision(application, actor=bank.reviewer, at=LATER + timedelta(days=1))

    assert (decided.state, decided.verdict) == ("decided", "full")
    assert accept_decision(decided, actor=decided.learner, at=LATER + timedelta(days=1)).state == "posted"
    assert find_faults() == []


@pytest.mark.parametrize("amounts", [("2", "1"), ("3", "2")])
def test_where_the_learner_would_not_gain_the_case_keeps_its_rules(amounts):
    bank = make_bank()
    application = make_application(bank, state="checking")
    new_rules(bank, valid_from=date(2026, 3, 3), amounts=amounts)
    before = state_of_everything()

    with pytest.raises(NoGain):
        rerun_application(application, actor=bank.officer, at=LATER)

    application.refresh_from_db()
    assert (application.rules, application.reruns.count()) == (bank.version, 0)
    assert state_of_everything() == before


def test_the_same_version_is_no_newer_one():
    application = make_application(state="checking", at=datetime(2026, 3, 2, 4, tzinfo=UTC))

    with pytest.raises(NoGain):
        rerun_application(application, actor=application.first_officer, at=LATER)
