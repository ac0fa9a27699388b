"""What the ledger does when somebody is erased: nothing. It knows pseudonyms alone, its sealed words go with the key, and history stays."""

from __future__ import annotations

from identity.api import Eraser, Treatment, register_eraser

register_eraser(
    Eraser(
        part="creditbank.ledger",
        treats=dict.fromkeys(["creditbank.Account", "creditbank.Hold", "creditbank.LedgerFreeze"], Treatment.PSEUDONYM)
        | dict.fromkeys(["creditbank.Transaction", "creditbank.AccountMerger"], Treatment.SEALED),
    )
)
