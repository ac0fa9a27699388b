"""The books as operators and auditors see them: the light says when, differences are listed, an auditor goes from a sum to its reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from creditbank.api import Account, Transaction, check_books, confirm_decision
from identity.api import Role, User
from tests.factories.creditbank import LATER, make_application, make_bank
from tests.factories.identity import person_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def posted():
    bank = make_bank()
    application = make_application(bank, state="second_review")
    return confirm_decision(application, actor=bank.reviewer, at=LATER)


def page(client, role=Role.OPERATOR, **query):
    client.force_login(person_as(role))
    return client.get("/en/ops/books/", query)


def test_before_any_check_the_light_says_that_nothing_is_known(client):
    answer = page(client)

    assert (answer.status_code, answer.context["light"]) == (200, "late")
    assert "never checked" in answer.content.decode()


def test_after_a_check_it_says_since_when_and_shows_the_sums(client, posted):
    check = check_books(clock=timezone.now)

    answer = page(client)

    assert answer.context["light"] == "right"
    rows = {row["unit"]: (row["figures"], row["total"]) for row in answer.context["table"]}
    assert rows["V"][0][0] == Decimal(-8)
    assert {total for _figures, total in rows.values()} == {0}
    assert f"{check.transactions} transactions" in answer.content.decode()


def test_a_check_that_was_missed_is_not_green(client, posted):
    check_books(clock=lambda: timezone.now() - timedelta(hours=27))

    assert page(client).context["light"] == "late"


def test_a_difference_is_listed_and_posting_is_said_to_be_stopped(client, posted):
    Account.objects.filter(kind="award").update(balance=7)
    check_books(clock=timezone.now)

    answer = page(client)

    assert answer.context["light"] == "wrong"
    words = answer.content.decode()
    assert "cached balance equals its postings" in words
    assert "1 difference" in words


def test_an_auditor_goes_from_a_transaction_to_the_rule_and_the_evidence(client, posted):
    answer = page(client, Role.AUDITOR, q=str(posted.uuid))
    assert [row.type for row in answer.context["transactions"]] == ["award", "convert", "hold"]

    reason = client.get(f"/my/credits/entries/{Transaction.objects.get(type='award').uuid}/")

    words = reason.content.decode()
    assert reason.status_code == 200
    assert all(text in words for text in ("R1 v1", "R2 v1", posted.reference, "来源课程1", "SHA-256"))


def test_operators_see_sums_and_no_transactions(client, posted):
    answer = page(client)
    assert answer.context["transactions"] == ()

    entry = Transaction.objects.get(type="award")
    assert client.get(reverse("creditbank:entry", args=[entry.uuid])).status_code == 404


@pytest.mark.parametrize("role", [Role.CREDIT_OFFICER, Role.REVIEWER, Role.LEARNER])
def test_nobody_else_sees_the_books(client, role):
    assert page(client, role).status_code == 403


def test_the_search_takes_any_text(client, posted):
    for text in ("verify:", "nothing", "\x00", "%", "9" * 200, "\u202e"):
        assert page(client, Role.AUDITOR, q=text).status_code == 200
    assert {row.type for row in page(client, Role.AUDITOR, q="verify:").context["transactions"]} == {"verify"}


@pytest.mark.parametrize("recent", [5000, 3, 0])
def test_a_beginning_of_keys_finds_the_newest_that_have_it_whether_many_do_or_few(client, posted, monkeypatch, recent):
    monkeypatch.setattr("creditbank.ledger.views.SHOWN", 2)
    monkeypatch.setattr("creditbank.ledger.views.RECENT", recent)

    def found(text: str) -> list[int]:
        return [row.pk for row in page(client, Role.AUDITOR, q=text).context["transactions"]]

    for text in ("verify:", "hold:", "award:", "d"):
        newest = [row.pk for row in Transaction.objects.order_by("-id") if row.key.startswith(text)]
        assert newest
        assert found(text) == newest[:2]
    assert found("VERIFY:") == found("award:_") == []


def test_the_page_costs_the_same_for_few_and_many_checks(client, posted, django_assert_num_queries, django_assert_max_num_queries):
    check_books(clock=timezone.now)
    client.force_login(User.objects.get(pk=person_as(Role.AUDITOR).pk))
    client.get(reverse("creditbank:books"))
    with django_assert_max_num_queries(16) as once:
        client.get(reverse("creditbank:books"))
    for _ in range(9):
        check_books(clock=timezone.now)

    with django_assert_num_queries(len(once.captured_queries)):
        client.get(reverse("creditbank:books"))
