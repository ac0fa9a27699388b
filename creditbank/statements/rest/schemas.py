"""What the routes of accounts and papers say and take."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ninja import Field, Schema

from creditbank.statements.enums import Standing, SubmissionSheet


class BalanceOut(Schema):
    """What a person has of one unit, as text.

    ``expiring`` is what expires within a year of today, and ``expires_on`` when the first of it does; null as of another day.
    """

    unit: str
    pending: str
    available: str
    held: str
    awarded: str
    used: str
    expired: str
    revoked: str
    expiring: str | None
    expires_on: date | None


class AccountOut(Schema):
    """The account by unit, with the day at whose end it holds."""

    as_of: date
    balances: list[BalanceOut]


class ShownCodeOut(Schema):
    """A code to show: the address that its picture holds, and the second at which it ends."""

    address: str
    until: datetime


class LineOut(Schema):
    """One line of an account statement; ``change`` is signed, ``held`` what was reserved or given back."""

    number: int
    type: str
    on: date
    change: str
    held: str
    balance: str
    records: list[UUID]
    application: str | None


class StatementOut(Schema):
    """The account statement of one unit and period, newest first: what stood before and after it, and a page of its lines."""

    unit: str
    since: date | None
    until: date | None
    opening: str
    closing: str
    lines: list[LineOut]
    next_cursor: str | None


class AccountQuestion(Schema):
    """As of which day."""

    on: date | None = Field(None, description="Balances at the end of this day; without it as of now.")


class PeriodQuestion(Schema):
    """Which days; both count."""

    since: date | None = None
    until: date | None = None


class StatementQuestion(PeriodQuestion):
    """Which days, and which page."""

    cursor: str | None = Field(None, max_length=20, description="Where the page before ended.")
    limit: int = Field(100, ge=1, le=500, description="Lines a page.")


class PaperOut(Schema):
    """A paper and how it stands today: valid, revoked, expired or altered."""

    uuid: UUID
    kind: str
    number: str | None
    code: str
    application: str | None
    issued_at: datetime
    valid_until: date | None
    standing: str
    since: date | datetime | None
    reason: str


class PapersOut(Schema):
    """A page of papers, newest first; ``next_cursor`` is null at the end."""

    items: list[PaperOut]
    next_cursor: str | None


class PaperQuestion(Schema):
    """Which page."""

    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Papers a page.")


class CertificateQuestion(PaperQuestion):
    """Which certificates."""

    q: str = Field("", max_length=60, description="A number, a reference number or a code.")


class TranscriptIn(Schema):
    """For how long a transcript is to be valid."""

    days: int | None = Field(None, ge=1, le=3660, description="From the day of issue; null: without end.")


class ReasonIn(Schema):
    """Why a paper is no longer to be believed; whoever checks it reads this."""

    reason: str = Field(min_length=1, max_length=300)


class SumOut(Schema):
    """Credit of one unit that a paper states."""

    unit: str
    credits: str


class CheckOut(Schema):
    """What a check found. Of a paper that is known: what a check needs, the holder's name masked; nothing is said of one that is not."""

    standing: Standing
    kind: str | None = None
    number: str | None = None
    code: str | None = None
    holder: str | None = None
    issued_at: datetime | None = None
    valid_until: date | None = None
    since: date | datetime | None = None
    reason: str = ""
    programme_zh: str = ""
    programme_en: str = ""
    credits: list[SumOut] = Field(default_factory=list)
    content_hash: str = ""


class CaseFindingOut(Schema):
    """One thing that was looked at: signature, each file, replay; whether it is well (null: it could not be looked at), and what was found."""

    name: str
    ok: bool | None
    found: str


class CaseCheckOut(Schema):
    """What a check of a case file found. ``genuine``: signed here, whole, and nothing speaks against it."""

    genuine: bool
    findings: list[CaseFindingOut]


class SubmissionSheetOut(Schema):
    """One of the files that a receiving bank takes: its name in the workbook, and its headings in their order."""

    sheet: SubmissionSheet
    title: str
    headings: list[str]


class SubmissionsOut(Schema):
    """For which institutions the caller may take files, which banks have a code table, and which files there are."""

    institutions: list[str]
    banks: list[str]
    sheets: list[SubmissionSheetOut]


class SubmissionIn(Schema):
    """Which file, for which bank, of which days (both count), and what the school says of the class that it hands in."""

    sheet: SubmissionSheet
    bank: str = Field(min_length=1, max_length=40)
    since: date
    until: date
    graduates: str = Field("", pattern=r"^([0-9]{4})?$", description="A year, or empty.")
    result: Literal["", "studying", "graduated", "completed"] = ""
    season: Literal["", "spring", "autumn"] = ""


class SubmissionOutlineOut(Schema):
    """What a file will hold; ``left_out`` counts results without a place in it: ``no_course``, ``other_source``."""

    rows: int
    without_number: int
    left_out: dict[str, int]
