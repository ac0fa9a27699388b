"""What the routes say and take that are about more than one case: who has it, what is taken back, and what a desk keeps in order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from creditbank.recognition.enums import (
    CheckOutcome,
    CorrectionKind,
    CorrectionState,
    DaysCounted,
    DefaultResult,
    MergerState,
    ReviewState,
    Vote,
)


class ListQuestion(Schema):
    """Which stretch of a list."""

    cursor: str | None = Field(None, max_length=400, description="Where the page before ended.")
    limit: int = Field(20, ge=1, le=100, description="Rows a page.")


class ReasonIn(Schema):
    """Why, in words that are kept."""

    reason: str = Field(min_length=1, max_length=300)


class PersonOut(Schema):
    """Somebody at a desk: the pseudonym that other calls take, and the name."""

    uuid: UUID
    name: str


class PeopleOut(Schema):
    """Some people, all of them."""

    items: list[PersonOut]


class AssignIn(Schema):
    """To whom a case is given."""

    to: UUID = Field(description="Pseudonym of an officer of the institution, as the list of officers has it.")


class HandOutIn(Schema):
    """Which cases are taken, or given to an officer."""

    cases: list[str] = Field(min_length=1, max_length=100, description="Reference numbers.")
    to: UUID | None = Field(None, description="Pseudonym of an officer; null: the caller takes them.")


class KeptOut(Schema):
    """A case that stays where it was, and what stood in the way."""

    application: str
    code: str
    title: str


class HandOutOut(Schema):
    """Which cases are with the officer now, and which stay where they were."""

    given: list[str]
    kept: list[KeptOut]


class WithdrawalAnswerIn(Schema):
    """What is said to a learner who wants to withdraw."""

    grant: bool
    note: str = Field("", max_length=2000, description="Needed where it is not granted.")


class VoteIn(Schema):
    """One vote of a panel."""

    vote: Vote
    note: str = Field("", max_length=2000, description="Needed with oppose.")


class VoteOut(Schema):
    """What a member of a panel said, in which round."""

    round: int
    voter: UUID
    vote: str
    as_expert: bool
    is_experienced: bool
    note: str
    at: datetime


class VotesOut(Schema):
    """The votes on a case, first to last. ``needed`` counts the first officer's opinion, which is no row here."""

    application: str
    needed: int
    items: list[VoteOut]


class CorrectionQuestion(ListQuestion):
    """Which corrections."""

    state: CorrectionState | None = None
    kind: CorrectionKind | None = None


class CorrectionIn(Schema):
    """Which result is to be taken back, and why."""

    record: UUID = Field(description="Learning record that the caller's institution issued.")
    reason: str = Field(min_length=1, max_length=300)


class CorrectionOut(Schema):
    """Something that one person proposed to take back, and what another said: a result (``record``) or an award (``application``)."""

    uuid: UUID
    kind: str
    institution: str
    learner: UUID
    record: UUID | None
    application: str | None
    title_zh: str
    title_en: str
    reason: str
    state: str
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    note: str


class CorrectionsOut(Schema):
    """A page of corrections, newest first; ``next_cursor`` is null at the end."""

    items: list[CorrectionOut]
    next_cursor: str | None


class ReviewQuestion(ListQuestion):
    """Which cases to look at again."""

    state: ReviewState | None = None


class ReviewOut(Schema):
    """A case that holds or has used a record which its issuer took back."""

    number: int
    application: str
    record: UUID
    title_zh: str
    title_en: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    note: str


class ReviewsOut(Schema):
    """A page of cases to look at again, newest first; ``next_cursor`` is null at the end."""

    items: list[ReviewOut]
    next_cursor: str | None


class RecordQuestion(ListQuestion):
    """Which results."""

    q: str = Field("", max_length=60, description="Learner, title, outcome or number of the result.")


class RecordOut(Schema):
    """A result with credit; ``credit`` says where it lies in the bank, by condition."""

    uuid: UUID
    learner: UUID
    institution: str
    outcome: str
    title_zh: str
    title_en: str
    earned_on: date
    credits: str
    system: str
    state: str
    credit: dict[str, str]


class RecordsOut(Schema):
    """A page of results, newest first; ``next_cursor`` is null at the end."""

    items: list[RecordOut]
    next_cursor: str | None


class StandingIn(Schema):
    """Since when an expert has practised without a break."""

    institution: str = Field(min_length=1, max_length=40, description="Code of the caller's institution.")
    person: UUID = Field(description="Pseudonym of an expert of the institution.")
    field: str = Field(min_length=1, max_length=120)
    since: date


class StandingOut(Schema):
    """A standing of an expert as an institution knows it."""

    number: int
    institution: str
    person: UUID
    name: str
    field: str
    since: date
    ended_on: date | None
    ended_why: str | None


class StandingsOut(Schema):
    """A page of standings, newest first; ``next_cursor`` is null at the end."""

    items: list[StandingOut]
    next_cursor: str | None


class PanelMemberOut(Schema):
    """Who may sit on panels: as what, and since when in practice where five years are known."""

    institution: str
    person: UUID
    name: str
    roles: list[str]
    since: date | None


class PanelOut(Schema):
    """All reviewers and experts of the caller's institutions."""

    items: list[PanelMemberOut]


class DrawIn(Schema):
    """Which decided cases are drawn from, how many, and by which seed."""

    institution: str = Field(min_length=1, max_length=40, description="Code of the caller's institution.")
    since: date
    until: date = Field(description="Both days count.")
    wanted: int = Field(ge=1, le=500)
    seed: str = Field(min_length=1, max_length=40, description="The same seed draws the same cases again.")
    only_automatic: bool = Field(default=False, description="Only cases that the rules decided alone.")


class DrawOut(Schema):
    """A draw: of so many cases, so many, by a seed."""

    uuid: UUID
    institution: str
    seed: str
    since: date
    until: date
    only_automatic: bool
    wanted: int
    population: int
    drawn_at: datetime


class DrawsOut(Schema):
    """A page of draws, newest first; ``next_cursor`` is null at the end."""

    items: list[DrawOut]
    next_cursor: str | None


class CheckOut(Schema):
    """One drawn case and what a second look found; ``outcome`` is empty until somebody looked."""

    position: int
    application: str
    outcome: str
    note: str
    checked_at: datetime | None


class DrawDetailOut(DrawOut):
    """A draw with its cases."""

    checks: list[CheckOut]


class CheckIn(Schema):
    """What a second look found."""

    outcome: CheckOutcome
    note: str = Field("", max_length=500, description="Needed with wrong: what would have been right.")


class MergerIn(Schema):
    """Which two logins are one person, and how that is known."""

    institution: str = Field(min_length=1, max_length=40, description="Code of the caller's institution.")
    source: str = Field(min_length=1, max_length=120, description="Learner number or e-mail of the login whose credit moves.")
    destination: str = Field(min_length=1, max_length=120, description="Learner number or e-mail of the login that receives it.")
    reason: str = Field(min_length=1, max_length=300)


class MergerQuestion(ListQuestion):
    """Which mergers."""

    state: MergerState | None = None


class MergerOut(Schema):
    """A proposal that the credit of one login follows into the account of another; ``follows`` is what would move, by unit."""

    uuid: UUID
    institution: str
    source: UUID
    destination: UUID
    reason: str
    state: str
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    note: str
    transaction: UUID | None


class MergerDetailOut(MergerOut):
    """The same with what would follow today."""

    follows: dict[str, str]


class MergersOut(Schema):
    """A page of mergers, newest first; ``next_cursor`` is null at the end."""

    items: list[MergerOut]
    next_cursor: str | None


class TermsIn(Schema):
    """Periods in days, and what happens to an appeal that nobody decides in time."""

    decide_days: int = Field(15, ge=1, le=180)
    decide_counting: DaysCounted = DaysCounted.CALENDAR
    answer_days: int = Field(30, ge=7, le=180)
    accept_days: int = Field(30, ge=7, le=180)
    appeal_days: int = Field(120, ge=10, le=365)
    appeal_decide_days: int = Field(30, ge=1, le=180)
    appeal_counting: DaysCounted = DaysCounted.CALENDAR
    appeal_levels: int = Field(2, ge=1, le=3)
    default_result: DefaultResult = DefaultResult.UPHOLD
    last_default_result: DefaultResult = Field(DefaultResult.UPHOLD, description="Not escalate: there is nobody above.")
    people_for_review: int = Field(1, ge=1, le=2)


class PolicyIn(TermsIn):
    """The periods of an institution from a day on."""

    institution: str = Field(min_length=1, max_length=40, description="Code of the caller's institution.")
    valid_from: date


class PolicyOut(PolicyIn):
    """Periods as they were written down; they bind nobody before ``published_at``."""

    number: int
    published_at: datetime | None


class PoliciesOut(Schema):
    """A page of periods, newest first; ``next_cursor`` is null at the end."""

    items: list[PolicyOut]
    next_cursor: str | None


class ReportQuestion(Schema):
    """Over how many days the figures go."""

    days: int = Field(90, description="30, 90 or 365.")


class CountOut(Schema):
    """A name with how often."""

    label: str
    count: int


class ReportOut(Schema):
    """Figures of the caller's institutions: how long, how much, why not. Shares are whole per cent; null where nothing was decided."""

    since: date
    until: date
    decided: int
    automatic: int
    verdicts: list[CountOut]
    days_median: str | None
    days_slowest_tenth: int | None
    in_time: int | None
    proposed: str
    recognised: str
    rate: int | None
    reasons: list[CountOut]
    appeals: int
    appeals_won: int
    appeals_by_default: int
    exceptions: list[CountOut]
    unused_rules: list[str]


def named(row: Any, *names: str) -> dict[str, Any]:
    """Some columns of a row by their names."""
    return {name: getattr(row, name) for name in names}
