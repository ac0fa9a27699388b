"""Real processes that start at the same moment, round after round, each with a database connection of its own that it keeps.

A racer that dies or hangs says of what: the exception with its traceback, the signal, or the place where it stands.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import resource
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from django.db import connections

RACERS = 8
PATIENCE = 120


class RacerDied(AssertionError):
    """A racer ended, or did not answer in time; the message says why."""


@dataclass(frozen=True)
class _Death:
    """A racer's last word: what it could not take for a refusal."""

    told: str


@dataclass(frozen=True)
class _Racer:
    """One process, the pipe to it, and the file in which its interpreter says where it stood when it fell or was asked."""

    number: int
    process: Any
    pipe: Connection
    notes: Path

    def send(self, message: object) -> None:
        try:
            self.pipe.send(message)
        except OSError:
            self._died()

    def answer(self) -> Any:
        try:
            found = self.pipe.recv() if self.pipe.poll(PATIENCE) else self._hangs()
        except (EOFError, OSError):
            self._died()
        if isinstance(found, _Death):
            raise RacerDied(f"racer {self.number} died of\n{found.told}")
        return found

    def _hangs(self) -> Any:
        os.kill(self.process.pid, signal.SIGUSR1)
        time.sleep(0.5)
        raise RacerDied(f"racer {self.number} said nothing for {PATIENCE} s; it stands at\n{self._noted()}")

    def _died(self) -> None:
        self.process.join(5)
        code = self.process.exitcode
        cause = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        raise RacerDied(f"racer {self.number} is gone: {cause}; the largest child had {most} MB\n{self._noted()}")

    def _noted(self) -> str:
        return self.notes.read_text(encoding="utf-8", errors="replace") or "(no traceback)"


class Racers:
    """A row of waiting processes. ``run`` sends each its order and starts them together."""

    def __init__(self, row: Sequence[_Racer]) -> None:
        self.row = row

    def run(self, work: Callable[..., Any], *orders: tuple[Any, ...]) -> list[Any]:
        """What each found: the value, or the name of the exception. ``orders`` are the arguments of each, in turn for all racers."""
        start = time.time() + 0.004
        for number, racer in enumerate(self.row):
            racer.send((work, orders[number % len(orders)], start))
        return [racer.answer() for racer in self.row]


@contextmanager
def racers(number: int = RACERS) -> Iterator[Racers]:
    """Fork the processes; they inherit settings and code, never a connection."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory(prefix="racers-") as folder:
        row = []
        for position in range(number):
            mine, theirs = context.Pipe()
            notes = Path(folder) / f"{position}.txt"
            notes.touch()
            process = context.Process(target=_race, args=(theirs, notes), daemon=True)
            process.start()
            theirs.close()  # the racer alone holds its end, so that its death is seen at once
            row.append(_Racer(position, process, mine, notes))
        try:
            yield Racers(row)
        finally:
            _end(row)


def _end(row: Sequence[_Racer]) -> None:
    for racer in row:
        try:
            racer.pipe.send(None)  # closing is not enough: later racers inherited this end
        except OSError:
            continue  # it is gone already
    for racer in row:
        racer.process.join(5)
        if racer.process.is_alive():
            racer.process.kill()


def _race(pipe: Connection, notes: Path) -> None:
    said = notes.open("w", encoding="utf-8")
    faulthandler.enable(said)
    faulthandler.register(signal.SIGUSR1, said)
    try:
        while (message := pipe.recv()) is not None:
            pipe.send(_found(*message))
    except BaseException:  # noqa: BLE001  whatever ends a racer is told to the test before it goes
        pipe.send(_Death(traceback.format_exc()))
        os._exit(1)
    os._exit(0)


def _found(work: Callable[..., Any], order: tuple[Any, ...], start: float) -> Any:
    time.sleep(max(start - time.time(), 0))
    try:
        return work(*order)
    except Exception as refusal:  # noqa: BLE001  every refusal is a result, and the test says which may happen
        return type(refusal).__name__
