"""SIGKILL in the middle of reading, entering and undoing: whoever goes on takes the next row, and each row is there once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from creditbank.api import Posting, Transaction, find_faults
from creditbank.results.actions import answer_undo, applying, ask_to_undo, release_batch, resume_batches, submit_batch, taking
from creditbank.results.actions.resuming import WORK
from creditbank.results.models import ResultBatch
from foundation.api import AuditEntry, Notice
from learning.api import LearningRecord
from tests.creditbank.recognition.killing import Worker, work_and_kill
from tests.creditbank.results.school import School

pytestmark = pytest.mark.postgres
SEED = int(os.environ.get("KILL_SEED", "17"))


@pytest.fixture
def real_database(postgres_db, django_db_blocker, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    with django_db_blocker.unblock():
        yield postgres_db


def chunks_of(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(taking, "CHUNK", rows)
    monkeypatch.setattr(applying, "CHUNK", rows)


def fresh(batch: ResultBatch) -> ResultBatch:
    return ResultBatch.objects.select_related("job").get(pk=batch.pk)


def kill_in_second_chunk(batch: ResultBatch, *, committed: bool) -> None:
    """Go on with a file in a process that is killed in its second chunk: before its transaction ends, or right behind it."""
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=_die, args=(batch.pk, committed))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def _die(batch_id: int, committed: bool) -> None:
    batch, chunks = ResultBatch.objects.get(pk=batch_id), Counter[str]()
    module: Any = taking if batch.state == "reading" else applying
    real = module.went_on

    def end(row: ResultBatch, *, done: int) -> None:
        real(row, done=done)
        chunks["n"] += 1
        if chunks["n"] == 2 and committed:
            transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
        elif chunks["n"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    module.went_on = end
    WORK[batch.state](batch, at=timezone.now())


def resume() -> None:
    assert resume_batches(at=timezone.now() + timedelta(minutes=3)) == ["三班.csv"]


def require_once(school: School, batch: ResultBatch, *, undone: bool) -> None:
    """Every row of the file is kept, recorded, posted, audited and told once; and taken back once."""
    rows = len(school.learners)
    assert list(fresh(batch).rows.values_list("line", flat=True)) == list(range(2, rows + 2))
    assert fresh(batch).credits_total == Decimal(4) * rows
    records = LearningRecord.objects.filter(institution=school.home)
    assert (records.count(), records.values("external_id").distinct().count()) == (rows, rows)
    assert set(records.values_list("state", flat=True)) == {"void" if undone else "active"}
    back = 2 * rows if undone else 0
    assert Counter(Transaction.objects.values_list("type", flat=True)) == Counter(deposit=rows, verify=rows, reverse=back)
    assert Posting.objects.count() == 2 * rows + back
    audited = Counter(AuditEntry.objects.values_list("action", flat=True))
    assert [audited[f"ledger.{kind}"] for kind in ("deposit", "verify", "reverse")] == [rows, rows, back]
    assert (audited["archive.enter"], audited["archive.void"]) == (rows, rows if undone else 0)
    assert Notice.objects.filter(code="ledger.deposited").count() == rows
    assert find_faults() == []


@pytest.mark.timeout(120)
def test_workers_killed_in_reading_entering_and_undoing_lose_nothing_and_double_nothing(real_database, monkeypatch):
    chunks_of(monkeypatch, 30)
    school = School(210)
    batch = school.upload()

    kill_in_second_chunk(batch, committed=False)
    assert (fresh(batch).lines_read, fresh(batch).job.done) == (31, 30)
    kill_in_second_chunk(batch, committed=True)
    assert (fresh(batch).lines_read, fresh(batch).job.done, fresh(batch).job.total) == (91, 90, 210)
    resume()
    submit_batch(fresh(batch), actor=school.officer, at=timezone.now())
    release_batch(fresh(batch), actor=school.reviewer, at=timezone.now())

    kill_in_second_chunk(batch, committed=False)
    assert (fresh(batch).job.done, LearningRecord.objects.count(), Transaction.objects.count()) == (30, 30, 60)
    kill_in_second_chunk(batch, committed=True)
    assert (fresh(batch).job.done, LearningRecord.objects.count(), Transaction.objects.count()) == (90, 90, 180)
    resume()
    require_once(school, batch, undone=False)

    answer_undo(ask_to_undo(fresh(batch), reason="传错", actor=school.officer), agree=True, actor=school.reviewer)
    kill_in_second_chunk(batch, committed=False)
    kill_in_second_chunk(batch, committed=True)
    assert (fresh(batch).job.done, Transaction.objects.filter(type="reverse").count()) == (90, 180)
    resume()
    require_once(school, batch, undone=True)
    assert (fresh(batch).state, fresh(batch).job.done) == ("undone", 210)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_twenty_thousand_rows_by_two_workers_that_are_killed_again_and_again(real_database, monkeypatch):
    chunks_of(monkeypatch, 100)
    school = School(9_900)  # each learner has two results
    lines = [school.line(n, id=f"{term}-{n}") for term in "AB" for n in range(9_900)]
    batch, kills, lives = school.upload(*lines), 0, 0

    def to_the_end() -> Iterator[str]:
        while (row := fresh(batch)).state in WORK:
            WORK[row.state](row, at=timezone.now())
            time.sleep(0.02)
        yield row.state

    def go_on() -> None:
        nonlocal kills, lives
        workers = [Worker([to_the_end]) for _ in range(2)]
        kills += work_and_kill(workers, kills=40, seed=SEED + kills, patience=1100, between=(0.1, 1.5), after_kill=lambda _acked: None)
        lives += sum(worker.lives for worker in workers)

    go_on()
    submit_batch(fresh(batch), actor=school.officer, at=timezone.now())
    release_batch(fresh(batch), actor=school.reviewer, at=timezone.now())
    go_on()
    answer_undo(ask_to_undo(fresh(batch), reason="传错", actor=school.officer), agree=True, actor=school.reviewer)
    go_on()

    sys.stdout.write(f"{kills} kills, {lives} lives\n")
    assert kills > 20
    school.learners *= 2
    require_once(school, batch, undone=True)
