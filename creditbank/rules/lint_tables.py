"""Lint of rules against reference tables: cycles of rates, credit out of nothing, agreements, limits, programmes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.amounts import ratio_between
from creditbank.rules.exceptions import NoRate
from creditbank.rules.findings import Finding
from creditbank.rules.lint_pairs import posted
from creditbank.rules.types import Agreement, Limit, Rate, Rule, RuleBase, Target


def table_findings(base: RuleBase, limits: Collection[Limit], targets: Collection[Target]) -> list[Finding]:
    """Findings that need the tables beside the rules."""
    agreements = {agreement.code: agreement for agreement in base.agreements}
    found = list(_growing_cycles(base.rates))
    for rule in base.rules:
        found += _created(rule, base, agreements.get(rule.agreement))
        found += _outside(rule, agreements.get(rule.agreement))
    return found + list(_contradictions(limits)) + list(_nowhere(limits, targets))


def _growing_cycles(rates: Collection[Rate]) -> Iterator[Finding]:
    """Greatest products by exact fractions (Bellman-Ford); a value that still grows after every unit was seen lies on a cycle."""
    units = sorted({unit for rate in rates for unit in (rate.source, rate.target)})
    best: dict[str, Fraction] = dict.fromkeys(units, Fraction(1))
    before: dict[str, Rate] = {}
    last = ""
    for _round in units:
        last = ""
        for rate in sorted(rates, key=lambda rate: (rate.source, rate.target)):
            value = best[rate.source] * rate.ratio
            if value > best[rate.target]:
                best[rate.target], before[rate.target], last = value, rate, rate.target
    if not last:
        return
    for _step in units:
        last = before[last].source
    cycle, product, at = [last], Fraction(1), last
    while True:
        product *= before[at].ratio
        at = before[at].source
        cycle.append(at)
        if at == last:
            break
    cycle.reverse()
    start = cycle.index(min(cycle))
    ordered = cycle[start:-1] + cycle[:start] + [min(cycle)] if start else cycle
    yield Finding("L07", tuple(sorted(set(cycle))), (("cycle", " → ".join(ordered)), ("product", str(product))))


def _created(rule: Rule, base: RuleBase, agreement: Agreement | None) -> Iterator[Finding]:
    """More posted than the sources are worth: what the catalogue says of them, at the rate between the units."""
    given = posted(rule)
    leaves = rule.lhs.wanted()
    sources = [base.outcome(leaf.outcome) for leaf in leaves]
    if given is None or not sources or rule.lhs.kind not in {"leaf", "all"}:
        return
    target = next((about.system for grant in rule.grants if (about := base.outcome(grant.outcome)) and about.system), "")
    worth = Fraction(0)
    for source in sources:
        if source is None or source.credits is None:
            return
        try:
            worth += Fraction(source.credits) * (ratio_between(base, source.system, target) if source.system and target else 1)
        except NoRate:
            return
    if Fraction(given) > worth:
        data = (("source", _text(worth)), ("granted", _text(Fraction(given))), ("created", _text(Fraction(given) - worth)))
        yield Finding("L03", (rule.id,), data, grade="E" if agreement and agreement.conserve else "W")


def _text(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _outside(rule: Rule, agreement: Agreement | None) -> Iterator[Finding]:
    if agreement is None:
        return
    early = agreement.window_from and rule.window_from and rule.window_from < agreement.window_from
    late = agreement.window_to and rule.window_to and rule.window_to > agreement.window_to
    if early or late:
        window = f"{rule.window_from or date.min} – {rule.window_to or date.max}"
        yield Finding("L20", (rule.id, agreement.code), (("window", window),))


def _contradictions(limits: Collection[Limit]) -> Iterator[Finding]:
    """A bound below zero, or a minimum above the maximum for the same selector."""
    highest: dict[tuple[object, ...], list[Limit]] = defaultdict(list)
    for limit in limits:
        if limit.bound is not None and limit.bound < 0:
            yield Finding("L17", (limit.id,), (("why", f"{limit.bound} < 0"),))
        if limit.op == "<=" and limit.bound is not None:
            highest[limit.measure, limit.selector, limit.exempt].append(limit)
    for limit in limits:
        if limit.op == ">=" and limit.bound is not None and not (limit.group and limit.group_op == "any"):
            for other in highest[limit.measure, limit.selector, limit.exempt]:
                if (other.bound or Decimal(0)) < limit.bound and other.per in {"none", "target"}:
                    yield Finding("L17", (limit.id, other.id), (("why", f"{limit.bound} > {other.bound}"),))


def _nowhere(limits: Collection[Limit], targets: Collection[Target]) -> Iterator[Finding]:
    if targets and not any(leaf.elective for target in targets for leaf in target.leaves):
        for limit in limits:
            if limit.overflow == "to_elective":
                yield Finding("L18", (limit.id,))
