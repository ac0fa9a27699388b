"""Who may do what with accounts."""

from __future__ import annotations

from typing import Any

from creditbank.ledger.models import Account
from foundation.api import permission


@permission(Account, "view")
def can_view(user: Any, account: Account) -> bool:
    """The owner."""
    return bool(user.is_authenticated and account.owner_uuid == user.uuid)
