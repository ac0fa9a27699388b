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
    """The available credit of one learning record: record, owner's pseudonym, unit, amount."""

    uuid: UUID
    owner: UUID
    unit: str
    amount: Decimal


@dataclass(frozen=True)
class Balance:
    """What a person has of one unit. ``total`` is what stands in the account statement: available, held and awarded."""

    unit: str
    pending: Decimal = Decimal(0)
    available: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    awarded: Decimal = Decimal(0)
    expired: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return self.available + self.held + self.awarded


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
    note_zh: str = ""
    note_en: str = ""
