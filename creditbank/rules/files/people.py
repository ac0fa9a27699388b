"""From rows of tables to the questions: learners with their records, targets and exceptions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.rules.files.cells import Row, shown
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.files.programmes import read_programmes
from creditbank.rules.tables import CreditSystem, Outcome
from creditbank.rules.types import TRUST_RANK, Facts, IndividualException, RecordFacts, RuleBase, Target

STATES = (
    "available", "pending", "held", "converted", "awarded", "expired", "revoked", "reversed", "used", "withdrawn", "void", "transferred",
    "consumed",
)  # fmt: skip
DEFAULT_SYSTEM = CreditSystem("credit", Decimal(16), Decimal("0.5"))
"""Where no table of units is given: 16 notional hours a credit on half credits, the Chinese usage."""

Tables = Mapping[str, Sequence[Row]]


def with_units(base: RuleBase, tables: Tables) -> RuleBase:
    """The rule base with a unit for every code that is used, where no table of units says anything."""
    if base.systems:
        return base
    used = {row.text("system") for name in ("records", "programmes", "outcomes") for row in tables.get(name, ())} - {""}
    return replace(base, systems=tuple(replace(DEFAULT_SYSTEM, code=code) for code in sorted(used)) or (DEFAULT_SYSTEM,))


def read_people(tables: Tables, base: RuleBase, on: date) -> list[Facts]:
    """One question for each learner, in the order of their ids. Records keep their unit; one without a unit is in the target's."""
    targets = read_programmes(tables.get("programmes", ()), base)
    records: dict[str, list[RecordFacts]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for row in tables.get("records", ()):
        record = read_record(row, base)
        key = row.text("learner"), record.id
        if not all(key):
            row.wrong("learner" if not key[0] else "record_id", Complaint("empty"))
        if key in seen:
            row.wrong("record_id", Complaint("record_twice", value=repr(record.id)))
        seen.add(key)
        records[row.text("learner")].append(record)
    exceptions = _exceptions(tables)
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in tables.get("learners", ()):
        rows[row.text("learner")].append(row)
    questions = []
    for learner in sorted(set(records) | set(rows)):
        asked: list[Row | None] = sorted(rows.get(learner, ()), key=lambda row: (row.text("target"), row.text("cohort")))  # type: ignore[assignment]
        for one in asked or [None]:
            questions.append(_question(learner, one, tuple(records[learner]), targets, base, tuple(exceptions[learner]), on))  # noqa: PERF401
    return questions


def _question(
    learner: str, row: Row | None, records: tuple[RecordFacts, ...], targets: Mapping[tuple[str, str], Target], base: RuleBase,
    exceptions: tuple[IndividualException, ...], on: date,
) -> Facts:  # fmt: skip
    cohort = row.text("cohort") if row else ""
    attributes = row.pairs("attributes") if row else ()
    target = _target(row, cohort, targets, base)
    named = dict(attributes)
    target = replace(target, field=named.get("field", target.field))
    filled = tuple(replace(record, system=target.system) if not record.system else record for record in records)
    return Facts(
        learner, filled, target, (row.day("applied") if row else None) or on, cohort=cohort, admitted_on=row.day("admitted") if row else None,
        attributes=attributes, exceptions=exceptions,
    )  # fmt: skip


def _target(row: Row | None, cohort: str, targets: Mapping[tuple[str, str], Target], base: RuleBase) -> Target:
    """The programme of the cohort, else the one for everybody; without a name the only programme there is; else the pool."""
    wanted = row.text("target") if row else ""
    if not wanted:
        only = {code for code, _cohort in targets}
        wanted = only.pop() if len(only) == 1 and row is None else ""
    found = targets.get((wanted, cohort)) or targets.get((wanted, ""))
    if found is None and wanted:
        found = next((target for (code, _cohort), target in sorted(targets.items()) if code == wanted), None)
    return found or Target(wanted, _unit_of(wanted, row, base))


def _unit_of(institution: str, row: Row | None, base: RuleBase) -> str:
    """The unit of a pool: that of the institution's own outcomes, else the only one there is."""
    own = {outcome.system for outcome in base.outcomes if outcome.owner == institution and outcome.system}
    codes = own or {rate.target for rate in base.rates} or {system.code for system in base.systems}
    if len(codes) > 1:
        codes = {rate.target for rate in base.rates} or codes
    if len(codes) > 1 and row is not None:
        row.wrong("target", Complaint("which_unit", known=", ".join(sorted(codes))))
    return min(codes)


def read_record(row: Row, base: RuleBase) -> RecordFacts:
    """One record; what its outcome says fills what the row leaves open."""
    code = row.text("outcome")
    about = _version_of(row, base)
    credits, hours = row.amount("credits"), row.amount("hours")
    for column, value in (("credits", credits), ("hours", hours), ("remaining", row.amount("remaining"))):
        if value is not None and value < 0:
            row.wrong(column, Complaint("below_zero"))
    state = row.one_of("state", STATES, "available")
    trust: Any = row.one_of("trust", tuple(TRUST_RANK), "institution")
    record = RecordFacts(
        id=row.text("record_id"), outcome=code, issuer=row.text("issuer") or (about.owner if about else ""),
        earned_on=row.day("earned_on") or _missing_day(row), credits=credits, system=row.text("system"), hours=hours, score=row.amount("score"),
        attendance=row.amount("attendance"), trust=trust, issued_on=row.day("issued_on"), valid_until=row.day("valid_until"), state=state,
        grade=row.text("grade"), evidence=tuple(sorted(row.listed("evidence"))), award=row.text("award"), remaining=row.amount("remaining"),
    )  # fmt: skip
    system = row.text("system")
    if system and base.system(system) is None:
        row.wrong("system", Complaint("no_unit", value=repr(system)))
    if about is None:
        return record
    return replace(
        record, credits=about.credits if credits is None and hours is None else credits, system=system or (about.system if credits is None else ""),
        hours=about.hours if hours is None else hours, level=about.level, category=about.category or "academic",
        source_type=about.source_type or "course", subjects=about.subjects, dup_class=about.class_key if about.has_class else "", common_id=about.common_id,
        title_zh=about.title_zh, title_en=about.title_en, framework=about.framework, repeatable=about.repeatable and not about.has_class,
        outcome=about.code,
    )  # fmt: skip


def _version_of(row: Row, base: RuleBase) -> Outcome | None:
    """What the catalogue knows of a record's outcome: in the version that the record names, else in the highest."""
    about, version = base.outcome(row.text("outcome")), row.whole("version")
    if about is None or version is None or about.version == version:
        return about
    found = next((one for one in base.outcomes if (one.code, one.version) == (about.code, version)), None)
    if found is None:
        row.wrong("version", Complaint("no_version", version=version, value=shown(about.code)))
    return found


def _missing_day(row: Row) -> date:
    if not row.text("earned_on"):
        row.wrong("earned_on", Complaint("empty"))
    return date.min


def _exceptions(tables: Tables) -> dict[str, list[IndividualException]]:
    found: dict[str, list[IndividualException]] = defaultdict(list)
    things = {
        row.text(name)
        for table, name in (("rules", "rule_id"), ("limits", "limit_id"), ("programmes", "path"))
        for row in tables.get(table, ())
    }
    learners = {row.text("learner") for table in ("records", "learners") for row in tables.get(table, ())}
    for row in tables.get("exceptions", ()):
        if row.text("learner") not in learners:
            row.wrong("learner", Complaint("no_learner", value=shown(row.text("learner"))))
        if row.text("path") not in things:
            row.wrong("path", Complaint("no_node", value=shown(row.text("path"))))
        kind: Any = row.one_of("kind", ("insert", "substitute", "waive", "block", "value"), "waive")
        one = IndividualException(
            row.text("path"), kind, row.text("by"), row.text("approved_by"), row.text("value"), row.text("reason"), row.day("expires")
        )
        if one.by == one.approved_by:
            row.wrong("approved_by", Complaint("same_person"))
        amount = row.amount("value") if kind == "value" else Decimal(0)
        if (kind == "value" and not row.text("value")) or (amount is not None and amount < 0):
            row.wrong("value", Complaint("amount_not_below"))
        found[row.text("learner")].append(one)
    return found
