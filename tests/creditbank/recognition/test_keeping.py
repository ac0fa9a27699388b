"""What a desk keeps in order: panels and who may sit on them, second looks at decided cases, two logins of one person."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from creditbank.api import (
    AccountMerger,
    ExpertStanding,
    NewDraw,
    NothingToDraw,
    NothingToMerge,
    SamePersonTwice,
    SpotCheck,
    SpotCheckDraw,
    Transaction,
    WrongState,
    agree_to_merger,
    balances,
    confirm_decision,
    draw_spot_checks,
    end_expert_standing,
    find_faults,
    propose_merger,
    record_expert_standing,
    record_spot_check,
)
from creditbank.recognition.actions import drawn
from creditbank.recognition.actions.desk import has_practised
from foundation.api import AuditEntry, Notice
from identity.api import Role
from tests.creditbank.recognition.test_actions import state_of_everything
from tests.factories.creditbank import AT, LATER, ON, make_application, make_bank, make_learner
from tests.factories.identity import MembershipFactory, UserFactory, person_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return make_bank()


# --- who may sit on which panels ---


@pytest.fixture
def expert(bank):
    return person_as(Role.EXPERT, bank.institution, name="方岚")


def test_a_standing_that_was_ended_gives_no_seat_any_more_and_says_why(bank, expert):
    row = record_expert_standing(expert, bank.institution, field="护理", since=date(2015, 1, 1), actor=bank.officer, at=AT)
    before = has_practised(expert, bank.institution.pk, on=ON)

    done = end_expert_standing(row, actor=bank.reviewer, at=AT, reason="已离开本行业")

    assert (before, has_practised(expert, bank.institution.pk, on=ON)) == (True, False)
    assert (done.ended_on, done.ended_by_uuid, done.ended_why) == (ON, bank.reviewer.uuid, "已离开本行业")
    with pytest.raises(WrongState):
        end_expert_standing(row, actor=bank.reviewer, at=AT, reason="再次")


def test_nobody_ends_the_own_standing(bank, expert):
    row = record_expert_standing(expert, bank.institution, field="护理", since=date(2015, 1, 1), actor=bank.officer, at=AT)

    with pytest.raises(SamePersonTwice):
        end_expert_standing(row, actor=expert, at=AT, reason="x")

    assert ExpertStanding.objects.get().ended_on is None


def test_the_page_says_who_may_sit_where_and_takes_an_experts_practice(client, bank, expert):
    client.force_login(bank.officer)
    body = {"institution": bank.institution.pk, "person": expert.pk, "field": "护理", "since": "2015-01-01"}
    before = {one.person.pk: (one.is_expert, one.is_experienced) for one in client.get(reverse("creditbank:standings")).context["members"]}

    answer = client.post(reverse("creditbank:standings"), body)

    page = client.get(reverse("creditbank:standings"))
    after = {one.person.pk: (one.is_expert, one.is_experienced) for one in page.context["members"]}
    assert (before[expert.pk], before[bank.reviewer.pk]) == ((True, False), (False, False))
    assert (answer.status_code, after[expert.pk]) == (302, (True, True))


@pytest.mark.parametrize("changes", [{"since": "2099-01-01"}, {"person": ""}, {"field": ""}, {"since": "neulich"}, {"person": "10**9"}])
def test_a_standing_with_a_mistake_is_not_entered_and_keeps_what_was_typed(client, bank, expert, changes):
    client.force_login(bank.officer)
    body = {"institution": bank.institution.pk, "person": expert.pk, "field": "护理", "since": "2015-01-01"} | changes

    answer = client.post(reverse("creditbank:standings"), body)

    assert (answer.status_code, ExpertStanding.objects.count(), answer.context["form"]["field"].value()) == (400, 0, body["field"])


# --- second looks ---


@pytest.fixture
def decided(bank):
    return [confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER) for _ in range(3)]


def draw(bank, wanted=2, seed="2026-03 大乐透 07 12 19 23 31", **changes):
    facts = {"seed": seed, "since": ON, "until": ON + timedelta(days=3), "wanted": wanted} | changes
    return draw_spot_checks(bank.institution, NewDraw(**facts), actor=bank.reviewer, at=LATER)


def test_the_same_seed_draws_the_same_cases_in_the_same_order(bank, decided):
    made = draw(bank)

    again = drawn(made.seed, list(reversed(decided)), 2)

    assert [check.application for check in made.checks.order_by("position")] == again
    assert (made.population, made.checks.count()) == (3, 2)
    assert AuditEntry.objects.filter(action="recognition.draw_spot_checks").count() == 1


def test_nothing_is_drawn_where_nothing_was_decided(bank, decided):
    with pytest.raises(NothingToDraw):
        draw(bank, since=date(2026, 1, 1), until=date(2026, 1, 31))
    with pytest.raises(NothingToDraw):
        draw(bank, only_automatic=True)

    assert not SpotCheckDraw.objects.exists()


def test_somebody_who_had_no_part_says_once_what_was_found_and_the_case_stays(bank, decided):
    check = draw(bank).checks.order_by("position")[0]
    other, before = person_as(Role.REVIEWER, bank.institution), check.application.state

    for part in (bank.officer, bank.reviewer, check.learner):
        with pytest.raises(SamePersonTwice):
            record_spot_check(check, outcome="right", actor=part, at=LATER)
    done = record_spot_check(check, outcome="wrong", actor=other, at=LATER, note="第二项应为 1 学分")

    assert (done.outcome, done.checked_by, done.application.state) == ("wrong", other, before)
    with pytest.raises(WrongState):
        record_spot_check(check, outcome="right", actor=person_as(Role.REVIEWER, bank.institution), at=LATER)


def test_a_wrong_result_needs_words_and_the_schema_knows_who_decided(bank, decided):
    check = draw(bank).checks.order_by("position")[0]
    with pytest.raises(WrongState):
        record_spot_check(check, outcome="wrong", actor=person_as(Role.REVIEWER, bank.institution), at=LATER)

    with pytest.raises(IntegrityError), transaction.atomic():
        SpotCheck.objects.filter(pk=check.pk).update(outcome="right", checked_by=bank.officer, checked_at=LATER)

    assert SpotCheck.objects.get(pk=check.pk).outcome == ""


def test_the_page_draws_takes_what_was_found_and_counts_it(client, bank, decided):
    client.force_login(bank.reviewer)
    body = {"institution": bank.institution.pk, "since": "2026-03-01", "until": "2026-03-31", "wanted": 3, "seed": "7"}
    made = client.post(reverse("creditbank:spot_checks"), body)
    address = made["Location"]
    other = person_as(Role.CREDIT_OFFICER, bank.institution)
    client.force_login(other)

    wordless = client.post(f"{address}1/", {"outcome": "wrong", "note": ""})
    found = client.post(f"{address}1/", {"outcome": "formal", "note": "缺签名"})

    page = client.get(address)
    assert (made.status_code, wordless.status_code, found.status_code) == (302, 400, 302)
    assert ([n for _label, n in page.context["figures"]], page.context["open"]) == ([0, 1, 0], 2)
    listed = client.get(reverse("creditbank:spot_checks")).context["page"].object_list[0]
    assert (listed.cases, listed.right, listed.formal, listed.wrong, listed.open) == (3, 0, 1, 0, 2)


# --- two logins of one person ---


@pytest.fixture
def logins(bank):
    """Two learners of the institution; the first has 8 available."""
    first, second = make_learner(bank), UserFactory(name="林晓雯", email="second@example.org")
    for person in (first, second):
        MembershipFactory(person=person, institution=bank.institution, role=Role.LEARNER)
    return first, second


def merge(bank, logins, **changes):
    facts = {"source": logins[0], "destination": logins[1], "actor": bank.officer, "at": AT, "reason": "同一身份证件，当面核对"} | changes
    return propose_merger(bank.institution, **facts)


def test_credit_follows_once_a_second_person_agrees_and_the_books_balance(bank, logins):
    row = merge(bank, logins)
    moved = balances(logins[1].uuid).get("V")

    done = agree_to_merger(row, actor=bank.reviewer, at=LATER)

    assert (moved, done.state) == (None, "done")
    assert (balances(logins[0].uuid)["V"].available, balances(logins[1].uuid)["V"].available) == (Decimal(0), Decimal(8))
    assert Transaction.objects.get(uuid=done.transaction_uuid).reason == "同一身份证件，当面核对"
    assert {notice.recipient_uuid for notice in Notice.objects.filter(code="recognition.merged")} == {one.uuid for one in logins}
    assert find_faults() == []


def test_nobody_agrees_to_the_own_proposal_nor_to_a_merger_of_oneself(bank, logins):
    row = merge(bank, logins)
    before = state_of_everything()

    for person in (bank.officer, *logins):
        with pytest.raises(SamePersonTwice):
            agree_to_merger(row, actor=person, at=LATER)
    with pytest.raises(SamePersonTwice):
        merge(bank, logins, actor=logins[1])

    assert state_of_everything() == before


def test_what_is_empty_or_one_login_is_not_merged(bank, logins):
    with pytest.raises(NothingToMerge):
        merge(bank, logins[::-1])
    with pytest.raises(NothingToMerge):
        merge(bank, (logins[0], logins[0]))

    assert not AccountMerger.objects.exists()


def test_the_page_finds_learners_of_the_own_institution_alone(client, bank, logins):
    client.force_login(bank.officer)
    body = {"institution": bank.institution.pk, "source": logins[0].email, "destination": "second@example.org", "reason": "当面核对"}

    strange = client.post(reverse("creditbank:mergers"), body | {"destination": UserFactory(email="other@example.org").email})
    made = client.post(reverse("creditbank:mergers"), body)
    again = client.post(reverse("creditbank:mergers"), body)
    client.force_login(bank.reviewer)
    waiting = client.get(reverse("creditbank:mergers")).context["waiting"][0]
    refused = client.post(
        reverse("creditbank:decide_merger", args=[AccountMerger.objects.get().uuid]), {"answer": "refuse", "reason": "姓名不同"}
    )

    assert (strange.status_code, strange.context["form"]["source"].value()) == (400, logins[0].email)
    assert (made.status_code, again.status_code, refused.status_code) == (302, 400, 302)
    assert (waiting["follows"], waiting["may_decide"]) == ({"V": Decimal(8)}, True)
    assert (AccountMerger.objects.get().state, balances(logins[0].uuid)["V"].available) == ("refused", Decimal(8))


# --- lists ---


def test_lists_ask_as_much_for_many_rows_as_for_one(client, bank, decided, expert):
    client.force_login(bank.reviewer)
    addresses = [reverse(f"creditbank:{name}") for name in ("spot_checks", "standings", "mergers")]

    def asked():
        counts = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    def add(number):
        draw(bank, seed=str(number))
        person = person_as(Role.EXPERT, bank.institution)
        record_expert_standing(person, bank.institution, field="护理", since=date(2015, 1, 1), actor=bank.officer, at=AT)
        pair = (make_learner(bank, records=1), UserFactory())
        agree_to_merger(merge(bank, pair), actor=bank.reviewer, at=LATER)

    add(0)
    asked()
    one = asked()
    for number in range(1, 4):
        add(number)

    assert asked() == one


def test_an_appealed_case_shows_the_day_on_which_its_appeal_is_due(client, bank):
    from creditbank.recognition.queries import QueueFilter, queue_of
    from tests.creditbank.recognition.test_appeals import appeal_against, refused

    application = refused(bank)
    appeal_against(application)
    judge = person_as(Role.REVIEWER, bank.institution)

    row = queue_of(judge, QueueFilter(state="appealed"), on=ON).get()

    assert (row.due_on, row.answer_by, row.owed_on) == (date(2026, 3, 17), date(2026, 4, 2), date(2026, 4, 2))
    client.force_login(judge)
    assert timezone.localdate() > row.owed_on
    assert "逾期" in client.get(reverse("creditbank:desk"), {"state": "appealed"}).content.decode()
