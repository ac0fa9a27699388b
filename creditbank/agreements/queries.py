"""Rule books as the engine reads them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from creditbank.agreements.models import LimitRow, RuleBookVersion, RuleRow
from creditbank.catalogue.models import Outcome, Programme, Rate
from creditbank.rules.reading import read_grant, read_limit, read_node
from creditbank.rules.types import CreditSystem, Limit, RequirementLeaf, Rule, RuleBase, Target
from creditbank.rules.types import Rate as RuleRate
from foundation.api import CreditSystem as CreditSystemRow
from identity.api import Institution

CONVERTIBLE = (("vocational", "academic"),)
"""Pairs of categories that may be converted; culture and leisure credit never becomes academic (Shanghai)."""


def version_in_force(institution: Institution, *, on: date) -> RuleBookVersion | None:
    """The newest published version of an institution's rule book that holds on a day. One query."""
    versions = RuleBookVersion.objects.in_force(on=on).filter(book__institution=institution)
    return versions.select_related("book").order_by("-valid_from", "-number").first()


def rule_base(version: RuleBookVersion) -> RuleBase:
    """A version with its reference tables, as the pure engine takes it. Four queries."""
    rules = tuple(read_rule(row, version.number) for row in version.rules.select_related("agreement").order_by("code"))
    systems = tuple(CreditSystem(row.code, row.hours_nominal, row.step, row.rounding) for row in CreditSystemRow.objects.order_by("code"))
    rates = tuple(
        RuleRate(rate.source.code, rate.target.code, rate.num, rate.den)
        for rate in Rate.objects.select_related("source", "target").order_by("id")
    )
    return RuleBase(rules=rules, systems=systems, rates=rates, convertible=CONVERTIBLE, book=version.book.code, version=version.number)


def read_rule(row: RuleRow, version: int) -> Rule:
    """A stored rule as typed data."""
    return Rule(
        id=row.code,
        version=version,
        lhs=read_node(row.lhs, row.code),
        grants=tuple(read_grant(grant, row.code) for grant in row.grants),
        agreement=row.agreement.code if row.agreement else "",
        precedence=row.agreement.precedence if row.agreement else 0,
        priority=row.priority,
        window_from=row.window_from,
        window_to=row.window_to,
        window_date=row.window_date,  # type: ignore[arg-type]
        programmes=tuple(row.programmes),
        route=row.route,  # type: ignore[arg-type]
        evidence=tuple(row.evidence),
        reason_zh=row.reason_zh,
        reason_en=row.reason_en,
        source=row.source,
    )


def limits_of(version: RuleBookVersion) -> tuple[Limit, ...]:
    """The limits of a version as typed data. One query."""
    return tuple(read_limit_row(row) for row in version.limits.order_by("code"))


def read_limit_row(row: LimitRow) -> Limit:
    """A stored limit as typed data."""
    share = str(Fraction(row.share_num, row.share_den)) if row.share_num and row.share_den else None
    return read_limit(
        {
            "id": row.code, "measure": row.measure, "bound": None if row.bound is None else str(row.bound), "share": share,
            "selector": row.selector, "exempt": row.exempt, "per": row.per, "overflow": row.overflow, "owner": "institution",
        }
    )  # fmt: skip


def target_of(programme: Programme) -> Target:
    """A programme as the engine's target. One query."""
    leaves = tuple(
        RequirementLeaf(
            path=row.path, title_zh=row.title_zh, title_en=row.title_en, outcomes=tuple(row.outcomes), subjects=tuple(row.subjects),
            need_credits=row.need_credits, need_courses=row.need_courses, elective=row.elective,
        )
        for row in programme.requirements.order_by("path")
    )  # fmt: skip
    return Target(code=programme.code, system=programme.system.code, total=programme.total, category=programme.category, leaves=leaves)


def outcome_titles() -> dict[str, tuple[str, str]]:
    """Titles of all outcomes by code, for sentences. One query."""
    return {code: (zh, en) for code, zh, en in Outcome.objects.values_list("code", "title_zh", "title_en")}
