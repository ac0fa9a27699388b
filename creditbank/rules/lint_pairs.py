"""Lint that compares rules with each other: duplicates, ambiguity, shadows, gaps, fallbacks that give more, denials without effect.

Rules are compared only inside groups that ask for the same things, and there with those whose ranges meet; where nearly all do, with a
bounded number of others. So the work grows with the number of rules, not with its square.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, islice
from typing import Any, NamedTuple

from creditbank.rules.findings import Finding
from creditbank.rules.lint_crowds import Range, meeting_pairs
from creditbank.rules.lint_ground import (
    Ground,
    Span,
    about_of,
    chosen,
    given_by,
    grade_line,
    grade_span,
    leaf_implies,
    names_of,
    rank_of,
    scopes_meet,
    score_span,
    spans_meet,
    ways,
    windows_meet,
)
from creditbank.rules.lint_rules import worth_of
from creditbank.rules.types import Leaf, Node, Rule

CROWD = 32
"""Rules about the same outcomes that are compared pair by pair; beyond it those whose ranges meet, or each with as many neighbours."""
WIDEST = 10
"""Leaves of a left side of which every part is looked up for fallbacks; beyond it parts of one and two."""
MOST_COVERED = 200_000
"""Comparisons of rules by filter with the outcomes under them; a bank has few of the first."""
Way = tuple[Rule, tuple[Leaf, ...]]
REFUSING = frozenset({"deny", "pending"})


def pair_findings(ground: Ground) -> list[Finding]:
    """Findings of rules that ask for the same."""
    groups: dict[tuple[tuple[str, ...], ...], list[Way]] = defaultdict(list)
    for rule in ground.rules:
        for leaves in ways(rule):
            groups[tuple(map(about_of, leaves))].append((rule, leaves))
    found = list(_duplicates(ground.rules))
    for listed in groups.values():
        if len(listed) > 1:
            found += _ambiguous(listed, ground)
            found += _shadowed(listed, ground)
            found += _gaps(listed, ground)
    found += _filters_over_outcomes(groups, ground)
    return found + list(_fallbacks(groups, ground)) + list(_idle_denials(ground.rules))


def neighbours(items: Sequence[Any], key: Callable[[Any], Any]) -> Iterator[tuple[Any, Any]]:
    """All pairs of a small crowd; of a larger one each with the next so many in order."""
    if len(items) <= CROWD:
        yield from combinations(items, 2)
        return
    ordered = sorted(items, key=key)
    for at, first in enumerate(ordered):
        for second in ordered[at + 1 : at + 1 + CROWD]:
            yield first, second


def _ordered(node: Node) -> Node | tuple[object, ...]:
    """A left side without the order of its parts, as something to compare."""
    if not node.children:
        return node
    parts = sorted((_ordered(child) for child in node.children), key=repr)
    return (node.kind, node.k, node.credits, node.same_issuer, node.same_award, tuple(parts))


def _duplicates(rules: Sequence[Rule]) -> Iterator[Finding]:
    """L01: equal left sides, scopes and offers while the windows overlap. Rules in order of their windows: a run of overlapping ones is one."""
    same: dict[object, list[Rule]] = defaultdict(list)
    for rule in rules:
        scope = (rule.programmes, rule.fields, rule.not_fields, rule.cohorts, rule.learner, rule.not_learner)
        offer = (rule.grants, rule.offer, rule.offer_k, rule.all_or_nothing, rule.window_date, rule.consume)
        same[_ordered(rule.lhs), scope, offer].append(rule)
    for listed in same.values():
        for run in _runs(listed) if len(listed) > 1 else ():
            counted = [rule.agreement for rule in run if rule.agreement]
            yield Finding(
                "L01", tuple(sorted(rule.id for rule in run)), grade="E" if len(counted) > len(set(counted)) else "W", place="rule"
            )


def _runs(rules: Iterable[Rule]) -> Iterator[list[Rule]]:
    """Rules whose windows overlap one after the other, two or more."""
    run: list[Rule] = []
    last = date.min
    for rule in sorted(rules, key=lambda rule: (rule.window_from or date.min, rule.id)):
        if run and (rule.window_from or date.min) > last:
            if len(run) > 1:
                yield run
            run, last = [], date.min
        run.append(rule)
        last = max(last, rule.window_to or date.max)
    if len(run) > 1:
        yield run


def _ambiguous(listed: Sequence[Way], ground: Ground) -> Iterator[Finding]:
    """L02: one set of records fits both, equal ranks, other offers. Rules that are ambiguous one with the other are one finding."""
    by_rank: dict[tuple[int, int], list[Way]] = defaultdict(list)
    for rule, leaves in listed:
        if rule.grants[0].kind not in REFUSING:
            by_rank[rank_of(rule)].append((rule, leaves))
    for crowd in by_rank.values():
        if len({(rule.grants, rule.offer, rule.offer_k) for rule, _leaves in crowd}) > 1:
            spanned = [Spanned((rule, leaves), _spans(leaves, ground), (rule.grants, rule.offer, rule.offer_k)) for rule, leaves in crowd]
            yield from _clusters((one.way, two.way) for one, two in _compared(spanned) if _is_ambiguous(one, two))


def _compared(spanned: Sequence[Spanned]) -> Iterable[tuple[Spanned, Spanned]]:
    """All pairs that may meet; of a crowd in which nearly all do, each with its neighbours."""
    whole = meeting_pairs(spanned, _ranges(spanned)) if len(spanned) > CROWD else None
    return neighbours(spanned, _order) if whole is None else whole


def _ranges(spanned: Sequence[Spanned]) -> Callable[[Spanned], list[Range]]:
    """What tells rules of a crowd apart: scores, grades on one scale, the window, the programme where there is one."""
    one_kind_of_day = len({one.way[0].window_date for one in spanned}) == 1
    one_line = [len({one.spans[at][2] for one in spanned}) == 1 for at in range(len(spanned[0].spans))]

    def of(one: Spanned) -> list[Range]:
        rule = one.way[0]
        grades = [span[1] for span, same in zip(one.spans, one_line, strict=True) if same]
        days = [(rule.window_from, rule.window_to)] if one_kind_of_day else []
        (programme,) = rule.programmes if len(rule.programmes) == 1 else (None,)
        return [*(span[0] for span in one.spans), *grades, *days, (programme, programme)]

    return of


class Spanned(NamedTuple):
    """A way with the ranges of scores and grades of each of its leaves, and what it gives."""

    way: Way
    spans: tuple[tuple[Span, Span, str], ...]
    offer: tuple[object, ...]


def _spans(leaves: Sequence[Leaf], ground: Ground) -> tuple[tuple[Span, Span, str], ...]:
    return tuple((score_span(leaf), grade_span(leaf, ground), grade_line(leaf, ground)) for leaf in leaves)


def _order(one: Spanned) -> tuple[Any, ...]:
    (rule, _leaves), ((low, _high), (grade, _best), _line) = one.way, one.spans[0]
    nothing = Fraction(-1)
    return (rule.programmes, rule.window_from or date.min, nothing if low is None else low, nothing if grade is None else grade, rule.id)


def _is_ambiguous(one: Spanned, two: Spanned) -> bool:
    first, second = one.way[0], two.way[0]
    return (
        scopes_meet(first, second)
        and windows_meet(first, second)
        and all(_ranges_meet(*pair) for pair in zip(one.spans, two.spans, strict=True))
        and one.offer != two.offer
    )


def _ranges_meet(first: tuple[Span, Span, str], second: tuple[Span, Span, str]) -> bool:
    return spans_meet(first[0], second[0]) and (first[2] != second[2] or spans_meet(first[1], second[1]))


def _clusters(pairs: Iterable[tuple[Way, Way]]) -> Iterator[Finding]:
    """Pairs joined into sets of rules that are ambiguous one with the next; an error where two name a real course."""
    above: dict[str, str] = {}
    real: dict[str, bool] = {}
    source: dict[str, str] = {}

    def root(ident: str) -> str:
        while above[ident] != ident:
            above[ident] = above[above[ident]]
            ident = above[ident]
        return ident

    for first, second in pairs:
        for rule, leaves in (first, second):
            above.setdefault(rule.id, rule.id)
            source.setdefault(rule.id, names_of(leaves))
        one, other = root(first[0].id), root(second[0].id)
        both = all(rule.grants[0].kind == "course" for rule, _leaves in (first, second))
        real[one] = real.get(one, False) or real.get(other, False) or both
        above[other] = one
    members: dict[str, list[str]] = defaultdict(list)
    for ident in above:
        members[root(ident)].append(ident)
    for head, ids in members.items():
        kind = "multiple_real" if real.get(head) else "blanket_or_real"
        yield Finding("L02", tuple(sorted(ids)), (("kind", kind), ("source", source[min(ids)])), "E" if real.get(head) else "W", "from")


def _shadowed(listed: Sequence[Way], ground: Ground) -> Iterator[Finding]:
    """L06: always shadowed: a strictly better rule takes every set of records that this one takes, for everybody and at all times."""
    if len({rank_of(rule) for rule, _leaves in listed}) == 1:
        return
    ordered = sorted(listed, key=lambda way: (rank_of(way[0]), way[0].id))
    better = _better(ordered, ground)
    for rule, leaves in ordered:
        if len(ways(rule)) != 1 or rule.grants[0].kind in REFUSING:
            continue
        others = better(rule)
        over = next((one for one, other in others if rank_of(one) < rank_of(rule) and _takes_all(one, other, rule, leaves, ground)), None)
        if over is not None:
            yield Finding("L06", (rule.id, over.id), (("why", f"< {over.id}"),), place="rule")


def _better(ordered: Sequence[Way], ground: Ground) -> Callable[[Rule], Sequence[Way]]:
    """The ways, in their order, that a rule has to be compared with: those that it meets; in a crowd in which nearly all meet the first."""
    spanned = [Spanned(way, _spans(way[1], ground), ()) for way in ordered]
    pairs = meeting_pairs(spanned, _ranges(spanned)) if len(ordered) > CROWD else None
    if pairs is None:
        return lambda _rule: ordered[:CROWD]
    place = {id(one): at for at, one in enumerate(spanned)}
    met: dict[str, set[int]] = defaultdict(set)
    for first, second in pairs:
        met[first.way[0].id].add(place[id(second)])
        met[second.way[0].id].add(place[id(first)])
    return lambda rule: [ordered[at] for at in sorted(met[rule.id])]


def _takes_all(better: Rule, taken: Sequence[Leaf], rule: Rule, leaves: Sequence[Leaf], ground: Ground) -> bool:
    """Whether the better rule matches whenever the other does and could be used there."""
    return (
        better.grants[0].kind not in REFUSING
        and not better.lhs.forbidden()
        and _covers_scope(better, rule)
        and _covers_window(better, rule)
        and set(better.evidence) <= set(rule.evidence)
        and len(taken) == len(leaves)
        and all(leaf_implies(strict, loose, ground) for strict, loose in zip(leaves, taken, strict=True))
        and _is_useful(better, rule, ground)
    )


def _covers_scope(wide: Rule, narrow: Rule) -> bool:
    listed = ((wide.programmes, narrow.programmes), (wide.fields, narrow.fields), (wide.cohorts, narrow.cohorts))
    return (
        all(not one or (bool(other) and set(other) <= set(one)) for one, other in listed)
        and set(wide.learner) <= set(narrow.learner)
        and set(wide.not_learner) <= set(narrow.not_learner)
        and set(wide.not_fields) <= set(narrow.not_fields)
    )


def _covers_window(wide: Rule, narrow: Rule) -> bool:
    if not wide.window_from and not wide.window_to:
        return True
    first, last = wide.window_from or date.min, wide.window_to or date.max
    return wide.window_date == narrow.window_date and first <= (narrow.window_from or date.min) and (narrow.window_to or date.max) <= last


def _is_useful(better: Rule, rule: Rule, ground: Ground) -> bool:
    """Whether something of the better rule finds a seat in every programme where the other holds (in the pool everything does)."""
    if any(grant.kind in {"exemption", "waiver"} for grant in better.grants) or not ground.targets:
        return True
    scope = {target.code for target in ground.in_scope(rule)}
    seated = {code for grant in better.grants for code in ground.targets_for(grant, scope)}
    return scope <= seated


def _gaps(listed: Sequence[Way], ground: Ground) -> Iterator[Finding]:
    """L08: a hole between the scores, grades or windows of rules that are otherwise about the same."""
    lines: dict[object, list[tuple[Any, Any, str]]] = defaultdict(list)
    for rule, leaves in listed:
        if len(leaves) != 1:
            continue
        leaf, scope = leaves[0], (rule.programmes, rule.fields, rule.cohorts, rule.learner, rule.not_learner, rule.window_date)
        scores, grades, days = (leaf.min_score, leaf.max_score), grade_span(leaf, ground), (rule.window_from, rule.window_to)
        lines["score", scope, grades, days].append((*scores, rule.id))
        lines["grade", scope, (scores, grade_line(leaf, ground)), days].append((*grades, rule.id))
        lines["window", scope, scores, grades].append((*days, rule.id))
    for key, spans in lines.items():
        if len(spans) > 1 and any(span[1] is not None for span in spans):
            for first, second, low, high in _holes(str(key[0]), spans):  # type: ignore[index]
                data = (("gap", f"{low} … {high}"), ("of", str(key[0])))  # type: ignore[index]
                yield Finding("L08", tuple(sorted({first, second})), data, place="window" if key[0] == "window" else "from")  # type: ignore[index]


def _holes(kind: str, spans: Sequence[tuple[Any, Any, str]]) -> Iterator[tuple[str, str, Any, Any]]:
    """Neighbouring ranges with something between them that none covers; a range open below comes first, one open above ends all."""
    step = _unit(kind, spans)
    ordered = sorted(spans, key=lambda span: (span[0] is not None, span[0] if span[0] is not None else 0, span[2])) if kind != "window" else sorted(
        spans, key=lambda span: (span[0] or date.min, span[2])
    )  # fmt: skip
    top, ident = ordered[0][1], ordered[0][2]
    for low, high, other in ordered[1:]:
        if top is None:
            return
        if low is not None and low > top + step:
            yield ident, other, top, low
        if high is None or high > top:
            top, ident = high, other


def _unit(kind: str, spans: Sequence[tuple[Any, Any, str]]) -> Any:
    """The smallest distance between two values: a day, a grade, or the last decimal place that scores are written with."""
    if kind == "window":
        return timedelta(days=1)
    if kind == "grade":
        return Fraction(1)
    bounds = [bound for low, high, _ident in spans for bound in (low, high) if bound is not None]
    places = max((-int(bound.normalize().as_tuple().exponent) for bound in bounds), default=0)
    return Decimal(1).scaleb(-max(places, 0))


def _filters_over_outcomes(groups: dict[tuple[tuple[str, ...], ...], list[Way]], ground: Ground) -> Iterator[Finding]:
    """L02 and L06 between a rule that names a kind of outcome and those that name the outcomes themselves."""
    single: dict[str, list[Way]] = defaultdict(list)
    filters: list[Way] = []
    for key, listed in groups.items():
        if len(key) == 1 and key[0][0]:
            single[key[0][0]] += listed
        elif len(key) == 1:
            filters += listed
    budget = MOST_COVERED
    codes: dict[tuple[object, ...], Collection[str]] = {}
    for wide, (loose,) in filters:
        about = (*about_of(loose), loose.min_level)
        if about not in codes:
            codes[about] = _codes_under(loose, ground)
            budget -= len(codes[about])
        under = list(islice((way for code in codes[about] for way in single.get(code, ())[:CROWD]), max(budget, 0)))
        budget -= len(under)
        yield from _filter_over(wide, loose, under, ground)


def _filter_over(wide: Rule, loose: Leaf, under: Sequence[Way], ground: Ground) -> Iterator[Finding]:
    clashes = {rule.id: rule for rule, (leaf,) in under if _clash(wide, loose, rule, leaf, ground)}
    if clashes:
        real = wide.grants[0].kind == "course" and any(rule.grants[0].kind == "course" for rule in clashes.values())
        data = (("count", str(len(clashes))), ("kind", "multiple_real" if real else "blanket_or_real"), ("source", names_of((loose,))))
        yield Finding("L02", (wide.id, *chosen(clashes)), data, "E" if real else "W", "from")
    for rule, (leaf,) in under:
        if rank_of(wide) < rank_of(rule) and _takes_named(wide, loose, rule, leaf, ground):
            yield Finding("L06", (rule.id, wide.id), (("why", f"< {wide.id}"),), place="rule")


def _clash(wide: Rule, loose: Leaf, rule: Rule, leaf: Leaf, ground: Ground) -> bool:
    same_rank = rank_of(wide) == rank_of(rule) and not {wide.grants[0].kind, rule.grants[0].kind} & REFUSING
    return (
        same_rank
        and wide.grants != rule.grants
        and scopes_meet(wide, rule)
        and windows_meet(wide, rule)
        and _ranges_meet(*_spans((loose, leaf), ground))
    )


def _takes_named(wide: Rule, loose: Leaf, rule: Rule, leaf: Leaf, ground: Ground) -> bool:
    about = ground.base.outcome(leaf.outcome)
    if about is None or rule.grants[0].kind in REFUSING or len(ways(rule)) != 1:
        return False
    named = replace(
        leaf, outcome="", source_type=about.source_type, category=about.category, subject=loose.subject, common_id=about.common_id,
        dup_class=loose.dup_class, issuer=leaf.issuer or about.owner, system=about.system, min_level=about.level,
    )  # fmt: skip
    return _takes_all(wide, (loose,), rule, (named,), ground)


def _codes_under(leaf: Leaf, ground: Ground) -> Collection[str]:
    """Outcomes of the catalogue that a leaf without an outcome is about."""
    for name in ("dup_class", "common_id", "subject", "issuer", "category", "source_type", "system"):
        value = getattr(leaf, name)
        if value:
            listed = ground.by_property[name].get(value, ())
            return [outcome.code for outcome in listed if _is_about(outcome, leaf)]
    return ()


def _is_about(outcome: Any, leaf: Leaf) -> bool:
    pairs = (
        (leaf.dup_class, outcome.class_key), (leaf.common_id, outcome.common_id), (leaf.issuer, outcome.owner), (leaf.category, outcome.category),
        (leaf.source_type, outcome.source_type), (leaf.system, outcome.system),
    )  # fmt: skip
    level = leaf.min_level is None or (outcome.level is not None and outcome.level >= leaf.min_level)
    return level and all(not asked or asked == has for asked, has in pairs) and (not leaf.subject or leaf.subject in outcome.subjects)


def _fallbacks(groups: dict[tuple[tuple[str, ...], ...], list[Way]], ground: Ground) -> Iterator[Finding]:
    """L14: a rule about some of the outcomes of another that fills or posts more than that."""
    for names, listed in groups.items():
        sizes = range(1, len(names)) if len(names) <= WIDEST else (1, 2)
        for size in sizes:
            for part in {part for part in combinations(names, size) if part in groups}:
                for smaller, _leaves in groups[part][:CROWD]:
                    for rule, _all in listed[:CROWD]:
                        yield from _more_for_less(rule, smaller, ground)


def _more_for_less(rule: Rule, smaller: Rule, ground: Ground) -> Iterator[Finding]:
    if rule.id == smaller.id or not scopes_meet(rule, smaller) or not windows_meet(rule, smaller):
        return
    unit = min((unit for grant in rule.grants for unit in ground.units_of(rule, grant)), default="")
    full = given_by(rule, ground.base, worth_of(rule.lhs, unit, ground))
    part = given_by(smaller, ground.base, worth_of(smaller.lhs, unit, ground))
    if full is not None and part is not None and (part[0] > full[0] or part[1] > full[1]):
        at = 1 if part[1] > full[1] else 0
        yield Finding(
            "L14", (rule.id, smaller.id), (("part", f"{smaller.id} ({part[at]})"), ("full", f"{rule.id} ({full[at]})")), place="to"
        )


def _idle_denials(rules: Sequence[Rule]) -> Iterator[Finding]:
    """L15: nothing of equal or lower rank grants, for the same records, what is denied."""
    weakest: dict[tuple[str, str], tuple[int, int]] = {}
    for rule in rules:
        if rule.grants[0].kind in REFUSING:
            continue
        given = {"", *(code for grant in rule.grants for code in grant.outcome.split(";"))}
        for name in {ANYTHING, *(leaf.outcome for leaf in rule.lhs.wanted())}:
            for code in given:
                weakest[name, code] = max(weakest.get((name, code), rank_of(rule)), rank_of(rule))
    for rule in rules:
        if rule.grants[0].kind != "deny":
            continue
        denied, rank = rule.grants[0].outcome, rank_of(rule)
        names = {leaf.outcome or ANYTHING for leaf in rule.lhs.wanted()}
        by_filter = weakest.get(("", denied))
        found = [max(filter(None, (weakest.get((name, denied)), by_filter)), default=None) for name in names]
        if not all(one is not None and rank <= one for one in found):
            yield Finding("L15", (rule.id,), place="rule")


ANYTHING = "*"
"""Stands for the outcomes of all rules together, where a denial names none."""
