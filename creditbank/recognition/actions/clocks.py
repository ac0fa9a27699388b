"""What happens because a day has come: cases decide themselves, people are reminded, applications lapse, appeals end, credit expires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from creditbank.ledger.actions import expire
from creditbank.ledger.enums import AccountKind
from creditbank.ledger.models import ExpiryWarning
from creditbank.ledger.posting import lock_accounts
from creditbank.ledger.queries import expiring_lots
from creditbank.ledger.types import Lot
from creditbank.recognition.actions.appeals import run_defaults
from creditbank.recognition.actions.desk import decide_automatically
from creditbank.recognition.actions.holding import release_all
from creditbank.recognition.actions.rerun import hand_to_a_person
from creditbank.recognition.actions.steps import in_words, locked, move_on, people_at, tell_desk, tell_learner
from creditbank.recognition.enums import MAY_BE_DELAYED, ApplicationState, Verdict
from creditbank.recognition.exceptions import NoRoomLeft, WrongState
from creditbank.recognition.models import Appeal, Application
from creditbank.recognition.terms import pauses_of, share_passed, terms_of
from foundation.api import notify
from identity.api import Role
from learning.api import LearningRecord, RecordState

State = ApplicationState
WARN_DAYS = (90, 30, 7)
"""Warnings go out so many days before credit expires."""
BATCH = 500


@dataclass
class ClockReport:
    """What a run did, by kind."""

    reminded: list[str] = field(default_factory=list)
    lapsed: list[str] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    defaulted: list[str] = field(default_factory=list)
    desk_reminded: int = 0
    warned: int = 0
    expired: int = 0


def run_clocks(*, on: date, at: datetime) -> ClockReport:
    """Everything that is due on a day; running it again does nothing more. A day that was missed is made up for by the next run.

    Raises NoCalendar where an institution counts working days of a year without a table.
    """
    report = ClockReport(decided=decide_what_rules_decide(at=at))
    for application in _waiting_for_learners():
        _learner_clock(application, report, on=on, at=at)
    for application in Application.objects.filter(state__in=MAY_BE_DELAYED, due_on__isnull=False).select_related("policy").order_by("id"):
        report.desk_reminded += _remind_desk(application, on=on)
    for appeal in Appeal.objects.undecided().select_related("application__policy", "application__institution", "taken_by").order_by("id"):
        report.desk_reminded += _remind_about_appeal(appeal, on=on)
    report.defaulted = run_defaults(on=on, at=at)
    _expire_credit(report, on=on)
    return report


def decide_what_rules_decide(*, at: datetime) -> list[str]:
    """Decide every automatic case whose free minutes are over; their references. Meant for every few minutes."""
    over = at - timedelta(minutes=settings.WITHDRAWAL_MINUTES)
    done = []
    for application in Application.objects.filter(state=State.SUBMITTED, required_approvals=0, submitted_at__lt=over).order_by("id"):
        try:
            decide_automatically(application, at=at)
        except NoRoomLeft:
            hand_to_a_person(application, at=at)
            continue
        except WrongState:
            continue
        done.append(application.reference)
    return done


def _waiting_for_learners() -> Iterable[Application]:
    waiting = Application.objects.filter(state__in=[State.INFORMATION_REQUESTED, State.DECIDED], waiting_until__isnull=False)
    return waiting.exclude(verdict=Verdict.REFUSED, state=State.DECIDED).select_related("learner", "programme").order_by("id")


def _learner_clock(application: Application, report: ClockReport, *, on: date, at: datetime) -> None:
    until, since = application.waiting_until, application.waiting_since
    if until is None:
        return
    if until < on:
        if _lapse(application, on=on, at=at):
            report.lapsed.append(application.reference)
        return
    share = share_passed(since, (until - since).days, "calendar", on=on) if since else 0
    if share > application.learner_reminded:
        _remind(application, share)
        report.reminded.append(application.reference)


@transaction.atomic
def _lapse(application: Application, *, on: date, at: datetime) -> bool:
    """Nothing came in time: what was held is available again. False where the learner was quicker after all."""
    try:
        application = locked(application, State.INFORMATION_REQUESTED, State.DECIDED)
    except WrongState:
        return False
    if application.waiting_until is None or application.waiting_until >= on:
        return False
    release_all(application, actor=None, at=at)
    move_on(application, State.LAPSED, action="lapse", actor=None, at=at)
    tell_learner(application, "lapsed")
    return True


@transaction.atomic
def _remind(application: Application, share: int) -> None:
    Application.objects.filter(pk=application.pk).update(learner_reminded=share)
    tell_learner(application, "reminder", until=application.waiting_until.isoformat() if application.waiting_until else "")


@transaction.atomic
def _remind_desk(application: Application, *, on: date) -> int:
    """Half and four fifths of the time have passed: whoever has the case is told, else everybody who could take it."""
    terms = terms_of(application.policy)
    if application.submitted_at is None or application.due_on is None or application.is_automatic:
        return 0
    start = timezone.localdate(application.submitted_at)
    share = share_passed(start, terms.decide_days, terms.decide_counting, on=on, pauses=pauses_of(application))
    if share <= application.desk_reminded:
        return 0
    Application.objects.filter(pk=application.pk).update(desk_reminded=share)
    roles = [Role.REVIEWER] if application.state == State.SECOND_REVIEW else [Role.CREDIT_OFFICER]
    mine = application.first_officer if application.state == State.CHECKING else None
    people = [mine] if mine is not None else people_at(application.institution, *roles, on=on)
    tell_desk(application, "desk_reminder", people, due=application.due_on.isoformat())
    return 1


@transaction.atomic
def _remind_about_appeal(appeal: Appeal, *, on: date) -> int:
    terms, start = terms_of(appeal.application.policy), timezone.localdate(appeal.submitted_at)
    share = share_passed(start, terms.appeal_decide_days, terms.appeal_counting, on=on)
    if share <= appeal.reminded or appeal.due_on < on:
        return 0
    appeal.reminded = share
    appeal.save(update_fields=["reminded"])
    people = [appeal.taken_by] if appeal.taken_by else people_at(appeal.application.institution, Role.REVIEWER, on=on)
    tell_desk(appeal.application, "appeal_waits", people, due=appeal.due_on.isoformat())
    return 1


def _expire_credit(report: ClockReport, *, on: date) -> None:
    """Credit that waits or is available and whose record has run out is booked out; credit that soon will is announced in good time."""
    soon = on + timedelta(days=WARN_DAYS[0])
    ending = LearningRecord.objects.filter(valid_until__lte=soon, state=RecordState.ACTIVE).select_related("learner").order_by("id")
    rows = ending.iterator(chunk_size=BATCH)
    while records := list(islice(rows, BATCH)):
        by_uuid = {record.uuid: record for record in records}
        for lot in expiring_lots(by_uuid):
            record = by_uuid[lot.uuid]
            if record.valid_until is not None and record.valid_until < on:
                report.expired += _expire(record, lot, on=on)
            elif record.valid_until is not None and lot.kind == AccountKind.AVAILABLE:
                report.warned += _warn(record, lot, left=(record.valid_until - on).days, on=on)


def _expire(record: LearningRecord, lot: Lot, *, on: date) -> bool:
    """Book one lot out and say so; False where an application or another run was quicker."""
    with transaction.atomic():
        lock_accounts(lot.owner)
        if lot not in expiring_lots([lot.uuid]):
            return False
        expire(record=lot.uuid, owner=lot.owner, unit=lot.unit, amount=lot.amount, on=on, kind=lot.kind)
        _tell_owner(record, "expired", lot.amount)
    return True


def _warn(record: LearningRecord, lot: Lot, *, left: int, on: date) -> bool:
    """One warning at each of the marks; of marks that were missed, the nearest to the end alone. False where it went out before."""
    mark = min(days for days in WARN_DAYS if left <= days)
    with transaction.atomic():
        _row, first = ExpiryWarning.objects.get_or_create(lot_uuid=lot.uuid, days=mark, defaults={"warned_on": on})
        if first:
            _tell_owner(record, "expiring", lot.amount)
    return first


@transaction.atomic
def _tell_owner(record: LearningRecord, code: str, amount: Decimal) -> None:
    facts = {
        "record": str(record.uuid), "title": {"zh": record.title_zh, "en": record.title_en or record.title_zh}, "credits": in_words(amount),
        "day": record.valid_until.isoformat() if record.valid_until else "",
    }  # fmt: skip
    notify(record.learner.uuid, f"ledger.{code}", url=reverse("creditbank:account"), data=facts)
