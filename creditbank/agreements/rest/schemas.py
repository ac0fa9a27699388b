"""What the routes of rule books and agreements say and take."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema

from creditbank.agreements.enums import AgreementKind, AgreementStatus, PartyRole, VersionStatus


class VersionOut(Schema):
    """A version of a rule book."""

    book: str
    number: int
    institution: str
    title_zh: str
    title_en: str
    status: str
    valid_from: date
    valid_to: date | None
    hash: str
    url: str


class VersionsOut(Schema):
    """A page of versions, newest first; ``next_cursor`` is null at the end."""

    items: list[VersionOut]
    next_cursor: str | None


class SentenceOut(Schema):
    """A rule or limit: its number, its sentence in both languages, and its typed form."""

    id: str
    sentence_zh: str
    sentence_en: str
    document: dict[str, Any]


class VersionDetailOut(VersionOut):
    """A version with all its rules and limits, and what its author wrote of it."""

    notes: str
    rules: list[SentenceOut]
    limits: list[SentenceOut]


class ColumnChangeOut(Schema):
    """One column that a sentence does not show, before and after."""

    title_zh: str
    title_en: str
    before: str
    after: str


class ChangeOut(Schema):
    """A rule or limit that was added, removed or changed: its sentence in pieces ``[sign, text]``; the sign is =, - or +."""

    what: str
    id: str
    kind: str
    pieces_zh: list[tuple[str, str]]
    pieces_en: list[tuple[str, str]]
    columns: list[ColumnChangeOut]


class ChangesOut(Schema):
    """What a version changes against an earlier one, the first five hundred; ``against`` is null where there is no earlier one."""

    number: int
    against: int | None
    changes: list[ChangeOut]


class FindingOut(Schema):
    """One finding of lint. ``severity``: E blocks publishing, W needs a word of the publisher, I informs."""

    code: str
    severity: str
    ids: list[str]
    place: str
    text_zh: str
    text_en: str
    remedy_zh: str
    remedy_en: str


class ExampleOut(Schema):
    """An example of a version, run: what was written and what came out."""

    code: str
    title_zh: str
    title_en: str
    passed: bool


class FindingsOut(Schema):
    """What speaks against a version; errors and failing examples block publishing."""

    number: int
    blocked: bool
    findings: list[FindingOut]
    examples: list[ExampleOut]


class VersionQuestion(Schema):
    """Which versions."""

    institution: str = Field("", max_length=20, description="Code of an institution.")
    book: str = Field("", max_length=40, description="Code of a rule book.")
    status: VersionStatus | None = Field(None, description="Drafts are shown to the desk of the institution and to auditors.")
    on: date | None = Field(None, description="In force on this day.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Versions a page.")


class ChangesQuestion(Schema):
    """Against which version."""

    against: int | None = Field(None, ge=1, le=2**31 - 1, description="Number of an earlier version; without it the published one before.")


class PublishIn(Schema):
    """A word on every kind of warning, by its code."""

    acknowledged: dict[str, str] = Field(default_factory=dict, max_length=60, examples=[{"L22": "英文说明随后补充"}])


class RetireIn(Schema):
    """The last day of a version, and why."""

    last_day: date
    reason: str = Field(min_length=1, max_length=500)


class AgreementOut(Schema):
    """An agreement between institutions."""

    code: str
    title_zh: str
    title_en: str
    kind: str
    status: str
    starts_on: date
    ends_on: date | None
    parties: list[str]


class AgreementsOut(Schema):
    """A page of agreements."""

    items: list[AgreementOut]
    next_cursor: str | None


class PartyOut(Schema):
    """A party, which way credit goes for it, whether it must sign, and when it did."""

    institution: str
    role: str
    must_sign: bool
    signed_at: datetime | None


class AgreementStepOut(Schema):
    """One step in the life of an agreement."""

    from_status: str
    to_status: str
    effective_on: date
    institution: str | None
    reason: str
    at: datetime


class AgreementDetailOut(AgreementOut):
    """An agreement with its text, parties, steps, and the versions of rule books that stand on it.

    ``text_hash`` names the whole text; it is sent back when signing. ``last_day`` is the last on which it holds, as far as known.
    """

    version: int
    text_zh: str
    text_en: str
    text_hash: str
    precedence: int
    conserve: bool
    supersedes: str | None
    last_day: date | None
    party_rows: list[PartyOut]
    steps: list[AgreementStepOut]
    rulebooks: list[VersionOut]


class AgreementQuestion(Schema):
    """Which agreements."""

    institution: str = Field("", max_length=20, description="Code of a party.")
    status: AgreementStatus | None = Field(None, description="Drafts are shown to the desks of the parties and to auditors.")
    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Agreements a page.")


class PartyIn(Schema):
    """A party and its role."""

    institution: str = Field(min_length=1, max_length=20)
    role: PartyRole


class AgreementIn(Schema):
    """A draft; ``institution`` is the caller's own, and one of the parties."""

    institution: str = Field(min_length=1, max_length=20)
    code: str = Field(min_length=2, max_length=40, pattern=r"^[A-Z][A-Z0-9-]{1,39}$")
    kind: AgreementKind
    parties: list[PartyIn] = Field(min_length=1, max_length=60)
    title_zh: str = Field(min_length=1, max_length=160)
    title_en: str = Field("", max_length=200)
    text_zh: str = Field("", max_length=20_000)
    text_en: str = Field("", max_length=20_000)
    starts_on: date
    ends_on: date | None = None
    supersedes: str = Field("", max_length=40, description="Code of the agreement whose place it takes.")


class SignIn(Schema):
    """A signature for the caller's own institution under the text that was read."""

    institution: str = Field(min_length=1, max_length=20)
    text_hash: str = Field(min_length=64, max_length=64, description="Of the text that was read.")


class SuspendIn(Schema):
    """From which day, and why."""

    institution: str = Field(min_length=1, max_length=20)
    from_day: date
    reason: str = Field(min_length=1, max_length=500)


class ResumeIn(Schema):
    """In force again."""

    institution: str = Field(min_length=1, max_length=20)
    reason: str = Field("", max_length=500)


class EndIn(Schema):
    """The last day, and why; a draft is withdrawn."""

    institution: str = Field(min_length=1, max_length=20)
    last_day: date
    reason: str = Field(min_length=1, max_length=500)
