"""From where a change is asked for: set once a request (or by a command), read by every audit entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class AuditContext:
    """The request behind a change; empty outside of requests."""

    request_id: str = ""
    address: str = ""
    acting_role: str = ""
    acting_institution: str = ""


_context: ContextVar[AuditContext] = ContextVar("audit_context", default=AuditContext())


def current_context() -> AuditContext:
    """The context of this request, or an empty one."""
    return _context.get()


@contextmanager
def audit_context(**facts: str) -> Iterator[AuditContext]:
    """Set some facts of the context for the time of a block; what is not named stays as it was."""
    token = _context.set(replace(_context.get(), **facts))
    try:
        yield _context.get()
    finally:
        _context.reset(token)
