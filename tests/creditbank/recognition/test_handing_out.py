"""Several cases at once: taken by oneself or given to an officer, each for itself; what cannot be given says why and stays as it was."""

from __future__ import annotations

import pytest

from creditbank.api import Application, claim_application
from foundation.api import AuditEntry
from identity.api import Role
from tests.factories.creditbank import AT, make_application, make_bank
from tests.factories.identity import person_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return make_bank()


@pytest.fixture
def cases(bank):
    return [make_application(bank) for _ in range(3)]


def whom(cases) -> list[str | None]:
    rows = Application.objects.filter(pk__in=[case.pk for case in cases]).order_by("pk").select_related("first_officer")
    return [row.first_officer.name if row.first_officer else None for row in rows]


def send(client, cases, to=""):
    return client.post(
        "/en/desk/hand-out/", {"case": [case.reference for case in cases], "to": to, "next": "/en/desk/?state=submitted"}, follow=True
    )


def test_an_officer_takes_several_cases_and_comes_back_to_the_filter(client, bank, cases):
    client.force_login(bank.officer)

    answer = send(client, cases[:2])

    assert whom(cases) == [bank.officer.name, bank.officer.name, None]
    assert answer.redirect_chain == [("/en/desk/?state=submitted", 302)]
    assert f"2 cases are with {bank.officer.name} now." in answer.content.decode()
    assert AuditEntry.objects.filter(action="recognition.claim", actor_uuid=bank.officer.uuid).count() == 2


def test_a_case_that_somebody_was_quicker_to_take_says_who_has_it_and_the_others_are_taken(client, bank, cases):
    quick = person_as(Role.CREDIT_OFFICER, bank.institution, name="快手")
    claim_application(cases[0], actor=quick, at=AT)
    client.force_login(bank.officer)

    answer = send(client, cases[:2])

    assert whom(cases) == ["快手", bank.officer.name, None]
    assert f"{cases[0].reference}: 快手 has it since" in answer.content.decode()


def test_a_reviewer_gives_cases_to_an_officer_but_takes_none(client, bank, cases):
    client.force_login(bank.reviewer)

    given = send(client, cases[:2], to=str(bank.officer.uuid))
    taken = send(client, cases[2:])

    assert (given.status_code, taken.status_code) == (200, 403)
    assert whom(cases) == [bank.officer.name, bank.officer.name, None]


def test_nothing_is_given_where_one_case_is_out_of_reach_or_the_officer_is_of_another_house(client, bank, cases):
    stranger = person_as(Role.CREDIT_OFFICER, name="外人")
    client.force_login(bank.officer)

    unknown = client.post("/en/desk/hand-out/", {"case": [cases[0].reference, "RC-1999-0001"], "to": ""})
    foreign = send(client, cases[:1], to=str(stranger.uuid))

    assert unknown.status_code == 404
    assert "Please choose an officer of this institution." in foreign.content.decode()
    assert whom(cases) == [None, None, None]


@pytest.mark.parametrize("typed", [{}, {"case": [""]}, {"case": ["\x00"], "to": "x"}, {"case": ["x" * 5000]}])
def test_what_is_no_case_changes_nothing(client, bank, cases, typed):
    client.force_login(bank.officer)

    answer = client.post("/en/desk/hand-out/", typed)

    assert answer.status_code in {302, 404}
    assert whom(cases) == [None, None, None]


def test_the_way_back_never_leaves_the_queue(client, bank, cases):
    client.force_login(bank.officer)

    answer = client.post("/en/desk/hand-out/", {"case": [cases[0].reference], "to": "", "next": "https://elsewhere.example/desk/?"})

    assert answer["Location"] == "/en/desk/"
