"""Holding records for an application and giving them back, each time as a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from creditbank.ledger.actions import hold, release
from creditbank.ledger.enums import HoldState
from creditbank.ledger.exceptions import InsufficientCredit
from creditbank.ledger.models import Hold
from creditbank.ledger.posting import lock_accounts
from creditbank.ledger.queries import live_lots
from creditbank.recognition.exceptions import RecordsTaken
from creditbank.recognition.models import Application
from learning.api import LearningRecord, RecordState


def hold_records(application: Application, records: Iterable[UUID], *, actor: Any, at: datetime) -> None:
    """Reserve records for an application. Raises RecordsTaken where one is held or used elsewhere, void, or its credit is gone."""
    wished = set(records)
    lock_accounts(application.learner.uuid)  # from here on no issuer takes one of them back unseen
    if LearningRecord.objects.filter(uuid__in=wished, state=RecordState.ACTIVE).count() != len(wished):
        raise RecordsTaken
    lots = live_lots(application.learner.uuid)
    unit = application.programme.system.code
    wanted = [(lot, *lots.get(lot, (unit, Decimal(0)))) for lot in sorted(wished)]
    try:
        with transaction.atomic():
            hold(
                application=application.uuid, owner=application.learner.uuid, lots=wanted, on=timezone.localdate(at), by=actor,
                again=application.hold_round,
            )  # fmt: skip
    except (IntegrityError, InsufficientCredit) as error:
        raise RecordsTaken from error


def hold_again(application: Application, records: Iterable[UUID], *, actor: Any, at: datetime) -> None:
    """Reserve what an application needs and has no more: credit that was released meanwhile. Raises RecordsTaken where it is gone.

    The application counts the rounds; the caller saves it.
    """
    live = Hold.objects.filter(application_uuid=application.uuid, state__in=[HoldState.PENDING, HoldState.POSTED])
    missing = set(records) - set(live.values_list("lot_uuid", flat=True))
    if not missing:
        return
    was = dict(Hold.objects.filter(application_uuid=application.uuid, lot_uuid__in=missing).values_list("lot_uuid", "amount"))
    have = live_lots(application.learner.uuid)
    if any(amount and lot not in have for lot, amount in was.items()):
        raise RecordsTaken
    application.hold_round += 1
    hold_records(application, missing, actor=actor, at=at)


def release_all(application: Application, *, actor: Any, at: datetime) -> None:
    """Give back everything that the application holds."""
    release(application=application.uuid, on=timezone.localdate(at), by=actor, again=application.hold_round)
