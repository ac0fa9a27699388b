"""The catalogue as the engine reads it. Every function makes the same number of queries however many rows there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Prefetch

from creditbank.catalogue.enums import ConvertibilityValue, NodeKind
from creditbank.catalogue.models import (
    Calendar,
    Convertibility,
    Grade,
    GradeMap,
    GradeMapRow,
    GradeScale,
    LevelMap,
    Outcome,
    Programme,
    Rate,
    Requirement,
)
from creditbank.rules import types as engine
from creditbank.rules.snapshot import hints, restore
from creditbank.rules.tables import Pairs
from foundation.api import CreditSystem, Level, in_language


def unit_of(row: CreditSystem) -> engine.CreditSystem:
    """A unit as the engine takes it."""
    return engine.CreditSystem(row.code, row.hours_nominal, row.step, row.rounding, row.hours_min, row.hours_max)


def engine_systems() -> tuple[engine.CreditSystem, ...]:
    """All units. One query."""
    return tuple(unit_of(row) for row in CreditSystem.objects.order_by("code"))


def engine_rates() -> tuple[engine.Rate, ...]:
    """All rates with their windows, the newest of a pair first. One query."""
    rows = Rate.objects.select_related("source", "target").order_by("source__code", "target__code", "-window_from", "id")
    return tuple(
        engine.Rate(row.source.code, row.target.code, row.num, row.den, row.window_from, row.window_to, chainable=row.chainable)
        for row in rows
    )


def engine_convertibility() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Pairs of categories that may be converted, and those only where a rule names the outcome itself. One query."""
    rows = list(Convertibility.objects.order_by("source", "target").values_list("source", "target", "value"))
    allowed = tuple((source, target) for source, target, value in rows if value == ConvertibilityValue.ALLOW)
    return allowed, tuple((source, target) for source, target, value in rows if value == ConvertibilityValue.PARTIAL)


def engine_scales() -> tuple[engine.GradeScale, ...]:
    """All grade scales. Two queries."""
    rows = GradeScale.objects.select_related("institution").prefetch_related(Prefetch("grades", Grade.objects.order_by("rank", "label")))
    return tuple(
        engine.GradeScale(
            row.code,
            tuple(engine.Grade(grade.label, grade.rank, grade.gpa, grade.passes, grade.share) for grade in row.grades.all()),
            row.institution.code if row.institution else "",
        )
        for row in rows.order_by("code", "institution__code")
    )


def engine_calendars() -> tuple[engine.Calendar, ...]:
    """All calendars. Two queries."""
    rows = Calendar.objects.prefetch_related("terms").order_by("code")
    return tuple(
        engine.Calendar(
            row.code, row.year_start, tuple((term.name, term.first, term.last) for term in row.terms.all()), tuple(row.last_term_ends)
        )
        for row in rows
    )


def engine_levels() -> tuple[engine.Level, ...]:
    """All levels with what they are equal to in other frameworks. Two queries."""
    maps: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for source, framework, code in LevelMap.objects.values_list("source_id", "target__framework__code", "target__code"):
        maps[source].append((framework, code))
    rows = Level.objects.select_related("framework").order_by("framework__code", "rank")
    return tuple(engine.Level(row.framework.code, row.code, row.rank, tuple(sorted(maps[row.pk]))) for row in rows)


def engine_grade_maps() -> tuple[engine.GradeMap, ...]:
    """All maps between grade scales. Two queries."""
    rows = GradeMap.objects.select_related("source", "target").prefetch_related(
        Prefetch("rows", GradeMapRow.objects.select_related("source", "target"))
    )
    return tuple(
        engine.GradeMap(
            row.source.code, row.target.code, row.mode, tuple(sorted((one.source.label, one.target.label) for one in row.rows.all()))
        )
        for row in rows.order_by("source__code", "target__code")
    )


SAME_NAME = (
    "code", "title_zh", "title_en", "common_id", "cross_list", "credits", "hours", "category", "source_type", "dup_class", "active_from",
    "active_to", "version", "repeatable",
)  # fmt: skip


def engine_outcome(row: Outcome) -> engine.Outcome:
    """An outcome as the engine takes it; its owner, unit, level and framework were loaded with it."""
    found = {name: getattr(row, name) for name in SAME_NAME} | {
        name: tuple(getattr(row, name)) for name in ("subjects", "codes", "aliases")
    }
    framework, rank = (row.level.framework.code, row.level.rank) if row.level else ("", None)
    return engine.Outcome(**found, owner=row.owner.code, system=row.system.code if row.system else "", level=rank, framework=framework)


def engine_outcomes(codes: Iterable[str] | None = None) -> tuple[engine.Outcome, ...]:
    """Outcomes as the engine takes them: those of these codes, or all. One query."""
    rows = Outcome.objects.select_related("owner", "system", "level__framework").order_by("code")
    return tuple(engine_outcome(row) for row in (rows if codes is None else rows.filter(code__in=set(codes))))


def target_of(programme: Programme) -> engine.Target:
    """A programme (its unit and institution loaded with it) as the engine's target, its whole tree. One query."""
    return _target(programme, list(programme.requirements.order_by("position", "path")))


def targets_of(programmes: Iterable[Programme]) -> list[engine.Target]:
    """Several programmes (their units and institutions loaded with them) as targets. One query."""
    listed = list(programmes)
    found: dict[int, list[Requirement]] = defaultdict(list)
    for row in Requirement.objects.filter(programme__in=listed).order_by("position", "path"):
        found[row.programme_id].append(row)
    return [_target(programme, found[programme.pk]) for programme in listed]


def _target(programme: Programme, rows: list[Requirement]) -> engine.Target:
    children: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        children[row.parent].append(row.path)
    return engine.Target(
        code=programme.rule_code,
        system=programme.system.code,
        total=programme.total,
        category=programme.category,
        leaves=tuple(_leaf(row) for row in rows if row.node == NodeKind.LEAF),
        nodes=tuple(_node(row, tuple(children[row.path])) for row in rows if row.node != NodeKind.LEAF),
        field=programme.field,
        eligible=restore(Pairs, programme.eligible),
        not_eligible=restore(Pairs, programme.not_eligible),
        owner=programme.institution.code,
    )


def _leaf(row: Requirement) -> engine.RequirementLeaf:
    kinds = hints(engine.RequirementLeaf)
    return engine.RequirementLeaf(**{name: restore(kind, getattr(row, name)) for name, kind in kinds.items() if hasattr(row, name)})


def _node(row: Requirement, children: tuple[str, ...]) -> engine.RequirementNode:
    kinds = hints(engine.RequirementNode)
    found = {name: getattr(row, name) for name in kinds if hasattr(row, name)}
    return engine.RequirementNode(**{**found, "kind": row.node, "children": children})


def outcome_titles() -> dict[str, tuple[str, str]]:
    """Titles of all outcomes by code, for sentences. One query."""
    return {code: (zh, en) for code, zh, en in Outcome.objects.values_list("code", "title_zh", "title_en")}


def requirement_titles(programmes: Iterable[int]) -> dict[tuple[int, str], str]:
    """(programme's id, path) → the requirement's title in the reader's language. One query."""
    rows = Requirement.objects.filter(programme__in=set(programmes))
    return {(row.programme_id, row.path): in_language(row.title_zh, row.title_en) for row in rows}
