"""The log: what is sealed, in steps and under signed heads, and that whatever is done to history afterwards is found and named."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from creditbank.api import LedgerFreeze, LedgerFrozen, Posting, Transaction
from creditbank.ledger.sealing import POSTING_FIELDS, TRANSACTION_FIELDS
from foundation.api import (
    AuditEntry,
    LogCheck,
    LogHead,
    LogLeaf,
    NotAHead,
    canonical_bytes,
    consistency_holds,
    forget_salts,
    head_document,
    inclusion_holds,
    leaf_hash,
    protected_tables,
    read_head,
    record_audit_entry,
    seal_log,
    sealed_rows,
    sign,
    verify_log,
)
from foundation.audit import log
from foundation.audit.models import LogNode
from foundation.audit.proofs import as_tree_head, consistency_of, inclusion_of
from foundation.audit.sources import AUDIT_FIELDS
from tests.factories.creditbank import give

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def write(number: int = 1, **facts) -> list[AuditEntry]:
    with transaction.atomic():
        return [record_audit_entry("test.step", actor=None, **facts) for _ in range(number)]


def seal(at: datetime = NOON, **how):
    return seal_log(clock=lambda: at, **how)


def look(*anchors, is_full: bool = True) -> LogCheck:
    return verify_log(clock=lambda: NOON, anchors=anchors, is_full=is_full)


def found(check: LogCheck) -> list[tuple[str, str]]:
    return [(fault["promise"], fault["row"]) for fault in check.faults]


@contextmanager
def without_triggers():
    """What somebody with all rights on the database can do."""
    tables = {entry.table: entry.trigger_names() for entry in protected_tables()}
    with connection.cursor() as cursor:
        for names in tables.values():
            for name in names:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        yield cursor


@pytest.fixture
def history():
    """Three heads: ten entries and two transactions, five entries, one more."""
    write(10)
    give(uuid4(), "6")
    seal()
    write(5)
    seal(NOON + timedelta(minutes=10))
    write(1)
    seal(NOON + timedelta(minutes=20))
    return list(LogHead.objects.order_by("pk"))


# --- sealing ---


def test_every_entry_and_every_transaction_is_sealed_once_and_a_head_is_signed():
    write(3)
    give(uuid4(), "6")

    done = seal()

    assert done.rows == AuditEntry.objects.count() + Transaction.objects.count() == LogLeaf.objects.count()
    assert (done.head.size, done.head.made_at, as_tree_head(done.head).holds()) == (done.rows, NOON, True)
    assert (seal().rows, LogHead.objects.count()) == (0, 1)  # nothing new, no new head
    assert seal(NOON + timedelta(days=1)).head.pk != done.head.pk  # but one a day says that the log is alive
    assert look().fault_count == 0


def test_a_leaf_is_salt_and_row_and_says_whatever_the_row_says():
    (entry,) = write(about=None, concerns=uuid4(), reason="因为", data={"乙": 1, "甲": "x"})
    seal()
    leaf = LogLeaf.objects.get(source="audit", row=entry.pk)
    stored = AuditEntry.objects.filter(pk=entry.pk).values(*AUDIT_FIELDS).get()

    (row,) = sealed_rows({"audit": [entry.pk]})[1]

    assert row.text == canonical_bytes({"form": "audit/1", **stored})
    assert leaf_hash(bytes(leaf.salt) + row.text) == bytes(leaf.hash)
    assert ("因为" in row.text.decode(), "sealed1:" in row.text.decode(), len(leaf.salt)) == (False, True, 16)
    assert json.loads(row.text)["at"] == entry.at.isoformat()


def test_no_column_of_what_is_sealed_is_left_out():
    """A new column needs a new form: rows that are sealed keep theirs."""
    of = {model: {field.name for field in model._meta.concrete_fields} for model in (AuditEntry, Transaction, Posting)}

    assert of[AuditEntry] - {"id"} == set(AUDIT_FIELDS)
    assert of[Transaction] - {"id", "reverses"} == set(TRANSACTION_FIELDS) - {"reverses__uuid"}
    assert of[Posting] - {"id", "transaction", "source", "destination"} == {name.split("__")[0] for name in POSTING_FIELDS} - {"source"}


def test_amounts_and_times_are_text_that_hangs_on_no_database():
    facts = {"b": Decimal("1.500"), "a": datetime(2026, 3, 2, 12, tzinfo=UTC), "c": None}

    assert canonical_bytes(facts) == b'{"a":"2026-03-02T12:00:00+00:00","b":"1.5","c":null}'
    with pytest.raises(TypeError):
        canonical_bytes({"a": object()})


def test_a_log_of_many_steps_is_one_tree(monkeypatch):
    monkeypatch.setattr(log, "STEP", 100)
    write(700)

    done = seal()

    assert (done.head.size, LogNode.objects.count()) == (700, 2)
    leaf = bytes(LogLeaf.objects.get(index=611).hash)
    for size in (612, 640, 700):
        proved = inclusion_of(leaf, size=size)
        assert proved.index == 611
    assert inclusion_holds(leaf, 611, 700, proved.proof, bytes(done.head.root))
    assert inclusion_of(leaf, size=611) is None
    assert look().fault_count == 0


def test_one_head_is_proved_to_be_the_beginning_of_the_next(history):
    first, _second, last = history

    size, proof = consistency_of(first.size)

    assert size == last.size
    assert consistency_holds(first.size, last.size, bytes(first.root), bytes(last.root), proof)


def test_without_a_key_nothing_is_lost_and_the_next_head_covers_it(settings, tmp_path):
    settings.SIGNING_KEYS_DIR, settings.SIGNING_KEYS_MADE_HERE = tmp_path, False
    write(2)
    with pytest.raises(CommandError, match="no key to sign"):
        call_command("seal_log")
    assert (LogLeaf.objects.count(), LogHead.objects.count()) == (2, 0)

    settings.SIGNING_KEYS_MADE_HERE = True

    assert (seal().rows, LogHead.objects.get().size) == (0, 2)


def test_leaves_and_heads_cannot_be_edited(history):
    for change in (
        lambda: LogHead.objects.update(size=1),
        lambda: LogLeaf.objects.update(hash=b"x"),
        lambda: LogNode.objects.create(level=1, number=9, hash=b"x").delete(),
        lambda: LogHead.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


# --- what somebody does to history ---


def test_an_edited_entry_is_named_and_stops_posting(history):
    with without_triggers() as cursor:
        cursor.execute("UPDATE foundation_auditentry SET action = 'test.other' WHERE id = (SELECT MIN(id) FROM foundation_auditentry)")
    first = AuditEntry.objects.order_by("pk").first()

    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_log")

    assert found(LogCheck.objects.get()) == [("a sealed row never changes", f"audit row {first.pk} (leaf 0)")]
    assert "a sealed row never changes" in LedgerFreeze.objects.get().found
    with pytest.raises(LedgerFrozen):
        give(uuid4(), "1")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE creditbank_posting SET amount = 60",
        "UPDATE creditbank_account SET owner_uuid = '00000000000000000000000000000001' WHERE kind = 'available'",
        "UPDATE creditbank_transaction SET effective_on = '2020-01-01' WHERE type = 'verify'",
        "UPDATE creditbank_transaction SET recorded_at = '2020-01-01 00:00:00' WHERE type = 'verify'",
        "DELETE FROM creditbank_posting WHERE transaction_id = (SELECT id FROM creditbank_transaction WHERE type = 'verify')",
    ],
    ids=["amount", "owner", "back-dated", "recorded earlier", "posting gone"],
)
def test_a_transaction_that_was_changed_is_named(history, change):
    with without_triggers() as cursor:
        cursor.execute(change)
    entry = Transaction.objects.get(type="verify")

    assert ("a sealed row never changes", f"ledger row {entry.pk} (leaf {_leaf('ledger', entry.pk)})") in found(look())


def _leaf(source: str, row: int) -> int:
    return LogLeaf.objects.get(source=source, row=row).index


def test_a_deleted_entry_is_named(history):
    gone = AuditEntry.objects.order_by("pk")[4].pk
    with without_triggers() as cursor:
        cursor.execute("DELETE FROM foundation_auditentry WHERE id = %s", [gone])

    assert found(look()) == [("a sealed row is never lost", f"audit row {gone} (leaf {_leaf('audit', gone)})")]


def test_two_entries_that_change_places_are_both_named(history):
    one, other = (row.pk for row in AuditEntry.objects.order_by("pk")[2:4])
    with without_triggers() as cursor:
        for number, new in ((one, -1), (other, one), (-1, other)):
            cursor.execute("UPDATE foundation_auditentry SET id = %s WHERE id = %s", [new, number])

    assert [row for _promise, row in found(look())] == [f"audit row {row} (leaf {_leaf('audit', row)})" for row in (one, other)]


def test_an_entry_put_in_behind_the_seals_is_named(history):
    number = AuditEntry.objects.order_by("pk")[4].pk
    with without_triggers() as cursor:
        cursor.execute("DELETE FROM foundation_auditentry WHERE id = %s", [number])
        cursor.execute("DELETE FROM foundation_logleaf WHERE source = 'audit' AND row = %s", [number])
    AuditEntry.objects.create(pk=number, at=NOON, action="test.forged")

    assert ("no row comes in behind the seals", f"audit row {number}") in found(look())


def test_a_row_edited_with_its_leaf_is_found_by_the_first_head_behind_it(history):
    row = AuditEntry.objects.order_by("pk")[12]  # sealed by the second head
    leaf = LogLeaf.objects.get(source="audit", row=row.pk)
    with without_triggers() as cursor:
        cursor.execute("UPDATE foundation_auditentry SET action = 'test.other' WHERE id = %s", [row.pk])
        text = sealed_rows({"audit": [row.pk]})[1][0].text
        LogLeaf.objects.filter(pk=leaf.pk).update(hash=leaf_hash(bytes(leaf.salt) + text))
        assert cursor

    wrong = [row for promise, row in found(look()) if promise == "the leaves have the root of their head"]

    assert [name.split()[1] for name in wrong] == [str(head.pk) for head in history[1:]]


def test_a_head_that_was_rewritten_is_not_signed(history):
    with without_triggers():
        LogHead.objects.filter(pk=history[1].pk).update(size=history[1].size - 1)

    assert found(look())[0] == ("a head says what was signed", f"head {history[1].pk} of 2026-03-02 04:10")


def test_a_stored_node_that_was_changed_is_named():
    write(256)
    seal()
    with without_triggers():
        LogNode.objects.update(hash=b"\0" * 32)

    assert found(look()) == [("stored nodes are those of the leaves", "node 1/0")]


def test_history_rewritten_and_sealed_anew_looks_right_but_not_to_who_kept_a_head(history, tmp_path):
    call_command("export_head", str(tmp_path / "anchor.json"))
    with without_triggers() as cursor:
        cursor.execute("UPDATE foundation_auditentry SET action = 'test.other' WHERE id = (SELECT MIN(id) FROM foundation_auditentry)")
        for table in ("logleaf", "lognode", "loghead"):
            cursor.execute(f"DELETE FROM foundation_{table}")
    seal(NOON + timedelta(minutes=20))

    assert look().fault_count == 0
    with pytest.raises(CommandError, match="anchor of 2026-03-02 04:20"):
        call_command("verify_log", anchor=[str(tmp_path / "anchor.json")])


def test_a_tail_that_was_cut_off_looks_right_but_not_to_who_kept_a_head(history, tmp_path):
    call_command("export_head", str(tmp_path / "anchor.json"))
    anchor = read_head(json.loads((tmp_path / "anchor.json").read_text()))
    with without_triggers() as cursor:
        cursor.execute("DELETE FROM foundation_auditentry WHERE id = (SELECT MAX(id) FROM foundation_auditentry)")
        cursor.execute('DELETE FROM foundation_logleaf WHERE "index" = %s', [history[2].size - 1])
        cursor.execute("DELETE FROM foundation_loghead WHERE id = %s", [history[2].pk])

    assert look().fault_count == 0
    assert found(look(anchor)) == [("the log never loses a leaf", "anchor of 2026-03-02 04:20")]


def test_a_cut_tail_whose_heads_stand_is_found_without_an_anchor(history):
    with without_triggers() as cursor:
        cursor.execute('DELETE FROM foundation_logleaf WHERE "index" >= %s', [history[1].size])

    assert ("the log never loses a leaf", f"head {history[2].pk} of 2026-03-02 04:20") in found(look())


def test_an_anchor_that_agrees_is_counted_and_one_that_nobody_signed_is_refused(history, tmp_path):
    anchor = read_head(head_document(history[1]))

    assert (look(anchor).fault_count, LogCheck.objects.get().anchors) == (0, 1)

    forged = sign("something-else", b"")
    document = head_document(history[1]) | {"signature": forged.value}
    assert found(look(read_head(document)))[0][0] == "an anchor was signed by us"


@pytest.mark.parametrize(
    "change", [{"schema": "x"}, {"size": 0}, {"size": "7"}, {"root": "zz"}, {"time": "2026-01-01"}, {"key": None, "size": None}]
)
def test_what_is_no_head_is_refused(history, change, tmp_path):
    document = head_document(history[0]) | change
    with pytest.raises(NotAHead):
        read_head(document)
    (tmp_path / "x.json").write_text(json.dumps(document))
    with pytest.raises(CommandError, match="no tree head"):
        call_command("verify_log", anchor=[str(tmp_path / "x.json")])
    assert LogCheck.objects.count() == 0


# --- small looks, erasure ---


def test_a_small_look_computes_only_what_is_new(history):
    assert (look(is_full=False).since, look(is_full=False).since) == (0, history[2].size)
    write(4)
    seal()
    row = AuditEntry.objects.order_by("-pk").first()
    with without_triggers() as cursor:
        cursor.execute("UPDATE foundation_auditentry SET action = 'x' WHERE id = %s", [row.pk])

    check = look(is_full=False)

    assert (check.since, check.size) == (history[2].size, history[2].size + 4)
    assert found(check) == [("a sealed row never changes", f"audit row {row.pk} (leaf {check.size - 1})")]
    assert look(is_full=False).since == 0  # after a fault everything is looked at


def test_the_job_seals_and_looks(capsys):
    write(2)

    call_command("seal_log")

    said = capsys.readouterr().out
    assert "2 rows sealed; head" in said
    assert "The log is right: leaves 0 to 2" in said


def test_a_person_who_is_erased_takes_the_salts_along_and_the_log_still_holds():
    person, other = uuid4(), uuid4()
    give(person, "6")
    write(2, concerns=person, reason="因为")
    write(1, concerns=other)
    seal()

    with transaction.atomic():
        gone = forget_salts(person, actor=None)

    assert gone == LogLeaf.objects.filter(salt__isnull=True).count() == 6  # two transactions, their entries, two more
    seal()
    assert look().fault_count == 0
    assert (
        sealed_rows({"audit": AuditEntry.objects.filter(person_uuid=person, action="test.step").values_list("pk", flat=True)})[1][0].salt
        is None
    )


def test_a_salt_that_is_gone_without_an_erasure_is_tampering(history):
    LogLeaf.objects.filter(index=3).update(salt=None)

    assert [promise for promise, _row in found(look())] == ["a salt goes with its person alone"]
