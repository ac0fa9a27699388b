"""Proposals, queues and replays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, rule_base, target_of, version_in_force
from creditbank.catalogue.models import Programme
from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.ledger.models import Account, Posting, Transaction
from creditbank.recognition.enums import OPEN_STATES, ApplicationState, ExceptionState
from creditbank.recognition.evidence import EvidenceItem, evidence_items
from creditbank.recognition.exceptions import NoRulesInForce
from creditbank.recognition.facts import facts_of
from creditbank.recognition.models import Application, IndividualException
from creditbank.recognition.replaying import Replayed, replay_stored
from creditbank.rules.decide import decide
from creditbank.rules.snapshot import plain, snapshot
from creditbank.rules.types import Decision, Facts, Limit, RuleBase
from creditbank.rules.types import IndividualException as RuleException
from learning.api import LearningRecord, RecordState, Trust


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


def propose(person: Any, programme: Programme, *, on: date, only: Iterable[UUID] | None = None) -> Proposal:
    """The best recognition of a person's archive for a programme under the rules in force on a day. Raises NoRulesInForce."""
    version = version_in_force(programme.institution, on=on)
    if version is None:
        raise NoRulesInForce(programme.institution.code)
    base, limits, target = rule_base(version), limits_of(version), target_of(programme)
    facts = facts_of(person, target, applied_on=on, only=only, exceptions=exceptions_of(person, programme, on=on))
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


def queue_of(user: Any, *, state: str = "", search: str = "") -> QuerySet[Application]:
    """The desk's list: open cases first by due date. Two queries with the people named."""
    rows = Application.objects.visible_to(user).exclude(learner=user).exclude(state=ApplicationState.DRAFT)
    rows = rows.filter(state=state) if state in ApplicationState.values else rows
    if search:
        rows = rows.filter(reference__icontains=search[:40])
    return rows.select_related("learner", "programme", "institution", "first_officer").order_by("due_on", "id")


def open_cases(user: Any) -> QuerySet[Application]:
    """Cases that wait for somebody at the person's desk."""
    return queue_of(user).filter(state__in=OPEN_STATES)
