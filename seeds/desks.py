"""Who decides where: an officer and a second person for every institution that recognises credit or signs an agreement."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from identity.api import Institution, Role, User, grant_membership
from seeds.city import City
from seeds.people import GIVEN, SURNAMES

NAMED = {
    ("JLOU", Role.CREDIT_OFFICER): "zhou",
    ("JLOU", Role.REVIEWER): "he",
    ("JLMV", Role.CREDIT_OFFICER): "tang",
    ("JLMV", Role.REVIEWER): "shen",
}
"""People of the demo whom one can be; elsewhere officers and reviewers have names and no login."""


@dataclass(frozen=True)
class Desk:
    """The officer who has the first opinion and the person who agrees or not."""

    officer: User
    reviewer: User


def desk_of(city: City, place: Institution) -> Desk:
    """Who decides on applications to an institution."""
    return Desk(desk_person(city, place, Role.CREDIT_OFFICER), desk_person(city, place, Role.REVIEWER))


def desk_person(city: City, place: Institution, role: str) -> User:
    """Who has a role at an institution: made where nobody is there yet, with a name that depends on institution and role alone."""
    if (place.code, role) in NAMED:
        return city.named(NAMED[place.code, Role(role)])
    email = f"{role}.{place.code.lower()}@demo.example"
    known = User.objects.filter(email=email).first()
    if known is not None:
        return known
    chance = random.Random(email)
    person = User.objects.create_user(name=chance.choice(SURNAMES) + chance.choice(GIVEN), email=email, is_demo=True)
    grant_membership(person, place, Role(role), actor=None, starts_on=city.today - timedelta(days=1000))
    return User.objects.get(pk=person.pk)


def author_and_publisher(city: City, place: Institution) -> Desk:
    """Who drafts the rules of an institution, and who publishes them."""
    if place.code == "JLOU":
        return Desk(city.named("xu"), city.named("ma"))
    return desk_of(city, place)
