"""Comparing one record with one leaf, condition by condition."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.amounts import exact_worth, round_to_step
from creditbank.rules.dates import last_good_day
from creditbank.rules.exceptions import NoRate
from creditbank.rules.scales import level_in, mapped_grade, scale_named
from creditbank.rules.types import TRUST_RANK, Condition, Leaf, RecordFacts, RuleBase


def names_record(record: RecordFacts, leaf: Leaf) -> bool:
    """Whether the leaf is about this record at all: outcome, kind of source, category, subject, issuer, unit."""
    return (
        (not leaf.outcome or record.outcome == leaf.outcome)
        and (not leaf.source_type or record.source_type == leaf.source_type)
        and (not leaf.category or record.category == leaf.category)
        and (not leaf.subject or leaf.subject in record.subjects)
        and (not leaf.issuer or record.issuer == leaf.issuer)
        and (not leaf.system or record.system == leaf.system)
        and (not leaf.dup_class or record.class_key == leaf.dup_class)
        and (not leaf.common_id or record.common_id == leaf.common_id)
    )


def is_about(record: RecordFacts, leaf: Leaf) -> bool:
    """Whether the leaf means this record, from whatever institution where it names a course, a class or a subject: then that is a condition."""
    named = leaf.outcome or leaf.dup_class or leaf.common_id or leaf.subject
    return names_record(record, replace(leaf, issuer="") if named and leaf.issuer else leaf)


def judge_leaf(record: RecordFacts, leaf: Leaf, base: RuleBase, *, on: date, applied_on: date, unit: str = "") -> tuple[Condition, ...]:
    """Every condition that the leaf asks, judged, also after one that fails: a learner is to hear all that is missing.

    ``on`` is the day of the review, ``applied_on`` that of the application (both in the bank's time zone), never the clock; ``unit`` is the
    target's, in which credits are bounded.
    """
    judged = [
        None if not leaf.issuer or record.issuer == leaf.issuer else Condition("issuer", ok=False, has=record.issuer, needs=leaf.issuer),
        _grade("grade", record, leaf.min_grade, base, at_least=True),
        _grade("grade_max", record, leaf.max_grade, base, at_least=False),
        _bound("score", record.score, leaf.min_score),
        _upper("score", record.score, leaf.max_score),
        _bound("attendance", record.attendance, leaf.min_attendance),
        _credits(record, leaf, base, unit),
        _bound("hours", _hours(record, base), leaf.min_hours),
        _level(record, leaf, base),
        Condition("trust", TRUST_RANK[record.trust] >= TRUST_RANK[leaf.trust], record.trust, leaf.trust),
        _age(record, leaf, on=on, applied_on=applied_on),
        _valid(record, leaf, on=on),
    ]
    return tuple(condition for condition in judged if condition is not None)


def _bound(name: str, has: Decimal | None, needs: Decimal | None) -> Condition | None:
    """A rule that does not ask is always reached; a value that is not known reaches nothing."""
    return None if needs is None else Condition(name, has is not None and has >= needs, has, needs)


def _upper(name: str, has: Decimal | None, most: Decimal | None) -> Condition | None:
    return None if most is None else Condition(f"{name}_max", has is not None and has <= most, has, most)


def _level(record: RecordFacts, leaf: Leaf, base: RuleBase) -> Condition | None:
    """Levels are compared by rank in the framework of the leaf; one that is not mapped there reaches nothing."""
    if leaf.min_level is None:
        return None
    if record.level is None or not leaf.framework or record.framework == leaf.framework:
        return _bound("level", None if record.level is None else Decimal(record.level), Decimal(leaf.min_level))
    reached = level_in(base, record.framework, record.level, leaf.framework)
    has, needs = f"{record.framework} {record.level}".strip(), f"{leaf.framework} {leaf.min_level}"
    return Condition("level", reached is not None and reached >= leaf.min_level, has, needs)


def _grade(name: str, record: RecordFacts, wanted: str, base: RuleBase, *, at_least: bool) -> Condition | None:
    """Grades are compared by their rank on the issuer's scale; a number without a scale by its value; anything else reaches nothing.

    A bound that names its scale (``ECTS:C``) is compared there, with the record's grade mapped to it.
    """
    if not wanted:
        return None
    code, colon, label = wanted.partition(":")
    scale = scale_named(base, code) if colon else None
    if scale is not None:
        own = mapped_grade(base, record.grade, base.scale(record.issuer), scale)
        ranks = scale.rank(own), scale.rank(label)
        ok = None not in ranks and (ranks[0] >= ranks[1] if at_least else ranks[0] <= ranks[1])  # type: ignore[operator]
        return Condition(name, ok, record.grade or None, wanted)
    has, needs = grade_rank(record.grade, record.issuer, base), grade_rank(wanted, record.issuer, base)
    if has is None or needs is None:
        return Condition(name, ok=False, has=record.grade or None, needs=wanted)
    return Condition(name, has >= needs if at_least else has <= needs, record.grade, wanted)


def grade_rank(label: str, issuer: str, base: RuleBase) -> Fraction | None:
    """Where a grade stands among the issuer's, or a number by itself where there is no scale."""
    scale = base.scale(issuer)
    if scale is not None:
        rank = scale.rank(label)
        return None if rank is None else Fraction(rank)
    try:
        return Fraction(label)
    except (ValueError, ZeroDivisionError):
        return None


def _credits(record: RecordFacts, leaf: Leaf, base: RuleBase, unit: str) -> Condition | None:
    """Credits are bounded in the target's unit, after the rate between both, unless the leaf names the unit of the record."""
    system = base.system(unit)
    if leaf.min_credits is None or leaf.system or system is None or (record.credits is not None and record.system in {"", unit}):
        return _bound("credits", record.credits, leaf.min_credits)
    try:
        worth = exact_worth(base, [record], system)
    except NoRate:
        return Condition("credits", ok=False, has=None, needs=leaf.min_credits)
    has = record.credits if worth == record.credits else round_to_step(worth, system.step, "down")
    return Condition("credits", worth >= leaf.min_credits, has, leaf.min_credits)


def _hours(record: RecordFacts, base: RuleBase) -> Decimal | None:
    if record.hours is not None:
        return record.hours
    system = base.system(record.system)
    return record.credits * system.hours_nominal if record.credits is not None and system else None


def _age(record: RecordFacts, leaf: Leaf, *, on: date, applied_on: date) -> Condition | None:
    if leaf.max_age_months is None:
        return None
    day = on if leaf.age_at == "review" else applied_on
    last = last_good_day(record.start_of_age, months=leaf.max_age_months)
    return Condition("age", day <= last, day, last)


def _valid(record: RecordFacts, leaf: Leaf, *, on: date) -> Condition | None:
    if not leaf.valid_on_review:
        return None
    return Condition("validity", record.valid_until is not None and record.valid_until >= on, record.valid_until, on)


def step_of_exact(value: Fraction) -> str:
    """A fraction as people read it: 47/16, or 3."""
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"
