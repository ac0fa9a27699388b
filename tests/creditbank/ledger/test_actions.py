"""The door to the ledger, and the worked table of the credit rules to the last decimal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from creditbank.api import (
    Account,
    AccountKind,
    AlreadyReversed,
    Hold,
    InsufficientCredit,
    KeyReused,
    Move,
    NotAPosting,
    NotHeld,
    OffStep,
    Place,
    Posting,
    SecondPersonNeeded,
    Transaction,
    balances,
    deposit,
    expire,
    find_faults,
    live_lots,
    post_transaction,
    reverse_transaction,
    revoke,
    transfer,
    transfer_issuer,
    verify,
)
from creditbank.ledger.actions import award, convert, hold, release
from foundation.api import AuditEntry, CreditSystem
from tests.factories.creditbank import ON, a_move, available, give, issuer
from tests.factories.identity import UserFactory
from tests.factories.learning import credit_system

pytestmark = pytest.mark.django_db
R1, R2, APPLICATION = uuid4(), uuid4(), uuid4()


@pytest.fixture
def learner():
    credit_system("A")
    return UserFactory()


@pytest.fixture
def officer():
    return UserFactory()


@pytest.fixture
def second():
    return UserFactory()


def books() -> tuple[object, ...]:
    """Everything that a refusal may not change."""
    accounts = tuple(Account.objects.order_by("id").values_list("kind", "unit__code", "owner_uuid", "reference", "balance"))
    holds = tuple(Hold.objects.order_by("id").values_list("lot_uuid", "state"))
    return accounts, holds, Transaction.objects.count(), Posting.objects.count(), AuditEntry.objects.count()


def units() -> tuple[str, str]:
    facts = {"hours_min": Decimal(1), "hours_max": Decimal(40), "step": Decimal("0.5"), "category": "academic"}
    for code, hours in (("S", 16), ("E", 25)):
        CreditSystem.objects.create(code=code, name_zh=code, name_en=code, hours_nominal=Decimal(hours), **facts)
    return "S", "E"


def sums(*kinds: str, unit: str) -> tuple[Decimal, ...]:
    """Balance of all accounts of each kind, from the postings themselves."""
    found = []
    for kind in kinds:
        into = sum(posting.amount for posting in Posting.objects.filter(destination__kind=kind, destination__unit__code=unit))
        out = sum(posting.amount for posting in Posting.objects.filter(source__kind=kind, source__unit__code=unit))
        found.append(Decimal(into - out))
    return tuple(found)


def row() -> tuple[str, ...]:
    in_s = sums("issuer", "pending", "available", "held", "bridge", "expired", unit="S")
    in_e = sums("bridge", "converted", "award", unit="E")
    return tuple(format(value.normalize(), "f") for value in (*in_s, *in_e))


def test_the_worked_table_comes_out_to_the_last_decimal(learner, officer, second):
    units()
    owner, first = learner.uuid, officer
    for lot, amount in ((R1, "6.0"), (R2, "2.0")):
        deposit(record=lot, owner=owner, issuer="I", unit="S", amount=Decimal(amount), on=ON)
    assert row() == ("-8", "8", "0", "0", "0", "0", "0", "0", "0")
    for lot, amount in ((R1, "6.0"), (R2, "2.0")):
        verify(record=lot, owner=owner, unit="S", amount=Decimal(amount), on=ON)
    assert row() == ("-8", "0", "8", "0", "0", "0", "0", "0", "0")

    hold(application=APPLICATION, owner=owner, lots=[(R1, "S", Decimal("6.0"))], on=ON, by=learner)
    assert row() == ("-8", "0", "2", "6", "0", "0", "0", "0", "0")

    gains = [(R1, Decimal("3.5"))]
    conversion = convert(application=APPLICATION, owner=owner, unit="E", gains=gains, on=ON, by=first)
    awarded = award(application=APPLICATION, owner=owner, unit="E", programme="P", gains=gains, on=ON, by=first, second=second)
    assert row() == ("-8", "0", "2", "0", "6", "0", "-3.5", "0", "3.5")
    assert balances(owner)["E"].awarded == Decimal("3.5")

    reverse_transaction(awarded, by=first, second=second, on=ON, reason="入账有误")
    assert row() == ("-8", "0", "2", "0", "6", "0", "-3.5", "3.5", "0")
    reverse_transaction(conversion, by=first, second=second, on=ON, reason="入账有误")
    assert row() == ("-8", "0", "2", "6", "0", "0", "0", "0", "0")
    release(application=APPLICATION, on=ON, by=first)
    assert row() == ("-8", "0", "8", "0", "0", "0", "0", "0", "0")

    expire(record=R2, owner=owner, unit="S", amount=Decimal("2.0"), on=ON)
    assert row() == ("-8", "0", "6", "0", "0", "2", "0", "0", "0")
    assert find_faults() == []


def test_the_same_key_posts_once_and_answers_with_the_first(learner):
    first = deposit(record=R1, owner=learner.uuid, issuer="I", unit="A", amount=Decimal(2), on=ON)
    before = books()

    again = deposit(record=R1, owner=learner.uuid, issuer="I", unit="A", amount=Decimal(2), on=ON)

    assert again == first
    assert books() == before


def test_every_transaction_leaves_one_audit_entry_about_its_owner(learner, officer):
    entry = post_transaction("deposit", [a_move(learner.uuid)], key="k", by=officer, on=ON)

    audit = AuditEntry.objects.get(action="ledger.deposit")
    assert (audit.actor_uuid, audit.person_uuid, audit.data) == (officer.uuid, learner.uuid, {"key": "k"})
    assert entry.by_uuid == officer.uuid


@pytest.mark.parametrize("amount", ["0.3", "0.25", "0", "-0.5", "-2"])
def test_an_amount_off_the_step_or_not_above_nothing_is_refused(learner, amount):
    before = books()

    with pytest.raises(OffStep):
        post_transaction("deposit", [a_move(learner.uuid, amount)], key="k", by=None, on=ON)

    assert books() == before


def test_an_order_without_moves_across_units_or_in_an_unknown_unit_is_refused(learner):
    credit_system("V")
    before = books()
    across = Move(issuer(unit="A"), available(learner.uuid, "V"), Decimal(2), uuid4())

    for moves in ([], [across], [a_move(learner.uuid, unit="X")]):
        with pytest.raises(NotAPosting):
            post_transaction("deposit", moves, key="k", by=None, on=ON)

    assert books() == before


def test_what_is_not_there_cannot_be_spent(learner):
    lot = give(learner.uuid, "2")
    before = books()

    with pytest.raises(InsufficientCredit) as refusal:
        hold(application=uuid4(), owner=learner.uuid, lots=[(lot, "A", Decimal("2.5"))], on=ON, by=learner)

    assert (refusal.value.has, refusal.value.needs) == (Decimal(2), Decimal("2.5"))
    assert books() == before


def test_one_lot_cannot_borrow_from_another(learner):
    give(learner.uuid, "6")
    small = give(learner.uuid, "2")
    before = books()

    with pytest.raises(InsufficientCredit, match=str(small)):
        hold(application=uuid4(), owner=learner.uuid, lots=[(small, "A", Decimal(4))], on=ON, by=learner)

    assert books() == before


def test_a_lot_is_held_by_one_application_only_even_without_credit(learner):
    lot = uuid4()
    hold(application=uuid4(), owner=learner.uuid, lots=[(lot, "A", Decimal(0))], on=ON, by=learner)
    before = books()

    with pytest.raises(IntegrityError), transaction.atomic():
        hold(application=uuid4(), owner=learner.uuid, lots=[(lot, "A", Decimal(0))], on=ON, by=learner)

    assert books() == before


def test_released_credit_can_be_held_again(learner):
    lot = give(learner.uuid, "6")
    first, other = uuid4(), uuid4()
    hold(application=first, owner=learner.uuid, lots=[(lot, "A", Decimal(6))], on=ON, by=learner)
    release(application=first, on=ON, by=learner)

    hold(application=other, owner=learner.uuid, lots=[(lot, "A", Decimal(6))], on=ON, by=learner)

    assert balances(learner.uuid)["A"].held == Decimal(6)
    assert find_faults() == []


def test_releasing_twice_gives_back_once(learner):
    lot, application = give(learner.uuid, "6"), uuid4()
    hold(application=application, owner=learner.uuid, lots=[(lot, "A", Decimal(6))], on=ON, by=learner)
    release(application=application, on=ON, by=learner)
    before = books()

    assert release(application=application, on=ON, by=learner) is None
    assert books() == before


def test_a_reversal_needs_two_persons_neither_of_them_the_owner(learner, officer, second):
    entry = post_transaction("deposit", [a_move(learner.uuid)], key="k", by=None, on=ON)
    before = books()

    for by, other in ((officer, officer), (officer, None), (None, officer), (learner, officer), (officer, learner)):
        with pytest.raises(SecondPersonNeeded):
            reverse_transaction(entry, by=by, second=other, on=ON, reason="x")

    assert books() == before


def test_a_transaction_is_reversed_once_and_a_reversal_never(learner, officer, second):
    entry = post_transaction("deposit", [a_move(learner.uuid)], key="k", by=None, on=ON)
    reversal = reverse_transaction(entry, by=officer, second=second, on=ON, reason="x")
    before = books()

    for again in (entry, reversal):
        with pytest.raises(AlreadyReversed):
            reverse_transaction(again, by=officer, second=second, on=ON, reason="x")

    assert books() == before


def test_what_was_used_meanwhile_cannot_be_reversed(learner, officer, second):
    lot = give(learner.uuid, "6")
    hold(application=uuid4(), owner=learner.uuid, lots=[(lot, "A", Decimal(6))], on=ON, by=learner)
    before = books()

    with pytest.raises(InsufficientCredit):
        reverse_transaction(Transaction.objects.get(key=f"verify:{lot}"), by=officer, second=second, on=ON, reason="x")

    assert books() == before


def test_a_balance_can_be_asked_as_of_a_day(learner):
    give(learner.uuid, "6", on=date(2026, 1, 10))
    give(learner.uuid, "2", on=date(2026, 2, 10))

    assert balances(learner.uuid, on=date(2026, 1, 9)) == {}
    assert balances(learner.uuid, on=date(2026, 1, 10))["A"].available == Decimal(6)
    assert balances(learner.uuid, on=date(2026, 2, 10)) == balances(learner.uuid)


@pytest.mark.postgres(also="sqlite")
@pytest.mark.parametrize("model", [Posting, Transaction])
def test_the_database_refuses_to_change_or_delete_what_was_posted(learner, model):
    give(learner.uuid, "6")
    before = books()
    change = {"amount": Decimal(600)} if model is Posting else {"key": "other"}

    for attempt in (lambda: model.objects.update(**change), lambda: model.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()

    assert books() == before


@pytest.mark.postgres(also="sqlite")
def test_the_schema_refuses_what_the_action_would_never_do(learner, officer):
    entry = post_transaction("deposit", [a_move(learner.uuid)], key="k", by=officer, on=ON)
    account = Account.objects.get(kind=AccountKind.AVAILABLE)
    issuing = Account.objects.get(kind=AccountKind.ISSUER)
    before = books()
    attempts = (
        lambda: Account.objects.filter(pk=account.pk).update(balance=Decimal("-0.5")),
        lambda: Account.objects.create(kind="available", unit=account.unit, owner_uuid=learner.uuid),
        lambda: Account.objects.create(kind="purse", unit=account.unit, owner_uuid=learner.uuid),
        lambda: Posting.objects.create(transaction=entry, source=account, destination=account, amount=Decimal(1), lot_uuid=R1),
        lambda: Posting.objects.create(transaction=entry, source=issuing, destination=account, amount=Decimal(0), lot_uuid=R1),
        lambda: Transaction.objects.create(type="gift", key="g", effective_on=ON),
        lambda: Transaction.objects.create(type="reverse", key="r1", effective_on=ON),
        lambda: Posting.objects.create(transaction=entry, source=account, destination=issuing, amount=Decimal("2.5"), lot_uuid=R1),
        lambda: Transaction.objects.create(type="revoke", key="v1", effective_on=ON, by_uuid=officer.uuid),
        lambda: Transaction.objects.create(type="transfer", key="v2", effective_on=ON, by_uuid=officer.uuid, second_uuid=officer.uuid),
        lambda: Transaction.objects.create(
            type="reverse", key="r2", effective_on=ON, reverses=entry, by_uuid=officer.uuid, second_uuid=officer.uuid
        ),
    )

    for attempt in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()

    assert books() == before


def test_issuers_and_bridges_may_be_below_nothing(learner):
    bridge = Place(AccountKind.BRIDGE, "A", issuer().owner, "A>A")
    move = Move(bridge, available(learner.uuid), Decimal(3), uuid4())

    post_transaction("convert", [move], key="t", by=None, on=ON)

    assert balances(learner.uuid)["A"].available == Decimal(3)
    assert Account.objects.get(kind=AccountKind.BRIDGE).balance == 0


def test_a_key_stands_for_one_order_only(learner):
    lot = give(learner.uuid, "6")
    before = books()

    with pytest.raises(KeyReused):
        post_transaction("deposit", [a_move(learner.uuid)], key=f"verify:{lot}", by=None, on=ON)
    with pytest.raises(KeyReused):
        deposit_of_another = a_move(learner.uuid, lot=uuid4())
        post_transaction("verify", [deposit_of_another], key=f"verify:{lot}", by=None, on=ON)

    assert books() == before


def test_nothing_is_converted_that_is_not_held(learner, officer):
    credit_system("V")
    lot, other = give(learner.uuid, "6", unit="V"), give(learner.uuid, "2", unit="V")
    hold(application=APPLICATION, owner=learner.uuid, lots=[(lot, "V", Decimal(6))], on=ON, by=learner)
    before = books()

    with pytest.raises(NotHeld, match=str(other)):
        convert(application=APPLICATION, owner=learner.uuid, unit="A", gains=[(other, Decimal(1))], on=ON, by=officer)

    assert books() == before


def test_credit_that_comes_back_after_its_lot_expired_expires_again(learner):
    lot = give(learner.uuid, "6")
    hold(application=APPLICATION, owner=learner.uuid, lots=[(lot, "A", Decimal(6))], on=ON, by=learner)
    other = give(learner.uuid, "2")
    expire(record=other, owner=learner.uuid, unit="A", amount=Decimal(2), on=ON)
    release(application=APPLICATION, on=ON, by=learner)

    expire(record=lot, owner=learner.uuid, unit="A", amount=Decimal(6), on=ON)
    again = expire(record=lot, owner=learner.uuid, unit="A", amount=Decimal(6), on=ON)

    assert again.key == f"expire:{lot}:{ON}"
    assert (balances(learner.uuid)["A"].available, balances(learner.uuid)["A"].expired) == (0, Decimal(8))


def test_credit_that_still_waits_for_confirmation_expires_too(learner):
    lot = uuid4()
    deposit(record=lot, owner=learner.uuid, issuer="I", unit="A", amount=Decimal(6), on=ON)

    expire(record=lot, owner=learner.uuid, unit="A", amount=Decimal(6), on=ON, kind="pending")

    assert (balances(learner.uuid)["A"].pending, balances(learner.uuid)["A"].expired) == (0, Decimal(6))
    assert find_faults() == []


@pytest.mark.parametrize("confirmed", [False, True])
def test_an_issuer_takes_back_what_is_pending_or_available_by_two_persons(learner, officer, second, confirmed):
    lot = uuid4()
    deposit(record=lot, owner=learner.uuid, issuer="I", unit="A", amount=Decimal(6), on=ON)
    if confirmed:
        verify(record=lot, owner=learner.uuid, unit="A", amount=Decimal(6), on=ON)

    entry = revoke(record=lot, on=ON, by=officer, second=second, reason="成绩录入有误")

    assert (entry.key, entry.by_uuid, entry.second_uuid, entry.reason) == (f"revoke:{lot}", officer.uuid, second.uuid, "成绩录入有误")
    balance = balances(learner.uuid)["A"]
    assert (balance.pending, balance.available, balance.revoked, balance.total) == (0, 0, Decimal(6), 0)
    assert AuditEntry.objects.get(action="ledger.revoke").data == {"key": entry.key, "second": str(second.uuid)}
    assert revoke(record=lot, on=ON, by=officer, second=second, reason="again") is None
    assert find_faults() == []


def test_one_person_or_the_owner_takes_nothing_back(learner, officer):
    lot = give(learner.uuid, "6")
    before = books()

    for by, other in ((officer, officer), (officer, None), (None, officer), (learner, officer), (officer, learner)):
        with pytest.raises(SecondPersonNeeded):
            revoke(record=lot, on=ON, by=by, second=other, reason="x")
        with pytest.raises(SecondPersonNeeded):
            transfer(source=learner.uuid, destination=uuid4(), key="m1", on=ON, by=by, second=other, reason="x")

    assert books() == before


def test_what_an_application_holds_or_used_is_not_revoked(learner, officer, second):
    credit_system("V")
    lot = give(learner.uuid, "6", unit="V")
    hold(application=APPLICATION, owner=learner.uuid, lots=[(lot, "V", Decimal(6))], on=ON, by=learner)
    assert revoke(record=lot, on=ON, by=officer, second=second, reason="x") is None
    gains = [(lot, Decimal("3.5"))]
    convert(application=APPLICATION, owner=learner.uuid, unit="A", gains=gains, on=ON, by=officer)
    award(application=APPLICATION, owner=learner.uuid, unit="A", programme="P", gains=gains, on=ON, by=officer)
    before = books()

    assert revoke(record=lot, on=ON, by=officer, second=second, reason="x") is None
    assert books() == before


def test_the_credit_of_two_logins_that_are_one_person_is_brought_together(learner, officer, second):
    credit_system("V")
    twin = UserFactory()
    waiting, free, gone, held = (
        uuid4(),
        give(learner.uuid, "2", unit="V"),
        give(learner.uuid, "3", unit="V"),
        give(learner.uuid, "1", unit="V"),
    )
    deposit(record=waiting, owner=learner.uuid, issuer="I", unit="V", amount=Decimal(4), on=ON)
    expire(record=gone, owner=learner.uuid, unit="V", amount=Decimal(3), on=ON)
    hold(application=APPLICATION, owner=learner.uuid, lots=[(held, "V", Decimal(1))], on=ON, by=learner)

    entry = transfer(source=learner.uuid, destination=twin.uuid, key="m1", on=ON, by=officer, second=second, reason="两个登录属于同一人")

    mine, theirs = balances(learner.uuid)["V"], balances(twin.uuid)["V"]
    assert (theirs.pending, theirs.available, theirs.expired, theirs.held) == (Decimal(4), Decimal(2), Decimal(3), 0)
    assert (mine.pending, mine.available, mine.expired, mine.held) == (0, 0, 0, Decimal(1))
    assert live_lots(twin.uuid) == {free: ("V", Decimal(2))}
    assert (entry.type, entry.second_uuid) == ("transfer", second.uuid)
    assert transfer(source=learner.uuid, destination=twin.uuid, key="m2", on=ON, by=officer, second=second, reason="x") is None
    assert find_faults() == []


def test_an_institution_takes_over_what_another_issued(learner, officer, second):
    lot, other = give(learner.uuid, "6"), give(learner.uuid, "2")
    before = balances(learner.uuid)

    transfer_issuer(source="SCHOOL", destination="HEIR", records=[lot], on=ON, by=officer, second=second, reason="并入")

    issued = {account.reference: account for account in Account.objects.filter(kind="issuer")}
    left = {
        name: sum(p.amount for p in Posting.objects.filter(source=a)) - sum(p.amount for p in Posting.objects.filter(destination=a))
        for name, a in issued.items()
    }
    assert left == {"SCHOOL": Decimal(2), "HEIR": Decimal(6)}
    assert balances(learner.uuid) == before
    with pytest.raises(NotAPosting):
        transfer_issuer(source="HEIR", destination="SCHOOL", records=[other], on=ON, by=officer, second=second, reason="x")
    assert find_faults() == []


@pytest.mark.postgres
@pytest.mark.parametrize("model", [Posting, Transaction])
def test_postgresql_refuses_to_empty_a_table(learner, model):
    give(learner.uuid, "6")
    before = books()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what this very transaction wrote must not be the reason
        cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")

    assert books() == before
