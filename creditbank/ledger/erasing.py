"""What the ledger does when somebody is erased: nothing. It knows pseudonyms alone, and history stays."""

from __future__ import annotations

from identity.api import Eraser, Treatment, register_eraser

register_eraser(
    Eraser(
        part="creditbank.ledger",
        treats=dict.fromkeys(
            ["creditbank.Account", "creditbank.Transaction", "creditbank.Hold", "creditbank.LedgerFreeze", "creditbank.AccountMerger"],
            Treatment.PSEUDONYM,
        ),
    )
)
