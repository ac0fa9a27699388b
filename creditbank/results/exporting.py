"""What uploads give of a person's own data: the rows from which records of theirs were made."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from creditbank.results.models import ResultRow
from identity.api import OFFICE, About, Exporter, register_exporter
from learning.api import LearningRecord


def rows(person: Any) -> QuerySet[ResultRow]:
    """A row is a person's once it became a record of theirs."""
    return ResultRow.objects.filter(record_uuid__in=list(LearningRecord.objects.filter(learner=person).values_list("uuid", flat=True)))


register_exporter(
    Exporter(part="creditbank.results", gives=(About("creditbank.ResultRow", rows=rows),), left_out={"creditbank.ResultBatch": OFFICE})
)
