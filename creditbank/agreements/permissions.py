"""Who may do what with rule books."""

from __future__ import annotations

from typing import Any

from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.models import RuleBook, RuleBookVersion
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
