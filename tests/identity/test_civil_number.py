"""The number of one's identity card: given by its person alone, sealed, never shown again, gone with its person."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.core.exceptions import ValidationError

from foundation.api import AuditEntry
from identity.api import CivilNumber, civil_number_of, civil_numbers, clean_civil_number, give_civil_number, people_with_civil_number
from tests.factories.creditbank import AT
from tests.factories.identity import UserFactory
from tests.identity.test_erasure import everything_stored

pytestmark = pytest.mark.django_db
PAGE = "/my/settings/identity-card/"
NUMBER, OTHER = "11010519491231002X", "440524188001010014"
"""The worked example of GB 11643, and one whose day of birth lies before anybody who lives."""
ON = date(2026, 3, 2)


@pytest.fixture
def learner(client):
    person = UserFactory(language="en")
    client.force_login(person)
    return person


@pytest.mark.parametrize(
    "typed", [NUMBER, "11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ", "110105-19491231-002X"]
)
def test_a_number_is_understood_however_it_is_typed(typed):
    assert clean_civil_number(typed, on=ON) == NUMBER


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "length"), ("11010519491231002", "length"), ("110105194912310O2X", "length"), ("110105491231002", "fifteen, of the first generation"),
        ("110105194912310021", "check character"), ("11010519491213002X", "two digits exchanged"), ("11010519490231002X", "30 days have February"),
        (OTHER, "born in 1880"), ("110105202603030023", "born tomorrow"), ("190105194912310020", "no such region"), ("X1010519491231002X", "letter"),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_cannot_be_a_number_is_refused(typed, why):
    with pytest.raises(ValidationError):
        clean_civil_number(typed, on=ON)


def test_it_is_given_sealed_shown_masked_replaced_and_removed(client, learner):
    given = client.post(PAGE, {"number": " 11010519491231002x "}, follow=True).content.decode()
    stored = everything_stored()

    assert ("1****************X" in given, NUMBER in given, NUMBER in stored, "19491231" in stored) == (True, False, False, False)
    assert civil_number_of(learner) == NUMBER
    client.post(PAGE, {"number": "11010519491231002X"})
    client.post(f"{PAGE}remove/")
    assert (CivilNumber.objects.count(), civil_number_of(learner)) == (0, "")
    said = AuditEntry.objects.filter(person_uuid=learner.uuid).order_by("id").values_list("action", "actor_uuid", "data")
    assert [row for row in said if "civil" in row[0]] == [
        ("people.give_civil_number", learner.uuid, {"again": False}), ("people.give_civil_number", learner.uuid, {"again": True}),
        ("people.forget_civil_number", learner.uuid, {}),
    ]  # fmt: skip


def test_a_mistyped_number_is_told_and_changes_nothing(client, learner):
    give_civil_number(learner, NUMBER, actor=learner, at=AT)
    before = AuditEntry.objects.count()

    answer = client.post(f"/en{PAGE}", {"number": "11010519491213002X"})

    assert (answer.status_code, "mistyped digit" in answer.content.decode()) == (400, True)
    assert (civil_number_of(learner), AuditEntry.objects.count()) == (NUMBER, before)


def test_removing_what_is_not_there_writes_nothing(client, learner):
    before = AuditEntry.objects.count()

    assert client.post(f"{PAGE}remove/").status_code == 302
    assert AuditEntry.objects.count() == before


def test_it_is_in_the_own_data_and_gone_when_the_person_is_erased(learner):
    from identity.people.actions import erase_person  # noqa: PLC0415
    from identity.people.exporting import tables_of  # noqa: PLC0415

    give_civil_number(learner, NUMBER, actor=learner, at=AT)
    tables = {table.label: table.rows for table in tables_of(learner)}

    assert [row["number"] for row in tables["identity.CivilNumber"]] == [NUMBER]
    assert erase_person(learner, at=AT)["civil_number"] == 1
    assert (CivilNumber.objects.count(), civil_numbers([learner.uuid])) == (0, {})
    assert NUMBER not in json.dumps(everything_stored())


@pytest.mark.parametrize("people", [1, 30])
def test_numbers_of_many_are_read_with_as_many_queries(people, django_assert_num_queries):
    known = [UserFactory() for _ in range(people)]
    for person in known:
        give_civil_number(person, NUMBER, actor=person, at=AT)
    asked = [person.uuid for person in [*known, UserFactory()]]

    with django_assert_num_queries(2):
        assert civil_numbers(asked) == dict.fromkeys(asked[:-1], NUMBER)
    with django_assert_num_queries(1):
        assert people_with_civil_number(asked) == set(asked[:-1])
