"""The promises of the books, each as one question to the database that answers with the first rows that break it.

Amounts are summed as whole thousandths, so both databases count exactly and alike. Every question passes over the postings once or twice,
whatever their number; the first ten faults of a kind are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from creditbank.ledger.enums import BY_TWO, MAY_BE_NEGATIVE, PATHS, TransactionType
from creditbank.ledger.types import Examined, Fault
from foundation.api import is_on_step

MOST_NAMED = 10
# Accounts that are wrong, and (under the number 0) what every kind of account holds by unit: both need the sum of every account, made once.
ACCOUNTS = """
WITH s AS MATERIALIZED (SELECT account, SUM(delta) AS total FROM SIDES m GROUP BY account)
SELECT * FROM (
    SELECT a.id, a.kind, u.code, a.reference, CAST(ROUND(a.balance * 1000) AS BIGINT), COALESCE(s.total, 0)
    FROM creditbank_account a JOIN foundation_creditsystem u ON u.id = a.unit_id LEFT JOIN s ON s.account = a.id
    WHERE a.kind NOT IN LOOSE AND (CAST(ROUND(a.balance * 1000) AS BIGINT) <> COALESCE(s.total, 0) OR COALESCE(s.total, 0) < 0)
    ORDER BY a.id LIMIT MOST_NAMED
) wrong
UNION ALL
SELECT * FROM (
    SELECT 0, a.kind, u.code, '', 0, SUM(s.total)
    FROM s JOIN creditbank_account a ON a.id = s.account JOIN foundation_creditsystem u ON u.id = a.unit_id GROUP BY u.code, a.kind ORDER BY u.code, a.kind
) sums
"""
# The default frame takes all rows of one transaction together: what counts is the balance after it. A lot is named where it first fell below nothing.
LOTS = """
SELECT t.id, t.key, a.id, a.kind, u.code, f.lot_uuid, f.running FROM (
    SELECT transaction_id, account, lot_uuid, running, ROW_NUMBER() OVER (PARTITION BY account, lot_uuid ORDER BY transaction_id) AS n FROM (
        SELECT transaction_id, account, lot_uuid, SUM(delta) OVER (PARTITION BY account, lot_uuid ORDER BY transaction_id) AS running
        FROM SIDES m WHERE account NOT IN (SELECT id FROM creditbank_account WHERE kind IN LOOSE)
    ) r WHERE running < 0
) f JOIN creditbank_transaction t ON t.id = f.transaction_id JOIN creditbank_account a ON a.id = f.account JOIN foundation_creditsystem u ON u.id = a.unit_id
WHERE f.n = 1 ORDER BY t.id, a.id, f.lot_uuid LIMIT MOST_NAMED
"""
KINDS_OF_POSTING = """
SELECT t.type, s.kind, d.kind, s.unit_id, d.unit_id,
       CASE WHEN s.owner_uuid <> d.owner_uuid AND s.kind NOT IN ('issuer', 'bridge') AND d.kind NOT IN ('issuer', 'bridge') THEN 1 ELSE 0 END,
       p.amount, MIN(p.id)
FROM creditbank_posting p JOIN creditbank_transaction t ON t.id = p.transaction_id
JOIN creditbank_account s ON s.id = p.source_id JOIN creditbank_account d ON d.id = p.destination_id
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 8
"""
NOT_MIRRORED = """
SELECT r.id, r.key, x.lot_uuid, SUM(x.amount) FROM creditbank_transaction r JOIN (
    SELECT t.id, p.source_id AS a, p.destination_id AS b, p.lot_uuid, CAST(ROUND(p.amount * 1000) AS BIGINT) AS amount
    FROM creditbank_transaction t JOIN creditbank_posting p ON p.transaction_id = t.id WHERE t.reverses_id IS NOT NULL
    UNION ALL
    SELECT t.id, p.destination_id, p.source_id, p.lot_uuid, -CAST(ROUND(p.amount * 1000) AS BIGINT)
    FROM creditbank_transaction t JOIN creditbank_posting p ON p.transaction_id = t.reverses_id
) x ON x.id = r.id GROUP BY r.id, r.key, x.a, x.b, x.lot_uuid HAVING SUM(x.amount) <> 0 ORDER BY r.id LIMIT MOST_NAMED
"""
CHAINED = """
SELECT r.id, r.key FROM creditbank_transaction r JOIN creditbank_transaction t ON t.id = r.reverses_id
WHERE t.type = 'reverse' ORDER BY r.id LIMIT MOST_NAMED
"""
ALONE = """
SELECT t.id, t.key, t.type FROM creditbank_transaction t
WHERE t.type IN BY_TWO AND (t.by_uuid IS NULL OR t.second_uuid IS NULL OR t.by_uuid = t.second_uuid OR EXISTS (
    SELECT 1 FROM creditbank_posting p JOIN creditbank_account a ON a.id IN (p.source_id, p.destination_id)
    WHERE p.transaction_id = t.id AND a.owner_uuid IN (t.by_uuid, t.second_uuid)
)) ORDER BY t.id LIMIT MOST_NAMED
"""
EMPTY = """
SELECT t.id, t.key FROM creditbank_transaction t LEFT JOIN creditbank_posting p ON p.transaction_id = t.id
WHERE p.id IS NULL ORDER BY t.id LIMIT MOST_NAMED
"""
HELD = """
SELECT reference, lot_uuid, SUM(delta) FROM (
    SELECT a.reference, p.lot_uuid, CAST(ROUND(p.amount * 1000) AS BIGINT) AS delta
    FROM creditbank_account a JOIN creditbank_posting p ON p.destination_id = a.id WHERE a.kind = 'held'
    UNION ALL
    SELECT a.reference, p.lot_uuid, -CAST(ROUND(p.amount * 1000) AS BIGINT)
    FROM creditbank_account a JOIN creditbank_posting p ON p.source_id = a.id WHERE a.kind = 'held'
) m GROUP BY reference, lot_uuid HAVING SUM(delta) <> 0
"""
PENDING_HOLDS = """
SELECT application_uuid, lot_uuid, CAST(ROUND(amount * 1000) AS BIGINT) FROM creditbank_hold WHERE state = 'pending' AND amount > 0
"""


def find_faults() -> list[Fault]:
    """Everything that is wrong with the books; empty means that they balance. A fixed number of queries, each over all postings."""
    return list(examine().faults)


def examine() -> Examined:
    """Ask every question about the books as they are at one moment."""
    with one_moment():
        accounts, lots = _ask(ACCOUNTS), _ask(LOTS)
        sums = _sums(accounts)
        faults = [*_balance_faults(accounts, {row[2] for row in lots}), *_sum_faults(sums), *_posting_faults(), *_lot_faults(lots)]
        for question in QUESTIONS:
            faults += question()
        transactions = _ask("SELECT COUNT(*) FROM creditbank_transaction")[0][0]
        postings = _ask("SELECT COUNT(*) FROM creditbank_posting")[0][0]
    return Examined(tuple(faults), sums, transactions, postings)


@contextmanager
def one_moment() -> Iterator[None]:
    """All questions inside see the books as they were at one moment, while posting goes on. In a transaction of the caller: as that sees them."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # a reader beside the one writer; Django's own would keep everybody from writing
            try:
                yield
            finally:
                cursor.execute("COMMIT")


Row = tuple[Any, ...]


def _sums(accounts: list[Row]) -> dict[str, dict[str, Decimal]]:
    """What lies in the accounts of each kind, by unit: {"A": {"issuer": -8, "available": 8}}."""
    sums: dict[str, dict[str, Decimal]] = {}
    for number, kind, unit, *_row, total in accounts:
        if not number:
            sums.setdefault(unit, {})[kind] = _thousandths(total)
    return sums


WORDS = {
    "MOST_NAMED": str(MOST_NAMED),
    "LOOSE": "(" + ", ".join(f"'{kind.value}'" for kind in sorted(MAY_BE_NEGATIVE)) + ")",
    "BY_TWO": "(" + ", ".join(f"'{kind.value}'" for kind in BY_TWO) + ")",
    # Every posting twice: what arrived where, and what left where, in thousandths.
    "SIDES": """(
        SELECT transaction_id, destination_id AS account, lot_uuid, CAST(ROUND(amount * 1000) AS BIGINT) AS delta FROM creditbank_posting
        UNION ALL
        SELECT transaction_id, source_id, lot_uuid, -CAST(ROUND(amount * 1000) AS BIGINT) FROM creditbank_posting
    )""",
}
"""What the capital words in the questions above stand for."""


def _ask(question: str) -> list[Row]:
    for word, meaning in WORDS.items():
        question = question.replace(word, meaning)
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()  # type: ignore[no-any-return]


def _thousandths(amount: Any) -> Decimal:
    return Decimal(int(amount)) / 1000


def _figure(amount: Decimal) -> str:
    """A figure alike on every database: 7, not 7.000."""
    return format(amount.normalize(), "f")


def _uuid(value: Any) -> str:
    """A uuid as people read it; SQLite keeps the bare digits."""
    return str(value if isinstance(value, UUID) else UUID(value))


def _balance_faults(accounts: list[Row], named: set[int]) -> Iterator[Fault]:
    """Cached balances equal their postings, and none but issuer and bridge is below nothing, which is not said again where its lot is ``named``."""
    for number, kind, unit, reference, cached, actual in accounts:
        if not number:
            continue
        row = f"account {number} ({' '.join(part for part in (kind, unit, reference) if part)})"
        if cached != actual:
            yield Fault("cached balance equals its postings", row, _figure(_thousandths(cached)), _figure(_thousandths(actual)))
        if actual < 0 and number not in named:
            yield Fault("no account below nothing", row, _figure(_thousandths(actual)), "≥ 0")


def _lot_faults(lots: list[Row]) -> Iterator[Fault]:
    """After no transaction has a lot given more than it had, in whichever account: not now, and not at any time before."""
    for number, key, account, kind, unit, lot, running in lots:
        row = f"transaction {number} ({key}): lot {_uuid(lot)} in account {account} ({kind} {unit})"
        yield Fault("a lot gives at most what it had", row, _figure(_thousandths(running)), "≥ 0")


def _posting_faults() -> Iterator[Fault]:
    """One unit in a posting, amounts on the step, each type on its own paths, one owner; what was awarded leaves by reversal only."""
    units = {number: (code, Decimal(str(step))) for number, code, step in _ask("SELECT id, code, step FROM foundation_creditsystem")}
    for kind, source, destination, unit_id, other_id, two_owners, raw, number in _ask(KINDS_OF_POSTING):
        row, amount = f"posting {number}", Decimal(str(raw))
        (unit, step), (other_unit, _step) = units[unit_id], units[other_id]
        if unit != other_unit:
            yield Fault("a posting has one unit", row, f"{unit} → {other_unit}", "one")
        if not is_on_step(amount, step):
            yield Fault("amounts lie on the step", row, f"{_figure(amount)} {unit}", f"a multiple of {_figure(step)}")
        if source == "award" and kind != TransactionType.REVERSE:
            yield Fault("an award leaves by reversal only", row, kind, "reverse")
        elif kind in PATHS and (source, destination) not in PATHS[kind]:
            paths = " or ".join(sorted(f"{a} → {b}" for a, b in PATHS[kind]))
            yield Fault(f"a {kind} keeps to its path", row, f"{source} → {destination}", paths)
        if two_owners and kind not in {TransactionType.TRANSFER, TransactionType.REVERSE}:
            yield Fault("credit changes its owner by transfer only", row, kind, "transfer")


def _reversal_faults() -> Iterator[Fault]:
    """A reversal is the mirror image of one transaction that is no reversal itself; whatever takes credit back is signed by two others."""
    for number, key, lot, difference in _ask(NOT_MIRRORED):
        row = f"transaction {number} ({key}): lot {_uuid(lot)}"
        yield Fault("a reversal mirrors its original", row, _figure(_thousandths(difference)), "no difference")
    for number, key in _ask(CHAINED):
        yield Fault("a reversal is not reversed", f"transaction {number} ({key})", "reversed", "not")
    for number, key, kind in _ask(ALONE):
        yield Fault(f"a {kind} is signed by two who are not its owner", f"transaction {number} ({key})", "fewer", "two")


def _empty_faults() -> Iterator[Fault]:
    for number, key in _ask(EMPTY):
        yield Fault("a transaction has postings", f"transaction {number} ({key})", "none", "at least one")


def _hold_faults() -> Iterator[Fault]:
    """What lies in accounts of applications is what their pending holds say, lot by lot."""
    lying = {(_uuid(application), _uuid(lot)): int(total) for application, lot, total in _ask(HELD)}
    said = {(_uuid(application), _uuid(lot)): int(total) for application, lot, total in _ask(PENDING_HOLDS)}
    wrong = sorted(key for key in lying.keys() | said.keys() if lying.get(key, 0) != said.get(key, 0))
    for application, lot in wrong[:MOST_NAMED]:
        found, expected = (_figure(_thousandths(side.get((application, lot), 0))) for side in (lying, said))
        yield Fault("holds are covered by postings", f"application {application}: lot {lot}", found, expected)


def _sum_faults(sums: dict[str, dict[str, Decimal]]) -> Iterator[Fault]:
    for unit, kinds in sums.items():
        total = sum(kinds.values(), Decimal(0))
        if total:
            yield Fault("a unit sums to zero", unit, _figure(total), "0")


QUESTIONS: tuple[Callable[[], Iterator[Fault]], ...] = (_reversal_faults, _empty_faults, _hold_faults)
