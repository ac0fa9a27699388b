"""Taking part, roles with an end, alliances; nobody makes themselves powerful."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Collection

from cms.api import SchoolPage, create_home
from foundation.api import AuditEntry
from identity.api import Institution, Membership, Role, User, end_membership, grant_membership, onboard_institution
from identity.institutions.exceptions import InstitutionExists, MembershipRefused
from tests.factories.identity import InstitutionFactory, UserFactory, person_as

pytestmark = pytest.mark.django_db


def _counts():
    return (
        Institution.objects.count(),
        Membership.objects.count(),
        Collection.objects.count(),
        Group.objects.count(),
        AuditEntry.objects.count(),
    )


def test_onboarding_is_one_action_page_collection_groups_and_first_administrator():
    create_home(title="江澜")
    operator, head = person_as(Role.OPERATOR), UserFactory()

    row = onboard_institution(
        code="YQE", name_zh="云桥老年大学", kind="elderly", actor=User.objects.get(pk=operator.pk), administrator=head
    )

    assert SchoolPage.objects.get(institution=row).live
    assert Collection.objects.filter(name="YQE").count() == 1
    assert set(Group.objects.filter(name__startswith="YQE ").values_list("name", flat=True)) == {
        "YQE editor", "YQE approver", "YQE instructor", "YQE administrator"
    }  # fmt: skip
    assert User.objects.get(pk=head.pk).acts_as(Role.SCHOOL_ADMINISTRATOR, at=row)
    assert AuditEntry.objects.filter(action="institutions.onboard").count() == 1


@pytest.mark.parametrize(("code", "error"), [("TAKEN", InstitutionExists), ("lower", ValidationError), ("A" * 80, ValidationError)])
def test_an_institution_that_cannot_take_part_leaves_nothing_behind(code, error):
    create_home(title="江澜")
    InstitutionFactory(code="TAKEN")
    before = _counts()

    with pytest.raises(error):
        onboard_institution(code=code, name_zh="某校", kind="higher", actor=None, administrator=UserFactory())

    assert _counts() == before


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OPERATOR])
def test_only_an_operator_admits_institutions(role):
    create_home(title="江澜")
    person = User.objects.get(pk=person_as(role).pk)
    before = _counts()

    with pytest.raises(MembershipRefused):
        onboard_institution(code="NEW", name_zh="某校", kind="higher", actor=person)

    assert _counts() == before


@pytest.mark.parametrize("role", Role)
def test_a_school_administrator_grants_the_schools_own_roles_and_none_that_decides_on_credit(role):
    place = InstitutionFactory()
    head = User.objects.get(pk=person_as(Role.SCHOOL_ADMINISTRATOR, place).pk)
    person = UserFactory()
    own = {Role.INSTRUCTOR, Role.EDITOR, Role.SCHOOL_APPROVER, Role.LEARNER, Role.TEACHER, Role.STAFF}
    before = _counts()

    if role in own:
        grant_membership(person, place, role, actor=head)
        assert User.objects.get(pk=person.pk).acts_as(role, at=place)
    else:
        with pytest.raises(MembershipRefused) as refused:
            grant_membership(person, place, role, actor=head)
        assert refused.value.code == "not_allowed"
        assert _counts() == before
    with pytest.raises(MembershipRefused):
        grant_membership(person, InstitutionFactory(), Role.EDITOR, actor=head)


def test_nobody_gives_a_role_to_the_own_person_and_no_operator_locks_the_last_door():
    operator = User.objects.get(pk=person_as(Role.OPERATOR).pk)
    membership = Membership.objects.get(person=operator)
    before = _counts()

    with pytest.raises(MembershipRefused) as own:
        grant_membership(operator, membership.institution, Role.CREDIT_OFFICER, actor=operator)
    with pytest.raises(MembershipRefused) as last:
        end_membership(membership, actor=operator, on=timezone.localdate())

    assert (own.value.code, last.value.code) == ("own_person", "own_person")
    assert _counts() == before


@pytest.mark.parametrize(
    ("starts", "ends", "holds"), [(-5, None, True), (0, None, True), (1, None, False), (-5, 0, True), (-5, -1, False), (0, 0, True)]
)
def test_a_role_holds_from_its_first_day_to_its_last_and_not_a_day_more(starts, ends, holds):
    today = timezone.localdate()
    person, place = UserFactory(), InstitutionFactory()
    grant_membership(
        person, place, Role.EDITOR, actor=None, starts_on=today + timedelta(days=starts),
        ends_on=None if ends is None else today + timedelta(days=ends),
    )  # fmt: skip

    assert User.objects.get(pk=person.pk).acts_as(Role.EDITOR, at=place) is holds


def test_the_page_of_members_refuses_a_past_end_and_unknown_people_and_keeps_what_was_typed(client):
    place = InstitutionFactory(code="PWC")
    client.force_login(User.objects.get(pk=person_as(Role.SCHOOL_ADMINISTRATOR, place).pk))
    known = UserFactory(email="new@example.org")
    before = _counts()

    for data in (
        {"person": "nobody@example.org", "role": "editor"}, {"person": "", "role": "editor"}, {"person": "x\x00y", "role": "editor"},
        {"person": known.email, "role": "emperor"}, {"person": known.email, "role": "credit_officer"},
        {"person": known.email, "role": "editor", "ends_on": "2001-01-01"}, {"person": known.email, "role": "editor", "ends_on": "31.12.x"},
        {"person": "a" * 5000, "role": "editor"},
    ):  # fmt: skip
        answer = client.post(reverse("identity:grant", args=["PWC"]), data)
        assert (data, answer.status_code) == (data, 400)
        if data["person"] == "nobody@example.org":
            assert 'value="nobody@example.org"' in answer.content.decode()
        assert _counts() == before

    assert client.post(reverse("identity:grant", args=["PWC"]), {"person": known.email, "role": "editor"}).status_code == 302
    assert Membership.objects.get(person=known).granted_by_uuid is not None


def test_the_list_of_institutions_costs_the_same_for_one_and_for_thirty(client, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    InstitutionFactory()
    client.get(reverse("identity:institutions"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("identity:institutions"))
    for _ in range(29):
        InstitutionFactory()

    with django_assert_num_queries(len(one)):
        assert client.get(reverse("identity:institutions")).status_code == 200


def test_a_membership_names_who_gave_it_and_when_it_began():
    operator = User.objects.get(pk=person_as(Role.OPERATOR).pk)
    row = grant_membership(UserFactory(), InstitutionFactory(), Role.CREDIT_OFFICER, actor=operator, starts_on=date(2026, 1, 1))

    entry = AuditEntry.objects.get(action="institutions.grant_role")
    assert (row.granted_by_uuid, entry.actor_uuid, entry.data["role"]) == (operator.uuid, operator.uuid, "credit_officer")
