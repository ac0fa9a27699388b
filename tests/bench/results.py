"""A hundred thousand results of one school: read, released, entered with a kill in the middle, and undone; time, memory, progress."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from typing import Any

SIZE = int(os.environ.get("RESULTS_SIZE", "100000"))
PEOPLE, OUTCOME = 5000, "JLOU:ELD201"


def run(say: Callable[[str], object]) -> None:
    """Print the figures. Works in a throw-away clone on whichever database is configured."""
    from django.core.management import call_command

    from tests import databases
    from tests.bench.bank import demo_settings

    name = databases.clone("bench_results")
    databases.point_to(name)
    try:
        with demo_settings(), open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            call_command("seed_demo", stdout=nowhere)
            _measure(say)
    finally:
        databases.drop(name)


def _measure(say: Callable[[str], object]) -> None:
    from django.db import connection
    from django.test import override_settings
    from django.utils import timezone

    from creditbank.api import find_faults, upload_results
    from creditbank.results.actions import answer_undo, ask_to_undo, read_batch, release_batch, submit_batch, undo_rows
    from creditbank.results.models import ResultBatch
    from identity.api import Institution, User

    school = Institution.objects.get(code="JLOU")
    officer, second = (User.objects.get(email=f"{key}@demo.example") for key in ("zhou", "he"))
    User.objects.bulk_create([User(name=f"学员 {n}", email=f"pupil{n:05d}@bench.example", password="!") for n in range(PEOPLE)])  # noqa: S106
    say(f"results on {connection.vendor}: {SIZE:,} rows of {PEOPLE:,} people, peak memory before {_memory()} MB")
    with override_settings(TASKS={"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}):
        batch = upload_results(school, content=_file(), filename="results.csv", actor=officer, at=timezone.now())
        _timed(say, "read and judged", batch, lambda: read_batch(batch, at=timezone.now()))
        batch = ResultBatch.objects.get(pk=batch.pk)
        submit_batch(batch, actor=officer, at=timezone.now())
        release_batch(batch, actor=second, at=timezone.now())
        entered = _killed(batch)
        say(f"results: killed after {entered:,} rows had entered; progress said {_progress(batch):,}")
        _timed(say, "the rest entered", batch, lambda: _enter(batch.pk))
        _require(batch, "entered", SIZE, find_faults())
        batch = ResultBatch.objects.get(pk=batch.pk)
        ask_to_undo(batch, reason="a wrong file", actor=officer)
        answer_undo(batch, agree=True, actor=second)
        _timed(say, "undone", batch, lambda: undo_rows(batch, at=timezone.now()))
        _require(batch, "undone", SIZE, find_faults())
    say("results: every row entered once and was undone once, and the books balance")


def _file() -> bytes:
    rows = (f"pupil{n % PEOPLE:05d}@bench.example,B-{n:07d},{OUTCOME},2026-06-{n // PEOPLE % 28 + 1:02d},86,4" for n in range(SIZE))
    return ("学习者,成绩编号,成果代码,取得日期,成绩,学分\n" + "\n".join(rows) + "\n").encode()


def _enter(batch_id: int) -> None:
    from django.utils import timezone

    from creditbank.results.actions import enter_rows
    from creditbank.results.models import ResultBatch

    enter_rows(ResultBatch.objects.get(pk=batch_id), at=timezone.now())


def _killed(batch: Any) -> int:
    """Enter in a process of its own that is killed once a third of the rows is in; how many rows that were."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if not child:
        _enter(batch.pk)
        os._exit(0)
    while _count(batch, "entered") < SIZE // 3:
        connections.close_all()
        time.sleep(0.2)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    connections.close_all()
    return _count(batch, "entered")


def _count(batch: Any, state: str) -> int:
    return int(batch.rows.filter(state=state).count())


def _progress(batch: Any) -> int:
    from creditbank.results.models import ResultBatch

    job = ResultBatch.objects.select_related("job").get(pk=batch.pk).job
    return job.done if job else 0


def _require(batch: Any, state: str, rows: int, faults: list[Any]) -> None:
    from django.db.models import Count

    from learning.api import LearningRecord

    doubled = LearningRecord.objects.filter(external_id__startswith="B-").values("external_id").annotate(n=Count("pk")).filter(n__gt=1)
    if _count(batch, state) != rows or doubled.exists() or faults:
        raise RuntimeError(f"{_count(batch, state)} of {rows} {state}, doubled: {list(doubled[:3])}, faults: {faults[:3]}")


def _timed(say: Callable[[str], object], what: str, batch: Any, work: Callable[[], object]) -> None:
    begun, own = time.perf_counter(), time.process_time()
    work()
    seconds = time.perf_counter() - begun
    say(
        f"results: {what} in {seconds:.0f} s ({time.process_time() - own:.0f} s of this process, {SIZE / seconds:,.0f} rows/s),"
        f" peak memory {_memory()} MB"
    )


def _memory() -> int:
    """The most that this process ever held, in MB."""
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
