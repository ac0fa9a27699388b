"""From typed rules, limits and reference tables to rows of the documented tables; reading them again gives the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from creditbank.rules.files.cells import written
from creditbank.rules.files.scales import condition_cell, level_cell, level_row, map_cells, settings_rows
from creditbank.rules.tables import Agreement, Calendar, CreditSystem, GradeMap, GradeScale, Outcome, Rate
from creditbank.rules.types import Grant, Leaf, Limit, Node, RequirementLeaf, RequirementNode, Rule, RuleBase, Target

Row = dict[str, str]
NOTHING_GIVEN = frozenset({"deny", "pending", "waiver"})


def cells(**found: Any) -> Row:
    """A row of text cells; what is empty is left out, so an absent column keeps its default."""
    return {name.removesuffix("_"): text for name, value in found.items() if (text := written(value)) != ""}


def flag(*, is_set: bool, default: bool = False) -> bool | None:
    """A flag as a cell: empty where it says what an empty cell says."""
    return None if is_set == default else is_set


def rule_rows(rules: Iterable[Rule]) -> list[Row]:
    """Several rows a rule: its head, its left side by position, what it gives."""
    return [row for rule in rules for row in _rule(rule)]


def _rule(rule: Rule) -> Iterator[Row]:
    timing = condition_cell(rule.learner, rule.not_learner)
    yield cells(
        rule_id=rule.id, row="rule", version=rule.version, agreement=rule.agreement, priority=rule.priority, status=rule.status,
        window_from=rule.window_from, window_to=rule.window_to, window_date=rule.window_date, programmes=rule.programmes,
        fields=(*rule.fields, *(f"!{name}" for name in rule.not_fields)), cohorts=rule.cohorts, learner_condition=timing,
        all_or_nothing=flag(is_set=rule.all_or_nothing), route=rule.route, evidence=rule.evidence, reason_zh=rule.reason_zh,
        reason_en=rule.reason_en, since=rule.since, source=rule.source, consume="" if rule.consume == "whole" else rule.consume,
    )  # fmt: skip
    for path, node in _placed(rule.lhs, "1"):
        yield {"rule_id": rule.id, "row": "from", "path": path, **_node(node)}
    if rule.offer == "all":
        for at, grant in enumerate(rule.grants, start=1):
            yield {"rule_id": rule.id, "row": "to", "path": str(at), "node": "leaf", **_grant(grant)}
        return
    yield cells(rule_id=rule.id, row="to", path="1", node=rule.offer, k=rule.offer_k if rule.offer == "n_of" else None)
    for at, grant in enumerate(rule.grants, start=1):
        yield {"rule_id": rule.id, "row": "to", "path": f"1.{at}", "node": "leaf", **_grant(grant)}


def _placed(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for at, child in enumerate(node.children, start=1):
        yield from _placed(child, f"{path}.{at}")


def _node(node: Node) -> Row:
    amount = node.k if node.kind == "n_of" else node.credits if node.kind == "credits_of" else None
    leaf = _leaf(node.leaf) if node.leaf is not None else {}
    return {**cells(node=node.kind, k=amount, same_issuer=flag(is_set=node.same_issuer), same_award=flag(is_set=node.same_award)), **leaf}


def _leaf(leaf: Leaf) -> Row:
    filters = (("source_type", leaf.source_type), ("category", leaf.category), ("subject", leaf.subject), ("system", leaf.system))
    return cells(
        outcome=leaf.outcome, class_=leaf.dup_class, common_id=leaf.common_id, filter=_pairs(filters), issuer=leaf.issuer,
        min_grade=leaf.min_grade, max_grade=leaf.max_grade, min_score=leaf.min_score, max_score=leaf.max_score,
        min_attendance=leaf.min_attendance, min_credits=leaf.min_credits, min_hours=leaf.min_hours, min_level=level_cell(leaf.framework, leaf.min_level),
        max_age_months=leaf.max_age_months, age_at=leaf.age_at, valid_on_review=flag(is_set=leaf.valid_on_review), trust=leaf.trust,
    )  # fmt: skip


def _grant(grant: Grant) -> Row:
    how: Any = grant.credits if grant.credits in {"rate", "catalogue"} else grant.amount
    if grant.credits == "steps" or (grant.kind in NOTHING_GIVEN and grant.credits == "fixed" and not grant.amount):
        how = None
    return cells(
        kind=grant.kind, outcome=grant.outcome, subject=grant.subject, level=grant.level, credits=how, max_credits=grant.max_amount,
        steps=_steps(grant.steps), grade=grant.grade, in_gpa=flag(is_set=grant.in_gpa, default=True), effects=grant.effects,
    )  # fmt: skip


def _steps(steps: Iterable[tuple[Any, Any]]) -> str:
    return ";".join(f"{written(first)}:{written(second)}" for first, second in steps)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs if value)


def limit_rows(limits: Iterable[Limit], sources: dict[str, str] | None = None) -> list[Row]:
    """One row a limit; ``sources`` says where a figure comes from."""
    return [_limit(limit, (sources or {}).get(limit.id, "")) for limit in limits]


def _limit(limit: Limit, source: str) -> Row:
    share = limit.share
    year = "" if limit.year_start == (1, 1) else f"{limit.year_start[0]:02}-{limit.year_start[1]:02}"
    return cells(
        limit_id=limit.id, group=limit.group, group_op=limit.group_op, owner=limit.owner, selector=_selector(limit.selector),
        except_=_selector(limit.exempt), measure=limit.measure, op=limit.op, bound=limit.bound, share_num=share.numerator if share is not None else None,
        share_den=share.denominator if share is not None else None, share_of=limit.share_of, per=limit.per, calendar=limit.calendar,
        overflow=limit.overflow, last_n=limit.last_n, year_start=year, source=source,
    )  # fmt: skip


def _selector(selector: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    return "&".join(f"{name}={';'.join(found)}" for name, found in selector)


def programme_rows(targets: Iterable[tuple[str, Target]]) -> list[Row]:
    """One row a node, by (cohort, programme); facts of the whole stand in its first row."""
    return [row for cohort, target in targets for row in _programme(cohort, target)]


def _programme(cohort: str, target: Target) -> Iterator[Row]:
    says = any(leaf.requirement is not None for leaf in target.leaves) or any(node.requirement is not None for node in target.nodes)
    whole = cells(system=target.system, total=target.total, category=target.category, field=target.field, owner=target.owner,
                  eligible_if=condition_cell(target.eligible, target.not_eligible))  # fmt: skip
    for node in target.nodes:
        yield {**cells(programme=target.code, cohort=cohort), **whole, **_inner(node, says=says)}
        whole = {}
    for leaf in target.leaves:
        yield {**cells(programme=target.code, cohort=cohort), **whole, **_requirement(leaf, says=says)}
        whole = {}


def _inner(node: RequirementNode, *, says: bool) -> Row:
    return cells(
        path=node.path, node=node.kind, k=node.k if node.kind == "n_of" else None, requirement=bool(node.requirement) if says else None,
        children_min=node.children_min, children_max=node.children_max, title_zh=node.title_zh, title_en=node.title_en,
    )  # fmt: skip


def _requirement(leaf: RequirementLeaf, *, says: bool) -> Row:
    either = "any" if leaf.outcomes and leaf.subjects and not leaf.all_keys else ""
    filters = (
        ("outcome", ";".join(leaf.outcomes)), ("subject", ";".join(leaf.subjects)), ("level", written(leaf.level)), ("category", leaf.category),
        ("kind", ";".join(leaf.kinds)), ("match", either),
    )  # fmt: skip
    need_if = "|".join(f"{_pairs(pairs)}:{written(need)}" for pairs, need in leaf.need_if)
    return cells(
        path=leaf.path, node="leaf", requirement=bool(leaf.requirement) if says else None, filter=_pairs(filters), need_credits=leaf.need_credits,
        need_courses=leaf.need_courses, need_if=need_if, min_grade=leaf.min_grade, min_level_credits=_steps(leaf.level_credits),
        set=leaf.exclusive, share_with=leaf.share_with, share_max=leaf.share_max, transferable=flag(is_set=leaf.transferable, default=True),
        elective=flag(is_set=leaf.elective), title_zh=leaf.title_zh, title_en=leaf.title_en,
    )  # fmt: skip


def system_row(system: CreditSystem) -> Row:
    """A unit of credit."""
    return cells(code=system.code, hours_nominal=system.hours_nominal, hours_min=system.hours_min, hours_max=system.hours_max,
                 step=system.step, rounding=system.rounding)  # fmt: skip


def rate_row(rate: Rate) -> Row:
    """A rate between two units."""
    return cells(
        from_=rate.source, to=rate.target, num=rate.num, den=rate.den, window_from=rate.window_from, window_to=rate.window_to,
        chainable=flag(is_set=rate.chainable),
    )  # fmt: skip


def calendar_rows(calendar: Calendar) -> list[Row]:
    """One row a term; a calendar without terms has one row."""
    head = cells(calendar=calendar.code, year_start=calendar.year_start, last_term_ends=calendar.last_term_ends)
    return [head | cells(term=name, first=first, last=last) for name, first, last in calendar.terms] or [head]


def scale_rows(scale: GradeScale, maps: Iterable[GradeMap] = ()) -> list[Row]:
    """One row a grade, with what it becomes on other scales."""
    return [
        cells(scale=scale.code, institution=scale.institution, label=grade.label, rank=grade.rank, gpa=grade.gpa,
              pass_=flag(is_set=grade.passes, default=True), share=grade.share, **map_cells(maps, scale.code, grade.label, place))
        for place, grade in enumerate(scale.grades)
    ]  # fmt: skip


def outcome_row(outcome: Outcome) -> Row:
    """What the catalogue knows of an outcome; the level is a rank."""
    return cells(
        outcome=outcome.code, version=outcome.version, owner=outcome.owner, title_zh=outcome.title_zh, title_en=outcome.title_en,
        common_id=outcome.common_id, cross_list=outcome.cross_list, credits=outcome.credits, system=outcome.system, hours=outcome.hours,
        level=level_cell(outcome.framework, outcome.level), category=outcome.category, source_type=outcome.source_type, subjects=outcome.subjects, dup_class=outcome.dup_class,
        active_from=outcome.active_from, active_to=outcome.active_to, repeatable=flag(is_set=outcome.repeatable), codes=outcome.codes,
        aliases=outcome.aliases,
    )  # fmt: skip


def agreement_row(agreement: Agreement) -> Row:
    """An agreement with its parties."""
    return cells(
        agreement=agreement.code, version=agreement.version, kind=agreement.kind, parties=tuple(f"{code}:{role}" for code, role in agreement.parties),
        window_from=agreement.window_from, window_to=agreement.window_to, status=agreement.status, supersedes=agreement.supersedes,
        precedence=agreement.precedence, conserve=flag(is_set=agreement.conserve),
    )  # fmt: skip


def convertibility_rows(allowed: Iterable[tuple[str, str]], partly: Iterable[tuple[str, str]]) -> list[Row]:
    """One row a pair of categories that may be converted; what is not listed may not."""
    rows = [cells(from_=source, to=target, value="allow") for source, target in allowed]
    return rows + [cells(from_=source, to=target, value="partial") for source, target in partly]


def base_tables(base: RuleBase, limits: Iterable[Limit] = (), targets: Iterable[tuple[str, Target]] = ()) -> dict[str, list[Row]]:
    """Everything that a rule base holds, by table; tables without rows are left out."""
    found = {
        "rules": rule_rows(base.rules), "limits": limit_rows(limits), "programmes": programme_rows(targets),
        "systems": [system_row(one) for one in base.systems], "rates": [rate_row(one) for one in base.rates],
        "calendars": [row for one in base.calendars for row in calendar_rows(one)],
        "grades": [row for one in base.scales for row in scale_rows(one, base.grade_maps)], "outcomes": [outcome_row(one) for one in base.outcomes],
        "agreements": [agreement_row(one) for one in base.agreements],
        "levels": [cells(**level_row(one)) for one in base.levels], "settings": settings_rows(base),
        "convertibility": convertibility_rows(base.convertible, base.partly_convertible),
    }  # fmt: skip
    return {name: rows for name, rows in found.items() if rows}
