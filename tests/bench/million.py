"""A bank of any size beside the demo city, written past the doors but as the doors would have written it.

Every life has 25 records with credit, all deposited and confirmed; ten of them went through five applications of two records each: held,
converted, awarded, every third certified. In one life of ten the newest credit still waits for its confirmation, in one of twenty the
newest application for the desk. The books balance afterwards, which ``check_books`` is asked to prove.

Rows are copied from rows of the demo with other people, days and numbers in them. Missing on purpose: audit entries and notices, which
no page of the bank reads; an application's question and answer, except for those that still wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

LOTS, USED, EACH, AMOUNT = 25, 10, 2, 3
PER_PERSON = 2 * LOTS + 3 * (USED // EACH)
FIRST, DAYS = date(2024, 9, 2), 700
NOBODY = UUID(int=0)
PENDING_EVERY, OPEN_EVERY, CERTIFIED_EVERY = 10, 20, 3
OPEN_STATES = ("submitted", "checking", "second_review", "information_requested")
AT_ONCE = 400
"""Lives between two writes: what is held in memory is theirs alone."""


def numbered(table: int, number: int) -> UUID:
    """A uuid of one table's range, so that rows can name each other before they are written."""
    return UUID(int=(table << 120) + number)


class Rows:
    """Rows of one table that wait to be written: each a copy of a known row with some columns changed."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.table = model._meta.db_table
        self.fields = [one for one in model._meta.concrete_fields if not one.generated]
        self.at = {one.attname: number for number, one in enumerate(self.fields)}
        self.first = self.next_id = (model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
        self.waiting: list[list[Any]] = []

    def prepared(self, row: Any) -> list[Any]:
        """An object's columns as the database takes them; what is sealed for its person stays empty."""
        from django.db import connection

        from foundation.api import SealedTextField

        return [
            "" if isinstance(one, SealedTextField) else one.get_db_prep_save(getattr(row, one.attname), connection) for one in self.fields
        ]

    def add(self, like: list[Any], **changed: Any) -> int:
        """One more row; its number."""
        values = list(like)
        for name, value in changed.items():
            values[self.at[name]] = value
        values[self.at["id"]], number = self.next_id, self.next_id
        self.next_id += 1
        self.waiting.append(values)
        return number


@dataclass
class Writer:
    """Everything that is written, by name, with the rows to copy and the accounts that many share."""

    rows: dict[str, Rows]
    like: dict[str, Any]
    unit: Any
    shared: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, name: str, like: Any = None, **changed: Any) -> int:
        return self.rows[name].add(self.like[name] if like is None else like, **changed)

    def account(self, kind: str, owner: UUID, reference: str = "", balance: int = 0) -> int:
        return self.add("account", kind=kind, unit_id=self.unit.pk, owner_uuid=plain(owner), reference=reference, balance=balance)

    def common(self, kind: str, reference: str) -> int:
        """The account of an issuer or a bridge, which may be there already."""
        from creditbank.ledger.models import Account

        if (kind, reference) not in self.shared:
            known = Account.objects.filter(kind=kind, unit=self.unit, owner_uuid=NOBODY, reference=reference).first()
            self.shared[kind, reference] = known.pk if known else self.account(kind, NOBODY, reference)
        return self.shared[kind, reference]

    def post(
        self,
        kind: str,
        key: str,
        moves: list[tuple[int, int, UUID]],
        *,
        on: date,
        application: UUID | None = None,
        record: UUID | None = None,
    ) -> None:
        entry = self.add(
            "transaction", uuid=plain(numbered(1, self.rows["transaction"].next_id)), type=kind, key=key, application_uuid=plain(application),
            record_uuid=plain(record), effective_on=on_day(on), recorded_at=moment(on),
        )  # fmt: skip
        for source, destination, lot in moves:
            self.add("posting", transaction_id=entry, source_id=source, destination_id=destination, amount=AMOUNT, lot_uuid=plain(lot))


def plain(value: UUID | None) -> Any:
    """As the database keeps it: SQLite knows a uuid by its bare digits."""
    from django.db import connection

    return value if value is None or connection.vendor == "postgresql" else value.hex


def on_day(on: date) -> Any:
    from django.db import connection

    return on if connection.vendor == "postgresql" else on.isoformat()


def moment(on: date) -> Any:
    from django.db import connection

    at = datetime(on.year, on.month, on.day, 4, tzinfo=UTC)
    return at if connection.vendor == "postgresql" else at.isoformat(" ").removesuffix("+00:00")


def write_life(writer: Writer, number: int, owner: UUID, person: int, bridge: int) -> None:
    """Twenty-five records with their deposits and confirmations, and five applications."""
    waits, asks = number % PENDING_EVERY == 1, number % OPEN_EVERY == 0
    pending = writer.account("pending", owner, balance=AMOUNT if waits else 0)
    free = writer.account("available", owner, balance=AMOUNT * (LOTS - USED - waits))
    programme = writer.like["programme"]
    award = writer.account("award", owner, programme.code, balance=AMOUNT * (USED - EACH * asks))
    lots = [numbered(3, number * LOTS + position) for position in range(LOTS)]
    for position, lot in enumerate(lots):
        on = FIRST + timedelta(days=(number * 7 + position * 29) % DAYS)
        issuer = write_record(writer, number, position, lot, person, on)
        writer.post("deposit", f"deposit:{lot}", [(issuer, pending, lot)], on=on, record=lot)
        if not (waits and position == LOTS - 1):
            writer.post("verify", f"verify:{lot}", [(pending, free, lot)], on=on, record=lot)
    for start in range(0, USED, EACH):
        ident, used = numbered(2, number * LOTS + start), lots[start : start + EACH]
        on, is_open = FIRST + timedelta(days=(number * 11 + start * 31) % DAYS), asks and start == USED - EACH
        held = writer.account("held", owner, str(ident), balance=AMOUNT * EACH * is_open)
        writer.post("hold", f"hold:{ident}", [(free, held, lot) for lot in used], on=on, application=ident)
        if not is_open:
            converted = writer.account("converted", owner, str(ident))
            across = [(held, bridge, lot) for lot in used] + [(bridge, converted, lot) for lot in used]
            writer.post("convert", f"convert:{ident}", across, on=on, application=ident)
            writer.post("award", f"award:{ident}", [(converted, award, lot) for lot in used], on=on, application=ident)
        for lot in used:
            state = "pending" if is_open else "posted"
            writer.add(
                "hold", application_uuid=plain(ident), owner_uuid=plain(owner), lot_uuid=plain(lot), unit_id=writer.unit.pk, amount=AMOUNT,
                state=state,
            )  # fmt: skip
        write_application(
            writer, number * LOTS + start, ident, person, used, on, OPEN_STATES[number // OPEN_EVERY % 4] if is_open else "posted"
        )


def write_record(writer: Writer, number: int, position: int, lot: UUID, person: int, on: date) -> int:
    """One result in the archive; the account of who issued it."""
    kinds = writer.like["record"]
    values, code = kinds[(number + position) % len(kinds)]
    digest = hashlib.sha256(lot.bytes).hexdigest()
    writer.add(
        "record", values, uuid=plain(lot), learner_id=person, earned_on=on_day(on), recorded_at=moment(on), external_id=f"bench:{lot}",
        content_hash=digest,
    )  # fmt: skip
    return writer.common("issuer", code)


def write_application(writer: Writer, number: int, ident: UUID, person: int, lots: list[UUID], on: date, state: str) -> None:
    """A case with its lines and steps."""
    values, lines, steps = writer.like["application"][state]
    case = writer.add(
        "application", values, uuid=plain(ident), reference=f"RB-{on.year}-{number:07d}", learner_id=person, submitted_at=moment(on),
        due_on=on_day(on + timedelta(days=30)),
        **({"decided_at": moment(on + timedelta(days=9)), "snapshot": "", "decided_credits": AMOUNT * len(lots)} if state == "posted" else {}),
    )  # fmt: skip
    records = [str(lot) for lot in lots]
    for position, (lot, line) in enumerate(zip(lots, lines, strict=False), start=1):
        decided = AMOUNT if state == "posted" else None
        said = writer.rows["line"].model._meta.get_field("records")
        writer.add(
            "line", line, application_id=case, position=position, records=stored(said, records[position - 1 : position]),
            lead_record=plain(lot), proposed=AMOUNT, decided=decided,
        )  # fmt: skip
    for step in steps:
        writer.add("step", step, application_id=case, at=moment(on))
    if state == "posted" and number // EACH % CERTIFIED_EVERY == 0:
        writer.add(
            "certificate", uuid=plain(numbered(5, case)), learner_id=person, application_id=case, number=f"BC-{on.year}-{case:08d}",
            code=numbered(5, case).hex, short_code=f"{case:012d}", issued_at=moment(on + timedelta(days=10)),
        )  # fmt: skip


def stored(column: Any, value: Any) -> Any:
    from django.db import connection

    return column.get_db_prep_save(value, connection)


def fill(transactions: int, *, people: dict[int, Any] | None = None) -> int:
    """Write at least so many transactions; the number written. ``people`` puts real people in the place of made-up ones."""
    lives = -(-transactions // (PER_PERSON - 1))  # some are short of a confirmation or an award
    writer = _writer()
    before = writer.rows["transaction"].next_id
    bridge = writer.common("bridge", f"{writer.unit.code}>{writer.unit.code}")
    with unguarded():
        for start in range(0, lives, AT_ONCE):
            batch = range(start, min(start + AT_ONCE, lives))
            for number, person in zip(batch, _people(batch, people or {}), strict=True):
                write_life(writer, number, person.uuid, person.pk, bridge)
            _flush(writer)
    _settle(writer)
    return writer.rows["transaction"].next_id - before


def _people(batch: range, known: dict[int, Any]) -> list[Any]:
    """A person for each life, made where none is given."""
    from identity.api import User

    new = [
        User(name=f"居民 {number:06d}", email=f"resident{number:06d}@bench.example", password="!", uuid=numbered(4, number))
        for number in batch
        if number not in known
    ]
    made = {row.email: row for row in User.objects.bulk_create(new)}
    return [known.get(number) or made[f"resident{number:06d}@bench.example"] for number in batch]


def _writer() -> Writer:
    from creditbank.api import Application, Certificate
    from creditbank.ledger.models import Account, Hold, Posting, Transaction
    from creditbank.recognition.models import ApplicationLine, ApplicationStep
    from learning.api import LearningRecord

    models = {
        "account": Account, "transaction": Transaction, "posting": Posting, "hold": Hold, "record": LearningRecord,
        "application": Application, "line": ApplicationLine, "step": ApplicationStep, "certificate": Certificate,
    }  # fmt: skip
    rows = {name: Rows(model) for name, model in models.items()}
    like: dict[str, Any] = {name: rows[name].prepared(models[name]()) for name in ("account", "transaction", "posting", "hold")}
    unit, like["record"] = _kinds_of_records(rows["record"])
    like["application"] = {state: _case(rows, state) for state in ("posted", *OPEN_STATES)}
    like["certificate"] = rows["certificate"].prepared(Certificate.objects.order_by("pk")[0])
    like["programme"] = Application.objects.select_related("programme").filter(state="posted").order_by("pk")[0].programme
    return Writer(rows, like, unit)


def _kinds_of_records(rows: Rows) -> tuple[Any, list[tuple[list[Any], str]]]:
    """One record of each outcome in the commonest unit, to be copied, with who issues it."""
    found: dict[str, Any] = {}
    known = rows.model.objects.filter(credit_system__code="A", institution__isnull=False, state="active").order_by("pk")
    for record in known.select_related("institution", "credit_system"):
        found.setdefault(record.outcome_code, record)
    kinds = []
    for record in found.values():
        record.credits, record.enrolment_uuid, record.replaces = AMOUNT, None, None
        kinds.append((rows.prepared(record), record.institution.code))
    return next(iter(found.values())).credit_system, kinds


def _case(rows: dict[str, Rows], state: str) -> tuple[list[Any], list[list[Any]], list[list[Any]]]:
    """A case of the demo in one state, with its lines (two at least) and steps."""
    case = rows["application"].model.objects.filter(state=state).order_by("pk")[0]
    lines = [rows["line"].prepared(line) for line in case.lines.all()]
    case.proposal = {**case.proposal, "allocation": (case.proposal["allocation"] * EACH)[:EACH]}  # a line has its place in the answer
    return rows["application"].prepared(case), (lines * EACH)[:EACH], [rows["step"].prepared(step) for step in case.steps.all()]


@contextmanager
def unguarded() -> Iterator[None]:
    """Without the checks that every single row would pay for: triggers and foreign keys. The books are checked as a whole afterwards."""
    from django.db import connection

    from creditbank.ledger.triggers import drop_lot_trigger, install_lot_trigger

    drop_lot_trigger()
    with connection.cursor() as cursor:
        before, after = (
            ("SET session_replication_role = replica", "SET session_replication_role = DEFAULT")
            if connection.vendor == "postgresql"
            else ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON")
        )
        cursor.execute(before)
        try:
            yield
        finally:
            cursor.execute(after)
    install_lot_trigger()


def _flush(writer: Writer) -> None:
    from django.db import connection, transaction

    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for rows in writer.rows.values():
            columns = ", ".join(quote(str(one.column)) for one in rows.fields)
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {rows.table} ({columns}) FROM STDIN") as copy:
                    for row in rows.waiting:
                        copy.write_row(row)
            else:
                places = ", ".join("%s" for _one in rows.fields)
                cursor.executemany(f"INSERT INTO {rows.table} ({columns}) VALUES ({places})", rows.waiting)
            rows.waiting.clear()


def _settle(writer: Writer) -> None:
    """Numbers go on behind the last one, and the planner knows the tables."""
    from django.db import connection

    with connection.cursor() as cursor:
        for rows in writer.rows.values():
            if connection.vendor == "postgresql":
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{rows.table}', 'id'), {rows.next_id})")
                cursor.execute(f"VACUUM ANALYZE {rows.table}")
        cursor.execute("ANALYZE")
