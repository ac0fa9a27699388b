"""A hundred thousand results of one school: read, released, entered and undone, each with a kill on the way; time, memory, progress."""

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
    from creditbank.results.actions import answer_undo, ask_to_undo, enter_rows, read_batch, release_batch, submit_batch, undo_rows
    from identity.api import Institution, User

    school = Institution.objects.get(code="JLOU")
    officer, second = (User.objects.get(email=f"{key}@demo.example") for key in ("zhou", "he"))
    User.objects.bulk_create([User(name=f"学员 {n}", email=f"pupil{n:05d}@bench.example", password="!") for n in range(PEOPLE)])  # noqa: S106
    say(f"results on {connection.vendor}: {SIZE:,} rows of {PEOPLE:,} people, peak memory before {_memory()} MB")
    with override_settings(TASKS={"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}):
        batch = upload_results(school, content=_file(), filename="results.csv", actor=officer, at=timezone.now())
        _worked(say, "read and checked", batch.pk, read_batch)
        batch = _fresh(batch.pk)
        submit_batch(batch, actor=officer, at=timezone.now())
        release_batch(batch, actor=second, at=timezone.now())
        _worked(say, "entered", batch.pk, enter_rows)
        _require(batch, "entered", find_faults())
        ask_to_undo(_fresh(batch.pk), reason="a wrong file", actor=officer)
        answer_undo(_fresh(batch.pk), agree=True, actor=second)
        _worked(say, "undone", batch.pk, undo_rows)
        _require(batch, "undone", find_faults())
    say("results: every row was read, entered and undone once, and the books balance")


def _file() -> bytes:
    rows = (f"pupil{n % PEOPLE:05d}@bench.example,B-{n:07d},{OUTCOME},2026-06-{n // PEOPLE % 28 + 1:02d},86,4" for n in range(SIZE))
    return ("学习者,成绩编号,成果代码,取得日期,成绩,学分\n" + "\n".join(rows) + "\n").encode()


def _worked(say: Callable[[str], object], what: str, batch_id: int, work: Callable[..., object]) -> None:
    """Work in a process that is killed once a tenth of the rows is through, then here to the end, measured."""
    from django.utils import timezone

    killed = _killed(batch_id, work)
    batch = _fresh(batch_id)
    begun, own = time.perf_counter(), time.process_time()
    work(batch, at=timezone.now())
    seconds, own = time.perf_counter() - begun, time.process_time() - own
    rows = SIZE - killed
    say(
        f"results: {what}: killed after {killed:,} rows, the other {rows:,} in {seconds:.0f} s, {own:.0f} s of this process:"
        f" {rows / seconds:,.0f} rows a second, {rows / own:,.0f} a processor second; peak memory {_memory()} MB"
    )


def _killed(batch_id: int, work: Callable[..., object]) -> int:
    """How many rows were through when the process was killed, by its progress bar."""
    from django.db import connections
    from django.utils import timezone

    connections.close_all()
    child = os.fork()
    if not child:
        work(_fresh(batch_id), at=timezone.now())
        os._exit(0)
    while _done(batch_id) < SIZE // 10:
        connections.close_all()
        time.sleep(0.2)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    connections.close_all()
    return _done(batch_id)


def _fresh(batch_id: int) -> Any:
    from creditbank.results.models import ResultBatch

    return ResultBatch.objects.select_related("job").get(pk=batch_id)


def _done(batch_id: int) -> int:
    return int(_fresh(batch_id).job.done)


def _require(batch: Any, state: str, faults: list[Any]) -> None:
    from django.db.models import Count

    from learning.api import LearningRecord

    rows = batch.rows.filter(state=state).count()
    doubled = LearningRecord.objects.filter(external_id__startswith="B-").values("external_id").annotate(n=Count("pk")).filter(n__gt=1)
    if rows != SIZE or doubled.exists() or faults:
        raise RuntimeError(f"{rows} of {SIZE} {state}, doubled: {list(doubled[:3])}, faults: {faults[:3]}")


def _memory() -> int:
    """The most that this process ever held, in MB."""
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
