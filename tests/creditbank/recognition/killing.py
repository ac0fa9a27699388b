"""Workers at the desk that are killed: forked, each with a connection of its own, doing jobs whose every step may be begun again by anybody.

A worker says each step on its pipe once it is committed: that is what a client was told. One that dies is followed by another, which begins
anew behind the last job that was said to be done.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections
from django.test.utils import override_settings

Job = Callable[[], Iterator[str]]
"""Does its steps one after the other and yields a word for each that is committed; safe to begin again at any time."""
PATIENCE = 180
"""Seconds for which a client tries again: a database that was killed recovers within, also on a machine that does much else."""
QUEUED = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
"""As in production: work for later, e-mails among it, is written into the queue in the transaction of the change."""


@dataclass
class Worker:
    """One process at a time, and what all of them together have acknowledged."""

    jobs: Sequence[Job]
    first: int = 0
    acked: list[str] = field(default_factory=list)
    lives: int = 0
    pipe: Any = None
    process: Any = None

    def begin(self) -> None:
        """Fork the next life."""
        mine, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=_work, args=(self.jobs, self.first, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.pipe, self.lives = mine, self.lives + 1

    def listen(self, seconds: float) -> bool:
        """Take in what was acknowledged within a time; False where the process is gone."""
        until = time.monotonic() + seconds
        try:
            while self.pipe.poll(max(until - time.monotonic(), 0)):
                word = self.pipe.recv()
                if word.startswith("done "):
                    self.first = int(word.removeprefix("done ")) + 1
                else:
                    self.acked.append(word)
        except (EOFError, OSError):
            self.process.join()
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, wherever it is; what it had said before still counts."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.listen(0)

    @property
    def is_done(self) -> bool:
        return self.first >= len(self.jobs)


def _work(jobs: Sequence[Job], first: int, pipe: Any) -> None:
    try:
        for number in range(first, len(jobs)):
            _patiently(jobs[number], pipe.send)
            pipe.send(f"done {number}")
    except Exception as error:  # noqa: BLE001  the test shall see what a worker dies of
        pipe.send(f"failed {type(error).__name__} {error}")
    finally:
        pipe.close()
        os._exit(0)


def _patiently(job: Job, say: Callable[[str], None]) -> None:
    """A client whose server loses its database tries again."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            for word in job():
                say(word)
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
        else:
            return


def work_and_kill(
    workers: Sequence[Worker], *, kills: int, seed: int, patience: float, between: tuple[float, float] = (0.005, 0.25),
    after_kill: Callable[[list[str]], None],
) -> int:  # fmt: skip
    """Let the workers do their jobs and kill one again and again, each at a moment of chance; the number of kills that hit one at work.

    ``after_kill`` is given all that was acknowledged so far, while the others work on: to look whether it is kept, or to disturb more. It
    leaves no connection open, for the next life is forked. Raises TimeoutError where the jobs do not end.
    """
    with override_settings(TASKS=QUEUED):
        connections.close_all()
        chance, done, until = random.Random(seed), 0, time.monotonic() + patience
        for worker in workers:
            worker.begin()
        while not all(worker.is_done for worker in workers):
            if time.monotonic() > until:
                _end(workers)
                raise TimeoutError(f"seed {seed}: {[worker.first for worker in workers]} of {len(workers[0].jobs)}")
            worker = chance.choice([one for one in workers if not one.is_done])
            if worker.listen(chance.uniform(*between)) and done < kills and not worker.is_done:
                worker.kill()
                done += 1
                after_kill([word for one in workers for word in one.acked])
            if not worker.process.is_alive() and not worker.is_done:
                worker.listen(0)
                if any(word.startswith("failed") for word in worker.acked):
                    _end(workers)
                    raise AssertionError(worker.acked[-1])
                worker.begin()
        _end(workers)
        return done


def _end(workers: Sequence[Worker]) -> None:
    for worker in workers:
        if worker.process.is_alive():
            worker.kill()
