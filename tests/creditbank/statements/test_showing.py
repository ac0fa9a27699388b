"""Showing one's credit at a counter: five minutes, balances and a masked name, each look noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from creditbank.statements.showing import ShownCodeEnded, latest_looks, show_credit, shown_credit
from foundation.api import AuditEntry
from tests.factories.creditbank import give
from tests.factories.identity import UserFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 26, 9, 0, 0, 500_000, tzinfo=UTC)


@pytest.fixture
def learner():
    person = UserFactory(name="林晓雯")
    give(person.uuid, "6.5")
    return person


def test_a_code_shows_balances_and_a_masked_name_and_the_look_is_noted(learner):
    code = show_credit(learner, at=AT)

    credit = shown_credit(code.token, at=AT + timedelta(minutes=4, seconds=59))

    assert credit is not None
    assert (credit.name, [(purse.system.code, str(purse.balance.available)) for purse in credit.purses]) == ("林*雯", [("A", "6.5")])
    assert code.until == datetime(2026, 11, 26, 9, 5, 0, tzinfo=UTC)
    (look,) = AuditEntry.objects.filter(action="credit.looked_at")
    assert (look.actor_uuid, look.person_uuid) == (None, learner.uuid)
    assert latest_looks(learner) == [look.at]


def test_a_code_ends_to_the_second(learner):
    code = show_credit(learner, at=AT)

    with pytest.raises(ShownCodeEnded):
        shown_credit(code.token, at=code.until)

    assert latest_looks(learner) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "f" + token[1:] if token[0] != "f" else "e" + token[1:],
        lambda token: "x",
        lambda token: token.replace("-", ""),
    ],
)
def test_a_code_that_was_touched_shows_nothing(learner, change):
    token = change(show_credit(learner, at=AT).token)

    assert shown_credit(token, at=AT) is None
    assert not AuditEntry.objects.filter(action="credit.looked_at").exists()


def test_the_code_of_somebody_who_left_shows_nothing(learner):
    code = show_credit(learner, at=AT)
    learner.is_active = False
    learner.save()

    assert shown_credit(code.token, at=AT) is None


def test_the_pages_make_a_code_and_open_it_without_signing_in(client, django_user_model, learner, settings):
    client.force_login(learner)
    address = client.get("/api/v1/me/account/code").json()["address"]
    page = client.get("/en/my/credits/show/")
    client.logout()

    seen = client.get(address.removeprefix(settings.SITE_URL))

    words = seen.content.decode()
    assert (page.status_code, seen.status_code) == (200, 200)
    assert "林*雯" in words
    assert "6.5" in words
    assert learner.name not in words
    assert str(learner.uuid) not in words
    assert "no-store" in seen["Cache-Control"]


def test_a_code_that_ended_answers_that_it_is_gone(client, learner):
    token = show_credit(learner, at=datetime(2020, 1, 1, tzinfo=UTC)).token

    seen = client.get(f"/s/{token}/")

    assert seen.status_code == 410
    assert "林" not in seen.content.decode()
    assert client.get("/s/nothing/").status_code == 404
