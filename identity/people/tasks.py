"""Putting a person's own data together in the background."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django_tasks import task

from foundation.api import enqueue
from identity.people.models import DataExport
from identity.people.own_data import end_data, forgotten, put_together


@task()
def put_together_in_background(export_id: int) -> None:
    """Make the file of one export."""
    put_together(DataExport.objects.get(pk=export_id), at=timezone.now())


def start_export(export: DataExport) -> None:
    """Put it in the queue."""
    enqueue(put_together_in_background, export_id=export.pk)


def tidy_exports(*, at: datetime) -> tuple[int, int]:
    """Let files go whose time is over, and make those whose worker died; how many of each."""
    waiting = forgotten(at=at)
    for row in waiting:
        put_together(row, at=at)
    return end_data(at=at), len(waiting)
