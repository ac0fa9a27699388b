"""A ledger of any size, written past the door but as the door would have written it: what is checked and paged through in the benches.

Every person has 25 lots, all deposited and confirmed; ten of them went through five applications of two lots each: held, converted,
awarded. The books balance afterwards, which ``check_books`` is asked to prove.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

LOTS, USED, EACH = 25, 10, 2
PER_PERSON = 2 * LOTS + 3 * (USED // EACH)
ON, AT = "2026-03-02", datetime(2026, 3, 2, 4, tzinfo=UTC)
NOBODY = UUID(int=0)
TABLES = {
    "creditbank_account": ("id", "kind", "unit_id", "owner_uuid", "reference", "balance"),
    "creditbank_transaction": (
        "id", "uuid", "type", "key", "application_uuid", "record_uuid", "effective_on", "note_zh", "note_en", "recorded_at",
    ),
    "creditbank_posting": ("id", "transaction_id", "source_id", "destination_id", "amount", "lot_uuid"),
    "creditbank_hold": ("id", "application_uuid", "owner_uuid", "lot_uuid", "unit_id", "amount", "state"),
}  # fmt: skip


@dataclass
class Writer:
    """Rows that wait to be written, and the numbers that come next."""

    unit: int
    next_id: dict[str, int]
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {table: [] for table in TABLES})

    def add(self, table: str, *values: Any) -> int:
        number = self.next_id[table]
        self.next_id[table] += 1
        self.rows[table].append((number, *values))
        return number

    def account(self, kind: str, owner: UUID, reference: str = "", balance: int = 0) -> int:
        return self.add("creditbank_account", kind, self.unit, owner, reference, balance)

    def post(
        self, kind: str, key: str, moves: list[tuple[int, int, UUID]], *, application: UUID | None = None, record: UUID | None = None
    ) -> None:
        ident = UUID(int=(1 << 120) + self.next_id["creditbank_transaction"])
        entry = self.add("creditbank_transaction", ident, kind, key, application, record, ON, "", "", AT)
        for source, destination, lot in moves:
            self.add("creditbank_posting", entry, source, destination, 3, lot)


def write_person(writer: Writer, number: int, owner: UUID, issuer: int, bridge: int) -> None:
    """One life: 25 deposits and confirmations, five applications."""
    waiting = writer.account("pending", owner)
    free = writer.account("available", owner, balance=3 * (LOTS - USED))
    award = writer.account("award", owner, "BENCH", balance=3 * USED)
    lots = [lot_of(number, position) for position in range(LOTS)]
    for lot in lots:
        writer.post("deposit", f"deposit:{lot}", [(issuer, waiting, lot)], record=lot)
        writer.post("verify", f"verify:{lot}", [(waiting, free, lot)], record=lot)
    for start in range(0, USED, EACH):
        application, used = UUID(int=(2 << 120) + number * LOTS + start), lots[start : start + EACH]
        held, converted = writer.account("held", owner, str(application)), writer.account("converted", owner, str(application))
        writer.post("hold", f"hold:{application}", [(free, held, lot) for lot in used], application=application)
        across = [(held, bridge, lot) for lot in used] + [(bridge, converted, lot) for lot in used]
        writer.post("convert", f"convert:{application}", across, application=application)
        writer.post("award", f"award:{application}", [(converted, award, lot) for lot in used], application=application)
        for lot in used:
            writer.add("creditbank_hold", application, owner, lot, writer.unit, 3, "posted")


def lot_of(person: int, position: int) -> UUID:
    return UUID(int=(3 << 120) + person * LOTS + position)


def owner_of(person: int) -> UUID:
    return UUID(int=(4 << 120) + person)


def fill(transactions: int, *, owners: dict[int, UUID] | None = None, people_at_once: int = 400) -> int:
    """Write at least so many transactions; the number written. ``owners`` puts real people in the place of made-up ones."""
    from creditbank.ledger.triggers import drop_lot_trigger, install_lot_trigger
    from foundation.api import CreditSystem

    unit = CreditSystem.objects.order_by("code")[0].pk
    writer = Writer(unit, {table: _last(table) + 1 for table in TABLES})
    issuer, bridge = writer.account("issuer", NOBODY, "BENCH"), writer.account("bridge", NOBODY, "BENCH>BENCH")
    people = -(-transactions // PER_PERSON)
    drop_lot_trigger()
    for number in range(people):
        write_person(writer, number, (owners or {}).get(number, owner_of(number)), issuer, bridge)
        if number % people_at_once == people_at_once - 1 or number == people - 1:
            _flush(writer)
    install_lot_trigger()
    _settle(writer)
    return people * PER_PERSON


def _last(table: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")
        return int(cursor.fetchone()[0])


def _flush(writer: Writer) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns in TABLES.items():
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in writer.rows[table]:
                        copy.write_row(row)
            else:
                places = ", ".join("%s" for _ in columns)
                cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", list(_plain(writer.rows[table])))
            writer.rows[table].clear()


def _plain(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """As SQLite keeps them: a uuid is its bare digits, a moment is text."""
    for row in rows:
        yield tuple(
            value.hex if isinstance(value, UUID) else value.isoformat(" ") if isinstance(value, datetime) else value for value in row
        )


def _settle(writer: Writer) -> None:
    """Numbers go on behind the last one, and the planner knows the tables."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in TABLES:
            if connection.vendor == "postgresql":
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {writer.next_id[table]})")
                cursor.execute(f"VACUUM ANALYZE {table}")
        if connection.vendor == "sqlite":
            cursor.execute("ANALYZE")
