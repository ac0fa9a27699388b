"""What travels to and from the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from foundation.api import CreditSystem, Event, Level
from identity.api import Institution, User
from learning.archive.enums import Category, RecordSource, SourceType, Trust


@dataclass(frozen=True, kw_only=True)
class RecordEntered(Event):
    """A learning record has entered the archive (also one that replaces a void one)."""

    record_id: int


@dataclass(frozen=True, kw_only=True)
class RecordVoided(Event):
    """A learning record no longer counts; what followed from it in the ledger is the bank's to reverse."""

    record_id: int


@dataclass(frozen=True, kw_only=True)
class NewRecord:
    """One result as it is to stand in a life, with names as they are on this day.

    ``score`` and ``attendance`` are per cent (0 to 100), ``credits`` on the step of ``credit_system``, dates in Asia/Shanghai.
    ``enrolment`` is
    the enrolment's uuid of a platform run; ``learning_aims`` is {"zh": […], "en": […]}; ``external_id`` the institution's own id of
    the result: each gives one record at most.
    """

    learner: User
    title_zh: str
    source: RecordSource | str
    trust: Trust | str
    kind_of_education: str
    earned_on: date
    title_en: str = ""
    description_zh: str = ""
    description_en: str = ""
    institution: Institution | None = None
    institution_zh: str = ""
    institution_en: str = ""
    outcome_code: str = ""
    outcome_version: str = ""
    level: Level | None = None
    learning_aims: dict[str, list[str]] = field(default_factory=dict)
    grade: str = ""
    grade_scale: str = ""
    score: Decimal | None = None
    attendance: Decimal | None = None
    credits: Decimal | None = None
    credit_system: CreditSystem | None = None
    notional_hours: Decimal | None = None
    category: Category | str = ""
    source_type: SourceType | str = SourceType.COURSE
    issued_on: date | None = None
    valid_until: date | None = None
    enrolment: UUID | None = None
    external_id: str = ""
    course_uuid: UUID | None = None
    course_version: int | None = None
    auto_deposit: bool = False


@dataclass(frozen=True)
class YearTotals:
    """One column of the ribbon: credits of one year by category, confirmed and not yet confirmed."""

    year: int
    confirmed: dict[str, Decimal]
    pending: Decimal
    records: int

    @property
    def total(self) -> Decimal:
        return sum(self.confirmed.values(), Decimal(0))


@dataclass(frozen=True)
class ArchiveSummary:
    """The archive in figures: all that counts, whatever the page's filters are."""

    records: int
    confirmed_records: int
    institutions: int
    hours: Decimal
    credits: Decimal
    pending_credits: Decimal
    years: tuple[YearTotals, ...]

    @property
    def span(self) -> int:
        """Years from the first record to the last, both counted."""
        return self.years[-1].year - self.years[0].year + 1 if self.years else 0


@dataclass(frozen=True)
class YearGroup:
    """Records of one year on one page of the timeline, with the whole year's figures beside them."""

    year: int
    totals: YearTotals | None
    records: list[Any]
