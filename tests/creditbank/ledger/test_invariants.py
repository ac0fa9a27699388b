"""The check of the books: each promise is broken behind the door's back, with the triggers away, and is found, named and located."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from creditbank.api import Account, BookCheck, LedgerFreeze, Posting, Transaction, find_faults, reverse_transaction
from creditbank.ledger.actions import award, convert, hold
from creditbank.ledger.invariants import WORDS
from creditbank.ledger.triggers import drop_lot_trigger
from foundation.api import protected_tables
from tests.factories.creditbank import ON, give
from tests.factories.identity import UserFactory
from tests.factories.learning import credit_system

pytestmark = [pytest.mark.django_db, pytest.mark.postgres(also="sqlite")]
TABLES = ("creditbank_posting", "creditbank_transaction")


@pytest.fixture
def learner():
    for unit in ("A", "V"):
        credit_system(unit)
    return UserFactory()


@pytest.fixture
def unguarded(learner):
    """The database as somebody finds it who owns it: triggers and constraints of the ledger are away."""
    drop_lot_trigger()
    on_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for entry in protected_tables():
            for name in entry.trigger_names() if entry.table in TABLES else ():
                cursor.execute(f"DROP TRIGGER {name}" + (f" ON {entry.table}" if on_postgres else ""))
        if on_postgres:
            cursor.execute("ALTER TABLE creditbank_transaction DROP CONSTRAINT transaction_taken_back_by_two")
            cursor.execute("ALTER TABLE creditbank_account DROP CONSTRAINT account_not_below_zero")
        else:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
    yield
    if not on_postgres:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [value.hex if hasattr(value, "hex") and connection.vendor == "sqlite" else value for value in values])


def account(kind: str, owner: object = None, unit: str = "A", reference: str = "") -> Account:
    facts = {"kind": kind, "unit": credit_system(unit), "reference": reference}
    return Account.objects.get_or_create(**facts, **({"owner_uuid": owner.uuid} if owner else {}))[0]


def smuggle(source: Account, destination: Account, amount: str, *, kind: str, lot=None, **facts: object) -> Posting:
    """A posting that did not come through the door, with the cached balances made to agree."""
    entry = Transaction.objects.create(type=kind, key=f"{kind}:{uuid4()}", effective_on=ON, **facts)
    posting = Posting.objects.create(
        transaction=entry, source=source, destination=destination, amount=Decimal(amount), lot_uuid=lot or uuid4()
    )
    for changed, sign in ((source, -1), (destination, 1)):
        if changed.kind not in {"issuer", "bridge"}:
            run("UPDATE creditbank_account SET balance = balance + %s WHERE id = %s", str(sign * Decimal(amount)), changed.pk)
    return posting


def used(learner, application, lot):
    hold(application=application, owner=learner.uuid, lots=[(lot, "V", Decimal(6))], on=ON, by=learner)
    gains = [(lot, Decimal("3.5"))]
    convert(application=application, owner=learner.uuid, unit="A", gains=gains, on=ON, by=None)
    award(application=application, owner=learner.uuid, unit="A", programme="P", gains=gains, on=ON, by=None)


def found() -> list[tuple[str, str, str, str]]:
    return [(fault.promise, fault.row, fault.found, fault.expected) for fault in find_faults()]


def test_right_books_are_said_to_be_right_and_the_look_is_kept(learner):
    lot = give(learner.uuid, "6", unit="V")
    used(learner, uuid4(), lot)
    out = StringIO()

    call_command("check_books", stdout=out)

    assert out.getvalue().startswith("The books balance: 5 transactions, 6 postings checked in ")
    check = BookCheck.objects.get()
    assert (check.transactions, check.postings, check.fault_count, check.faults) == (5, 6, 0, [])
    assert {(row["unit"], row["kind"], Decimal(row["amount"])) for row in check.sums if Decimal(row["amount"])} == {
        ("V", "issuer", Decimal(-6)), ("V", "bridge", Decimal(6)), ("A", "bridge", Decimal("-3.5")), ("A", "award", Decimal("3.5")),
    }  # fmt: skip
    assert not LedgerFreeze.objects.exists()


def test_empty_books_balance():
    assert find_faults() == []


def test_a_fault_is_written_down_stops_posting_and_ends_the_command_with_an_error(learner, unguarded):
    give(learner.uuid, "6")
    mine = account("available", learner)
    run("UPDATE creditbank_account SET balance = 7 WHERE id = %s", mine.pk)
    errors = StringIO()

    with pytest.raises(CommandError, match=f"1 faults, the first: cached balance equals its postings: account {mine.pk} "):
        call_command("check_books", stderr=errors)

    line = f"cached balance equals its postings: account {mine.pk} (available A): found 7, expected 6"
    assert errors.getvalue().strip() == line
    assert LedgerFreeze.objects.get().found == line
    assert BookCheck.objects.get().faults == [
        {"promise": "cached balance equals its postings", "row": f"account {mine.pk} (available A)", "found": "7", "expected": "6"}
    ]


def test_an_amount_that_was_changed_afterwards_is_found_at_its_account_and_lot(learner, unguarded):
    lot = give(learner.uuid, "6")
    posting = Posting.objects.get(transaction__key=f"verify:{lot}")

    run("UPDATE creditbank_posting SET amount = 600 WHERE id = %s", posting.pk)

    waiting, mine = account("pending", learner), account("available", learner)
    row = f"transaction {posting.transaction_id} (verify:{lot}): lot {lot} in account {waiting.pk} (pending A)"
    assert found() == [
        ("cached balance equals its postings", f"account {waiting.pk} (pending A)", "0", "-594"),
        ("cached balance equals its postings", f"account {mine.pk} (available A)", "6", "600"),
        ("a lot gives at most what it had", row, "-594", "≥ 0"),
    ]


def test_a_posting_that_vanished_is_found(learner, unguarded):
    lot = give(learner.uuid, "6")
    entry = Transaction.objects.get(key=f"deposit:{lot}")

    run("DELETE FROM creditbank_posting WHERE transaction_id = %s", entry.pk)

    promises = {fault.promise: fault for fault in find_faults()}
    assert promises["a transaction has postings"].row == f"transaction {entry.pk} (deposit:{lot})"
    assert promises["a lot gives at most what it had"].found == "-6"


def test_a_posting_between_two_units_is_found(learner, unguarded):
    raw = smuggle(account("issuer"), account("issuer", unit="V"), "1", kind="deposit")

    assert found() == [
        ("a unit sums to zero", "A", "-1", "0"), ("a unit sums to zero", "V", "1", "0"),
        ("a posting has one unit", f"posting {raw.pk}", "A → V", "one"),
        ("a deposit keeps to its path", f"posting {raw.pk}", "issuer → issuer", "issuer → pending"),
    ]  # fmt: skip


def test_an_amount_off_the_step_is_found(learner, unguarded):
    raw = smuggle(account("issuer"), account("pending", learner), "0.3", kind="deposit")

    assert found() == [("amounts lie on the step", f"posting {raw.pk}", "0.3 A", "a multiple of 0.5")]


def test_a_lot_that_borrowed_from_another_is_found_at_the_transaction_where_it_did(learner, unguarded):
    give(learner.uuid, "6")
    small = give(learner.uuid, "2")
    mine = account("available", learner)
    raw = smuggle(mine, account("expired", learner), "4", kind="expire", lot=small)

    row = f"transaction {raw.transaction_id} ({raw.transaction.key}): lot {small} in account {mine.pk} (available A)"
    assert found() == [("a lot gives at most what it had", row, "-2", "≥ 0")]


def test_a_lot_that_was_below_nothing_once_is_found_though_it_was_made_good(learner, unguarded):
    lot = uuid4()
    waiting = account("pending", learner)
    early = smuggle(waiting, account("available", learner), "4", kind="verify", lot=lot)
    smuggle(account("issuer"), waiting, "4", kind="deposit", lot=lot)

    row = f"transaction {early.transaction_id} ({early.transaction.key}): lot {lot} in account {waiting.pk} (pending A)"
    assert found() == [("a lot gives at most what it had", row, "-4", "≥ 0")]


def test_a_lot_that_gave_twice_in_one_transaction_and_again_later_is_named_once_where_it_began(learner, unguarded):
    lot = give(learner.uuid, "6")
    mine = account("available", learner)
    early = smuggle(mine, account("expired", learner), "6", kind="expire", lot=lot)
    Posting.objects.create(transaction=early.transaction, source=mine, destination=early.destination, amount=Decimal(6), lot_uuid=lot)
    run("UPDATE creditbank_account SET balance = %s WHERE id = %s", "-6", mine.pk)
    run("UPDATE creditbank_account SET balance = %s WHERE id = %s", "12", early.destination_id)
    smuggle(mine, early.destination, "2", kind="expire", lot=lot)

    row = f"transaction {early.transaction_id} ({early.transaction.key}): lot {lot} in account {mine.pk} (available A)"
    assert found() == [("a lot gives at most what it had", row, "-6", "≥ 0")]


def test_two_lots_that_gave_too_much_in_one_transaction_are_two_breaches(learner, unguarded):
    lots = sorted((give(learner.uuid, "1"), give(learner.uuid, "1")), key=lambda lot: lot.hex)
    mine = account("available", learner)
    raw = smuggle(mine, account("expired", learner), "2", kind="expire", lot=lots[0])
    Posting.objects.create(transaction=raw.transaction, source=mine, destination=raw.destination, amount=Decimal(3), lot_uuid=lots[1])
    run("UPDATE creditbank_account SET balance = %s WHERE id = %s", "-3", mine.pk)
    run("UPDATE creditbank_account SET balance = %s WHERE id = %s", "5", raw.destination_id)

    place = f"transaction {raw.transaction_id} ({raw.transaction.key})"
    assert found() == [
        ("a lot gives at most what it had", f"{place}: lot {lot} in account {mine.pk} (available A)", below, "≥ 0")
        for lot, below in zip(lots, ("-1", "-2"), strict=True)
    ]


def test_an_account_below_nothing_is_named_itself_where_more_lots_are_wrong_than_are_named(learner, unguarded, monkeypatch):
    monkeypatch.setitem(WORDS, "MOST_NAMED", "1")
    waiting = account("pending", learner)
    other = UserFactory()
    first = smuggle(account("pending", other), account("available", other), "4", kind="verify")
    smuggle(waiting, account("available", learner), "4", kind="verify")

    assert [(promise, row.partition(" (")[0], figure) for promise, row, figure, _expected in found()] == [
        ("no account below nothing", f"account {waiting.pk}", "-4"),
        ("a lot gives at most what it had", f"transaction {first.transaction_id}", "-4"),
    ]


def test_an_award_that_left_without_a_reversal_is_found(learner, unguarded):
    lot = give(learner.uuid, "6", unit="V")
    used(learner, uuid4(), lot)
    raw = smuggle(Account.objects.get(kind="award"), account("revoked", learner), "3.5", kind="revoke", lot=lot,
                  by_uuid=uuid4(), second_uuid=uuid4())  # fmt: skip

    assert found() == [("an award leaves by reversal only", f"posting {raw.pk}", "revoke", "reverse")]


def test_a_shortcut_past_the_confirmation_is_found(learner, unguarded):
    raw = smuggle(account("issuer"), account("available", learner), "2", kind="deposit")

    assert found() == [("a deposit keeps to its path", f"posting {raw.pk}", "issuer → available", "issuer → pending")]


def test_credit_that_went_to_somebody_else_is_found(learner, unguarded):
    lot = uuid4()
    smuggle(account("issuer"), account("pending", learner), "2", kind="deposit", lot=lot)
    raw = smuggle(account("pending", learner), account("available", UserFactory()), "2", kind="verify", lot=lot)

    assert found() == [("credit changes its owner by transfer only", f"posting {raw.pk}", "verify", "transfer")]


def test_a_reversal_that_gives_back_less_is_found(learner, unguarded):
    lot = give(learner.uuid, "6")
    entry = Transaction.objects.get(key=f"verify:{lot}")
    raw = smuggle(account("available", learner), account("pending", learner), "4", kind="reverse", lot=lot,
                  reverses=entry, by_uuid=uuid4(), second_uuid=uuid4())  # fmt: skip

    row = f"transaction {raw.transaction_id} ({raw.transaction.key}): lot {lot}"
    assert found() == [("a reversal mirrors its original", row, "-2", "no difference")]


def test_a_reversal_of_a_reversal_is_found(learner, unguarded):
    lot = give(learner.uuid, "6")
    entry = Transaction.objects.get(key=f"verify:{lot}")
    reversal = reverse_transaction(entry, by=UserFactory(), second=UserFactory(), on=ON, reason="x")
    raw = smuggle(account("pending", learner), account("available", learner), "6", kind="reverse", lot=lot,
                  reverses=reversal, by_uuid=uuid4(), second_uuid=uuid4())  # fmt: skip

    row = f"transaction {raw.transaction_id} ({raw.transaction.key})"
    assert found() == [("a reversal is not reversed", row, "reversed", "not")]


@pytest.mark.parametrize("alone", ["nobody", "one", "twice", "owner"])
def test_what_was_taken_back_by_fewer_than_two_others_is_found(learner, unguarded, alone):
    lot, person = give(learner.uuid, "6"), uuid4()
    signed = {
        "nobody": {}, "one": {"by_uuid": person}, "twice": {"by_uuid": person, "second_uuid": person},
        "owner": {"by_uuid": person, "second_uuid": learner.uuid},
    }[alone]  # fmt: skip
    raw = smuggle(account("available", learner), account("revoked", learner), "6", kind="revoke", lot=lot, **signed)

    row = f"transaction {raw.transaction_id} ({raw.transaction.key})"
    assert found() == [("a revoke is signed by two who are not its owner", row, "fewer", "two")]


@pytest.mark.parametrize(("state", "lies", "said"), [("voided", "6", "0"), ("posted", "6", "0")])
def test_a_hold_whose_state_says_something_else_than_its_postings_is_found(learner, unguarded, state, lies, said):
    lot, application = give(learner.uuid, "6"), uuid4()
    hold(application=application, owner=learner.uuid, lots=[(lot, "A", Decimal(6))], on=ON, by=learner)

    run("UPDATE creditbank_hold SET state = %s", state)

    assert found() == [("holds are covered by postings", f"application {application}: lot {lot}", lies, said)]


def test_a_hold_without_postings_is_found(learner, unguarded):
    lot, application = give(learner.uuid, "6"), uuid4()
    hold(application=application, owner=learner.uuid, lots=[(lot, "A", Decimal(6))], on=ON, by=learner)

    run("UPDATE creditbank_hold SET amount = 8")

    assert found() == [("holds are covered by postings", f"application {application}: lot {lot}", "6", "8")]


def test_a_transaction_without_postings_is_found(learner):
    entry = Transaction.objects.create(type="deposit", key="empty", effective_on=ON)

    assert found() == [("a transaction has postings", f"transaction {entry.pk} (empty)", "none", "at least one")]


def test_the_check_costs_the_same_for_1_and_30_lots(learner, django_assert_max_num_queries, django_assert_num_queries):
    give(learner.uuid, "6")
    with django_assert_max_num_queries(14) as once:
        find_faults()
    for _ in range(29):
        give(UserFactory().uuid, "6")

    with django_assert_num_queries(len(once.captured_queries)):
        find_faults()
