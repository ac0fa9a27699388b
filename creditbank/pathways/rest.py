"""One's own plan over HTTP: the audit of a programme, and the cheapest courses that would complete it (session of the site)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from ninja import Router, Schema
from ninja.security import django_auth

from creditbank.catalogue.models import Programme
from creditbank.catalogue.rest import plain_amount
from creditbank.pathways.audit import AuditRow, Gap
from creditbank.pathways.queries import ProgrammePlan, Step, plan_for
from creditbank.recognition.problems import told
from foundation.api import WRITE_PROBLEMS, access

router = Router(tags=["credit bank: plan"], auth=django_auth)


class GapOut(Schema):
    """What is needed, what there is of it, and what is missing, as text."""

    need: str
    have: str
    missing: str


class LevelGapOut(GapOut):
    """The same for credit at a level or above it (a rank)."""

    level: int


class FilledByOut(Schema):
    """What of a requirement a rule fills, out of which records."""

    rule: str
    records: list[str]
    outcome: str
    fill: str


class RequirementStandOut(Schema):
    """One requirement: whether it is done, and its gap in credits or courses, of which so much was ``awarded`` before; inner nodes have no gap."""

    path: str
    title_zh: str
    title_en: str
    done: bool
    unit: str
    gap: GapOut | None
    awarded: str
    levels: list[LevelGapOut]
    filled_by: list[FilledByOut]


class ExpiringOut(Schema):
    """A record that will no longer be valid on the day for which is planned."""

    record: str
    valid_until: date
    used: bool


class PlannedOut(Schema):
    """A course to take, with its notional hours and the requirement that it would fill."""

    outcome: str
    title_zh: str
    title_en: str
    owner: str
    hours: str
    requirement_zh: str
    requirement_en: str


class PlanOut(Schema):
    """Where a person stands in a programme under the rules of today, and what would complete it; ``enough``: the courses named do."""

    programme: str
    on: date
    complete: bool
    proved: bool
    total: GapOut | None
    requirements: list[RequirementStandOut]
    expiring: list[ExpiringOut]
    enough: bool
    hours: str
    courses: list[PlannedOut]


@router.get("/me/plans/{programme}", response={200: PlanOut, **WRITE_PROBLEMS}, summary="One's own plan for a programme")
def read_plan(request: Any, programme: str) -> dict[str, Any]:
    """Hypothetical: nothing is stored, and nothing is decided by it."""
    row = access(Programme.objects.open().select_related("institution", "system"), programme, user=request.user, field="code")
    on = timezone.localdate()
    with told():
        found = plan_for(request.user, row, on=on)
    return _plan(found, on)


def _plan(found: ProgrammePlan, on: date) -> dict[str, Any]:
    audit = found.audit
    return {
        "programme": found.programme.code, "on": on, "complete": audit.complete, "proved": audit.proved,
        "total": _gap(audit.total) if audit.total else None, "requirements": [_requirement(row) for row in audit.rows],
        "expiring": [{"record": one.record, "valid_until": one.valid_until, "used": one.used} for one in audit.expiring],
        "enough": found.is_enough, "hours": plain_amount(found.hours), "courses": [_course(step) for step in found.steps],
    }  # fmt: skip


def _gap(gap: Gap) -> dict[str, Any]:
    return {"need": plain_amount(gap.need), "have": plain_amount(gap.have), "missing": plain_amount(gap.missing)}


def _requirement(row: AuditRow) -> dict[str, Any]:
    names = ("path", "title_zh", "title_en", "done", "unit")
    return {
        **{name: getattr(row, name) for name in names}, "gap": _gap(row.gap) if row.gap else None, "awarded": plain_amount(row.awarded),
        "levels": [{"level": one.level, **_gap(one.gap)} for one in row.levels],
        "filled_by": [
            {"rule": one.rule, "records": list(one.records), "outcome": one.outcome, "fill": plain_amount(one.fill)} for one in row.by
        ],
    }  # fmt: skip


def _course(step: Step) -> dict[str, Any]:
    zh, _bar, en = step.requirement.partition("|")
    outcome = step.outcome
    return {
        "outcome": outcome.code, "title_zh": outcome.title_zh, "title_en": outcome.title_en, "owner": outcome.owner.code,
        "hours": plain_amount(step.hours), "requirement_zh": zh, "requirement_en": en,
    }  # fmt: skip
