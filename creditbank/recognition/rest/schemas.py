"""What the routes of recognition say and take."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ninja import Field, Schema


class GrantOut(Schema):
    """One line of a proposal: these records become so much, by this rule, for this requirement."""

    rule: str
    version: int
    records: list[str]
    kind: str
    outcome: str
    leaf: str
    fill: str
    posted: str


class ReasonOut(Schema):
    """Why something is not used: a code of the closed list, the rule it is about, and its values; with the sentence in both languages."""

    code: str
    rule: str
    data: dict[str, str]
    text_zh: str
    text_en: str


class UnusedOut(Schema):
    """A record that is not used, its headline reason first."""

    record: str
    reasons: list[ReasonOut]


class ProposalOut(Schema):
    """The best recognition for a programme under the rules in force. ``snapshot_hash`` names the question; it is sent back when applying."""

    programme: str
    book: str
    version: int
    posted: str
    objective: list[int]
    proof: str
    allocation: list[GrantOut]
    unused: list[UnusedOut]
    snapshot_hash: str


class ConversionsOut(Schema):
    """What the outcomes are worth in every open programme, most credit first."""

    on: date
    answers: list[ProposalOut]


class ConvertIn(Schema):
    """Outcomes that somebody has, or thinks of having."""

    outcomes: list[str] = Field(min_length=1, max_length=12, description="Codes of outcomes.", examples=[["JLHV:NUR101"]])
    score: Decimal = Field(Decimal(80), ge=0, le=1000, description="The score of all of them.")
    programme: str = Field("", max_length=40, description="Only this programme.")


class ConversionQuestion(Schema):
    """For which programme."""

    programme: str = Field("", max_length=40, description="Only this programme.")


class SourceOut(Schema):
    """One published rule that gives something: its sentence in both languages, and its typed form."""

    book: str
    version: int
    rule: str
    kind: str
    sentence_zh: str
    sentence_en: str
    document: dict[str, Any]


class SourcesOut(Schema):
    """What counts as an outcome."""

    outcome: str
    sources: list[SourceOut]


class RequirementSourcesOut(Schema):
    """A requirement with the rules whose grants it accepts."""

    path: str
    title_zh: str
    title_en: str
    sources: list[SourceOut]


class ProgrammeSourcesOut(Schema):
    """What counts towards a programme, requirement by requirement."""

    programme: str
    requirements: list[RequirementSourcesOut]


class ApplicationOut(Schema):
    """An application and where it stands."""

    reference: str
    programme: str
    institution: str
    state: str
    verdict: str
    proposed_credits: str
    decided_credits: str | None
    required_approvals: int
    due_on: date | None
    waiting_until: date | None
    submitted_at: datetime | None
    decided_at: datetime | None


class LineOut(Schema):
    """One line of an application, with what was decided on it."""

    position: int
    rule: str
    records: list[str]
    outcome: str
    leaf: str
    proposed: str
    choice: str
    decided: str | None
    reason: str
    note: str


class StepOut(Schema):
    """One step that an application took."""

    from_state: str
    to_state: str
    at: datetime


class ApplicationDetailOut(ApplicationOut):
    """An application with its lines, its steps, and what was not used."""

    lines: list[LineOut]
    steps: list[StepOut]
    unused: list[UnusedOut]
    message: str


class ApplicationsOut(Schema):
    """A page of applications, newest first; ``next_cursor`` is null at the end."""

    items: list[ApplicationOut]
    next_cursor: str | None


class ApplicationQuestion(Schema):
    """Which applications."""

    state: str = Field("", max_length=24, description="One of the states.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Applications a page.")


class ApplyIn(Schema):
    """An application for exactly the proposal that was read before; sending it is the declaration."""

    programme: str = Field(max_length=40)
    snapshot_hash: str = Field(min_length=64, max_length=64, description="Of the proposal that was read.")
    declaration: bool = Field(description="True: what is stated is true, and exactly the proposal read is accepted.")


class TextIn(Schema):
    """A text from one person to another."""

    text: str = Field(min_length=1, max_length=2000)


class LineDecisionIn(Schema):
    """What an officer says about one line."""

    position: int = Field(ge=1, le=10_000)
    choice: str = Field(max_length=8, description="accept, change or refuse.")
    amount: Decimal | None = Field(None, ge=0, le=10_000, description="With change.")
    reason: str = Field("", max_length=10, description="With change and refuse.")
    note: str = Field("", max_length=500)


class DecideIn(Schema):
    """An officer's opinion on every line."""

    lines: list[LineDecisionIn] = Field(max_length=500)
    message: str = Field("", max_length=2000)


def plain_map(data: Any) -> dict[str, str]:
    """Values of a reason as text."""
    return {str(name): str(value) for name, value in dict(data).items()}
