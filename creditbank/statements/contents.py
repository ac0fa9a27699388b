"""What papers say: plain data in both languages with amounts as text, made once and never again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from creditbank.catalogue.models import Outcome
from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.ledger.models import Posting, Transaction
from creditbank.recognition.models import Application
from creditbank.recognition.replaying import read_snapshot
from foundation.api import CreditSystem
from learning.api import LearningRecord

OWN = frozenset({AccountKind.AVAILABLE, AccountKind.HELD})
COUNTED = OWN | {AccountKind.AWARD}


@dataclass
class _Item:
    """What one record brought in one unit: as it was earned, or as it was awarded by an application."""

    amount: Decimal = Decimal(0)
    on: date = date.min
    applications: set[UUID] = field(default_factory=set)


def transcript_content(person: Any, *, on: date) -> dict[str, Any]:
    """Everything that stands in the account, by unit: results as they were earned, and what was recognised of others.

    Rows add up to the balance of their unit. Six queries, however much stands there.
    """
    items = _items(person.uuid)
    records = LearningRecord.objects.in_bulk({lot for _unit, lot, _awarded in items}, field_name="uuid")
    wanted = {ident for item in items.values() for ident in item.applications}
    applications = Application.objects.select_related("programme__institution").prefetch_related("lines").in_bulk(wanted, field_name="uuid")
    recognised = _recognised(list(applications.values()))
    units: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (unit, lot, awarded), item in items.items():
        if awarded:
            row = _awarded_row(item, records.get(lot), applications, recognised.get(lot, {}))
        else:
            row = _earned_row(item, records.get(lot))
        units[unit].append(row)
    systems = CreditSystem.objects.in_bulk(list(units), field_name="code")
    return {
        "name": person.name,
        "on": on.isoformat(),
        "units": [_unit(systems[code], sorted(rows, key=lambda row: (row["on"], row["title_zh"]))) for code, rows in sorted(units.items())],
    }


def _items(owner: UUID) -> dict[tuple[str, UUID, bool], _Item]:
    """What stands, by unit, record, and whether it was awarded; nothing that came and went. One query."""
    mine = Q(source__owner_uuid=owner, source__kind__in=COUNTED) | Q(destination__owner_uuid=owner, destination__kind__in=COUNTED)
    items: dict[tuple[str, UUID, bool], _Item] = defaultdict(_Item)
    for posting in Posting.objects.filter(mine).select_related("transaction", "source__unit", "destination__unit").order_by("id"):
        entry = posting.transaction
        for account, sign in ((posting.source, -1), (posting.destination, 1)):
            if account.owner_uuid == owner and account.kind in COUNTED:
                item = items[account.unit.code, posting.lot_uuid, account.kind == AccountKind.AWARD]
                item.amount += sign * posting.amount
                item.on = max(item.on, entry.effective_on)
                if account.kind == AccountKind.AWARD and entry.application_uuid:
                    item.applications.add(entry.application_uuid)
    return {key: item for key, item in items.items() if item.amount}


def _unit(system: CreditSystem, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "unit": system.code,
        "name_zh": system.name_zh,
        "name_en": system.name_en,
        "step": text(system.step),
        "hours": text(system.hours_nominal),
        "total": text(sum((Decimal(row["credits"]) for row in rows), Decimal(0))),
        "rows": rows,
    }


def _earned_row(item: _Item, record: LearningRecord | None) -> dict[str, Any]:
    return {
        "on": (record.earned_on if record else item.on).isoformat(),
        "title_zh": record.title_zh if record else "",
        "title_en": (record.title_en or record.title_zh) if record else "",
        "institution_zh": record.institution_zh if record else "",
        "institution_en": (record.institution_en or record.institution_zh) if record else "",
        "hours": text(record.notional_hours) if record and record.notional_hours else "",
        "grade": _grade(record),
        "recognised": False,
        "credits": text(item.amount),
    }


def _awarded_row(
    item: _Item, record: LearningRecord | None, applications: dict[UUID, Application], recognised: dict[str, str]
) -> dict[str, Any]:
    """What was recognised of a record, under the name of what it counts as; the record itself stands below it."""
    application = next((applications[ident] for ident in sorted(item.applications) if ident in applications), None)
    programme = application.programme if application else None
    zh, en = (record.title_zh, record.title_en or record.title_zh) if record else ("", "")
    return {
        "on": item.on.isoformat(),
        "title_zh": recognised.get("zh") or (programme.title_zh if programme else zh),
        "title_en": recognised.get("en") or (programme.title_en or programme.title_zh if programme else en),
        "institution_zh": programme.institution.name_zh if programme else "",
        "institution_en": (programme.institution.name_en or programme.institution.name_zh) if programme else "",
        "source_zh": recognised.get("source_zh") or zh,
        "source_en": recognised.get("source_en") or en,
        "hours": "",
        "grade": "",
        "recognised": True,
        "credits": text(item.amount),
    }


def _grade(record: LearningRecord | None) -> str:
    if record is None:
        return ""
    return record.grade or (text(record.score) if record.score is not None else "")


def _recognised(applications: list[Application]) -> dict[UUID, dict[str, str]]:
    """By lead record: the titles of what it counts as, and of what was used for it. One query; lines are prefetched."""
    outcomes = _outcomes(applications)
    found: dict[UUID, dict[str, str]] = {}
    for application in applications:
        by_lead: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for lead, facts in _line_facts(application, outcomes):
            by_lead[lead].append(facts)
        for lead, parts in by_lead.items():
            sources = [source for part in parts for source in part["sources"]]
            found[lead] = {
                "zh": "、".join(dict.fromkeys(part["outcome_zh"] for part in parts)),
                "en": ", ".join(dict.fromkeys(part["outcome_en"] for part in parts)),
                "source_zh": "、".join(dict.fromkeys(source["title_zh"] for source in sources)),
                "source_en": ", ".join(dict.fromkeys(source["title_en"] for source in sources)),
            }
    return found


def _outcomes(applications: list[Application]) -> dict[str, Outcome]:
    codes = {line.outcome for application in applications for line in application.lines.all() if line.outcome}
    return Outcome.objects.in_bulk(codes, field_name="code")


def _line_facts(application: Application, outcomes: dict[str, Outcome]) -> list[tuple[UUID, dict[str, Any]]]:
    """Each recognised line of an application: its lead record and what it says."""
    facts, _base, _limits, _on = read_snapshot(application.snapshot)
    sources = {record.id: record for record in facts.records}
    leaves = {leaf.path: leaf for leaf in facts.target.seats()}
    said = []
    for line in application.lines.all():
        if not line.decided:
            continue
        outcome, leaf = outcomes.get(line.outcome), leaves.get(line.leaf)
        zh, en = (outcome.title_zh, outcome.title_en) if outcome else (leaf.title_zh, leaf.title_en) if leaf else (line.outcome, "")
        row = {
            "sources": [_source(sources[ident]) for ident in line.records if ident in sources],
            "outcome_zh": zh,
            "outcome_en": en or zh,
            "rule": line.rule,
            "credits": text(line.decided),
        }
        said.append((line.lead_record, row))
    return said


def _source(record: Any) -> dict[str, Any]:
    """A used record as the engine saw it; the names of institutions are in the archive, their codes are enough here."""
    return {
        "title_zh": record.title_zh,
        "title_en": record.title_en or record.title_zh,
        "issuer": record.issuer,
        "earned_on": record.earned_on.isoformat(),
        "credits": text(record.credits) if record.credits is not None else "",
        "unit": record.system,
    }


def certificate_content(application: Application) -> dict[str, Any]:
    """What an application brought, line by line. The caller has looked that it was credited. Six queries."""
    programme, system, rules = application.programme, application.programme.system, application.rules
    standing = Transaction.objects.filter(application_uuid=application.uuid, type=TransactionType.AWARD, reversed_by__isnull=True)
    award = standing.latest("id")  # a granted appeal may have added one
    return {
        "name": application.learner.name,
        "reference": application.reference,
        "programme_zh": programme.title_zh,
        "programme_en": programme.title_en or programme.title_zh,
        "institution": programme.institution.code,
        "institution_zh": programme.institution.name_zh,
        "institution_en": programme.institution.name_en or programme.institution.name_zh,
        "unit": system.code,
        "unit_zh": system.name_zh,
        "unit_en": system.name_en,
        "step": text(system.step),
        "credits": text(application.decided_credits or Decimal(0)),
        "on": award.effective_on.isoformat(),
        "book": rules.book.code if rules else "",
        "version": rules.number if rules else 0,
        "lines": [facts for _lead, facts in _line_facts(application, _outcomes([application]))],
    }


def text(amount: Decimal | None) -> str:
    """An amount as a paper keeps it: 3, 2.5, never 3.000 or 1E+1; nothing for none."""
    return "" if amount is None else format(amount.normalize(), "f")
