"""Proposals, queues and replays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, rule_base, target_of, version_in_force
from creditbank.catalogue.models import Programme
from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.ledger.models import Account, Posting, Transaction
from creditbank.recognition.earlier import awarded
from creditbank.recognition.enums import MAY_BE_DELAYED, OPEN_STATES, ApplicationState, ExceptionState
from creditbank.recognition.evidence import EvidenceItem, evidence_items, promised
from creditbank.recognition.exceptions import NoRulesInForce
from creditbank.recognition.facts import facts_of
from creditbank.recognition.models import Application, ApplicationLine, IndividualException
from creditbank.recognition.replaying import Replayed, replay_stored
from creditbank.rules.decide import decide
from creditbank.rules.snapshot import plain, snapshot
from creditbank.rules.types import Decision, Facts, Limit, RuleBase
from creditbank.rules.types import IndividualException as RuleException
from identity.api import Role
from learning.api import LearningRecord, RecordState, Trust

MOST_TARGETS = 12
WAITING_STATES = (*OPEN_STATES, ApplicationState.APPEALED, ApplicationState.APPEAL_DECIDED)
"""What waits for somebody at the desk (or for the learner on the desk's behalf)."""


@dataclass(frozen=True)
class Proposal:
    """A decision with the question it answers."""

    programme: Programme
    version: RuleBookVersion
    facts: Facts
    base: RuleBase
    limits: tuple[Limit, ...]
    decision: Decision
    snapshot: str

    def document(self) -> dict[str, Any]:
        """The decision as it is stored and compared."""
        return plain(self.decision)  # type: ignore[no-any-return]


def propose(
    person: Any, programme: Programme, *, on: date, only: Iterable[UUID] | None = None, version: RuleBookVersion | None = None
) -> Proposal:
    """The best recognition of a person's archive for a programme under the rules in force on a day (or a version of them), beside what was
    awarded there before. Raises NoRulesInForce.
    """
    version = version or version_in_force(programme.institution, on=on)
    if version is None:
        raise NoRulesInForce(programme.institution.code)
    base, limits, target = rule_base(version), limits_of(version), target_of(programme)
    asked = facts_of(person, target, applied_on=on, only=only, exceptions=exceptions_of(person, programme, on=on))
    facts = promised(replace(asked, earlier=awarded(person, programme)), base)
    decision = decide(facts, base, limits, on)
    return Proposal(programme, version, facts, base, limits, decision, snapshot(facts, base, limits, on))


def exceptions_of(person: Any, programme: Programme, *, on: date) -> tuple[RuleException, ...]:
    """What two persons decided for this learner alone in this programme, while it holds. One query."""
    rows = IndividualException.objects.filter(learner=person, programme=programme, state=ExceptionState.APPROVED, expires_on__gte=on)
    return tuple(read_exception(row) for row in rows.select_related("proposed_by", "answered_by").order_by("id"))


def read_exception(row: IndividualException) -> RuleException:
    """A stored exception as the engine takes it."""
    return RuleException(
        path=row.path,
        kind=row.kind,  # type: ignore[arg-type]
        by=str(row.proposed_by.uuid),
        approved_by=str(row.answered_by.uuid) if row.answered_by else "",
        value=row.value,
        reason=row.reason,
        expires=row.expires_on,
    )


def evidence_for(proposal: Proposal, application: Application | None) -> list[EvidenceItem]:
    """What the rules of a fresh proposal ask to see, with what is there: in the draft, in the archive, or confirmed by the school. Two queries."""
    files = application.evidence.all() if application is not None else ()
    return evidence_items(plain(proposal.decision)["allocation"], proposal.facts, proposal.base, files=files)


@dataclass(frozen=True)
class ClosedTarget:
    """A programme for which the archive is worth less once the proposal is posted; amounts in that programme's unit."""

    programme: Programme
    before: Decimal
    after: Decimal


def closed_by(person: Any, programme: Programme, proposal: Proposal, *, on: date) -> list[ClosedTarget]:
    """Other open programmes whose best result would fall, because a record is used once. Two decisions a programme, so asked for by hand."""
    used = {UUID(ident) for row in proposal.decision.allocation for ident in row.records}
    left = [ident for ident in (UUID(record.id) for record in proposal.facts.records) if ident not in used]
    found = []
    for other in Programme.objects.open().exclude(pk=programme.pk).select_related("institution", "system")[:MOST_TARGETS]:
        try:
            before = propose(person, other, on=on).decision
        except NoRulesInForce:
            continue
        if not used & {UUID(ident) for row in before.allocation for ident in row.records}:
            continue
        after = propose(person, other, on=on, only=left).decision
        if after.objective[:3] < before.objective[:3]:
            found.append(ClosedTarget(other, before.posted, after.posted))
    return found


def replay(application: Application) -> bool:
    """Whether deciding again gives the very same bytes as when the application was submitted."""
    return replayed(application).outcome == "same"


def replayed(application: Application) -> Replayed:
    """Deciding again on what an application was submitted with, under the rules it was submitted under."""
    return replay_stored(application.snapshot, application.snapshot_hash, application.proposal)


def waiting_for_confirmation() -> QuerySet[LearningRecord]:
    """Active records whose credit is pending. Read from the accounts in which something is, so that a full ledger costs no more than they do."""
    pending = Account.objects.filter(kind=AccountKind.PENDING, balance__gt=0)
    lots = Posting.objects.filter(destination__in=pending).values("lot_uuid")
    settled = Transaction.objects.filter(
        record_uuid=OuterRef("uuid"), type__in=[TransactionType.VERIFY, TransactionType.EXPIRE, TransactionType.REVOKE]
    )
    return LearningRecord.objects.filter(~Exists(settled), uuid__in=lots, state=RecordState.ACTIVE)


def without_deposit() -> QuerySet[LearningRecord]:
    """Records whose credit an institution stands for and that never reached an account: a deposit failed. One query."""
    deposited = Transaction.objects.filter(type=TransactionType.DEPOSIT, record_uuid__isnull=False).values("record_uuid")
    rows = LearningRecord.objects.filter(
        state=RecordState.ACTIVE,
        trust__in=[Trust.INSTITUTION, Trust.VERIFIED],
        credits__gt=0,
        credit_system__isnull=False,
        institution__isnull=False,
    )
    return rows.exclude(uuid__in=deposited).select_related("learner", "institution", "credit_system").order_by("id")


@dataclass(frozen=True)
class QueueFilter:
    """What the desk's list is narrowed to; empty fields narrow nothing. ``due``: overdue, today or week."""

    state: str = ""
    search: str = ""
    programme: str = ""
    due: str = ""
    mine: bool = False

    @property
    def is_empty(self) -> bool:
        return self == QueueFilter()


def cases_of(user: Any, *, state: str = "") -> QuerySet[Application]:
    """Every case of the person's desk, or those in one state. One query with the people named."""
    rows = Application.objects.visible_to(user).exclude(learner=user).exclude(state=ApplicationState.DRAFT)
    rows = rows.filter(state=state) if state in ApplicationState.values else rows
    return rows.select_related("learner", "programme", "institution", "first_officer")


def queue_of(user: Any, wanted: QueueFilter, *, on: date) -> QuerySet[Application]:
    """The desk's list by due date: open cases and appeals, or what the filter says. One query with the people named."""
    rows: QuerySet[Application] = Application.objects.visible_to(user).exclude(learner=user).exclude(state=ApplicationState.DRAFT)
    if wanted.state in ApplicationState.values:
        rows = rows.filter(state=wanted.state)
    elif wanted.state == "check":
        rows = rows.filter(spot_check=True)
    elif not wanted.search:
        rows = rows.filter(state__in=WAITING_STATES)
    if wanted.search:
        rows = rows.filter(reference__icontains=wanted.search[:40])
    rows = _by_due(rows, wanted.due, on=on)
    if wanted.programme:
        rows = rows.filter(programme__code=wanted.programme[:40])
    if wanted.mine:
        rows = rows.filter(Q(first_officer=user) | Q(appeals__taken_by=user)).distinct()
    named = rows.select_related("learner", "programme", "institution", "first_officer")
    return named.order_by(F("due_on").asc(nulls_last=True), "id")


def _by_due(rows: QuerySet[Application], due: str, *, on: date) -> QuerySet[Application]:
    if due == "overdue":
        return rows.filter(state__in=MAY_BE_DELAYED, due_on__lt=on)
    if due in {"today", "week"}:
        return rows.filter(due_on__lte=on + timedelta(days=7 if due == "week" else 0))
    return rows


def next_due(user: Any) -> date | None:
    """The next day on which an open case of the person's desk is due; None where none is open. One query."""
    rows = Application.objects.visible_to(user).filter(state__in=OPEN_STATES, due_on__isnull=False).exclude(learner=user)
    return rows.order_by("due_on").values_list("due_on", flat=True).first()


def to_claim(user: Any) -> QuerySet[Application]:
    """Cases that nobody has taken and a person has to, by due date, where the person is officer."""
    places = user.institutions_as(Role.CREDIT_OFFICER)
    rows = Application.objects.filter(institution__in=places, state=ApplicationState.SUBMITTED, required_approvals__gt=0)
    return rows.exclude(learner=user).order_by(F("due_on").asc(nulls_last=True), "id")


def next_case_of(user: Any) -> Application | None:
    """What somebody at the desk goes on with: the own case that is due first, else one that waits for a second person. Two queries."""
    mine = Application.objects.filter(first_officer=user, state=ApplicationState.CHECKING).order_by("due_on", "id").first()
    if mine is not None:
        return mine
    places = user.institutions_as(Role.REVIEWER)
    waiting = Application.objects.filter(institution__in=places, state=ApplicationState.SECOND_REVIEW)
    waiting = waiting.exclude(first_officer=user).exclude(learner=user).exclude(votes__voter=user)
    return waiting.order_by("due_on", "id").first()


@dataclass(frozen=True)
class Precedent:
    """An earlier decision about the same rule, without anybody's name."""

    on: date
    rule: str
    outcome: str
    proposed: Decimal
    decided: Decimal
    reason: str
    verdict: str


def precedents(application: Application, *, most: int = 10) -> list[Precedent]:
    """Earlier decisions at the same institution under the rules of this case, latest first. One query."""
    rules = {line.rule for line in application.lines.all()}
    rows = ApplicationLine.objects.filter(
        rule__in=rules, application__institution=application.institution_id, application__decided_at__isnull=False, decided__isnull=False
    ).exclude(application=application)
    return [
        Precedent(
            on=timezone.localdate(row.application.decided_at), rule=row.rule, outcome=row.outcome, proposed=row.proposed,
            decided=row.decided if row.decided is not None else Decimal(0), reason=row.get_reason_display() if row.reason else "",
            verdict=row.application.get_verdict_display(),
        )
        for row in rows.select_related("application").order_by("-application__decided_at", "position")[:most]
        if row.application.decided_at is not None
    ]  # fmt: skip
