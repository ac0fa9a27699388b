"""The smallest valid people and institutions."""

from __future__ import annotations

from datetime import date

import factory
from factory.django import DjangoModelFactory

from identity.api import Alliance, AllianceMember, Institution, InstitutionKind, Membership, Role, User


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"学员{number}")
    email = factory.Sequence(lambda number: f"person{number}@example.org")
    password = factory.django.Password("a-long-password-7")


class InstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Institution

    code = factory.Sequence(lambda number: f"INST{number}")
    name_zh = factory.Sequence(lambda number: f"第{number}学院")
    name_en = factory.Sequence(lambda number: f"College {number}")
    kind = InstitutionKind.HIGHER


class AllianceFactory(DjangoModelFactory):
    class Meta:
        model = Alliance

    code = factory.Sequence(lambda number: f"ALL{number}")
    name_zh = factory.Sequence(lambda number: f"第{number}联盟")
    name_en = factory.Sequence(lambda number: f"Alliance {number}")


class AllianceMemberFactory(DjangoModelFactory):
    class Meta:
        model = AllianceMember

    alliance = factory.SubFactory(AllianceFactory)
    institution = factory.SubFactory(InstitutionFactory)
    starts_on = date(2024, 1, 1)


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    person = factory.SubFactory(UserFactory)
    institution = factory.SubFactory(InstitutionFactory)
    role = Role.LEARNER
    starts_on = date(2024, 1, 1)


def person_as(role: str, institution: Institution | None = None, **facts: object) -> User:
    """A person who holds one role at an institution (a new one unless given)."""
    person = UserFactory(**facts)
    MembershipFactory(person=person, institution=institution or InstitutionFactory(), role=role)
    return person
