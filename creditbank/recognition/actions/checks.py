"""Spot checks: drawing decided cases by a seed, and writing down what a second look found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from creditbank.recognition.actions.steps import is_involved
from creditbank.recognition.enums import CheckOutcome
from creditbank.recognition.exceptions import BadPeriod, Involved, NothingToDraw, SamePersonTwice, WrongState
from creditbank.recognition.models import Application, SpotCheck, SpotCheckDraw
from creditbank.recognition.queries import decided_between
from foundation.api import record_audit_entry
from identity.api import Institution

LONGEST_PERIOD = timedelta(days=1830)


@dataclass(frozen=True)
class NewDraw:
    """What is drawn: so many of the cases decided from one day to another (both count), perhaps only those that the rules decided alone."""

    seed: str
    since: date
    until: date
    wanted: int
    only_automatic: bool = False


def drawn(seed: str, applications: list[Application], wanted: int) -> list[Application]:
    """The first so many by the hash of seed and case: the same seed and cases give the same draw, in the same order, on every machine."""
    key = lambda one: hashlib.sha256(f"{seed}:{one.uuid}".encode()).digest()  # noqa: E731
    return sorted(applications, key=key)[:wanted]


@transaction.atomic
def draw_spot_checks(institution: Institution, new: NewDraw, *, actor: Any, at: datetime) -> SpotCheckDraw:
    """Draw cases for a second look. Raises BadPeriod; NothingToDraw where none was decided in the period."""
    if new.since > new.until or new.until - new.since > LONGEST_PERIOD:
        raise BadPeriod
    cases = list(decided_between(institution, new.since, new.until, only_automatic=new.only_automatic))
    if not cases:
        raise NothingToDraw
    draw = SpotCheckDraw.objects.create(
        institution=institution, seed=new.seed, since=new.since, until=new.until, only_automatic=new.only_automatic, wanted=new.wanted,
        population=len(cases), drawn_by_uuid=actor.uuid, drawn_at=at,
    )  # fmt: skip
    SpotCheck.objects.bulk_create(
        SpotCheck(
            draw=draw, application=case, position=position, learner_id=case.learner_id, first_officer_id=case.first_officer_id,
            second_officer_id=case.second_officer_id,
        )
        for position, case in enumerate(drawn(new.seed, cases, new.wanted), start=1)
    )  # fmt: skip
    data = {"institution": institution.code, "seed": new.seed, "since": new.since.isoformat(), "until": new.until.isoformat()}
    record_audit_entry("recognition.draw_spot_checks", actor=actor, about=draw, data=data | {"cases": len(cases), "wanted": new.wanted})
    return draw


@transaction.atomic
def record_spot_check(check: SpotCheck, *, outcome: str, actor: Any, at: datetime, note: str = "") -> SpotCheck:
    """Somebody who had no part in the case says what a second look found; it changes nothing by itself. Once.

    Raises WrongState where somebody was quicker or the outcome is none; SamePersonTwice for learner, officers and voters; Involved.
    """
    row = SpotCheck.objects.select_for_update(of=("self",)).select_related("application__learner", "draw").get(pk=check.pk)
    if row.outcome or outcome not in CheckOutcome.values or (outcome == CheckOutcome.WRONG and not note.strip()):
        raise WrongState(row.outcome)
    case = row.application
    concerned = {row.learner_id, row.first_officer_id, row.second_officer_id}
    if actor.pk in concerned or case.votes.filter(voter=actor).exists() or case.appeals.filter(decided_by=actor).exists():
        raise SamePersonTwice
    if is_involved(case, actor):
        raise Involved
    row.outcome, row.note, row.checked_by, row.checked_at = outcome, note, actor, at
    row.save(update_fields=["outcome", "note", "checked_by", "checked_at"])
    record_audit_entry(
        "recognition.spot_check", actor=actor, about=case, concerns=case.learner.uuid, reason=note, data={"outcome": outcome, "seed": row.draw.seed}
    )  # fmt: skip
    return row
