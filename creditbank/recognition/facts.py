"""From a person's archive and account to what the engine asks about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from creditbank.catalogue.models import Outcome
from creditbank.ledger.enums import HoldState
from creditbank.ledger.models import Hold
from creditbank.ledger.queries import live_lots
from creditbank.rules.types import Facts, IndividualException, RecordFacts, Target, Trust
from learning.api import LearningRecord, RecordState, records_of


def facts_of(
    person: Any, target: Target, *, applied_on: date, only: Iterable[UUID] | None = None, exceptions: tuple[IndividualException, ...] = ()
) -> Facts:
    """Everything of a person that may count for a target: active records with their state in the bank.

    ``only`` narrows to chosen records. Credit that is confirmed in the account is available; a record without credit is available as it is
    (rules of hours), one whose credit is not yet confirmed is pending. Six queries, however many records.
    """
    records = list(records_of(person).filter(state=RecordState.ACTIVE).select_related("institution", "credit_system", "level__framework"))
    if only is not None:
        wanted = set(only)
        records = [record for record in records if record.uuid in wanted]
    lots = live_lots(person.uuid)
    all_held, all_used = reserved_of([person.uuid])
    held, used = all_held[person.uuid], all_used[person.uuid]
    codes = {record.outcome_code for record in records if record.outcome_code}
    outcomes = {outcome.code: outcome for outcome in Outcome.objects.filter(code__in=codes).select_related("level__framework")}
    taken = held | used
    facts = tuple(
        record_facts(record, outcomes.get(record.outcome_code), is_confirmed=is_known(record, lots, taken, on=applied_on))
        for record in records
    )
    return Facts(
        learner=str(person.uuid), records=facts, target=target, applied_on=applied_on, used=tuple(used.items()), held=tuple(held.items()),
        exceptions=exceptions,
    )  # fmt: skip


def is_known(record: LearningRecord, confirmed: Container[UUID], taken: Container[str], *, on: date) -> bool:
    """Whether a record waits for nothing: its credit is confirmed, held or used up; what has run out is told as that."""
    has_run_out = record.valid_until is not None and record.valid_until < on
    return has_run_out or record.uuid in confirmed or str(record.uuid) in taken


Reserved = dict[UUID, dict[str, str]]
"""By owner: records, each with the application that holds or has used it."""


def reserved_of(owners: Iterable[UUID]) -> tuple[Reserved, Reserved]:
    """Records held by an open application, and records used up by one that was posted. One query."""
    held: Reserved = defaultdict(dict)
    used: Reserved = defaultdict(dict)
    rows = Hold.objects.filter(owner_uuid__in=list(owners), state__in=[HoldState.PENDING, HoldState.POSTED])
    for owner, lot, state, application in rows.values_list("owner_uuid", "lot_uuid", "state", "application_uuid"):
        (held if state == HoldState.PENDING else used)[owner][str(lot)] = str(application)
    return held, used


def record_facts(record: LearningRecord, outcome: Outcome | None, *, is_confirmed: bool) -> RecordFacts:
    """One record as the engine sees it; what its outcome says fills what the record leaves open."""
    has_credit = record.credits is not None and record.credit_system is not None
    level = record.level or (outcome.level if outcome else None)
    return RecordFacts(
        id=str(record.uuid),
        outcome=record.outcome_code or f"record:{record.uuid}",
        issuer=record.institution.code if record.institution else "",
        earned_on=record.earned_on,
        credits=_trim(record.credits) if has_credit else None,
        system=record.credit_system.code if has_credit and record.credit_system else "",
        hours=_trim(record.notional_hours),
        score=_trim(record.score) if record.score is not None else _number_of(record.grade),
        attendance=_trim(record.attendance),
        level=level.rank if level else None,
        category=record.category or (outcome.category if outcome else "academic"),
        source_type=record.source_type,
        subjects=tuple(outcome.subjects) if outcome else (),
        trust=cast("Trust", record.trust),
        issued_on=record.issued_on,
        valid_until=record.valid_until,
        state="available" if is_confirmed or not has_credit else "pending",
        dup_class=outcome.class_key if outcome else "",
        common_id=outcome.common_id if outcome else "",
        framework=level.framework.code if level else "",
        repeatable=bool(outcome and outcome.repeatable and not outcome.class_key),
        title_zh=record.title_zh,
        title_en=record.title_en,
    )


def _number_of(grade: str) -> Decimal | None:
    """A grade that is a number of its own scale (431 of 710 in CET-4) is compared as that number; a word is compared by no bound."""
    return Decimal(grade) if grade.isascii() and grade.isdecimal() and len(grade) <= 6 else None  # noqa: PLR2004  no scale has more digits


def _trim(value: Decimal | None) -> Decimal | None:
    """A stored decimal without the zeros of its column: 2.000 → 2, so that two databases give one snapshot."""
    return None if value is None else Decimal(format(value.normalize(), "f"))
