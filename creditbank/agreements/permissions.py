"""Who may do what with rule books."""

from __future__ import annotations

from typing import Any

from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.models import Agreement, RuleBook, RuleBookVersion
from foundation.api import permission
from identity.api import Role


@permission(RuleBookVersion, "view")
def can_view(user: Any, version: RuleBookVersion) -> bool:
    if version.status != VersionStatus.DRAFT:
        return True
    at_the_desk = user.is_authenticated and user.acts_as(Role.CREDIT_OFFICER, Role.REVIEWER, at=version.book.institution_id)
    return bool(at_the_desk or (user.is_authenticated and user.acts_as(Role.AUDITOR)))


@permission(RuleBook, "draft")
def can_draft(user: Any, book: RuleBook) -> bool:
    return bool(user.is_authenticated and user.acts_as(Role.CREDIT_OFFICER, at=book.institution_id))


@permission(RuleBookVersion, "publish")
def can_publish(user: Any, version: RuleBookVersion) -> bool:
    return bool(user.is_authenticated and user.acts_as(Role.REVIEWER, at=version.book.institution_id))


@permission(RuleBookVersion, "examine")
def can_examine(user: Any, version: RuleBookVersion) -> bool:
    """What speaks against it: the desk of the institution, and auditors."""
    if not user.is_authenticated:
        return False
    return bool(user.acts_as(Role.CREDIT_OFFICER, Role.REVIEWER, at=version.book.institution_id) or user.acts_as(Role.AUDITOR))


@permission(Agreement, "view")
def can_view_agreement(user: Any, agreement: Agreement) -> bool:
    """Whoever sees it: drafts are for the desks of the parties and auditors, the rest is public."""
    return bool(Agreement.objects.filter(pk=agreement.pk).visible_to(user).exists())


def _is_officer_of_a_party(user: Any, agreement: Agreement) -> bool:
    places = user.institutions_as(Role.CREDIT_OFFICER) if user.is_authenticated else []
    return bool(places and agreement.party_rows.filter(institution__in=places).exists())


@permission(Agreement, "sign")
def can_sign(user: Any, agreement: Agreement) -> bool:
    """Credit officers of a party; that it must sign, and has not, is asked by the action."""
    return _is_officer_of_a_party(user, agreement)


@permission(Agreement, "suspend")
def can_suspend(user: Any, agreement: Agreement) -> bool:
    """Credit officers of a party; resuming is the same right."""
    return _is_officer_of_a_party(user, agreement)


@permission(Agreement, "end")
def can_end(user: Any, agreement: Agreement) -> bool:
    """Credit officers of a party."""
    return _is_officer_of_a_party(user, agreement)
