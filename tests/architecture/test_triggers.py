"""The tables that are written once, and the triggers that keep them so."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from foundation.api import AuditEntry, install_triggers, protected_tables, record_audit_entry


def _installed() -> set[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_%'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%_no_%'")
        return {name for (name,) in cursor.fetchall()}


def _expected() -> set[str]:
    names = {name for entry in protected_tables() for name in entry.trigger_names()}
    if connection.vendor == "postgresql":
        names |= {f"{entry.table}_no_truncate" for entry in protected_tables()}
    return names


@pytest.mark.postgres(also="sqlite")
@pytest.mark.django_db
def test_every_protected_table_has_its_triggers_after_all_migrations():
    assert _expected() <= _installed()
    assert "foundation_auditentry" in {entry.table for entry in protected_tables()}


@pytest.mark.postgres(also="sqlite")
@pytest.mark.django_db
def test_installing_the_triggers_again_changes_nothing():
    before = _installed()

    install_triggers()

    assert _installed() == before


@pytest.mark.postgres(also="sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("change", ["update", "delete"])
def test_an_audit_entry_can_be_neither_changed_nor_deleted(change):
    with transaction.atomic():
        entry = record_audit_entry("test.write", actor=None, reason="as it was")

    with pytest.raises(IntegrityError), transaction.atomic():
        rows = AuditEntry.objects.filter(pk=entry.pk)
        rows.update(action="as.somebody.wishes.it.had.been") if change == "update" else rows.delete()

    assert AuditEntry.objects.get(pk=entry.pk).reason == "as it was"
