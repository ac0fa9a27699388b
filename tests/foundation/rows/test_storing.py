"""Many rows at once are what the same rows saved one by one would be: sealed, timed, judged by the schema, in order, in one statement."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.api import Account, Transaction
from foundation.api import AuditEntry, Job, build_audit_entry, insert_rows, keys_of, record_audit_entries, store_columns
from foundation.keys.models import PersonKey
from foundation.rows import storing
from tests.factories.learning import credit_system

pytestmark = [pytest.mark.django_db, pytest.mark.postgres(also="sqlite")]


def jobs(n: int) -> list[Job]:
    return [Job(name=f"job {number}", total=number, state="running") for number in range(n)]


def test_rows_are_stored_in_their_order_with_times_defaults_and_numbers():
    begun, rows = timezone.now(), jobs(3)

    insert_rows(rows, numbered=True)

    stored = list(Job.objects.order_by("id"))
    assert [row.pk for row in rows] == [row.pk for row in stored]
    assert [(row.name, row.total, row.message, row.finished_at) for row in stored] == [(f"job {n}", n, "", None) for n in range(3)]
    assert all(begun <= row.created_at <= timezone.now() for row in stored)
    assert {row._state.adding for row in rows} == {False}


def test_a_statement_takes_so_many_rows_and_no_more(monkeypatch):
    monkeypatch.setattr(storing, "AT_ONCE", 10)
    with CaptureQueriesContext(connection) as one:
        insert_rows(jobs(10))
    with CaptureQueriesContext(connection) as two:
        insert_rows(jobs(11))

    assert (len(one), len(two), Job.objects.count()) == (1, 2, 21)


def test_the_schema_refuses_a_bad_row_and_then_nothing_is_stored():
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([*jobs(2), Job(name="bad", total=1, done=2, state="running")])

    assert Job.objects.count() == 0


def test_a_row_that_points_to_one_that_is_not_stored_is_refused():
    entry = Transaction(type="deposit", key="k", effective_on=timezone.localdate())

    with pytest.raises(ValueError, match="unsaved related object"):
        insert_rows([Transaction(type="reverse", key="r", reverses=entry, effective_on=timezone.localdate())])

    assert Transaction.objects.count() == 0


def test_what_is_there_already_is_left_out_where_it_may_be():
    unit, owner = credit_system(), uuid.uuid4()
    Account.objects.create(kind="pending", unit=unit, owner_uuid=owner, balance=Decimal(3))

    insert_rows([Account(kind=kind, unit=unit, owner_uuid=owner) for kind in ("pending", "available")], missing=True)

    assert sorted(Account.objects.values_list("kind", "balance")) == [("available", Decimal(0)), ("pending", Decimal(3))]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([Account(kind="pending", unit=unit, owner_uuid=owner)])


def test_columns_of_stored_rows_are_written_in_one_statement_and_others_stay():
    rows = jobs(500)
    insert_rows(rows, numbered=True)
    for row in rows:
        row.message, row.name = f"m{row.total}", "changed, but not asked for"

    with CaptureQueriesContext(connection) as caught:
        store_columns(rows, "message")

    assert len(caught) == 1
    assert list(Job.objects.order_by("id").values_list("name", "message")) == [(f"job {n}", f"m{n}") for n in range(500)]


def test_reasons_of_many_are_sealed_under_the_key_of_each_in_four_statements():
    people = [uuid.uuid4() for _ in range(50)]
    with transaction.atomic(), CaptureQueriesContext(connection) as caught:
        record_audit_entries([build_audit_entry("test.done", actor=None, concerns=who, reason=f"为了 {who}") for who in people])

    assert len(caught) == 4
    assert PersonKey.objects.filter(owner_uuid__in=people).count() == 50
    assert [(entry.person_uuid, entry.reason) for entry in AuditEntry.objects.order_by("id")] == [(who, f"为了 {who}") for who in people]
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM foundation_auditentry")
        assert all("sealed" in text and "为了" not in text for (text,) in cursor.fetchall())


def test_keys_at_hand_are_those_that_were_there_and_new_ones_for_the_rest():
    old, new = uuid.uuid4(), uuid.uuid4()
    with keys_of([old]):
        before = bytes(PersonKey.objects.get(owner_uuid=old).wrapped)

    with keys_of([old, new]), CaptureQueriesContext(connection) as caught:
        assert PersonKey.objects.count() == 2

    assert (bytes(PersonKey.objects.get(owner_uuid=old).wrapped), len(caught)) == (before, 1)
