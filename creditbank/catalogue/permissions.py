"""Who may do what with the catalogue."""

from __future__ import annotations

from typing import Any

from creditbank.catalogue.imports import CatalogueImport
from creditbank.catalogue.models import Programme
from foundation.api import permission
from identity.api import Role


@permission(Programme, "view")
def can_view(user: Any, programme: Programme) -> bool:
    return True


@permission(CatalogueImport, "view")
def can_view_import(user: Any, row: CatalogueImport) -> bool:
    """Who may confirm it, and auditors."""
    return can_confirm_import(user, row) or bool(user.is_authenticated and user.acts_as(Role.AUDITOR))


@permission(CatalogueImport, "confirm")
def can_confirm_import(user: Any, row: CatalogueImport) -> bool:
    """Credit officers of the institution; operators what is of the whole city."""
    if not user.is_authenticated:
        return False
    return bool(user.acts_as(Role.OPERATOR) if row.institution_id is None else user.acts_as(Role.CREDIT_OFFICER, at=row.institution_id))
