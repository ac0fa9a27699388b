from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest
from django.db import transaction

from foundation.api import AuditEntry, audit_context, build_audit_entry, record_audit_entries, record_audit_entry
from foundation.audit.actions import AuditOutsideTransactionError
from foundation.models import Notice


@pytest.mark.django_db
def test_an_entry_says_who_did_what_to_which_object_in_which_request():
    actor = SimpleNamespace(uuid=uuid.uuid4())
    about = Notice.objects.create(recipient_uuid=uuid.uuid4(), code="test.code")
    person = uuid.uuid4()

    with transaction.atomic(), audit_context(request_id="r1", address="10.0.0.7", acting_role="credit_officer", acting_institution="JLOU"):
        record_audit_entry("test.write", actor=actor, about=about, concerns=person, reason="因为", data={"from": "draft"})

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_uuid, entry.person_uuid, entry.reason, entry.data) == (
        "test.write",
        actor.uuid,
        person,
        "因为",
        {"from": "draft"},
    )
    assert (entry.object_type, entry.object_key) == ("foundation.notice", str(about.uuid))
    assert (entry.request_id, entry.address, entry.acting_role, entry.acting_institution) == ("r1", "10.0.0.7", "credit_officer", "JLOU")


def test_an_entry_outside_of_a_transaction_is_refused(own_database):
    with pytest.raises(AuditOutsideTransactionError):
        record_audit_entry("test.write", actor=None)

    assert AuditEntry.objects.count() == 0


def test_a_change_that_fails_takes_its_entry_with_it(own_database):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record_audit_entry("test.write", actor=None)
        1 / 0  # noqa: B018

    assert AuditEntry.objects.count() == 0


@pytest.mark.django_db
def test_many_entries_are_stored_in_their_order():
    with transaction.atomic():
        record_audit_entries([build_audit_entry(f"test.step{number}", actor=None) for number in range(3)])

    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["test.step0", "test.step1", "test.step2"]
