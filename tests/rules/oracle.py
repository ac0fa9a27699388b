"""An independent answer to small questions: every possible choice is tried and compared as the specification says, in fractions.

It shares with the engine the types alone. It knows leaves about one outcome with a least score, ALL, ANY, N_OF, CREDITS_OF and NOT,
several grants, denial and shadowing, classes, caps with three kinds of overflow, groups, needs, ANY and N_OF in the programme.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import Any

from creditbank.rules.types import Facts, Grant, Leaf, Limit, Node, RecordFacts, RequirementLeaf, Rule, RuleBase

KINDS = ("course", "block", "unassigned", "elective", "exemption", "waiver", "subject_only", "deny", "pending")


@dataclass(frozen=True)
class Option:
    """A rule with the records it would use."""

    rule: Rule
    records: tuple[RecordFacts, ...]
    grants: tuple[Grant, ...]

    @property
    def rank(self) -> tuple[int, int, int]:
        return -self.rule.precedence, self.rule.priority, KINDS.index(self.rule.grants[0].kind)

    @property
    def lead(self) -> RecordFacts:
        return min(self.records, key=lambda one: (-one.credits, -one.earned_on.toordinal(), one.id))


def best(facts: Facts, base: RuleBase, limits: tuple[Limit, ...]) -> tuple[int, ...]:
    """(V1 … V6) of the best choice."""
    found = options(facts, base)
    ranks = sorted({option.rank for option in found})
    answers = (_values(choice, ranks, facts, limits) for choice in _choices(found, facts, limits))
    v1, v2, v3, v4, v5, v6 = max(answers, key=lambda row: (row[0], row[1], row[2], -row[3], -row[4], -row[5]))
    return v1, v2, v3, v4, v5, v6


def options(facts: Facts, base: RuleBase) -> list[Option]:
    """Minimal matches of all rules after denial and shadowing."""
    everything = facts.records
    subsets = list(chain.from_iterable(combinations(everything, size) for size in range(1, len(everything) + 1)))
    found = []
    for rule in base.rules:
        fitting = [set(one) for one in subsets if _fits(rule.lhs, frozenset(one), everything)]
        minimal = [one for one in fitting if not any(other < one for other in fitting)]
        found += [Option(rule, tuple(sorted(one, key=lambda record: record.id)), rule.grants) for one in minimal]
    denials = [one for one in found if one.grants[0].kind == "deny"]
    kept = []
    for option in (one for one in found if one.grants[0].kind != "deny"):
        refused = {
            denial.grants[0].outcome
            for denial in denials
            if set(denial.records) <= set(option.records) and denial.rank[:2] <= option.rank[:2]
        }
        left = () if "" in refused else tuple(grant for grant in option.grants if grant.outcome not in refused)
        if left:
            kept.append(Option(option.rule, option.records, left))
    useful = [one for one in kept if any(_accepts(leaf, grant) for grant in one.grants for leaf in facts.target.seats())]
    return [
        one
        for one in kept
        if not any(other.records == one.records and other.rank < one.rank and _may_shadow(other, one, everything) for other in useful)
    ]


def _may_shadow(first: Option, second: Option, everything: tuple[RecordFacts, ...]) -> bool:
    """Two rules that count shadow each other only where both count the same records in the same way."""
    if first.rule.id == second.rule.id:
        return False
    ways = [_way(option.rule.lhs, everything) for option in (first, second)]
    return None in ways or ways[0] == ways[1]


def _way(node: Node, everything: tuple[RecordFacts, ...]) -> Any:
    """How a rule counts: for each part how many, how much, and which records each leaf knows; None for a rule that does not count."""
    parts = list(_parts(node))
    if any(part is None for part in parts) or not any(part.kind in {"n_of", "credits_of"} for part in parts):
        return None
    found = []
    for part in (part for part in parts if part.kind != "not"):
        leaves = [part.leaf] if part.leaf else [child.leaf for child in part.children]
        ids = sorted(tuple(sorted(record.id for record in everything if _is(leaf, record))) for leaf in leaves)
        found.append(
            (part.k if part.kind == "n_of" else 0 if part.kind == "credits_of" else 1, part.credits or 0, [one for one in ids if one])
        )
    return sorted(found)


def _parts(node: Node) -> Iterator[Node | None]:
    if node.kind == "all":
        for child in node.children:
            yield from _parts(child)
    elif node.kind in {"leaf", "not"} or all(child.kind == "leaf" for child in node.children):
        yield node
    else:
        yield None


def _fits(node: Node, records: frozenset[RecordFacts], everything: tuple[RecordFacts, ...]) -> bool:
    """Whether some one-to-one use of exactly these records satisfies the node."""
    if node.kind == "leaf":
        return len(records) == 1 and _is(node.leaf, next(iter(records)))
    if node.kind == "not":
        return not records and not any(_is(node.children[0].leaf, record) for record in everything)
    if node.kind == "any":
        return any(_fits(child, records, everything) for child in node.children)
    if node.kind == "credits_of":
        own = all(any(_is(child.leaf, record) for child in node.children) for record in records)
        return own and sum(record.credits for record in records) >= node.credits
    chosen = [node.children] if node.kind == "all" else combinations(node.children, node.k)
    return any(_split(list(children), records, everything) for children in chosen)


def _split(children: list[Node], records: frozenset[RecordFacts], everything: tuple[RecordFacts, ...]) -> bool:
    if not children:
        return not records
    parts = chain.from_iterable(combinations(sorted(records, key=lambda one: one.id), size) for size in range(len(records) + 1))
    return any(
        _fits(children[0], frozenset(part), everything) and _split(children[1:], records - frozenset(part), everything) for part in parts
    )


def _is(leaf: Leaf, record: RecordFacts) -> bool:
    return record.outcome == leaf.outcome and (leaf.min_score is None or (record.score is not None and record.score >= leaf.min_score))


def _accepts(leaf: RequirementLeaf, grant: Grant) -> bool:
    if grant.kind == "elective":
        return leaf.elective
    return not leaf.outcomes or grant.outcome in leaf.outcomes


Placed = list[tuple[Option, Grant, str, int]]
"""(option, grant, leaf, posted)."""


def _choices(found: list[Option], facts: Facts, limits: tuple[Limit, ...]) -> Iterator[Placed]:
    for size in range(len(found) + 1):
        for taken in combinations(found, size):
            ids = [record.id for option in taken for record in option.records]
            classes = [record.class_key for option in taken for record in option.records]
            if len(set(ids)) == len(ids) and len(set(classes)) == len(classes):
                yield from _placements(taken, facts, limits)


def _placements(taken: tuple[Option, ...], facts: Facts, limits: tuple[Limit, ...]) -> Iterator[Placed]:
    grants = [(option, grant) for option in taken for grant in option.grants]
    wheres = [[None, *(leaf.path for leaf in facts.target.seats() if _accepts(leaf, grant))] for _option, grant in grants]
    for where in product(*wheres):
        placed = [(option, grant, path) for (option, grant), path in zip(grants, where, strict=True) if path]
        if {id(option) for option, _grant, _path in placed} != {id(option) for option in taken}:
            continue
        amounts = [_amounts(option, grant, limits) for option, grant, _path in placed]
        for posted in product(*amounts):
            rows = [(*row, amount) for row, amount in zip(placed, posted, strict=True)]
            if _allowed(rows, limits):
                yield rows


def _covering(option: Option, limits: tuple[Limit, ...]) -> list[Limit]:
    return [limit for limit in limits if all(option.lead.source_type in values for _name, values in limit.selector)]


def _overflow(option: Option, limits: tuple[Limit, ...]) -> str:
    order = ["reject_whole", "truncate", "subject_only"]
    return min((limit.overflow for limit in _covering(option, limits) if limit.measure == "credits"), key=order.index, default=order[0])


def _amounts(option: Option, grant: Grant, limits: tuple[Limit, ...]) -> range:
    full = int(grant.amount)
    return range(full, full + 1) if _overflow(option, limits) == "reject_whole" else range(full + 1)


def _used(limit: Limit, rows: Placed) -> int:
    covered = [row for row in rows if limit in _covering(row[0], (limit,))]
    if limit.measure == "credits":
        return sum(row[3] for row in covered)
    if limit.measure == "grants":
        return len(covered)
    return len({record.id for row in covered for record in row[0].records})


def _allowed(rows: Placed, limits: tuple[Limit, ...]) -> bool:
    plain = [limit for limit in limits if not limit.group]
    grouped = [limit for limit in limits if limit.group]
    if any(_used(limit, rows) > limit.bound for limit in plain):
        return False
    if grouped and all(_used(limit, rows) > limit.bound for limit in grouped):
        return False
    for option, grant, _path, posted in rows:
        if posted < int(grant.amount):
            cutters = [limit for limit in _covering(option, limits) if limit.measure == "credits"]
            if not any(_used(limit, rows) >= limit.bound for limit in cutters):
                return False
    return True


def _values(rows: Placed, ranks: list[Any], facts: Facts, limits: tuple[Limit, ...]) -> tuple[int, ...]:
    taken = {id(option): option for option, _grant, _path, _posted in rows}.values()
    records = [record for option in taken for record in option.records]
    cost = (
        sum(int(record.credits) * 16 * 60 for record in records), 36_500 * len(records), sum(ranks.index(option.rank) for option in taken),
    )  # fmt: skip
    return max((_worth(rows, facts, selected, limits) for selected in _selections(facts)), default=(0, 0, 0)) + cost


def _selections(facts: Facts) -> list[set[str]]:
    """Sets of leaves that count: below an ANY one child, below an N_OF k of them."""
    paths = {leaf.path for leaf in facts.target.seats()}
    choices = [
        [set(node.children) - set(kept) for kept in combinations(node.children, 1 if node.kind == "any" else node.k)]
        for node in facts.target.nodes
        if node.kind != "all"
    ]
    return [paths - set().union(*dropped) for dropped in product(*choices)]


def _worth(rows: Placed, facts: Facts, selected: set[str], limits: tuple[Limit, ...]) -> tuple[int, int, int]:
    done, needed, counted = set(), 0, 0
    for leaf in facts.target.seats():
        here = [row for row in rows if row[2] == leaf.path]
        fills, posted = [], []
        for option, grant, _path, amount in here:
            keeps = _overflow(option, limits) == "subject_only"
            fills.append(int(grant.amount) if keeps else amount)
            posted.append((amount, keeps or amount == int(grant.amount), int(grant.amount)))
        if leaf.path not in selected:
            continue
        reached, part, credit = _leaf(leaf, fills, posted)
        done |= {leaf.path} if reached else set()
        needed += 0 if leaf.elective else part
        counted += credit
    return _requirements(facts, done), needed, counted


def _leaf(leaf: RequirementLeaf, fills: list[int], posted: list[tuple[int, bool, int]]) -> tuple[bool, int, int]:
    if leaf.need_courses is not None:
        whole = [(full, amount) for amount, counts, full in posted if counts]
        best_of = max(
            ((sum(full for full, _a in some), sum(amount for _f, amount in some)) for some in combinations(whole, min(leaf.need_courses, len(whole)))),
            default=(0, 0),
        )  # fmt: skip
        return len(whole) >= leaf.need_courses, best_of[0], best_of[1]
    total, credit = sum(fills), sum(amount for amount, _counts, _full in posted)
    if leaf.need_credits is None:
        return False, total, credit
    need = int(leaf.need_credits)
    return total >= need, min(need, total), min(need, credit)


def _requirements(facts: Facts, done: set[str]) -> int:
    inner = {child for node in facts.target.nodes for child in node.children}
    own = sum(1 for leaf in facts.target.leaves if leaf.path in done and leaf.path not in inner)
    for node in facts.target.nodes:
        reached = sum(child in done for child in node.children)
        own += reached >= {"all": len(node.children), "any": 1, "n_of": node.k}[node.kind]
    return own
