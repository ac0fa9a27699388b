"""Proposals, queues and replays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, rule_base, target_of, version_in_force
from creditbank.catalogue.models import Outcome, Programme
from creditbank.ledger.enums import TransactionType
from creditbank.ledger.models import Account, Transaction
from creditbank.ledger.queries import KINDS_THAT_FOLLOW, pending_lots
from creditbank.recognition.earlier import awarded
from creditbank.recognition.enums import MAY_BE_DELAYED, OPEN_STATES, WAITING_STATES, ApplicationState, ExceptionState
from creditbank.recognition.evidence import EvidenceItem, evidence_items, promised
from creditbank.recognition.exceptions import NoRulesInForce
from creditbank.recognition.facts import facts_of
from creditbank.recognition.models import Appeal, Application, ApplicationLine, ExpertStanding, IndividualException
from creditbank.recognition.replaying import Replayed, replay_stored
from creditbank.rules.decide import decide
from creditbank.rules.snapshot import plain, snapshot
from creditbank.rules.types import Decision, Facts, Limit, RuleBase
from creditbank.rules.types import IndividualException as RuleException
from foundation.api import AuditEntry, LogHead, begins_with, heads_of
from identity.api import Institution, Membership, Role, User, people_by_number
from learning.api import LearningRecord, RecordState, Trust

MOST_TARGETS = 12
YEARS_OF_PRACTICE = 5


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
    """A stored exception as the engine takes it. In place of its reason stands which row it is: words about a person go into no snapshot."""
    return RuleException(
        path=row.path,
        kind=row.kind,  # type: ignore[arg-type]
        by=str(row.proposed_by.uuid),
        approved_by=str(row.answered_by.uuid) if row.answered_by else "",
        value=row.value,
        reason=str(row.uuid),
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


EXPORTED = "statements.export_case"
"""The audit entry that somebody took the case file; no part of the case."""


def log_rows_of(application: Application) -> dict[str, list[int]]:
    """What the log has of a case: the numbers of its audit entries and transactions, by source. Two queries."""
    entries = AuditEntry.objects.filter(object_type=application._meta.label_lower, object_key=str(application.uuid)).exclude(
        action=EXPORTED
    )
    posted = Transaction.objects.filter(application_uuid=application.uuid)
    return {"audit": list(entries.values_list("pk", flat=True)), "ledger": list(posted.values_list("pk", flat=True))}


@dataclass(frozen=True)
class InLog:
    """How a case stands in the log: how many rows it has, how many of them a head covers, and the first head that covers all of these."""

    rows: int
    sealed: int
    head: LogHead | None


def in_log(application: Application) -> InLog:
    """Whether the entries and postings of a case are in the log. Five queries, however many there are."""
    rows = log_rows_of(application)
    heads = [head for head in heads_of(rows).values() if head is not None]
    return InLog(sum(map(len, rows.values())), len(heads), max(heads, key=lambda head: head.size, default=None))


def waiting_for_confirmation() -> QuerySet[LearningRecord]:
    """Active records whose credit is pending. What is waited for is found once (three queries at most), however often the rows are counted and read."""
    return LearningRecord.objects.filter(uuid__in=pending_lots(), state=RecordState.ACTIVE)


MOST_MATCHES = 500
"""People and titles that one search looks through; whoever finds more types another letter."""


def issued_at(institutions: Sequence[int], *, search: str = "") -> QuerySet[LearningRecord]:
    """Results with credit that some institutions have issued: of a learner with such a name, of an outcome with such a title, or with this number.

    Titles are looked for in the catalogue, and in the records themselves only where they name no outcome: there may be millions.
    """
    rows = LearningRecord.objects.filter(institution__in=institutions, credits__isnull=False)
    if not search:
        return rows
    titled = Outcome.objects.filter(Q(title_zh__icontains=search) | Q(title_en__icontains=search) | Q(code__icontains=search))
    codes = list(titled.values_list("code", flat=True)[:MOST_MATCHES])
    named = list(User.objects.filter(name__icontains=search).values_list("pk", flat=True)[:MOST_MATCHES])
    found = rows.order_by().values("pk")
    parts = [found.filter(external_id=search), found.filter(outcome_code="", title_zh__icontains=search)]
    parts += [found.filter(learner__in=named)] if named else []
    parts += [found.filter(outcome_code__in=codes)] if codes else []
    return rows.filter(pk__in=parts[0].union(*parts[1:]))


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

    @property
    def is_waiting(self) -> bool:
        """Whether only cases that wait for somebody are listed: those are read by their due date, others from the newest."""
        return not self.search and self.state != "check" and (self.state not in ApplicationState.values or self.state in WAITING_STATES)

    @property
    def order(self) -> tuple[str, ...]:
        return ("due", "id") if self.is_waiting else ("-id",)


def cases_of(user: Any, *, state: str = "") -> QuerySet[Application]:
    """Every case of the person's desk, or those in one state. One query with the people named."""
    rows = Application.objects.all().at_desk_of(user)
    rows = rows.filter(state=state) if state in ApplicationState.values else rows
    return rows.select_related("learner", "programme", "institution", "first_officer")


def queue_of(user: Any, wanted: QueueFilter, *, on: date) -> QuerySet[Application]:
    """The desk's list: open cases and appeals, or what the filter says; to be read in its order. ``due`` is the last day, or the end of days.

    One query with the people named. Snapshots stay where they are: a list does not show them.
    """
    rows: QuerySet[Application] = Application.objects.all().at_desk_of(user)
    if wanted.is_waiting:
        rows = rows.filter(is_waiting=True)
    if wanted.state in ApplicationState.values:
        rows = rows.filter(state=wanted.state)
    elif wanted.state == "check":
        rows = rows.filter(spot_check=True)
    if wanted.search:
        rows = rows.filter(_named(wanted.search[:40], on=on))
    rows = _by_due(rows, wanted.due, on=on)
    if wanted.programme:
        rows = rows.filter(programme=Programme.objects.filter(code=wanted.programme[:40]).values("pk")[:1])
    if wanted.mine:
        rows = rows.filter(Q(first_officer=user) | Exists(Appeal.objects.filter(application=OuterRef("pk"), taken_by=user)))
    named = rows.select_related("learner", "programme", "institution", "first_officer").defer("snapshot", "proposal")
    shown: QuerySet[Application] = _with_days(named.annotate(due=Coalesce("due_on", date.max)))
    return shown.order_by(*wanted.order)


YEARS_BACK = 30


def _named(search: str, *, on: date) -> Q:
    """Cases whose reference number begins so, or has this number in whichever year."""
    if search.isascii() and search.isdecimal():
        return Q(reference__in=[f"RC-{year}-{int(search):04d}" for year in range(on.year - YEARS_BACK, on.year + 1)])
    return begins_with("reference", search.upper())


def _with_days(rows: QuerySet[Application]) -> Any:
    """Each with ``answer_by``, the day of its answer (of an appealed case: of the appeal), and ``owed_on``, the same while it is still owed."""
    appeal = Appeal.objects.filter(application=OuterRef("pk"), result="").values("due_on")[:1]
    is_appealed = Q(state=ApplicationState.APPEALED)
    rows = rows.annotate(answer_by=Case(When(is_appealed, then=Subquery(appeal)), default=F("due_on")))
    return rows.annotate(owed_on=Case(When(is_appealed | Q(decided_at__isnull=True), then=F("answer_by")), default=None))


def _by_due(rows: QuerySet[Application], due: str, *, on: date) -> QuerySet[Application]:
    if due == "overdue":
        return rows.filter(state__in=MAY_BE_DELAYED, due_on__lt=on)
    if due in {"today", "week"}:
        return rows.filter(due_on__lte=on + timedelta(days=7 if due == "week" else 0))
    return rows


def next_due(user: Any) -> date | None:
    """The next day on which an open case of the person's desk is due; None where none is open. One query."""
    rows = Application.objects.all().at_desk_of(user).filter(is_waiting=True, state__in=OPEN_STATES, due_on__isnull=False)
    return rows.order_by("due_on").values_list("due_on", flat=True).first()


def to_claim(user: Any) -> QuerySet[Application]:
    """Cases that nobody has and a person has to decide, by due date, where the person is officer: submitted, or given back."""
    places = user.institutions_as(Role.CREDIT_OFFICER)
    free = Q(state=ApplicationState.SUBMITTED) | Q(state=ApplicationState.CHECKING, first_officer__isnull=True)
    rows = Application.objects.filter(free, institution__in=places, is_waiting=True, required_approvals__gt=0)
    return rows.exclude(learner=user).order_by(F("due_on").asc(nulls_last=True), "id")


def next_case_of(user: Any) -> Application | None:
    """What somebody at the desk goes on with: the own case that is due first, else one that waits for a second person. Two queries."""
    mine = Application.objects.filter(is_waiting=True, first_officer=user, state=ApplicationState.CHECKING).order_by("due_on", "id").first()
    if mine is not None:
        return mine
    places = user.institutions_as(Role.REVIEWER)
    waiting = Application.objects.filter(is_waiting=True, institution__in=places, state=ApplicationState.SECOND_REVIEW)
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
    """Earlier decisions at the same institution under the rules of this case, latest first: the newest cases of each rule. Two queries."""
    decided = ApplicationLine.objects.exclude(application=application.pk).filter(
        application__institution=application.institution_id, application__decided_at__isnull=False, decided__isnull=False
    )
    # Each rule is walked from its newest line and left after enough of them; asked for together, all lines of all rules would be sorted.
    newest = [
        ApplicationLine.objects.filter(pk__in=decided.filter(rule=rule).order_by("-pk").values("pk")[:most]).order_by().values("pk")
        for rule in sorted({line.rule for line in application.lines.all()})
    ]
    if not newest:
        return []
    rows = ApplicationLine.objects.filter(pk__in=newest[0].union(*newest[1:]) if newest[1:] else newest[0])
    return [
        Precedent(
            on=timezone.localdate(row.application.decided_at), rule=row.rule, outcome=row.outcome, proposed=row.proposed,
            decided=row.decided if row.decided is not None else Decimal(0), reason=row.get_reason_display() if row.reason else "",
            verdict=row.application.get_verdict_display(),
        )
        for row in rows.select_related("application").defer("application__snapshot", "application__proposal").order_by("-application__decided_at", "position")[:most]
        if row.application.decided_at is not None
    ]  # fmt: skip


def decided_between(institution: Institution, since: date, until: date, *, only_automatic: bool = False) -> QuerySet[Application]:
    """Cases that an institution decided from one day to another, both counted, by their number. One query."""
    zone = timezone.get_current_timezone()
    first = datetime.combine(since, time.min, zone)
    behind = datetime.combine(until, time.min, zone) + timedelta(days=1)
    rows = Application.objects.filter(institution=institution, decided_at__gte=first, decided_at__lt=behind).exclude(verdict="")
    return (rows.filter(required_approvals=0) if only_automatic else rows).order_by("id")


def credit_that_follows(owner: UUID) -> dict[str, Decimal]:
    """What a merger would move out of somebody's account, by unit: pending, available, expired and revoked. One query."""
    rows = Account.objects.filter(owner_uuid=owner, kind__in=KINDS_THAT_FOLLOW, balance__gt=0)
    return dict(rows.values_list("unit__code").annotate(total=Sum("balance")).order_by("unit__code"))


def learner_at(institution: Institution, text: str) -> User | None:
    """A learner of an institution by its learner number, else by e-mail; None where there is none. Three queries."""
    number = text.strip()
    known = people_by_number(institution.pk, [number])
    rows = User.objects.filter(uuid=known[number]) if number in known else User.objects.filter(email__iexact=number)
    person = rows.first() if number else None
    if person is None or number in known:
        return person
    return person if Membership.objects.filter(institution=institution, person=person, role=Role.LEARNER).exists() else None


@dataclass(frozen=True)
class PanelMember:
    """Somebody at a desk with the panels on which they may sit: two persons, three, three as the expert, five as the expert."""

    person: User
    institution: Institution
    roles: tuple[str, ...]
    since: date | None

    @property
    def is_expert(self) -> bool:
        return Role.EXPERT in self.roles

    @property
    def is_experienced(self) -> bool:
        """Whether five years of practice are known, so that they may take the expert's seat in a panel of five."""
        return self.is_expert and self.since is not None


def panel_members(places: QuerySet[Institution], *, on: date) -> list[PanelMember]:
    """Reviewers and experts of some institutions with what is known of their practice, by institution and name. Two queries."""
    held = Membership.objects.active(on=on).filter(institution__in=places, role__in=[Role.REVIEWER, Role.EXPERT])
    roles: dict[tuple[int, int], set[str]] = {}
    known: dict[tuple[int, int], tuple[User, Institution]] = {}
    for row in held.select_related("person", "institution"):
        key = (row.institution_id, row.person_id)
        roles.setdefault(key, set()).add(row.role)
        known[key] = (row.person, row.institution)
    enough = five_years_before(on)
    since: dict[tuple[int, int], date] = {}
    for place, person, day in (
        ExpertStanding.objects.held(on=on).filter(institution__in=places, since__lte=enough).values_list("institution", "person", "since")
    ):
        since[place, person] = min(day, since.get((place, person), day))
    members = [PanelMember(*known[key], tuple(sorted(roles[key])), since.get(key)) for key in known]
    return sorted(members, key=lambda one: (one.institution.code, one.person.name, one.person.pk))


def five_years_before(on: date) -> date:
    """The day five years earlier; of 29 February, the 28th."""
    try:
        return on.replace(year=on.year - YEARS_OF_PRACTICE)
    except ValueError:  # 29 February
        return on.replace(year=on.year - YEARS_OF_PRACTICE, day=28)
