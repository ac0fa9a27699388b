"""Deposits in the background."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from creditbank.recognition.actions import deposit_record
from learning.api import LearningRecord


@task()
def deposit_in_background(record_id: int) -> None:
    """Deposit the credit of one record; its failure never undoes the completion."""
    record = LearningRecord.objects.select_related("learner", "institution", "credit_system").get(pk=record_id)
    deposit_record(record, on=timezone.localdate())
