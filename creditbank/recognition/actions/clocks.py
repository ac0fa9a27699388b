"""What happens because a day has come: applications lapse, reminders go out, credit expires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from creditbank.ledger.actions import expire, release
from creditbank.ledger.queries import expiring_lots
from creditbank.recognition.actions.steps import in_words, locked, move_on, tell_learner
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.exceptions import WrongState
from creditbank.recognition.models import Application
from foundation.api import Notice, notify
from learning.api import LearningRecord

State = ApplicationState
REMIND_DAYS = 7
"""A reminder goes out so many days before an application lapses."""
WARN_DAYS = 30
"""A warning goes out so many days before credit expires."""


@dataclass
class ClockReport:
    """What a run did, by kind."""

    reminded: list[str] = field(default_factory=list)
    lapsed: list[str] = field(default_factory=list)
    warned: int = 0
    expired: int = 0


def run_clocks(*, on: date, at: datetime) -> ClockReport:
    """Everything that is due on a day; running it again does nothing more. A day that was missed is made up for by the next run."""
    report = ClockReport()
    waiting = Application.objects.filter(state__in=[State.INFORMATION_REQUESTED, State.DECIDED], waiting_until__isnull=False).exclude(
        verdict="refused", state=State.DECIDED
    )
    for application in waiting.order_by("id"):
        if application.waiting_until is None:
            continue
        if application.waiting_until < on:
            if _lapse(application, on=on, at=at):
                report.lapsed.append(application.reference)
        elif application.waiting_until - on <= timedelta(days=REMIND_DAYS) and application.reminded_on is None:
            _remind(application, on=on)
            report.reminded.append(application.reference)
    _expire_credit(report, on=on)
    return report


@transaction.atomic
def _lapse(application: Application, *, on: date, at: datetime) -> bool:
    """Nothing came in time: what was held is available again. False where the learner was quicker after all."""
    try:
        application = locked(application, State.INFORMATION_REQUESTED, State.DECIDED)
    except WrongState:
        return False
    if application.waiting_until is None or application.waiting_until >= on:
        return False
    release(application=application.uuid, on=on, by=None)
    move_on(application, State.LAPSED, action="lapse", actor=None, at=at)
    tell_learner(application, "lapsed")
    return True


@transaction.atomic
def _remind(application: Application, *, on: date) -> None:
    Application.objects.filter(pk=application.pk).update(reminded_on=on)
    tell_learner(application, "reminder", until=application.waiting_until.isoformat() if application.waiting_until else "")


def _expire_credit(report: ClockReport, *, on: date) -> None:
    """Available credit whose record has run out is booked out; credit that soon will is announced once."""
    soon = on + timedelta(days=WARN_DAYS)
    records = {
        record.uuid: record for record in LearningRecord.objects.filter(valid_until__lte=soon, state="active").select_related("learner")
    }
    warned = _already_warned(records)
    for lot in expiring_lots(records):
        record = records[lot.uuid]
        if record.valid_until is None:
            continue
        if record.valid_until < on:
            with transaction.atomic():
                expire(record=lot.uuid, owner=lot.owner, unit=lot.unit, amount=lot.amount, on=on)
                _tell_owner(record, "expired", lot.amount)
            report.expired += 1
        elif lot.uuid not in warned:
            _tell_owner(record, "expiring", lot.amount)
            report.warned += 1


def _already_warned(records: Iterable[UUID]) -> set[UUID]:
    known = Notice.objects.filter(code="ledger.expiring").values_list("data__record", flat=True)
    return {UUID(ident) for ident in known if ident} & set(records)


@transaction.atomic
def _tell_owner(record: LearningRecord, code: str, amount: Decimal) -> None:
    facts = {
        "record": str(record.uuid), "title": {"zh": record.title_zh, "en": record.title_en or record.title_zh}, "credits": in_words(amount),
        "day": record.valid_until.isoformat() if record.valid_until else "",
    }  # fmt: skip
    notify(record.learner.uuid, f"ledger.{code}", url=reverse("creditbank:account"), data=facts)
