"""What the routes of appeals, exceptions and evidence say and take."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ninja import Field, Schema

from creditbank.recognition.enums import AppealGround, AppealResult, ExceptionKind, ExceptionState
from creditbank.recognition.rest.schemas import LineDecisionIn


class AppealOut(Schema):
    """An appeal: why, by when it is decided, what happens if nobody does, and how it ended (``result`` is empty while it is open)."""

    application: str
    level: int
    ground: str
    text: str
    submitted_at: datetime
    due_on: date
    default_result: str
    taken_at: datetime | None
    result: str
    by_default: bool
    decided_at: datetime | None
    answer: str


class AppealsOut(Schema):
    """A page of appeals, newest first; ``next_cursor`` is null at the end."""

    items: list[AppealOut]
    next_cursor: str | None


class AppealQuestion(Schema):
    """Which appeals."""

    open: bool | None = Field(None, description="Only undecided ones, or only decided ones.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Appeals a page.")


class AppealIn(Schema):
    """Why a learner appeals."""

    ground: AppealGround
    text: str = Field(min_length=1, max_length=4000)


class DecideAppealIn(Schema):
    """How somebody new decides; the lines count where it is granted."""

    result: AppealResult = Field(description="upheld, granted or reverse.")
    answer: str = Field(min_length=1, max_length=4000, description="The reasons, for the learner.")
    lines: list[LineDecisionIn] = Field(default_factory=list, max_length=500)


class ExceptionOut(Schema):
    """What is read otherwise for one learner (by pseudonym) in one programme, why, and until when."""

    uuid: UUID
    learner: UUID
    institution: str
    programme: str
    kind: str
    path: str
    value: str
    reason: str
    expires_on: date
    state: str
    proposed_at: datetime
    answered_at: datetime | None
    answer: str
    ended_at: datetime | None


class ExceptionsOut(Schema):
    """A page of exceptions, newest first; ``next_cursor`` is null at the end."""

    items: list[ExceptionOut]
    next_cursor: str | None


class ExceptionQuestion(Schema):
    """Which exceptions."""

    state: ExceptionState | None = None
    programme: str = Field("", max_length=40, description="Code of a programme.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Exceptions a page.")


class ExceptionIn(Schema):
    """What an officer proposes to read otherwise for the learner of an application."""

    application: str = Field(min_length=1, max_length=20, description="Reference number of one of the learner's applications.")
    kind: ExceptionKind
    path: str = Field(min_length=1, max_length=40, description="Number of a requirement, rule or limit.")
    value: str = Field("", max_length=60, description="The outcome that counts as well, or the other amount; empty for a waiver.")
    reason: str = Field(min_length=1, max_length=500)
    expires_on: date


class AnswerExceptionIn(Schema):
    """What another person says to a proposed exception."""

    approve: bool
    note: str = Field("", max_length=500, description="Needed where it is refused.")


class EvidenceOut(Schema):
    """A file that was handed in, under its content hash."""

    uuid: UUID
    rule: str
    item: str
    record: UUID
    filename: str
    media_type: str
    size: int
    sha256: str
    uploaded_at: datetime


class EvidenceListOut(Schema):
    """Files of an application."""

    application: str
    items: list[EvidenceOut]


class EvidenceItemOut(Schema):
    """What a rule asks to see for a record. ``may_follow_days``: within how many days after applying it may come; null: at once."""

    number: int
    rule: str
    item: str
    record: str
    title_zh: str
    title_en: str
    may_follow_days: int | None
    is_confirmed: bool
    is_done: bool
    files: list[EvidenceOut]
    in_archive: int


class EvidencePlanOut(Schema):
    """Everything that the rules of today's proposal ask to see; ``application`` is the draft that keeps it, if there is one."""

    programme: str
    application: str | None
    complete: bool
    items: list[EvidenceItemOut]


class ChoiceIn(Schema):
    """Which records take part; none: the whole archive, used best."""

    records: list[UUID] = Field(max_length=500)


class ChoiceOut(Schema):
    """The draft that keeps the choice."""

    application: str
    records: list[UUID]
