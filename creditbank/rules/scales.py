"""Levels and grades from one framework or scale to another. What has no map is not guessed: it reaches nothing."""

from __future__ import annotations

from fractions import Fraction

from creditbank.rules.tables import Grade, GradeMap, GradeScale
from creditbank.rules.types import RuleBase

PASSED = "P"
"""The grade of something that is known to have passed, and no more."""


def level_in(base: RuleBase, framework: str, rank: int, wanted: str) -> int | None:
    """The rank in another framework of a level of this one, or None without a map; of several the lowest."""
    if framework == wanted or not wanted:
        return rank
    ranks = {(level.framework, level.code): level.rank for level in base.levels}
    own = (level for level in base.levels if (level.framework, level.rank) == (framework, rank))
    found = [ranks[pair] for level in own for pair in level.maps_to if pair[0] == wanted and pair in ranks]
    return min(found, default=None)


def scale_named(base: RuleBase, code: str) -> GradeScale | None:
    """A scale by its code."""
    return next((scale for scale in base.scales if scale.code == code), None)


def mapped_grade(base: RuleBase, label: str, source: GradeScale | None, target: GradeScale | None) -> str:
    """A grade of one scale as a grade of another; empty where there is no map, or the grade is not of the scale."""
    if source is None or target is None or not label:
        return ""
    if source.code == target.code:
        return label if target.rank(label) is not None else ""
    way = next((one for one in base.grade_maps if (one.source, one.target) == (source.code, target.code)), None)
    grade = next((one for one in source.grades if one.label == label), None)
    if way is None or grade is None:
        return ""
    return _along(way, grade, source, target)


def _along(way: GradeMap, grade: Grade, source: GradeScale, target: GradeScale) -> str:
    if way.mode == "table":
        return dict(way.pairs).get(grade.label, "")
    if not grade.passes:
        failing = [one for one in target.grades if not one.passes]
        return max(failing, key=_rank).label if failing and way.mode != "pass_only" else ""
    if way.mode == "pass_only":
        return PASSED
    return _same_place(grade, source, target) if way.mode == "linear" else _same_share(grade, source, target)


def _rank(grade: Grade) -> int:
    return grade.rank


def _passing(scale: GradeScale) -> list[Grade]:
    return sorted((grade for grade in scale.grades if grade.passes), key=_rank)


def _same_place(grade: Grade, source: GradeScale, target: GradeScale) -> str:
    """The best grade whose place between the lowest and the highest passing one is not above the place of this grade.

    Places are those of the grade points where every passing grade of both scales has them, else those of the ranks.
    """
    own, other = _passing(source), _passing(target)
    points = all(one.gpa is not None for one in [*own, *other])
    reached = [one for one in other if _place(one, other, by_points=points) <= _place(grade, own, by_points=points)]
    return reached[-1].label if reached else ""


def _place(grade: Grade, passing: list[Grade], *, by_points: bool) -> Fraction:
    def value(one: Grade) -> Fraction:
        return Fraction(one.gpa or 0) if by_points else Fraction(one.rank)

    least, most = min(map(value, passing)), max(map(value, passing))
    return Fraction(0) if least == most else (value(grade) - least) / (most - least)


def _same_share(grade: Grade, source: GradeScale, target: GradeScale) -> str:
    """The grade in whose band, counted from the best, the middle of this grade's band lies; on a border the better one."""
    own, other = _bands(source), _bands(target)
    if grade.label not in own or not other:
        return ""
    above, below = own[grade.label]
    middle = (above + below) / 2
    return next((label for label, (_above, border) in other.items() if middle <= border), "")


def _bands(scale: GradeScale) -> dict[str, tuple[Fraction, Fraction]]:
    """Which part of those who pass receives a grade, from the best down: label → (share above it, share down to it); none without shares."""
    passing = list(reversed(_passing(scale)))
    whole = sum((Fraction(one.share or 0) for one in passing), Fraction(0))
    bands, above = {}, Fraction(0)
    for one in passing:
        if whole and one.share:
            below = above + Fraction(one.share) / whole
            bands[one.label] = above, below
            above = below
    return bands
