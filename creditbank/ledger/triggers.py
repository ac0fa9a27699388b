"""What the database itself refuses beyond constraints: a lot that gives more than it has.

A posting may take from an account only what its lot has there, whoever writes it and by whichever door. On PostgreSQL the trigger locks the
account first, so that two postings at the same moment are judged one after the other; SQLite has one writer.

As with the append-only triggers, no migration owns them: they are dropped before every ``migrate`` (SQLite cannot rebuild a table that a
trigger of another table names) and installed after it.
"""

from __future__ import annotations

from django.apps import AppConfig
from django.db import connections

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_overdrawn_lot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    guarded boolean;
    has numeric;
BEGIN
    SELECT kind NOT IN ('issuer', 'bridge') INTO guarded FROM creditbank_account WHERE id = NEW.source_id;
    IF guarded THEN  -- issuers and bridges stay unlocked: every deposit of a term would queue up behind one row
        PERFORM 1 FROM creditbank_account WHERE id = NEW.source_id FOR UPDATE;
        SELECT COALESCE(SUM(CASE WHEN destination_id = NEW.source_id THEN amount ELSE -amount END), 0) INTO has FROM creditbank_posting
         WHERE lot_uuid = NEW.lot_uuid AND (source_id = NEW.source_id OR destination_id = NEW.source_id);
        IF has < 0 THEN
            RAISE EXCEPTION 'lot % of account % would be % below nothing', NEW.lot_uuid, NEW.source_id, -has USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""
POSTGRES_TRIGGER = (
    "CREATE TRIGGER creditbank_posting_lot_covers AFTER INSERT ON creditbank_posting FOR EACH ROW EXECUTE FUNCTION refuse_overdrawn_lot()"
)
SQLITE_TRIGGER = """
CREATE TRIGGER creditbank_posting_lot_covers AFTER INSERT ON creditbank_posting
WHEN (SELECT kind NOT IN ('issuer', 'bridge') FROM creditbank_account WHERE id = NEW.source_id)
BEGIN
    SELECT RAISE(ABORT, 'a lot would be below nothing') WHERE (
        SELECT ROUND(SUM(CASE WHEN destination_id = NEW.source_id THEN amount ELSE -amount END), 3) FROM creditbank_posting
         WHERE lot_uuid = NEW.lot_uuid AND (source_id = NEW.source_id OR destination_id = NEW.source_id)
    ) < 0;
END
"""


def install_lot_trigger(sender: AppConfig | None = None, using: str = "default", **_kwargs: object) -> None:
    """Install the trigger on one database; receiver of ``post_migrate``. Installing it again changes nothing."""
    connection = connections[using]
    if "creditbank_posting" not in connection.introspection.table_names():
        return
    drop_lot_trigger(using=using)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
            cursor.execute(POSTGRES_TRIGGER)
        else:
            cursor.execute(SQLITE_TRIGGER)


def drop_lot_trigger(sender: AppConfig | None = None, using: str = "default", **_kwargs: object) -> None:
    """Take the trigger away; receiver of ``pre_migrate``."""
    connection = connections[using]
    if "creditbank_posting" not in connection.introspection.table_names():
        return
    where = " ON creditbank_posting" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER IF EXISTS creditbank_posting_lot_covers" + where)
