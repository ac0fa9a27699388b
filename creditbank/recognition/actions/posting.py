"""The award of what was accepted, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from creditbank.ledger.actions import award, convert, release, reverse_transaction, revoke
from creditbank.ledger.exceptions import NotHeld
from creditbank.ledger.models import Hold, Transaction
from creditbank.ledger.posting import lock_accounts
from creditbank.recognition.actions.steps import in_words, locked, move_on, tell_learner
from creditbank.recognition.earlier import lack_of_room, lock_person
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.exceptions import NoRoomLeft, RecordsTaken
from creditbank.recognition.models import Application
from learning.api import LearningRecord, RecordState


@transaction.atomic
def post_award(application: Application, *, actor: Any, at: datetime, before: Mapping[int, Decimal] | None = None) -> Application:
    """Convert what is held and award it; the caller holds the lock and the application is accepted.

    Lots that only refused lines use are released first. Transactions have keys made from the application (and of how often it held), so a
    second call posts nothing. ``before`` is what each line already has: then only the difference is posted.

    Raises RecordsTaken where a record that was recognised is no longer held: its issuer took it back, and the desk has to decide anew;
    NoRoomLeft where another award has meanwhile taken up a limit, a requirement or the one place of an outcome.
    """
    on, again = timezone.localdate(at), application.hold_round
    lock_person(application.learner)  # awards to one learner come one after the other: each sees what those before it have taken
    lock_accounts(application.learner.uuid)
    lack = lack_of_room(application)
    if lack is not None:
        raise NoRoomLeft(lack)
    lines = list(application.lines.order_by("position"))
    used = {ident for line in lines if line.is_recognised for ident in line.records}
    refused = [UUID(ident) for line in lines if not line.is_recognised for ident in line.records if ident not in used]
    if refused:
        release(application=application.uuid, on=on, by=actor, lots=refused, again=again)
    gains = _gains(lines, before or {})
    programme, owner = application.programme, application.learner.uuid
    unit = programme.system.code
    note = (f"认定申请 {application.reference}", f"Application {application.reference}")
    try:
        convert(
            application=application.uuid, owner=owner, unit=unit, gains=gains, on=on, by=application.first_officer, note=note, again=again
        )
    except NotHeld as error:
        raise RecordsTaken from error
    titled = (f"{note[0]}：{programme.title_zh}", f"{note[1]}: {programme.title_en or programme.title_zh}")
    if gains:  # an exemption fills a requirement and moves nothing
        award(
            application=application.uuid, owner=owner, unit=unit, programme=programme.code, gains=gains, on=on, by=application.first_officer,
            second=application.second_officer, note=titled, again=again,
        )  # fmt: skip
    move_on(application, ApplicationState.POSTED, action="post", actor=None, at=at)
    tell_learner(application, "posted", credits=in_words(sum((amount for _lot, amount in gains), Decimal(0))))
    return application


def _gains(lines: list[Any], before: Mapping[int, Decimal]) -> list[tuple[UUID, Decimal]]:
    """Credits by lead record; several grants of one record are one posting."""
    totals: dict[UUID, Decimal] = {}
    for line in lines:
        more = (line.decided or Decimal(0)) - before.get(line.position, Decimal(0))
        if more:
            totals[line.lead_record] = totals.get(line.lead_record, Decimal(0)) + more
    return list(totals.items())


@transaction.atomic
def reverse_award(application: Application, *, actor: Any, second: Any, at: datetime, reason: str) -> Application:
    """Take an award back, by two different persons: award and conversion are mirrored, and the credit is available again.

    Raises WrongState, SecondPersonNeeded, AlreadyReversed.
    """
    application = locked(application, ApplicationState.POSTED, ApplicationState.APPEAL_DECIDED)
    lock_accounts(application.learner.uuid)
    on = timezone.localdate(at)
    for kind in ("award", "convert"):
        posted = Transaction.objects.filter(application_uuid=application.uuid, type=kind, reversed_by__isnull=True)
        for entry in posted.order_by("-id"):
            reverse_transaction(entry, by=actor, second=second, on=on, reason=reason)
    _release_after_reversal(application, actor=actor, second=second, at=at, reason=reason)
    move_on(application, ApplicationState.REVERSED, action="reverse", actor=actor, at=at, note=reason)
    tell_learner(application, "reversed", reason=reason)
    return application


def _release_after_reversal(application: Application, *, actor: Any, second: Any, at: datetime, reason: str) -> None:
    """What was converted is available again; what its issuer has taken back meanwhile is revoked now."""
    lots = list(Hold.objects.filter(application_uuid=application.uuid, state="pending").order_by("id").values_list("lot_uuid", flat=True))
    if not lots:
        return
    on = timezone.localdate(at)
    release(application=application.uuid, on=on, by=actor, lots=lots, again=application.hold_round)
    for record in LearningRecord.objects.filter(uuid__in=lots, state=RecordState.VOID).order_by("id"):
        revoke(record=record.uuid, on=on, by=actor, second=second, reason=record.void_reason or reason)
