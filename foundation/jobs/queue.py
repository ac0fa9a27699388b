"""The one way to put work in the background.

With the database queue the task is written inside the caller's transaction (an outbox: a crash between commit and queue loses nothing).
With the immediate backend of the demo it runs on commit, never inside the caller's transaction, where an error would poison it.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django_tasks.backends.immediate import ImmediateBackend
from django_tasks.base import Task, TaskResultStatus

logger = logging.getLogger(__name__)


def enqueue(task: Task[Any, Any], **arguments: Any) -> None:
    """Run a task later: with the transaction if there is a queue, after it if there is none. Arguments are JSON values."""
    if isinstance(task.get_backend(), ImmediateBackend):
        transaction.on_commit(lambda: _run_now(task, arguments))
    else:
        task.enqueue(**arguments)


def prepare(task: Task[Any, Any], **arguments: Any) -> None:
    """Put in the queue, with the transaction, what only saves somebody a wait later; where there is no queue, whoever comes first waits."""
    if not isinstance(task.get_backend(), ImmediateBackend):
        task.enqueue(**arguments)


def _run_now(task: Task[Any, Any], arguments: dict[str, Any]) -> None:
    result = task.enqueue(**arguments)
    if result.status == TaskResultStatus.FAILED:
        logger.error("Task %s failed: %s", task.module_path, result.errors[-1].traceback if result.errors else "")
