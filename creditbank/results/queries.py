"""Looking things up for uploads: many rows at a time, with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.db.models.functions import Lower

from creditbank.catalogue.models import Outcome
from creditbank.results.columns import Known, Person, fingerprint, name_key
from creditbank.results.enums import BatchState, RowState
from creditbank.results.models import ResultBatch, ResultRow
from foundation.api import SheetRow
from identity.api import User, clean_phone, people_by_number
from learning.api import LearningRecord, RecordState


def look_up(rows: Sequence[SheetRow], batch: ResultBatch, *, today: date) -> Known:
    """Everything that judging these rows needs. Five queries."""
    names = {row.cells["learner"] for row in rows if "learner" in row.cells}
    numbers = {row.cells["result_id"] for row in rows if "result_id" in row.cells}
    codes = {row.cells["outcome"] for row in rows if "outcome" in row.cells}
    outcomes = {row.code: row for row in Outcome.objects.filter(code__in=codes).select_related("system")}
    return Known(
        people=_people(names, batch.institution_id), outcomes=outcomes, earlier=_earlier(batch.institution_id, numbers),
        institution_id=batch.institution_id, uploader=batch.uploaded_by_uuid, today=today,
    )  # fmt: skip


def _people(names: Iterable[str], institution_id: int) -> dict[str, Person]:
    """People by how a file names them: the institution's own learner number first, then phone, then e-mail."""
    by_key = {name_key(name): name for name in names}
    phones: dict[str, list[str]] = {}
    for key in by_key:
        try:
            phones.setdefault(clean_phone(key), []).append(key)
        except ValidationError:
            continue
    linked = people_by_number(institution_id, {*by_key, *by_key.values()})
    by_uuid = {person.uuid: person for person in User.objects.filter(uuid__in=set(linked.values()))}
    found: dict[str, Person] = {}
    for mailed in User.objects.annotate(mail=Lower("email")).filter(mail__in=[key for key in by_key if "@" in key]):
        found[name_key(mailed.email or "")] = Person(mailed.uuid, mailed.name)
    for called in User.objects.filter(phone__in=phones):
        found |= dict.fromkeys(phones[called.phone or ""], Person(called.uuid, called.name))
    for number, uuid in linked.items():
        if uuid in by_uuid:
            found[name_key(number)] = Person(uuid, by_uuid[uuid].name)
    return found


def _earlier(institution_id: int, numbers: set[str]) -> dict[str, tuple[str, ...]]:
    """What stands in the archives already under these result numbers of the institution."""
    rows = LearningRecord.objects.filter(institution_id=institution_id, external_id__in=numbers).exclude(state=RecordState.VOID)
    return {row.external_id: fingerprint(_said(row)) for row in rows.select_related("learner")}


def numbers_read(batch: ResultBatch) -> dict[str, int]:
    """The result numbers of the rows that are kept already, each with the row in which it stood first. One query."""
    found: dict[str, int] = {}
    for line, number in batch.rows.order_by("line").values_list("line", "values__result_id").iterator(chunk_size=2000):
        if number is not None:
            found.setdefault(number, line)
    return found


def entered_numbers(institution_id: int, numbers: set[str]) -> set[str]:
    """Which of these result numbers of an institution stand in archives now. One query."""
    rows = LearningRecord.objects.counting().filter(institution_id=institution_id, external_id__in=numbers)
    return set(rows.values_list("external_id", flat=True))


def _said(row: LearningRecord) -> dict[str, str]:
    return {
        "person": str(row.learner.uuid), "outcome": row.outcome_code, "earned_on": row.earned_on.isoformat(), "score": _plain(row.score),
        "grade": row.grade, "credits": _plain(row.credits),
    }  # fmt: skip


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount.normalize(), "f")


def batches_of(user: Any) -> QuerySet[ResultBatch]:
    """The list of uploads, newest first. One query."""
    return ResultBatch.objects.visible_to(user).exclude(state=BatchState.DISCARDED).select_related("institution", "job")


def bad_rows(batch: ResultBatch) -> QuerySet[ResultRow]:
    """Rows with errors in the order of the file."""
    return batch.rows.filter(state=RowState.BAD).order_by("line")


def counts_by_state(batch: ResultBatch) -> dict[str, int]:
    """How many rows of an upload are in which state. One query."""
    return dict(batch.rows.order_by().values_list("state").annotate(n=Count("pk")))
