"""Who may do what with institutions and memberships."""

from __future__ import annotations

from typing import Any

from foundation.api import permission
from identity.institutions.enums import PLAIN_ROLES, SCHOOL_ROLES, Role
from identity.institutions.models import ApiToken, Institution, LearnerNumber, Membership


@permission(Institution, "view")
def can_view_institution(user: Any, institution: Institution) -> bool:
    return True


@permission(Institution, "change")
def can_change_institution(user: Any, institution: Institution) -> bool:
    return bool(user.is_authenticated and (user.acts_as(Role.OPERATOR) or user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=institution)))


@permission(Institution, "see_members")
def can_see_members(user: Any, institution: Institution) -> bool:
    administers = user.is_authenticated and user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=institution)
    return bool(administers or (user.is_authenticated and user.acts_as(Role.OPERATOR, Role.AUDITOR)))


@permission(Institution, "grant_roles")
def can_grant_roles(user: Any, institution: Institution) -> bool:
    return bool(user.is_authenticated and (user.acts_as(Role.OPERATOR) or user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=institution)))


@permission(Institution, "link_numbers")
def can_link_numbers(user: Any, institution: Institution) -> bool:
    return bool(user.is_authenticated and user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=institution))


@permission(Institution, "see_tokens")
def can_see_tokens(user: Any, institution: Institution) -> bool:
    """The institution's administrator; operators and auditors read."""
    return can_make_tokens(user, institution) or bool(user.is_authenticated and user.acts_as(Role.OPERATOR, Role.AUDITOR))


@permission(Institution, "make_tokens")
def can_make_tokens(user: Any, institution: Institution) -> bool:
    """The institution's administrator."""
    return bool(user.is_authenticated and user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=institution))


@permission(ApiToken, "revoke")
def can_revoke_token(user: Any, token: ApiToken) -> bool:
    """The institution's administrator; an operator where it is urgent."""
    return bool(user.is_authenticated and (can_make_tokens(user, token.institution) or user.acts_as(Role.OPERATOR)))


@permission(LearnerNumber, "unlink")
def can_unlink_number(user: Any, row: LearnerNumber) -> bool:
    own = user.is_authenticated and row.person_id == user.pk
    return bool(own or can_link_numbers(user, row.institution))


@permission(Membership, "view")
def can_view_membership(user: Any, membership: Membership) -> bool:
    if not user.is_authenticated:
        return False
    oversees = user.acts_as(Role.OPERATOR, Role.AUDITOR) or user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=membership.institution_id)
    return bool(oversees or membership.person_id == user.pk)


@permission(Membership, "end")
def can_end_membership(user: Any, membership: Membership) -> bool:
    return bool(user.is_authenticated) and may_grant(user, membership.institution, membership.role)


def may_grant(user: Any, institution: Institution, role: str) -> bool:
    """Operators grant every role; a school's administrator those of the school's own work, never an officer's."""
    if user.acts_as(Role.OPERATOR):
        return True
    return role in (SCHOOL_ROLES | PLAIN_ROLES) and user.acts_as(Role.SCHOOL_ADMINISTRATOR, at=institution)
