"""What the ledger refuses. A refusal changes nothing."""

from __future__ import annotations

from decimal import Decimal


class InsufficientCredit(Exception):
    """An account would go below nothing."""

    def __init__(self, account: str, has: Decimal, needs: Decimal) -> None:
        super().__init__(f"{account}: has {has}, needs {needs}")
        self.account = account
        self.has = has
        self.needs = needs


class NotAPosting(Exception):
    """An order without moves, one that mixes units, or one for a unit that does not exist."""


class OffStep(Exception):
    """An amount is no whole number of steps of its unit."""


class KeyReused(Exception):
    """A key was used before, for something else: the ledger's own keys never are, so two different orders were taken for one."""


class NotHeld(Exception):
    """A conversion would use a record that its application does not hold (any more): its issuer took it back."""


class AlreadyReversed(Exception):
    """A transaction is reversed at most once, and a reversal never."""


class SecondPersonNeeded(Exception):
    """This posting needs two different persons."""


class LedgerFrozen(Exception):
    """A promise of the books was found broken; nothing is posted until two administrators have lifted the freeze."""
