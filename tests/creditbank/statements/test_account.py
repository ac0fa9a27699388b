"""The account page: balances of every kind, the statement page by page and by period, and the reason behind each line."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from creditbank.api import Transaction, confirm_decision, expire, statement_lines, transfer
from creditbank.ledger.queries import statement_outline
from tests.factories.creditbank import LATER, ON, give, make_application, make_bank
from tests.factories.identity import UserFactory

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 1)


@pytest.fixture
def learner():
    return UserFactory()


def test_every_kind_of_balance_is_shown(client):
    bank = make_bank()
    application = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)
    learner = application.learner
    lot = give(learner.uuid, "3", unit="V")
    expire(record=lot, owner=learner.uuid, unit="V", amount=Decimal(3), on=ON)
    client.force_login(learner)

    words = " ".join(client.get("/en/my/credits/").content.decode().split())

    assert all(text in words for text in ("used 8.0", "expired 3.0", "available 0.0 + held 0.0 + awarded 5.0"))


def test_the_statement_is_shown_page_by_page_with_the_balance_of_the_whole(client, learner, django_assert_num_queries):
    for number in range(45):
        give(learner.uuid, "2", on=FIRST + timedelta(days=number))
    client.force_login(learner)
    address = reverse("creditbank:account")

    first, last = client.get(address), client.get(address, {"unit": "A", "page": "3"})

    assert [entry.line.balance for entry in first.context["entries"]] == [Decimal(2 * n) for n in range(45, 25, -1)]
    assert [entry.line.balance for entry in last.context["entries"]] == [Decimal(2 * n) for n in range(5, 0, -1)]
    assert (first.context["total"], first.context["last"].balance) == (Decimal(90), Decimal(90))
    with django_assert_num_queries(len(queries_of(client, address, {"page": "3"}))):
        client.get(address)


def queries_of(client, address, data):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(address, data)
    return captured.captured_queries


def test_a_period_shows_its_lines_with_the_balances_they_had(client, learner):
    for number in range(10):
        give(learner.uuid, "2", on=FIRST + timedelta(days=number))
    client.force_login(learner)

    answer = client.get(reverse("creditbank:account"), {"unit": "A", "since": "2026-01-03", "until": "2026-01-05"})

    assert [(entry.line.on.day, entry.line.balance) for entry in answer.context["entries"]] == [(5, 10), (4, 8), (3, 6)]
    assert answer.context["total"] == Decimal(6)
    assert "since=2026-01-03&until=2026-01-05" in answer.context["query"]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"since": "gestern"}, "since"), ({"since": "2026-02-01", "until": "2026-01-01"}, "until"), ({"until": "2026-02-30"}, "until")],
)
def test_days_that_are_none_are_named_and_kept(client, learner, query, field):
    give(learner.uuid, "2")
    client.force_login(learner)

    answer = client.get(reverse("creditbank:account"), query)

    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert f'value="{query[field]}"' in answer.content.decode()
    assert len(answer.context["entries"]) == 1


def test_a_time_without_postings_says_so(client, learner):
    give(learner.uuid, "2")
    client.force_login(learner)

    answer = client.get("/en/my/credits/", {"unit": "A", "since": "2030-01-01"})

    assert answer.context["entries"] == []
    assert "Nothing was posted" in answer.content.decode()


def test_each_line_opens_its_reason_down_to_rule_and_evidence(client):
    bank = make_bank()
    application = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)
    client.force_login(application.learner)
    entry = client.get(reverse("creditbank:account"), {"unit": "A"}).context["entries"][0]

    answer = client.get(reverse("creditbank:entry", args=[entry.line.uuid]))

    words = answer.content.decode()
    book = reverse("creditbank:rule_version", args=[application.rules.book.code, 1])
    assert all(
        text in words
        for text in ("R1 v1", book, application.reference, "来源课程1", reverse("creditbank:application", args=[application.reference]))
    )


def test_nobody_opens_somebody_else_s_posting(client, learner):
    lot = give(UserFactory().uuid, "2")
    client.force_login(learner)

    for ident in (Transaction.objects.get(key=f"verify:{lot}").uuid, "nonsense"):
        assert client.get(reverse("creditbank:entry", args=[ident])).status_code == 404


def test_credit_that_follows_to_another_login_stands_in_both_statements(learner):
    twin = UserFactory()
    give(learner.uuid, "6")

    transfer(source=learner.uuid, destination=twin.uuid, key="m", on=ON, by=UserFactory(), second=UserFactory(), reason="同一人")

    assert [(line.type, line.change, line.balance) for line in statement_lines(learner.uuid, "A")] == [
        ("verify", 6, 6),
        ("transfer", -6, 0),
    ]
    assert [(step.change, step.balance) for step in statement_outline(twin.uuid, "A")] == [(6, 6)]
