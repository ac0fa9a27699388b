"""Orders to the ledger, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, order=True)
class Place:
    """An account by what it is: kind, unit (code of its credit system), owner's pseudonym, and what it is of."""

    kind: str
    unit: str
    owner: UUID
    reference: str = ""


@dataclass(frozen=True)
class Move:
    """An amount that is to move; ``lot`` is the uuid of the learning record whose credit it is."""

    source: Place
    destination: Place
    amount: Decimal
    lot: UUID


@dataclass(frozen=True, order=True)
class Lot:
    """Credit of one learning record as it lies in one account: record, owner's pseudonym, unit, amount, kind of account."""

    uuid: UUID
    owner: UUID
    unit: str
    amount: Decimal
    kind: str = "available"


@dataclass(frozen=True)
class Balance:
    """What a person has of one unit. ``total`` is what stands in the account statement: available, held and awarded.

    ``used`` is what went over the bridge into credit of another unit or of a programme, less what a reversal brought back.
    """

    unit: str
    pending: Decimal = Decimal(0)
    available: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    awarded: Decimal = Decimal(0)
    expired: Decimal = Decimal(0)
    revoked: Decimal = Decimal(0)
    used: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return self.available + self.held + self.awarded


@dataclass(frozen=True)
class StatementStep:
    """What one transaction changed in a unit of a person's account, and the balance after it."""

    transaction_id: int
    on: date
    change: Decimal
    held: Decimal
    balance: Decimal


@dataclass(frozen=True)
class StatementLine:
    """One line of an account statement: what changed, why, and the balance after it. ``held`` is what was reserved or released."""

    transaction_id: int
    type: str
    on: date
    lots: tuple[UUID, ...]
    application: UUID | None
    change: Decimal
    held: Decimal
    balance: Decimal
    uuid: UUID
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True)
class Fault:
    """A broken promise of the books: which one, at which row, and the figures that show it."""

    promise: str
    row: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.row}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True)
class Examined:
    """All books at one moment: what is wrong, what lies in the accounts of each kind by unit, and over how much was looked."""

    faults: tuple[Fault, ...]
    sums: dict[str, dict[str, Decimal]]
    transactions: int
    postings: int
