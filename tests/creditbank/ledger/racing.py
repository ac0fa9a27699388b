"""Real processes that start at the same moment, round after round, each with a database connection of its own."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from django.db import connections

RACERS = 8
PATIENCE = 120


class Racers:
    """A row of waiting processes. ``run`` sends each its order and starts them together."""

    def __init__(self, pipes: Sequence[Connection]) -> None:
        self.pipes = pipes

    def run(self, work: Callable[..., Any], *orders: tuple[Any, ...]) -> list[Any]:
        """What each found: the value, or the name of the exception. ``orders`` are the arguments of each, in turn for all racers."""
        start = time.time() + 0.004
        for number, pipe in enumerate(self.pipes):
            pipe.send((work, orders[number % len(orders)], start))
        return [_answer(pipe) for pipe in self.pipes]


def _answer(pipe: Connection) -> Any:
    if not pipe.poll(PATIENCE):
        raise TimeoutError("a racer hangs")
    return pipe.recv()


@contextmanager
def racers(number: int = RACERS) -> Iterator[Racers]:
    """Fork the processes; they inherit settings and code, never a connection."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    pipes, processes = [], []
    for _ in range(number):
        mine, theirs = context.Pipe()
        process = context.Process(target=_race, args=(theirs,), daemon=True)
        process.start()
        pipes.append(mine)
        processes.append(process)
    try:
        yield Racers(pipes)
    finally:
        for pipe in pipes:
            pipe.send(None)  # closing is not enough: later racers inherited this end
        for process in processes:
            process.join(5)
            if process.is_alive():
                process.kill()


def _race(pipe: Connection) -> None:
    while True:
        message = pipe.recv()
        if message is None:
            os._exit(0)
        work, order, start = message
        time.sleep(max(start - time.time(), 0))
        try:
            found = work(*order)
        except Exception as refusal:  # noqa: BLE001  every refusal is a result, and the test says which may happen
            found = f"{type(refusal).__name__}"
        pipe.send(found)
