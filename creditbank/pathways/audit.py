"""Degree audit: how far a decision carries a person through a programme, and what is still missing. Pure; nothing is stored.

Credit is counted where the decision put it, so nothing counts twice that the decision did not share, and what no requirement needed is
part of the total only if it was posted. An exemption lowers the total instead of filling it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from creditbank.rules.earlier import each_once
from creditbank.rules.individual import with_own_needs
from creditbank.rules.objective import has_need, need_of
from creditbank.rules.types import Allocation, Decision, Facts, Minimum, RequirementLeaf, RuleBase

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Gap:
    """What is needed and what there is of it."""

    need: Decimal
    have: Decimal

    @property
    def missing(self) -> Decimal:
        """What is still missing; nothing where there is enough."""
        return max(self.need - self.have, NOTHING)


@dataclass(frozen=True)
class LevelGap:
    """Credits needed at a level or above it."""

    level: int
    gap: Gap


@dataclass(frozen=True)
class AuditRow:
    """One node of the programme. ``unit`` is credits or courses; inner nodes have no need of their own."""

    path: str
    title_zh: str
    title_en: str
    done: bool
    unit: str = ""
    gap: Gap | None = None
    by: tuple[Allocation, ...] = ()
    awarded: Decimal = NOTHING
    """What of ``gap.have`` was awarded before, in the same unit."""
    levels: tuple[LevelGap, ...] = ()


@dataclass(frozen=True)
class Expiring:
    """A record that will no longer be valid on a day."""

    record: str
    valid_until: date
    used: bool


@dataclass(frozen=True)
class Audit:
    """A programme with what fills it. ``total`` is what must be posted in all, after exemptions have lowered it."""

    target: str
    rows: tuple[AuditRow, ...]
    total: Gap | None
    minima: tuple[Minimum, ...]
    expiring: tuple[Expiring, ...]
    proved: bool

    @property
    def open(self) -> tuple[AuditRow, ...]:
        """Requirements that are not reached."""
        return tuple(row for row in self.rows if not row.done and (row.gap is not None or row.levels))

    @property
    def complete(self) -> bool:
        """Whether nothing is missing: no requirement, no credit of the total, no minimum."""
        return not self.open and (self.total is None or not self.total.missing) and all(one.met for one in self.minima)


def audit(decision: Decision, facts: Facts, base: RuleBase, *, before: date | None = None) -> Audit:
    """The audit of a decision for the programme that it was asked for, together with what was awarded there before.

    ``before`` is the day by which records must still be valid.
    """
    facts = with_own_needs(facts)
    target = facts.target
    waived = {row.leaf for row in decision.allocation if row.kind == "waiver"} | {
        one.path for one in facts.exceptions if one.kind == "waive"
    }
    leaves = [_leaf_row(leaf, decision, facts, base, waived) for leaf in target.seats()]
    done = {row.path for row in leaves if row.done} | set(decision.done)
    nodes = [AuditRow(node.path, node.title_zh, node.title_en, node.path in done | waived) for node in target.nodes]
    before_this = each_once(facts.earlier)
    relief = sum((row.amount for row in decision.allocation if row.kind == "exemption"), NOTHING)
    relief += sum((one.fill for one in before_this if one.kind == "exemption"), NOTHING)
    posted = decision.posted + sum((one.posted for one in before_this), NOTHING)
    used = {ident for row in decision.allocation for ident in row.records}
    expiring = sorted(
        (Expiring(record.id, record.valid_until, record.id in used) for record in facts.records if record.valid_until and before and record.valid_until < before),
        key=lambda one: (one.valid_until, one.record),
    )  # fmt: skip
    return Audit(
        decision.target,
        tuple(sorted([*leaves, *nodes], key=lambda row: _order(row.path))),
        None if target.total is None else Gap(target.total - relief, posted),
        decision.minima,
        tuple(expiring),
        decision.proof.status == "optimal",
    )


def _order(path: str) -> list[tuple[bool, int, str]]:
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in path.split(".")]


def _leaf_row(leaf: RequirementLeaf, decision: Decision, facts: Facts, base: RuleBase, waived: set[str]) -> AuditRow:
    by = tuple(row for row in decision.allocation if row.leaf == leaf.path and row.kind != "waiver")
    earlier = [one for one in facts.earlier if one.leaf == leaf.path and one.kind != "waiver"]
    unit, gap, awarded = "", None, NOTHING
    if leaf.need_courses is not None:
        counted = [row for row in by if not row.cut_by or row.without_credit]
        have = sum(len(row.outcome.split(";")) if row.kind == "block" and row.outcome else 1 for row in counted)
        awarded = Decimal(len(earlier))
        unit, gap = "courses", Gap(Decimal(leaf.need_courses), have + awarded)
    elif has_need(leaf):
        awarded = sum((one.fill for one in earlier), NOTHING)
        unit, gap = "credits", Gap(need_of(leaf, dict(facts.attributes)) or NOTHING, awarded + sum((row.fill for row in by), NOTHING))
    given = [(row.rule, row.grant, row.outcome, row.fill) for row in by] + [(one.rule, one.grant, "", one.fill) for one in earlier]
    levels = tuple(LevelGap(level, Gap(credits, _at_level(given, level, base))) for level, credits in sorted(leaf.level_credits))
    short = any(one.gap.missing for one in levels) or (gap is not None and bool(gap.missing))
    return AuditRow(
        leaf.path,
        leaf.title_zh,
        leaf.title_en,
        leaf.path in waived or leaf.path in decision.done or not short,
        unit,
        gap,
        by,
        awarded,
        levels,
    )


def _at_level(given: Sequence[tuple[str, int, str, Decimal]], level: int, base: RuleBase) -> Decimal:
    """What of a leaf is at a level or above, by (rule, grant, outcome, fill); what has no level is below all."""
    rules = {rule.id: rule for rule in base.rules}
    total = NOTHING
    for rule, number, outcome, fill in given:
        grant = rules[rule].grants[number - 1] if rule in rules and number <= len(rules[rule].grants) else None
        about = base.outcome(outcome or (grant.outcome if grant is not None else ""))
        has = grant.level if grant is not None and grant.level is not None else about.level if about is not None else None
        total += fill if has is not None and has >= level else NOTHING
    return total


def advice(total: Decimal, levels: Sequence[tuple[int, Decimal]], language: str) -> str:
    """At which levels missing credit must be earned: ``total`` missing in all, and (level, missing at it or above), the levels rising.

    Empty where nothing is missing or no level asks for anything.
    """
    asked = [(level, missing) for level, missing in sorted(levels) if missing > 0]
    if total <= 0 or not asked:
        return ""
    english, top = language.startswith("en"), max(level for level, _missing in levels)
    said = []
    for level, missing in asked:
        at = (f"L{level}" if level == top else f"L{level} or above") if english else (f"L{level}" if level == top else f"L{level} 及以上")
        if missing >= total:
            said = [f"every missing credit at {at}" if english else f"所缺学分须全部在 {at}"]
        else:
            said.append(f"{_number(missing)} of them at {at}" if english else f"其中 {_number(missing)} 学分在 {at}")
    return (", " if english else "，").join(said)


def _number(value: Decimal) -> str:
    return format(value.normalize(), "f")
