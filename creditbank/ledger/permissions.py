"""Who may do what with accounts."""

from __future__ import annotations

from typing import Any

from creditbank.ledger.models import Account, Transaction
from foundation.api import permission


@permission(Account, "view")
def can_view(user: Any, account: Account) -> bool:
    """The owner."""
    return bool(user.is_authenticated and account.owner_uuid == user.uuid)


@permission(Transaction, "view")
def can_view_transaction(user: Any, entry: Transaction) -> bool:
    """Whose credit it moved, and auditors."""
    return bool(user.is_authenticated and Transaction.objects.filter(pk=entry.pk).visible_to(user).exists())
