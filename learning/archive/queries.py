"""Reading an archive: timeline, figures, one record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import ExtractYear

from foundation.api import Page, Problem, cursor_page, visible_to
from identity.api import User
from learning.archive.enums import Category, RecordSource, RecordState, Trust
from learning.archive.models import LearningRecord
from learning.archive.types import ArchiveSummary, YearGroup, YearTotals

PAGE_SIZE = 30
CATEGORIES = (Category.ACADEMIC, Category.VOCATIONAL, Category.CULTURE_LEISURE)


@dataclass(frozen=True)
class ArchiveFilter:
    """What the timeline is narrowed to; empty means all."""

    category: str = ""
    kind: str = ""
    source: str = ""
    trust: str = ""
    state: str = ""
    institution: str = ""
    with_void: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.category or self.kind or self.source or self.trust or self.state or self.institution)


def records_of(person: User, *, with_void: bool = False) -> models.QuerySet[LearningRecord]:
    """A person's records, newest first, with what every list shows of them. One query when read."""
    rows = LearningRecord.objects.filter(learner=person).select_related("institution", "credit_system", "level", "learner")
    return (rows if with_void else rows.counting()).order_by("-earned_on", "-id")


def filtered(user: Any, wanted: ArchiveFilter) -> models.QuerySet[LearningRecord]:
    """The reader's own records inside a filter, newest first."""
    rows = visible_to(user, LearningRecord).select_related("institution", "credit_system", "level", "replaces", "replaced_by")
    if not wanted.with_void:
        rows = rows.exclude(state=RecordState.VOID)
    columns = {
        "category": wanted.category,
        "kind_of_education": wanted.kind,
        "source": wanted.source,
        "trust": wanted.trust,
        "state": wanted.state,
        "institution__code": wanted.institution,
    }
    return rows.filter(**{column: value for column, value in columns.items() if value}).order_by("-earned_on", "-id")


def timeline_page(user: Any, wanted: ArchiveFilter, *, cursor: str | None) -> Page[LearningRecord]:
    """One keyset page of the timeline; a marker that is none of ours begins anew. One query."""
    order = ("-earned_on", "-id")
    try:
        return cursor_page(filtered(user, wanted), cursor=cursor, limit=PAGE_SIZE, order=order)
    except Problem:
        return cursor_page(filtered(user, wanted), cursor=None, limit=PAGE_SIZE, order=order)


def group_by_year(records: Iterable[LearningRecord], summary: ArchiveSummary) -> list[YearGroup]:
    """Records of a page under their years, newest first. No query."""
    totals = {year.year: year for year in summary.years}
    groups: dict[int, list[LearningRecord]] = {}
    for record in records:
        groups.setdefault(record.earned_on.year, []).append(record)
    return [YearGroup(year, totals.get(year), rows) for year, rows in groups.items()]


def summary_of(person: User) -> ArchiveSummary:
    """The archive in figures, void records left out. Two queries, whatever its size."""
    counting = LearningRecord.objects.filter(learner=person).counting()
    figures = counting.aggregate(
        records=Count("pk"),
        confirmed=Count("pk", filter=~Q(trust=Trust.SELF)),
        institutions=Count("institution_zh", filter=~Q(source=RecordSource.LEARNER_UPLOAD), distinct=True),
        hours=Sum("notional_hours", filter=~Q(trust=Trust.SELF)),
    )
    years = _years(counting)
    return ArchiveSummary(
        records=figures["records"],
        confirmed_records=figures["confirmed"],
        institutions=figures["institutions"],
        hours=figures["hours"] or Decimal(0),
        credits=sum((year.total for year in years), Decimal(0)),
        pending_credits=sum((year.pending for year in years), Decimal(0)),
        years=years,
    )


def _years(counting: models.QuerySet[LearningRecord]) -> tuple[YearTotals, ...]:
    """Every year from the first record to the last, also the empty ones between."""
    rows = (
        counting.annotate(year=ExtractYear("earned_on"), own=Q(trust=Trust.SELF))
        .order_by()
        .values("year", "category", "own")
        .annotate(total=Sum("credits"), number=Count("pk"))
    )
    confirmed: dict[int, dict[str, Decimal]] = defaultdict(dict)
    pending: dict[int, Decimal] = defaultdict(Decimal)
    records: dict[int, int] = defaultdict(int)
    for row in rows:
        year, amount = row["year"], row["total"] or Decimal(0)
        records[year] += row["number"]
        if row["own"]:
            pending[year] += amount
        elif amount:
            confirmed[year][row["category"]] = confirmed[year].get(row["category"], Decimal(0)) + amount
    if not records:
        return ()
    span = range(min(records), max(records) + 1)
    return tuple(YearTotals(year, confirmed.get(year, {}), pending.get(year, Decimal(0)), records.get(year, 0)) for year in span)


def counts_by_category(user: Any) -> dict[str, int]:
    """How many records that count each category has; "" is all. One query."""
    rows = visible_to(user, LearningRecord).exclude(state=RecordState.VOID).order_by().values("category").annotate(number=Count("pk"))
    counts = {row["category"]: row["number"] for row in rows}
    return {"": sum(counts.values()), **{category: counts.get(category, 0) for category in CATEGORIES}}


def institutions_in(user: Any) -> list[tuple[str, str, str]]:
    """Code and names of the institutions in the reader's archive, for the filter. One query."""
    rows = visible_to(user, LearningRecord).filter(institution__isnull=False).order_by("institution__code")
    return list(rows.values_list("institution__code", F("institution__name_zh"), F("institution__name_en")).distinct())


def expires_soon(record: LearningRecord, on: date, *, days: int = 365) -> bool:
    """Whether a record's validity ends within so many days and has not ended yet."""
    return record.valid_until is not None and on <= record.valid_until and (record.valid_until - on).days <= days
