"""Onboarding institutions, alliances, and granting and ending roles."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from pypinyin import Style, lazy_pinyin

from foundation.api import announce, record_audit_entry
from identity.institutions.enums import Role
from identity.institutions.events import AllianceChanged, InstitutionOnboarded, MembershipChanged
from identity.institutions.exceptions import InstitutionExists, MembershipRefused
from identity.institutions.models import Alliance, AllianceMember, Institution, Membership
from identity.institutions.permissions import may_grant
from identity.people.models import User


def search_text_of(name_zh: str, name_en: str) -> str:
    """Names with pinyin and initials, so that 云桥 is found by yunqiao and yq."""
    pinyin = "".join(lazy_pinyin(name_zh))
    initials = "".join(lazy_pinyin(name_zh, style=Style.FIRST_LETTER))
    return f"{name_zh} {name_en} {pinyin} {initials}".casefold()[:400]


@transaction.atomic
def onboard_institution(
    *, code: str, name_zh: str, kind: str, actor: User | None, name_en: str = "", administrator: User | None = None, **facts: Any
) -> Institution:
    """Let an institution take part: its row, its first administrator, and, by the event, its page, collection and groups.

    All or nothing. ``actor`` is an operator, or None for the system (the demo's loader).

    Raises InstitutionExists for a code that is taken, ValidationError for bad values, MembershipRefused where the actor is no operator.
    """
    if actor is not None and not actor.acts_as(Role.OPERATOR):
        raise MembershipRefused("not_operator")
    if Institution.objects.filter(code=code).exists():
        raise InstitutionExists(code)
    institution = Institution(code=code, name_zh=name_zh, name_en=name_en, kind=kind, search_text=search_text_of(name_zh, name_en), **facts)
    institution.full_clean()
    institution.save()
    record_audit_entry("institutions.onboard", actor=actor, about=institution, data={"code": code, "kind": kind})
    announce(InstitutionOnboarded(institution_id=institution.pk))
    if administrator is not None:
        grant_membership(administrator, institution, Role.SCHOOL_ADMINISTRATOR, actor=actor)
    return institution


@transaction.atomic
def grant_membership(
    person: User, institution: Institution, role: str, *, actor: User | None, starts_on: date | None = None, ends_on: date | None = None
) -> Membership:
    """Give a person a role at an institution; the same open role twice is one membership.

    Raises MembershipRefused: nobody grants a role to the own person, and only who may (see ``may_grant``) grants at all.
    """
    if actor is not None:
        if actor.pk == person.pk:
            raise MembershipRefused("own_person")
        if not may_grant(actor, institution, role):
            raise MembershipRefused("not_allowed")
    known = Membership.objects.filter(person=person, institution=institution, role=role, ends_on__isnull=True).first()
    if known is not None:
        return known
    membership = Membership.objects.create(
        person=person,
        institution=institution,
        role=role,
        starts_on=starts_on or timezone.localdate(),
        ends_on=ends_on,
        granted_by_uuid=actor.uuid if actor else None,
    )
    record_audit_entry(
        "institutions.grant_role", actor=actor, about=membership, concerns=person.uuid, data={"role": role, "at": institution.code}
    )
    _announce_change(membership)
    return membership


@transaction.atomic
def end_membership(membership: Membership, *, actor: User | None, on: date) -> Membership:
    """End a role: ``on`` is the first day without it. Rights end with the next request after that day has begun.

    Raises MembershipRefused where the actor may not, or where it is the own one of an operator (nobody locks the last door from inside).
    """
    membership = Membership.objects.select_for_update().get(pk=membership.pk)
    if actor is not None and not may_grant(actor, membership.institution, membership.role):
        raise MembershipRefused("not_allowed")
    if actor is not None and membership.role == Role.OPERATOR and membership.person_id == actor.pk:
        raise MembershipRefused("own_person")
    last_day = on - timedelta(days=1)
    membership.starts_on = min(membership.starts_on, last_day)
    membership.ends_on = last_day
    membership.save(update_fields=["starts_on", "ends_on"])
    record_audit_entry(
        "institutions.end_role", actor=actor, about=membership, concerns=membership.person.uuid,
        data={"role": membership.role, "at": membership.institution.code},
    )  # fmt: skip
    _announce_change(membership)
    return membership


def _announce_change(membership: Membership) -> None:
    announce(
        MembershipChanged(
            membership_id=membership.pk, person_id=membership.person_id, institution_id=membership.institution_id, role=membership.role
        )
    )


@transaction.atomic
def add_to_alliance(alliance: Alliance, institution: Institution, *, actor: User | None, starts_on: date) -> AllianceMember:
    """Let an institution join an alliance; joining twice is one membership."""
    member, created = AllianceMember.objects.get_or_create(
        alliance=alliance, institution=institution, ends_on=None, defaults={"starts_on": starts_on}
    )
    if created:
        record_audit_entry("institutions.join_alliance", actor=actor, about=alliance, data={"institution": institution.code})
        announce(AllianceChanged(alliance_id=alliance.pk, institution_id=institution.pk))
    return member


@transaction.atomic
def remove_from_alliance(alliance: Alliance, institution: Institution, *, actor: User | None, on: date) -> None:
    """Let an institution leave: ``on`` is the first day outside. What was shared with the alliance closes for its members at once."""
    for member in AllianceMember.objects.select_for_update().filter(alliance=alliance, institution=institution, ends_on__isnull=True):
        last_day = on - timedelta(days=1)
        member.starts_on, member.ends_on = min(member.starts_on, last_day), last_day
        member.save(update_fields=["starts_on", "ends_on"])
        record_audit_entry("institutions.leave_alliance", actor=actor, about=alliance, data={"institution": institution.code})
        announce(AllianceChanged(alliance_id=alliance.pk, institution_id=institution.pk))
