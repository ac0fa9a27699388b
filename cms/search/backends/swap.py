"""Letting a stock module build its entries with an indexer of ours: it offers no other place to say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def indexer(module: Any, ours: type) -> Iterator[None]:
    """For the time of a block the module's ``ObjectIndexer`` is ours."""
    stock = module.ObjectIndexer
    module.ObjectIndexer = ours
    try:
        yield
    finally:
        module.ObjectIndexer = stock
