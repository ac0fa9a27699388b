"""Sealing beside people who write: what commits late is not lost behind a seal, two sealers seal once, one that is killed loses nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from foundation.api import AuditEntry, LogLeaf, build_audit_entry, record_audit_entries, record_audit_entry, seal_log, verify_log
from foundation.audit import log

ROWS = 600


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(log, "STEP", 20)


@pytest.fixture
def filled(own_database, django_db_blocker, small_steps):
    """A database of its own with entries that are not sealed."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            record_audit_entries([build_audit_entry("test.step", actor=None) for _ in range(ROWS)])
        yield
        assert verify_log(clock=timezone.now).fault_count == 0


def seal(**how):
    return seal_log(clock=timezone.now, **how)


def all_sealed_once() -> bool:
    """Every entry is a leaf, in the order of numbers, without a gap between leaves."""
    leaves = list(LogLeaf.objects.order_by("index").values_list("index", "row"))
    return leaves == list(enumerate(AuditEntry.objects.order_by("pk").values_list("pk", flat=True)))


@contextmanager
def open_writer():
    """Somebody who has written an entry and has not committed yet; the value says "commit now" and waits for it."""
    written, commit = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            record_audit_entry("test.late", actor=None)
            written.set()
            commit.wait(20)
        connection.close()

    writer = threading.Thread(target=work)
    writer.start()
    assert written.wait(20)

    def end() -> None:
        commit.set()
        writer.join()

    try:
        yield end
    finally:
        end()


@pytest.mark.postgres
def test_a_row_that_commits_after_a_later_one_is_not_lost_behind_a_seal(filled):
    with open_writer() as commit:
        with transaction.atomic():
            later = record_audit_entry("test.later", actor=None)

        held = seal(patience=0)
        assert (held.rows, held.held_back, LogLeaf.objects.count()) == (0, ("audit",), 0)
        commit()

    done = seal(patience=0)

    late = AuditEntry.objects.get(action="test.late")
    assert (late.pk < later.pk, done.rows, done.held_back) == (True, ROWS + 2, ())
    assert all_sealed_once()


@pytest.mark.postgres
def test_a_writer_who_ends_in_time_is_waited_for(filled):
    with open_writer() as commit:
        with transaction.atomic():
            record_audit_entry("test.later", actor=None)
        threading.Timer(0.2, commit).start()

        assert (seal(patience=10).rows, all_sealed_once()) == (ROWS + 2, True)


@pytest.mark.postgres
def test_nobody_waits_for_a_sealer(filled):
    with log._alone():
        LogLeaf.objects.create(index=0, source="none", row=1, hash=b"\0" * 32, salt=b"")
        with open_writer() as commit:
            commit()  # would stand still here if it waited
        transaction.set_rollback(True)
    assert AuditEntry.objects.filter(action="test.late").exists()
    assert (seal().rows, all_sealed_once()) == (ROWS + 1, True)


@pytest.mark.postgres(also="sqlite")
def test_two_sealers_at_once_seal_every_row_once(filled):
    done, start = [], threading.Barrier(2)

    def work() -> None:
        start.wait()
        done.append(seal())
        connection.close()

    sealers = [threading.Thread(target=work) for _ in range(2)]
    for one in sealers:
        one.start()
    for one in sealers:
        one.join()

    assert len(done) == 2
    assert sum(one.rows for one in done) == LogLeaf.objects.count()
    seal()
    assert all_sealed_once()


@pytest.mark.postgres(also="sqlite")
def test_a_sealer_that_is_killed_loses_nothing_and_doubles_nothing(filled):
    forked = multiprocessing.get_context("fork")
    seen = set()
    for life in range(6):
        connections.close_all()
        process = forked.Process(target=_seal_alone)
        process.start()
        time.sleep(0.05 + 0.03 * life)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        seen.add(LogLeaf.objects.count())
        assert LogLeaf.objects.count() % 20 == 0  # whole steps

    seal()

    assert all_sealed_once()


def _seal_alone() -> None:
    seal()
