"""Lint that compares rules with each other: ambiguity, gaps, fallbacks that give more, denials without effect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise

from creditbank.rules.findings import Finding
from creditbank.rules.leaves import grade_rank
from creditbank.rules.types import POSTING, Leaf, Rule, RuleBase

CROWD = 200
"""Rules about the same outcomes that are compared pair by pair; beyond it each is compared with its neighbours by id."""


def pair_findings(rules: Sequence[Rule], base: RuleBase) -> list[Finding]:
    """Findings of rules that ask for the same outcomes."""
    groups: dict[tuple[str, ...], list[Rule]] = defaultdict(list)
    for rule in rules:
        names = _outcomes(rule)
        if names:
            groups[names].append(rule)
    findings = [finding for found in groups.values() for finding in _group(sorted(found, key=lambda rule: rule.id), base)]
    return findings + list(_fallbacks(groups)) + list(_idle_denials(rules))


def _outcomes(rule: Rule) -> tuple[str, ...]:
    """The outcomes that a plain left side (one leaf, or ALL of leaves) asks for together; empty for anything else."""
    nodes = [rule.lhs] if rule.lhs.kind == "leaf" else [child for child in rule.lhs.children if child.kind != "not"]
    if rule.lhs.kind not in {"leaf", "all"} or any(node.leaf is None or not node.leaf.outcome for node in nodes):
        return ()
    return tuple(sorted(node.leaf.outcome for node in nodes if node.leaf))


def _group(rules: list[Rule], base: RuleBase) -> Iterator[Finding]:
    pairs: Iterable[tuple[Rule, Rule]] = combinations(rules, 2) if len(rules) <= CROWD else pairwise(rules)
    for first, second in pairs:
        if _is_ambiguous(first, second, base):
            real = all(rule.grants[0].kind == "course" for rule in (first, second))
            yield Finding("L02", (first.id, second.id), grade="E" if real else "W")
    yield from _gaps(rules)


def _is_ambiguous(first: Rule, second: Rule, base: RuleBase) -> bool:
    return (
        (first.precedence, first.priority) == (second.precedence, second.priority)
        and not {first.grants[0].kind, second.grants[0].kind} & {"deny", "pending"}
        and (first.grants, first.offer) != (second.grants, second.offer)
        and _scopes_meet(first, second)
        and _windows_meet(first, second)
        and all(_ranges_meet(one, other, base) for one, other in zip(_leaves(first), _leaves(second), strict=True))
    )


def _leaves(rule: Rule) -> list[Leaf]:
    return sorted(rule.lhs.wanted(), key=lambda leaf: leaf.outcome)


def _scopes_meet(first: Rule, second: Rule) -> bool:
    return all(
        not one or not other or bool(set(one) & set(other))
        for one, other in ((first.programmes, second.programmes), (first.fields, second.fields), (first.cohorts, second.cohorts))
    )


def _windows_meet(first: Rule, second: Rule) -> bool:
    starts = max(first.window_from or date.min, second.window_from or date.min)
    return starts <= min(first.window_to or date.max, second.window_to or date.max)


def _ranges_meet(first: Leaf, second: Leaf, base: RuleBase) -> bool:
    scores = _overlap(_bounds(first.min_score, first.max_score), _bounds(second.min_score, second.max_score))
    about = base.outcome(first.outcome)
    owner = first.issuer or (about.owner if about else "")
    grades = _overlap(
        (grade_rank(first.min_grade, owner, base), grade_rank(first.max_grade, owner, base)),
        (grade_rank(second.min_grade, owner, base), grade_rank(second.max_grade, owner, base)),
    )
    return scores and grades


def _bounds(low: Decimal | None, high: Decimal | None) -> tuple[Fraction | None, Fraction | None]:
    return None if low is None else Fraction(low), None if high is None else Fraction(high)


def _overlap(first: tuple[Fraction | None, Fraction | None], second: tuple[Fraction | None, Fraction | None]) -> bool:
    lows = [low for low, _high in (first, second) if low is not None]
    highs = [high for _low, high in (first, second) if high is not None]
    return not lows or not highs or max(lows) <= min(highs)


def _gaps(rules: list[Rule]) -> Iterator[Finding]:
    """A hole between score ranges of rules about one outcome with upper bounds."""
    ranged = sorted(
        ((leaf.min_score or Decimal(0), leaf.max_score, rule.id) for rule in rules for leaf in rule.lhs.wanted()[:1] if leaf.max_score is not None),
        key=lambda row: row[:2],
    )  # fmt: skip
    opened = [(leaf.min_score, rule.id) for rule in rules for leaf in rule.lhs.wanted()[:1] if leaf.min_score is not None]
    for _low, high, ident in ranged:
        above = sorted((low, other) for low, other in opened if high is not None and low > high)
        covered = any(
            low <= high + 1 <= (top if top is not None else high) or low == high for low, top, _other in ranged if high is not None
        )
        if above and not covered and high is not None and above[0][0] > high + 1:
            yield Finding("L08", tuple(sorted({ident, above[0][1]})), (("gap", f"{high} … {above[0][0]}"),))


def _fallbacks(groups: dict[tuple[str, ...], list[Rule]]) -> Iterator[Finding]:
    """A rule about some of the outcomes of another that posts more than that."""
    larger = [(names, rule) for names, rules in groups.items() if len(names) > 1 for rule in rules]
    for names, rule in larger:
        full = posted(rule)
        for size in range(1, min(len(names), 6)):
            for part in set(combinations(names, size)):
                for smaller in groups.get(part, ()):
                    given = posted(smaller)
                    if full is not None and given is not None and given > full and _scopes_meet(rule, smaller):
                        yield Finding("L14", (rule.id, smaller.id), (("part", f"{smaller.id} ({given})"), ("full", f"{rule.id} ({full})")))


def posted(rule: Rule) -> Decimal | None:
    """Credits that a rule posts, where it names them."""
    moving = [grant for grant in rule.grants if grant.kind in POSTING]
    if rule.offer != "all" or any(grant.credits != "fixed" for grant in moving):
        return None
    return sum((grant.amount for grant in moving), Decimal(0))


def _idle_denials(rules: Sequence[Rule]) -> Iterator[Finding]:
    granting: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.grants[0].kind != "deny":
            for leaf in rule.lhs.wanted():
                granting[leaf.outcome].append(rule)
    for rule in rules:
        names = _outcomes(rule)
        if rule.grants[0].kind != "deny" or not names:
            continue
        others = [*granting[""], *(other for name in names for other in granting[name])]
        key = (-rule.precedence, rule.priority)
        if not any(key <= (-other.precedence, other.priority) for other in others):
            yield Finding("L15", (rule.id,))
