"""Who does the work: this process, several, or a Dask cluster. One ``map`` over shards; the answers do not depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

Shard = TypeVar("Shard")
Answer = TypeVar("Answer")


class DaskIsMissing(Exception):
    """Dask was asked for and is not installed."""

    def __str__(self) -> str:
        return "Dask is not installed here. Install dask[distributed], or choose the executor inline or pool."


class Executor(Protocol):
    """Works a function over shards and gives (number of the shard, answer) as they come."""

    def map(self, work: Callable[[Shard], Answer], shards: Sequence[Shard]) -> Iterator[tuple[int, Answer]]: ...


class Inline:
    """One shard after the other, here."""

    def map(self, work: Callable[[Shard], Answer], shards: Sequence[Shard]) -> Iterator[tuple[int, Answer]]:
        return ((number, work(shard)) for number, shard in enumerate(shards))


class Pool:
    """Several processes of this machine, started anew, so that none inherits a lock or a connection."""

    def __init__(self, workers: int = 2) -> None:
        self.workers = workers

    def map(self, work: Callable[[Shard], Answer], shards: Sequence[Shard]) -> Iterator[tuple[int, Answer]]:
        with ProcessPoolExecutor(self.workers, mp_context=get_context("spawn")) as pool:
            numbers = {pool.submit(work, shard): number for number, shard in enumerate(shards)}
            for done in as_completed(numbers):
                yield numbers[done], done.result()


class Dask:
    """A Dask cluster: that of a client, or two workers of this machine on 127.0.0.1. A shard whose worker dies is worked again."""

    def __init__(self, client: Any = None, workers: int = 2) -> None:
        self.client, self.workers = client, workers

    def map(self, work: Callable[[Shard], Answer], shards: Sequence[Shard]) -> Iterator[tuple[int, Answer]]:
        with self._client() as (client, completed):
            kernel = client.submit(same, work, pure=False)  # a task of its own: what a lost worker held can be made again
            futures = [client.submit(call, kernel, shard, pure=False, retries=3) for shard in shards]
            numbers = {future.key: number for number, future in enumerate(futures)}
            for done in completed(futures):
                yield numbers[done.key], done.result()

    @contextmanager
    def _client(self) -> Iterator[tuple[Any, Any]]:
        try:
            from distributed import Client, LocalCluster, as_completed  # noqa: PLC0415  optional
        except ImportError as error:
            raise DaskIsMissing from error
        if self.client is not None:
            yield self.client, as_completed
            return
        with (
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=self.workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
            ) as cluster,
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            yield client, as_completed


def same(work: Callable[[Shard], Answer]) -> Callable[[Shard], Answer]:
    """Holds the question on a worker, once for all shards."""
    return work


def call(work: Callable[[Shard], Answer], shard: Shard) -> Answer:
    """What a worker is asked to do."""
    return work(shard)


EXECUTORS: dict[str, Callable[[int], Executor]] = {
    "inline": lambda workers: Inline(),
    "pool": Pool,
    "dask": lambda workers: Dask(workers=workers),
}
