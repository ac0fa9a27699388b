"""Statements of schools' own systems about our learners: matched by the learner number, waiting where nobody is known, gone when undone."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from foundation.api import AuditEntry, Notice
from identity.api import LearnerNumber, LearnerNumberTaken, Membership, MembershipRefused, Role, link_learner_number, unlink_learner_number
from learning.xapi.accounts import HomeRefused, register_home
from learning.xapi.models import Statement, XapiAccount, XapiHome
from learning.xapi.queries import in_words, statements_about
from tests.factories.identity import InstitutionFactory, MembershipFactory, UserFactory
from tests.learning.xapi.test_store import Store, statement

pytestmark = pytest.mark.django_db
HOME = "https://moodle.example.edu.cn"
UNIT = {"id": f"{HOME}/unit/1", "definition": {"name": {"zh-CN": "无菌技术", "en": "Asepsis"}}}


@pytest.fixture
def school():
    place = InstitutionFactory(name_zh="江岸学院", name_en="Jiang'an College")
    register_home(place, HOME, actor=None, at=timezone.now())
    return place


@pytest.fixture
def administrator(school):
    return MembershipFactory(institution=school, role=Role.SCHOOL_ADMINISTRATOR).person


def by(number: str, **parts):
    verb = {"id": "http://adlnet.gov/expapi/verbs/completed"}
    return statement(**{"actor": {"account": {"homePage": HOME, "name": number}}, "verb": verb, "object": UNIT, **parts})


def told(person, **narrow):
    return [(entry.object_name, entry.source, entry.is_own) for entry in in_words(statements_about(person, **narrow))]


def test_a_statement_about_a_known_number_is_in_the_archive_with_its_source(school, administrator, client):
    learner = UserFactory()
    link_learner_number(learner, school, "2024001", actor=administrator, at=timezone.now())

    assert Store("1.0", institution=school).send(by("2024001")).status_code == 200

    assert told(learner) == [("无菌技术", "江岸学院", False)]
    client.force_login(learner)
    page = client.get(reverse("learning:activity")).content.decode()
    assert "您完成了《无菌技术》。" in page
    assert "由江岸学院的系统记录" in page


def test_what_waits_for_a_number_moves_into_the_archive_when_it_is_linked_and_leaves_it_when_that_was_wrong(school, administrator):
    learner = UserFactory()
    store = Store("1.0", institution=school)
    store.send(by("2024002"), by("2024002"), by("2024003"))
    assert set(XapiAccount.objects.values_list("name", "person_uuid")) == {("2024002", None), ("2024003", None)}
    assert told(learner) == []

    row = link_learner_number(learner, school, "2024002", actor=administrator, at=timezone.now())

    assert len(told(learner)) == 2
    assert Notice.objects.get(recipient_uuid=learner.uuid).code == "institutions.number_linked"
    assert Membership.objects.get(person=learner).role == Role.LEARNER
    before = list(Statement.objects.order_by("seq").values())

    unlink_learner_number(row, actor=learner)

    assert told(learner) == []
    assert list(Statement.objects.order_by("seq").values()) == before
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="institutions.").order_by("id")] == [
        "institutions.grant_role", "institutions.link_number", "institutions.unlink_number",
    ]  # fmt: skip


def test_a_number_is_one_persons_and_only_the_schools_administrator_says_whose(school, administrator):
    one, other = UserFactory(), UserFactory()
    stranger = MembershipFactory(role=Role.SCHOOL_ADMINISTRATOR).person
    link_learner_number(one, school, "7", actor=administrator, at=timezone.now())

    for person, actor, refusal in (
        (other, administrator, LearnerNumberTaken), (other, stranger, MembershipRefused), (administrator, administrator, MembershipRefused),
        (other, other, MembershipRefused),
    ):  # fmt: skip
        with pytest.raises(refusal):
            link_learner_number(person, school, "7", actor=actor, at=timezone.now())
    with pytest.raises(MembershipRefused):
        unlink_learner_number(LearnerNumber.objects.get(), actor=stranger)
    assert list(LearnerNumber.objects.values_list("person", "number")) == [(one.pk, "7")]


def test_the_same_number_at_another_school_is_somebody_else(school, administrator):
    learner = UserFactory()
    elsewhere = InstitutionFactory(website="https://other.example.edu.cn")
    link_learner_number(learner, school, "1", actor=administrator, at=timezone.now())

    foreign = by("1", actor={"account": {"homePage": elsewhere.website, "name": "1"}})
    assert Store("1.0", institution=elsewhere).send(foreign).status_code == 200
    assert Store("1.0", institution=elsewhere).send(by("1")).status_code == 403

    assert told(learner) == []
    assert XapiAccount.objects.get().institution == elsewhere


def test_an_operators_key_brings_statements_in_that_no_institution_stands_for(school, administrator, client):
    learner = UserFactory()
    link_learner_number(learner, school, "5", actor=administrator, at=timezone.now())

    Store().send(by("5"))

    assert told(learner) == [("无菌技术", "", False)]
    client.force_login(learner)
    assert "没有机构为其负责" in client.get(reverse("learning:activity")).content.decode()


def test_voided_statements_leave_the_archive(school, administrator):
    learner = UserFactory()
    link_learner_number(learner, school, "5", actor=administrator, at=timezone.now())
    store = Store("1.0", institution=school)
    sent = by("5")
    store.send(sent)

    voiding = by("5", verb={"id": "http://adlnet.gov/expapi/verbs/voided"}, object={"objectType": "StatementRef", "id": sent["id"]})
    assert store.send(voiding).status_code == 200

    assert sent["id"] not in [str(row.statement_id) for row in statements_about(learner)]


def test_a_system_belongs_to_one_institution(school):
    other = InstitutionFactory(website="https://www.other.example.edu.cn")
    for place, address, code in (
        (other, HOME, "taken"), (school, other.website, "taken"), (school, "http://localhost:8000/learners", "own"),
    ):  # fmt: skip
        with pytest.raises(HomeRefused) as refused:
            register_home(place, address, actor=None, at=timezone.now())
        assert refused.value.code == code
    assert XapiHome.objects.count() == 1


# --- the learner's page and files ---


def test_the_page_names_every_source_and_narrows_to_one(school, administrator, client):
    learner = UserFactory()
    link_learner_number(learner, school, "5", actor=administrator, at=timezone.now())
    Store("1.0", institution=school).send(by("5"))
    client.force_login(learner)

    assert len(client.get(reverse("learning:activity"), {"source": school.code}).context["days"]) == 1
    assert client.get(reverse("learning:activity"), {"source": "platform"}).context["days"] == []
    assert client.get(reverse("learning:activity"), {"cursor": "nonsense"}).status_code == 200


def test_another_person_sees_nothing_of_it(school, administrator, client):
    learner = UserFactory()
    link_learner_number(learner, school, "5", actor=administrator, at=timezone.now())
    Store("1.0", institution=school).send(by("5"))
    client.force_login(administrator)

    assert client.get(reverse("learning:activity")).context["days"] == []
    assert b"".join(client.get(reverse("learning:activity_json")).streaming_content) == b"[]"


def test_the_export_is_what_was_written_and_a_table_without_formulas(school, administrator, client):
    learner = UserFactory()
    link_learner_number(learner, school, "5", actor=administrator, at=timezone.now())
    evil = {"id": f"{HOME}/u", "definition": {"name": {"zh-CN": "=HYPERLINK(1)"}}}
    sent = [
        by("5", object=evil, timestamp="2026-01-02T03:04:05Z"),
        by("5", result={"score": {"raw": 3, "min": 1, "max": 5}, "duration": "PT61S"}),
    ]
    Store("1.0", institution=school).send(*sent)
    client.force_login(learner)

    whole = json.loads(b"".join(client.get(reverse("learning:activity_json")).streaming_content))
    table = b"".join(client.get(reverse("learning:activity_csv")).streaming_content).decode("utf-8-sig").splitlines()

    assert {item["id"] for item in whole} == {item["id"] for item in sent}
    assert all(item["actor"] == sent[0]["actor"] for item in whole)
    assert table[0] == "时间,行为,对象,得分率（%）,分钟,来源,语句编号"
    assert f"2026-01-02 11:04:05,完成,'=HYPERLINK(1),,,江岸学院,{sent[0]['id']}" in table
    assert any(f",完成,无菌技术,50,2,江岸学院,{sent[1]['id']}" in line for line in table)


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_costs_the_same_for_one_statement_and_for_thirty(school, administrator, client, number, django_assert_max_num_queries):
    learner = UserFactory()
    link_learner_number(learner, school, "5", actor=administrator, at=timezone.now())
    Store("1.0", institution=school).send(*[by("5", id=str(uuid4())) for _ in range(number)])
    client.force_login(learner)

    with django_assert_max_num_queries(12):
        client.get(reverse("learning:activity"))
