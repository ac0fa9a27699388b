"""Named events and who listens to them.

An event is a fact that has just become true inside the caller's transaction. Handlers run at once, in the order in which they were
registered, and a handler that fails takes the whole action with it: either everything happened or nothing did. Slow work is not done
here; a handler calls ``enqueue()`` for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import transaction


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events; subclasses carry ids, never model instances, so that a handler reads the row as it is now."""


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]

_handlers: dict[type[Event], list[Handler]] = defaultdict(list)


class EventOutsideTransactionError(RuntimeError):
    """An event was announced outside a transaction, so its handlers could not be undone with the change."""


def handles(event_type: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a function for one kind of event. Registering the same function twice changes nothing."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        if handler not in _handlers[event_type]:
            _handlers[event_type].append(handler)
        return handler

    return register


def announce(event: Event) -> None:
    """Tell every handler of this kind of event, in order of registration, inside the caller's transaction.

    Raises EventOutsideTransactionError where no transaction is open.
    """
    if not transaction.get_connection().in_atomic_block:
        raise EventOutsideTransactionError(type(event).__name__)
    for handler in tuple(_handlers[type(event)]):
        handler(event)
