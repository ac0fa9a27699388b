"""Taking tables of the documented layout into the catalogue: all or nothing, every complaint with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from creditbank.catalogue.models import (
    Calendar,
    CalendarTerm,
    Convertibility,
    Grade,
    GradeMap,
    GradeMapRow,
    GradeScale,
    LevelMap,
    Outcome,
    OutcomeFacts,
    OutcomeVersion,
    Programme,
    Rate,
    Requirement,
)
from creditbank.catalogue.queries import engine_levels, engine_outcome, engine_systems
from creditbank.catalogue.references import check_references
from creditbank.rules import types as engine
from creditbank.rules.files.cells import Problems, Row, shown
from creditbank.rules.files.checks import check_tables
from creditbank.rules.files.complaints import Complaint
from creditbank.rules.files.programmes import read_programmes
from creditbank.rules.files.rulebook import read_base, read_outcome
from creditbank.rules.snapshot import hints, plain
from foundation.api import CreditSystem, Level, LevelFramework, record_audit_entry
from identity.api import Institution

Tables = Mapping[str, Sequence[Row]]
Part = engine.RequirementNode | engine.RequirementLeaf
SHARED_TABLES = ("systems", "levels", "rates", "convertibility", "calendars")
"""Tables that hold for the whole city: an operator's."""
OWN_TABLES = ("outcomes", "grades", "programmes")
"""Tables whose rows belong to an institution."""


@transaction.atomic
def import_catalogue(tables: Tables, problems: Problems, *, actor: Any, at: datetime, places: frozenset[str] | None) -> dict[str, int]:
    """Store every row of the catalogue's tables, new or changed; returns how many by table.

    ``places`` are the institutions whose rows may be written; None: all of them, and the tables of the whole city. An outcome that changed
    gets its next version, a programme its whole new tree. Raises BadFiles with everything that is wrong; nothing is stored then.
    """
    check_tables(tables)
    check_references(tables, places=places, shared=SHARED_TABLES)
    levels = read_base({"levels": tables.get("levels", ())}).levels or engine_levels()
    base = read_base(
        {name: rows for name, rows in tables.items() if name in {"systems", "rates", "convertibility", "calendars", "grades", "levels"}}
    )
    outcomes = [read_outcome(row, levels) for row in tables.get("outcomes", ())]
    ranks = {(level.framework, level.rank) for level in (*engine_levels(), *base.levels)}
    for row, outcome in zip(tables.get("outcomes", ()), outcomes, strict=True):
        if outcome.level is not None and (outcome.framework, outcome.level) not in ranks:
            row.wrong("level", Complaint("no_level", value=shown(row.text("level"))))
    units = {unit.code: unit for unit in (*engine_systems(), *base.systems)}
    known = engine.RuleBase(rules=(), systems=tuple(units.values()))
    targets = read_programmes(tables.get("programmes", ()), known)
    problems.stop()
    institutions = {place.code: place for place in Institution.objects.all()}
    done = {
        "systems": _each(_system, base.systems), "levels": _levels(base.levels), "rates": _each(_rate, base.rates),
        "convertibility": _convertibility(base), "calendars": _each(_calendar, base.calendars),
        "grades": sum(_scale(scale, institutions) for scale in base.scales), "grade_maps": _each(_grade_map, base.grade_maps),
        "outcomes": record_outcomes(outcomes, institutions, actor=actor, at=at),
        "programmes": sum(_programme(key[1], target, institutions) for key, target in targets.items()),
    }  # fmt: skip
    data = {name: count for name, count in done.items() if count}
    record_audit_entry("catalogue.import", actor=actor, data=data)
    return data


def _each(store: Callable[[Any], None], items: Iterable[Any]) -> int:
    listed = list(items)
    for item in listed:
        store(item)
    return len(listed)


def _system(unit: engine.CreditSystem) -> None:
    low, high = unit.hours_min or unit.hours_nominal, unit.hours_max or unit.hours_nominal
    facts = {
        "hours_min": min(low, unit.hours_nominal), "hours_nominal": unit.hours_nominal, "hours_max": max(high, unit.hours_nominal),
        "step": unit.step, "rounding": unit.rounding,
    }  # fmt: skip
    names = {"name_zh": unit.code, "name_en": unit.code, "category": "academic"}
    CreditSystem.objects.update_or_create(code=unit.code, defaults=facts, create_defaults=facts | names)


def _levels(levels: Sequence[engine.Level]) -> int:
    for level in levels:
        named = {"name_zh": level.framework, "name_en": level.framework}
        ladder, _made = LevelFramework.objects.get_or_create(code=level.framework, defaults=named)
        facts = {"rank": level.rank}
        names = {"name_zh": level.code, "name_en": level.code}
        Level.objects.update_or_create(framework=ladder, code=level.code, defaults=facts, create_defaults=facts | names)
    rows = {(row.framework.code, row.code): row for row in Level.objects.select_related("framework")}
    for level in levels:
        source = rows[level.framework, level.code]
        LevelMap.objects.filter(source=source).delete()
        LevelMap.objects.bulk_create(LevelMap(source=source, target=rows[pair]) for pair in level.maps_to if pair in rows)
    return len(levels)


def _rate(rate: engine.Rate) -> None:
    units = CreditSystem.objects.in_bulk([rate.source, rate.target], field_name="code")
    facts = {"num": rate.num, "den": rate.den, "window_to": rate.window_to, "chainable": rate.chainable}
    Rate.objects.update_or_create(source=units[rate.source], target=units[rate.target], window_from=rate.window_from, defaults=facts)


def _convertibility(base: engine.RuleBase) -> int:
    rows = [(*pair, "allow") for pair in base.convertible] + [(*pair, "partial") for pair in base.partly_convertible]
    for source, target, value in rows:
        Convertibility.objects.update_or_create(source=source, target=target, defaults={"value": value})
    return len(rows)


def _calendar(calendar: engine.Calendar) -> None:
    facts = {"year_start": calendar.year_start, "last_term_ends": list(calendar.last_term_ends)}
    row, _made = Calendar.objects.update_or_create(code=calendar.code, defaults=facts)
    row.terms.all().delete()
    CalendarTerm.objects.bulk_create(
        CalendarTerm(calendar=row, position=at, name=name, first=first, last=last) for at, (name, first, last) in enumerate(calendar.terms)
    )


def _scale(scale: engine.GradeScale, institutions: Mapping[str, Institution]) -> int:
    row, _made = GradeScale.objects.get_or_create(code=scale.code, institution=institutions.get(scale.institution))
    kept = {grade.label: grade for grade in scale.grades}
    row.grades.exclude(label__in=kept).delete()
    for label, grade in kept.items():
        facts = {"rank": grade.rank, "gpa": grade.gpa, "passes": grade.passes, "share": grade.share}
        Grade.objects.update_or_create(scale=row, label=label, defaults=facts)
    return len(kept)


def _grade_map(way: engine.GradeMap) -> None:
    for source in GradeScale.objects.filter(code=way.source):
        for target in GradeScale.objects.filter(code=way.target):
            row, _made = GradeMap.objects.update_or_create(source=source, target=target, defaults={"mode": way.mode})
            row.rows.all().delete()
            first, second = ({grade.label: grade for grade in scale.grades.all()} for scale in (source, target))
            pairs = [(first[one], second[other]) for one, other in way.pairs if one in first and other in second]
            GradeMapRow.objects.bulk_create(GradeMapRow(map=row, source=one, target=other) for one, other in pairs)


def record_outcomes(outcomes: Iterable[engine.Outcome], institutions: Mapping[str, Institution], *, actor: Any, at: datetime) -> int:
    """Store outcomes, in order of their version; one that says something else than the catalogue becomes its next version.

    Returns how many are new or changed.
    """
    listed = sorted(outcomes, key=lambda outcome: (outcome.code, outcome.version))
    units = {unit.code: unit for unit in CreditSystem.objects.all()}
    levels = {(row.framework.code, row.rank): row for row in Level.objects.select_related("framework")}
    rows = Outcome.objects.filter(code__in={outcome.code for outcome in listed}).select_related("owner", "system", "level__framework")
    known, changed = {row.code: row for row in rows}, 0
    for outcome in listed:
        facts = _facts(outcome, institutions, units, levels)
        row = known.get(outcome.code)
        if row is not None and _same(engine_outcome(row), outcome):
            continue
        if row is None:
            row = Outcome(code=outcome.code, version=outcome.version, **facts)
        else:
            row.version = max(row.version + 1, outcome.version)
            for name, value in facts.items():
                setattr(row, name, value)
        row.save()
        known[outcome.code] = row
        OutcomeVersion.objects.create(
            outcome=row, version=row.version, recorded_by_uuid=getattr(actor, "uuid", None), recorded_at=at, **facts
        )
        changed += 1
    return changed


FACT_COLUMNS = tuple(field.name for field in OutcomeFacts._meta.local_fields)


def _facts(
    outcome: engine.Outcome,
    institutions: Mapping[str, Institution],
    units: Mapping[str, CreditSystem],
    levels: Mapping[tuple[str, int], Level],
) -> dict[str, Any]:
    found = {
        name: plain(value) if isinstance(value := getattr(outcome, name), tuple) else value
        for name in FACT_COLUMNS
        if hasattr(outcome, name)
    }
    level = levels.get((outcome.framework, outcome.level)) if outcome.level is not None else None
    return {**found, "owner": institutions[outcome.owner], "system": units.get(outcome.system), "level": level}


def _same(first: engine.Outcome, second: engine.Outcome) -> bool:
    return all(getattr(first, name) == getattr(second, name) for name in hints(engine.Outcome) if name != "version")


def _programme(cohort: str, target: engine.Target, institutions: Mapping[str, Institution]) -> int:
    unit = CreditSystem.objects.get(code=target.system)
    rows = list(
        Programme.objects.filter(cohort=cohort, shared_code=target.code) | Programme.objects.filter(cohort=cohort, code=target.code)
    )
    facts = {
        "institution": institutions[target.owner], "system": unit, "total": target.total or Decimal(1), "category": target.category,
        "field": target.field, "eligible": plain(target.eligible), "not_eligible": plain(target.not_eligible),
    }  # fmt: skip
    if rows:
        programme = rows[0]
        for name, value in facts.items():
            setattr(programme, name, value)
        programme.save()
    else:
        titles = next(((node.title_zh, node.title_en) for node in target.nodes if node.title_zh), (target.code, target.code))
        code, shared = (f"{target.code}-{cohort}", target.code) if cohort else (target.code, "")
        programme = Programme.objects.create(
            code=code[:40], shared_code=shared, cohort=cohort, title_zh=titles[0], title_en=titles[1], is_open=False, **facts
        )
    set_requirements(programme, target)
    return 1


def set_requirements(programme: Programme, target: engine.Target) -> None:
    """Replace the whole tree of a programme by that of a target; what hangs below a node keeps its order."""
    programme.requirements.all().delete()
    nodes: dict[str, Part] = {node.path: node for node in target.nodes}
    nodes |= {leaf.path: leaf for leaf in target.leaves}
    parents = {child: node.path for node in target.nodes for child in node.children}
    order = [path for root in nodes if root not in parents for path in _below(root, nodes)]
    rows = [_requirement(programme, nodes[path], parents.get(path, ""), position) for position, path in enumerate(order)]
    Requirement.objects.bulk_create(rows)


def _below(path: str, nodes: Mapping[str, Part]) -> list[str]:
    found = nodes[path]
    children = found.children if isinstance(found, engine.RequirementNode) else ()
    return [path, *(under for child in children for under in _below(child, nodes))]


REQUIREMENT_COLUMNS = frozenset(field.name for field in Requirement._meta.local_concrete_fields)


def _requirement(programme: Programme, found: Part, parent: str, position: int) -> Requirement:
    kind, known = ("leaf", engine.RequirementLeaf) if isinstance(found, engine.RequirementLeaf) else (found.kind, engine.RequirementNode)
    columns = {name: getattr(found, name) for name in hints(known) if name in REQUIREMENT_COLUMNS}
    plained = {name: plain(value) if isinstance(value, tuple) else value for name, value in columns.items()}
    return Requirement(programme=programme, position=position, parent=parent, node=kind, **plained)
