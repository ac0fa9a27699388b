"""Reading, entering and undoing in the background."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from creditbank.results.actions import enter_rows, read_batch, undo_rows
from creditbank.results.models import ResultBatch


@task()
def read_in_background(batch_id: int) -> None:
    """Read an uploaded file."""
    read_batch(ResultBatch.objects.get(pk=batch_id), at=timezone.now())


@task()
def enter_in_background(batch_id: int) -> None:
    """Enter what was released, or what is left of it."""
    enter_rows(ResultBatch.objects.get(pk=batch_id), at=timezone.now())


@task()
def undo_in_background(batch_id: int) -> None:
    """Take back what was undone, or what is left of it."""
    undo_rows(ResultBatch.objects.get(pk=batch_id), at=timezone.now())
