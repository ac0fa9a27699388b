"""Where the books are found wrong, posting stops until two people have lifted it; looking goes on."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from creditbank.api import Account, LedgerFreeze, LedgerFrozen, SecondPersonNeeded, Transaction, balances, freeze_ledger, lift_freeze
from identity.api import Role, User
from tests.factories.creditbank import AT, give, make_application, make_bank
from tests.factories.identity import person_as

pytestmark = pytest.mark.django_db


def test_a_broken_balance_is_named_freezes_posting_and_changes_nothing_else():
    owner = uuid4()
    give(owner, "6")
    Account.objects.filter(kind="available").update(balance=7)
    before = Transaction.objects.count()

    with pytest.raises(CommandError, match=r"cached balance equals its postings.*found 7, expected 6"):
        call_command("check_books")

    assert "found 7, expected 6" in LedgerFreeze.objects.get().found
    with pytest.raises(LedgerFrozen):
        give(owner, "1")
    assert Transaction.objects.count() == before
    assert balances(owner)["A"].available == Decimal(7)  # reading goes on, showing what is there


def test_while_it_stands_a_step_that_posts_says_so_and_changes_nothing(client):
    bank = make_bank()
    application = make_application(bank, state="second_review")
    freeze_ledger([], at=AT)
    client.force_login(bank.reviewer)

    answer = client.post(reverse("creditbank:confirm", args=[application.reference]))

    application.refresh_from_db()
    assert (answer.status_code, answer["Retry-After"], application.state) == (503, "3600", "second_review")
    assert "账目正在核对" in answer.content.decode()
    client.force_login(application.learner)
    assert client.get(reverse("creditbank:account")).status_code == 200
    assert client.get(reverse("creditbank:verify")).status_code == 200


def test_two_operators_lift_it_once_the_books_are_right(capsys):
    owner = uuid4()
    give(owner, "6")
    one, other, plain = (User.objects.get(pk=person_as(role).pk) for role in (Role.OPERATOR, Role.OPERATOR, Role.CREDIT_OFFICER))
    freeze_ledger([], at=AT)
    signed = {"by": one.email, "second": other.email, "because": "余额缓存已重建"}

    Account.objects.filter(kind="available").update(balance=7)
    with pytest.raises(CommandError, match="still not right"):
        call_command("lift_freeze", **signed)
    Account.objects.filter(kind="available").update(balance=6)
    for wrong in ({"second": one.email}, {"second": plain.email}, {"by": "nobody@example.org"}):
        with pytest.raises(CommandError):
            call_command("lift_freeze", **(signed | wrong))
    assert LedgerFreeze.objects.get().lifted_at is None

    call_command("lift_freeze", **signed)

    freeze = LedgerFreeze.objects.get()
    assert (freeze.lifted_by_uuid, freeze.lifted_second_uuid, freeze.lifted_because) == (one.uuid, other.uuid, "余额缓存已重建")
    assert capsys.readouterr().out == "Posting goes on.\n"
    give(owner, "1")
    assert balances(owner)["A"].available == Decimal(7)


def test_the_schema_refuses_a_freeze_lifted_by_one():
    freeze = freeze_ledger([], at=AT)
    person = person_as(Role.OPERATOR)

    with pytest.raises(SecondPersonNeeded):
        lift_freeze(by=person, second=person, at=AT, because="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerFreeze.objects.filter(pk=freeze.pk).update(lifted_at=AT, lifted_by_uuid=person.uuid, lifted_second_uuid=person.uuid)


def test_freezing_twice_is_one_freeze():
    assert freeze_ledger([], at=AT) == freeze_ledger([], at=AT)
    assert LedgerFreeze.objects.count() == 1
