"""Credit of a learning record enters its owner's account: by itself where two persons arranged that, else when an officer confirms."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from creditbank.ledger.actions import deposit, verify
from creditbank.ledger.models import Transaction
from creditbank.recognition.actions.steps import in_words
from foundation.api import notify
from learning.api import LearningRecord, RecordSource, RecordState, Trust


def may_deposit(record: LearningRecord) -> bool:
    """Only active records that an institution stands for and that carry credit are deposited."""
    return bool(
        record.state == RecordState.ACTIVE
        and record.trust in {Trust.INSTITUTION, Trust.VERIFIED}
        and record.credits
        and record.credit_system_id
        and record.institution_id
    )


@transaction.atomic
def deposit_record(record: LearningRecord, *, on: date) -> Transaction | None:
    """Post the deposit of a record, once; and its confirmation where run or upload say that no further officer is needed.

    None where the record carries no credit that an institution stands for. Calling it again posts nothing.
    """
    school, system, amount = record.institution, record.credit_system, record.credits
    if not may_deposit(record) or school is None or system is None or amount is None:
        return None
    entry = deposit(record=record.uuid, owner=record.learner.uuid, issuer=school.code, unit=system.code, amount=amount, on=on)
    if record.auto_deposit or record.source == RecordSource.INSTITUTION_UPLOAD:
        confirm_record(record, actor=None, on=on)
    return entry


@transaction.atomic
def confirm_record(record: LearningRecord, *, actor: Any, on: date) -> Transaction | None:
    """The awarding institution stands for the credit: it becomes available, and the learner hears of it. Once per record.

    None for a record that became void or disputed meanwhile.
    """
    key = f"verify:{record.uuid}"
    if Transaction.objects.filter(key=key).exists():
        return Transaction.objects.get(key=key)
    system, amount = record.credit_system, record.credits
    if not may_deposit(record) or system is None or amount is None:
        return None
    entry = verify(record=record.uuid, owner=record.learner.uuid, unit=system.code, amount=amount, on=on, by=actor)
    title = {"zh": record.title_zh, "en": record.title_en or record.title_zh}
    notify(
        record.learner.uuid,
        "ledger.deposited",
        url="/my/credits/",
        data={"title": title, "credits": in_words(amount)},
        email=False,
    )
    return entry
