"""Whose statements they are: accounts of institutions' own systems, and the people behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from foundation.api import handles, record_audit_entry
from identity.api import Institution, LearnerNumberLinked, LearnerNumberUnlinked, people_by_number
from learning.xapi.models import XapiAccount, XapiHome, XapiKey

LONGEST_HOME, LONGEST_NAME = 200, 120


class HomeRefused(Exception):
    """This address cannot stand for a system of the institution; ``code`` says why: own, taken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def homes_of(institution: Institution) -> set[str]:
    """The addresses whose accounts are an institution's own: its website and the systems it registered. One query."""
    homes = set(XapiHome.objects.filter(institution=institution).values_list("address", flat=True))
    return homes | ({institution.website} if institution.website else set())


@transaction.atomic
def register_home(institution: Institution, address: str, *, actor: Any, at: datetime) -> XapiHome:
    """Let accounts of a system be an institution's own.

    Raises HomeRefused for an address of this platform, or one that another institution has (as its website or registered).
    """
    if address.rstrip("/").startswith(settings.SITE_URL.rstrip("/")):
        raise HomeRefused("own")
    if Institution.objects.filter(website=address).exclude(pk=institution.pk).exists():
        raise HomeRefused("taken")
    row, created = XapiHome.objects.get_or_create(address=address, defaults={"institution": institution, "created_at": at})
    if row.institution_id != institution.pk:
        raise HomeRefused("taken")
    if created:
        record_audit_entry("xapi.register_home", actor=actor, about=row, data={"address": address, "institution": institution.code})
    return row


def note_accounts(actors: Mapping[str, Mapping[str, Any]], *, key: XapiKey, at: datetime) -> None:
    """``actors`` by their fingerprints. Remember accounts of institutions' own systems, with the person behind where the number is known. At most four queries a batch."""
    accounts = {actor: value["account"] for actor, value in actors.items()}
    accounts = {
        key: value for key, value in accounts.items() if len(value["homePage"]) <= LONGEST_HOME and len(value["name"]) <= LONGEST_NAME
    }
    owners = _owners({account["homePage"] for account in accounts.values()}, key)
    wanted = {UUID(hex=actor): account for actor, account in accounts.items() if account["homePage"] in owners}
    if not wanted:
        return
    known = set(XapiAccount.objects.filter(actor__in=wanted).values_list("actor", flat=True))
    new = [
        XapiAccount(institution_id=owners[account["homePage"]], home_page=account["homePage"], name=account["name"], actor=actor, first_seen=at)
        for actor, account in sorted(wanted.items(), key=lambda item: item[0].int)
        if actor not in known
    ]  # fmt: skip
    for institution_id in sorted({row.institution_id for row in new}):
        people = people_by_number(institution_id, [row.name for row in new if row.institution_id == institution_id])
        for row in new:
            if row.institution_id == institution_id:
                row.person_uuid = people.get(row.name)
    XapiAccount.objects.bulk_create(new, ignore_conflicts=True)


def _owners(homes: set[str], key: XapiKey) -> dict[str, int]:
    """Which institution each of these addresses belongs to. An institution's key was checked to name no others."""
    if not homes:
        return {}
    if key.institution_id is not None:
        return dict.fromkeys(homes, key.institution_id)
    registered = XapiHome.objects.filter(address__in=homes).order_by().values_list("address", "institution_id")
    return dict(Institution.objects.filter(website__in=homes).exclude(website="").order_by().values_list("website", "pk").union(registered))


@handles(LearnerNumberLinked)
def find_owner(event: LearnerNumberLinked) -> None:
    """What waited for a number belongs to its person from now on."""
    _accounts(event.institution_id, event.number).update(person_uuid=event.person_uuid)


@handles(LearnerNumberUnlinked)
def wait_again(event: LearnerNumberUnlinked) -> None:
    """Statements about the number wait for their owner again."""
    _accounts(event.institution_id, event.number).update(person_uuid=None)


def _accounts(institution_id: int, number: str) -> Any:
    return XapiAccount.objects.filter(Q(institution_id=institution_id, name=number))
