"""Scopes: who sees, reads and adopts a course; the queryset and the single question always agree."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser

from cms.api import CoursePage, SharingScope, set_sharing
from cms.library.enums import ReviewState
from cms.library.exceptions import ScopesOutOfOrder
from foundation.api import AuditEntry, can
from identity.api import Role, User
from tests.factories.cms import course, school
from tests.factories.identity import AllianceFactory, AllianceMemberFactory, InstitutionFactory, MembershipFactory, UserFactory, person_as

pytestmark = pytest.mark.django_db
PERMISSIONS = ("preview", "read", "download", "adopt")


@pytest.fixture
def city():
    """One owning school, one named, one in the alliance, one outside; a course for every scope and state; a person of every kind."""
    owner = school("OWN", "本校")
    named, allied, outside = (InstitutionFactory(code=code) for code in ("NAM", "ALL", "OUT"))
    alliance = AllianceFactory()
    for member in (owner.institution, allied):
        AllianceMemberFactory(alliance=alliance, institution=member)
    for scope in SharingScope:
        for state in ReviewState:
            row = course(owner, code=f"OWN-{scope.name}-{state}".upper().replace("_", "-"), scope=scope, live=state == ReviewState.LIVE)
            CoursePage.objects.filter(pk=row.pk).update(review_state=state, alliance=alliance, download_scope=scope)
            row.named_schools.through.objects.create(coursepage_id=row.pk, institution_id=named.pk)
    people = {"anonymous": AnonymousUser(), "nobody": UserFactory()}
    people |= {f"learner of {place.code}": person_as(Role.LEARNER, place) for place in (owner.institution, named, allied, outside)}
    people |= {f"{role} of OWN": person_as(role, owner.institution) for role in (Role.EDITOR, Role.SCHOOL_APPROVER, Role.LIBRARY_REVIEWER)}
    people |= {f"{role} of OUT": person_as(role, outside) for role in (Role.EDITOR, Role.LIBRARY_REVIEWER, Role.OPERATOR, Role.AUDITOR)}
    former = UserFactory()
    MembershipFactory(person=former, institution=named, starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31))
    return people | {"former learner of NAM": former}


def test_the_list_and_the_single_question_agree_for_everybody_on_every_course(city):
    courses = list(CoursePage.objects.select_related("institution"))
    assert len(courses) == len(SharingScope) * len(ReviewState)
    wrong = []

    for name, person in city.items():
        asked = User.objects.get(pk=person.pk) if person.is_authenticated else person
        for permission in PERMISSIONS:
            listed = set(CoursePage.objects.visible_to(asked, permission).values_list("pk", flat=True))
            wrong += [(name, permission, row.code) for row in courses if (row.pk in listed) != can(asked, permission, row)]

    assert wrong == []


SEEN = {
    "anonymous": {"PUBLIC"},
    "nobody": {"PUBLIC", "SIGNED_IN"},
    "learner of OUT": {"PUBLIC", "SIGNED_IN"},
    "former learner of NAM": {"PUBLIC", "SIGNED_IN"},
    "learner of ALL": {"PUBLIC", "SIGNED_IN", "ALLIANCE"},
    "learner of NAM": {"PUBLIC", "SIGNED_IN", "ALLIANCE", "NAMED"},
    "learner of OWN": {"PUBLIC", "SIGNED_IN", "ALLIANCE", "NAMED", "OWN"},
}


def test_each_scope_lets_in_exactly_its_people_and_only_to_what_is_published(city):
    seen = {who: set(CoursePage.objects.visible_to(city[who], "adopt").values_list("code", flat=True)) for who in SEEN}

    assert seen == {who: {f"OWN-{scope}-LIVE".replace("_", "-") for scope in scopes} for who, scopes in SEEN.items()}


def test_a_course_outside_of_ones_scope_is_nowhere_page_search_api_or_sitemap(client):
    hidden = course(code="AAA-HIDDEN", title="只给本校的急救课", scope=SharingScope.OWN)
    shown = course(school(), code="AAA-SHOWN", title="人人可看的急救课", scope=SharingScope.PUBLIC)

    assert client.get(shown.url).status_code == 200
    assert client.get(hidden.url).status_code == 404
    assert client.get(f"/api/v1/courses/{hidden.uuid}").status_code == 404
    assert client.get(f"/c/{hidden.uuid}/").status_code == 404
    for address in ("/courses/?q=急救课", "/api/v1/courses?q=急救课", "/sitemap.xml", "/courses/suggest/?q=急救"):
        text = client.get(address).content.decode()
        assert "AAA-HIDDEN" not in text
        assert hidden.slug not in text
        assert "只给本校" not in text


def test_sharing_wider_than_its_container_is_refused_and_changes_nothing():
    row = course(scope=SharingScope.OWN)
    editor = person_as(Role.EDITOR, row.institution)
    before = (CoursePage.objects.filter(pk=row.pk).values().get(), AuditEntry.objects.count())

    with pytest.raises(ScopesOutOfOrder) as refused:
        set_sharing(
            row, actor=editor, preview=SharingScope.NAMED, read=SharingScope.PUBLIC, download=SharingScope.OWN, adopt=SharingScope.OWN
        )

    assert refused.value.field == "read_scope"
    assert (CoursePage.objects.filter(pk=row.pk).values().get(), AuditEntry.objects.count()) == before
