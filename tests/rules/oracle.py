"""An independent answer to small questions: every possible choice is tried and compared as the specification says, in whole credits.

It shares with the engine the types alone. It knows leaves about one outcome with score and grade bounds, ALL, ANY, N_OF, CREDITS_OF and NOT, records
of one institution, windows, validity, offers, every kind of grant, rates, records used in part, denial and shadowing, classes, limits by credits,
records and grants with three kinds of overflow, by institution and year, in groups, needs, sharing sets with a maximum, ANY and N_OF in the programme.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, combinations, product
from typing import Any

from creditbank.rules.types import Facts, Grant, Leaf, Limit, Node, RecordFacts, RequirementLeaf, Rule, RuleBase

KINDS = ("course", "block", "unassigned", "elective", "exemption", "waiver", "subject_only", "deny", "pending")
POSTING = frozenset({"course", "block", "unassigned", "elective"})
GRADES = "FDCBA"
"""Grades of the questions, the best last."""


@dataclass(frozen=True)
class Option:
    """A rule with the records it would use, and one of its offers: (number, grant) with the amounts worked out."""

    rule: Rule
    records: tuple[RecordFacts, ...]
    offer: int
    grants: tuple[tuple[int, Grant], ...]
    consumed: int | None = None

    @property
    def rank(self) -> tuple[int, int, int]:
        return -self.rule.precedence, self.rule.priority, KINDS.index(self.grants[0][1].kind)

    @property
    def lead(self) -> RecordFacts:
        return min(self.records, key=lambda one: (-one.credits, -one.earned_on.toordinal(), one.id))

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(record.id for record in self.records))


@dataclass(frozen=True)
class Placed:
    """One grant of a taken option: where it sits, what it posts, and what counts of it in a second leaf."""

    option: Option
    number: int
    grant: Grant
    paths: tuple[str, ...]
    posted: int
    counted: int = 0


Answer = tuple[Placed, ...]


def best(facts: Facts, base: RuleBase, limits: tuple[Limit, ...], on: date = date(2026, 1, 1)) -> tuple[tuple[int, ...], set[Any] | None]:
    """(V1 … V6) of the best choice, and what is chosen where V7 alone tells it apart: (rule, records, offer, grant, leaf)."""
    found = options(facts, base, on)
    ranks = sorted({option.rank for option in found})
    top: tuple[int, ...] | None = None
    chosen: dict[Any, int] = {}
    for taken, rows in _choices(found, facts, limits):
        values = _values(taken, rows, ranks, facts, limits, on)
        order = (*values[:3], *(-value for value in values[3:]))
        if top is None or order > top:
            top, chosen = order, {}
        if order == top:
            waivers = [Placed(one, number, grant, (), 0) for one in taken for number, grant in one.grants if grant.kind == "waiver"]
            given = [*rows, *waivers]
            names = frozenset(
                (row.option.rule.id, row.option.ids, row.option.offer, row.number, path)
                for row in given
                for path in row.paths or (row.grant.outcome,)  # a waiver has no seat
            )
            chosen[names] = sum(_weight(row, path) for row in given for path in ("", *row.paths))
    assert top is not None
    heaviest = [names for names, weight in chosen.items() if weight == max(chosen.values())]
    return (*top[:3], *(-value for value in top[3:])), set(heaviest[0]) if len(heaviest) == 1 else None


def _weight(row: Placed, path: str) -> int:
    key = [row.option.rule.id, list(row.option.ids), row.option.offer, row.number, path]
    digest = hashlib.sha256(json.dumps(key, ensure_ascii=False, separators=(",", ":")).encode()).digest()
    return 1 + int.from_bytes(digest[:8], "big") % 8192


def options(facts: Facts, base: RuleBase, on: date = date(2026, 1, 1)) -> list[Option]:
    """Minimal matches of all rules after denial and shadowing."""
    found = []
    for rule in base.rules:
        usable = [record for record in facts.records if _is_open(record, rule, facts, on)]
        subsets = list(chain.from_iterable(combinations(usable, size) for size in range(1, len(usable) + 1)))
        fitting = [set(one) for one in subsets if _fits(rule.lhs, frozenset(one), facts.records)]
        minimal = [one for one in fitting if not any(other < one for other in fitting)]
        for one in minimal:
            found += list(_offered(rule, tuple(sorted(one, key=lambda record: record.id))))
    denials = [one for one in found if one.grants[0][1].kind == "deny"]
    kept = [left for one in found if one.grants[0][1].kind != "deny" for left in _after(denials, one)]
    useful = [one for one in kept if any(grant.kind == "waiver" or _seats(grant, facts) for _number, grant in one.grants)]
    return [
        one
        for one in kept
        if not any(other.records == one.records and other.rank < one.rank and _may_shadow(other, one, facts, on) for other in useful)
    ]


def _is_open(record: RecordFacts, rule: Rule, facts: Facts, on: date) -> bool:
    day = record.earned_on if rule.window_date == "earned" else facts.applied_on
    inside = (rule.window_from is None or rule.window_from <= day) and (rule.window_to is None or day <= rule.window_to)
    return inside and (record.valid_until is None or record.valid_until >= on) and record.state == "available"


def _offered(rule: Rule, records: tuple[RecordFacts, ...]) -> Iterator[Option]:
    numbers = range(1, len(rule.grants) + 1)
    choices = [tuple(numbers)] if rule.offer == "all" else list(combinations(numbers, 1 if rule.offer == "any" else rule.offer_k))
    whole = int(sum(record.credits for record in records))
    by_rate = any(grant.credits == "rate" for grant in rule.grants)
    parts: list[int | None] = list(range(1, whole + 1)) if rule.consume == "splittable" and by_rate and len(records) == 1 else [None]
    for offer, chosen in enumerate(choices, start=1):
        for part in parts:
            amount = whole if part is None else part
            grants = tuple((number, _worked_out(rule.grants[number - 1], amount)) for number in chosen)
            if part is None or not any(grant.max_amount is not None and part > grant.max_amount for _number, grant in grants):
                yield Option(rule, records, offer, grants, part)


def _worked_out(grant: Grant, source: int) -> Grant:
    if grant.credits != "rate":
        return grant
    return replace(grant, amount=min(source, grant.max_amount) if grant.max_amount is not None else source)


def _after(denials: list[Option], option: Option) -> list[Option]:
    """What denials leave of an option."""
    refused = {
        denial.grants[0][1].outcome
        for denial in denials
        if set(denial.records) <= set(option.records) and denial.rank[:2] <= option.rank[:2]
    }
    left = () if "" in refused else tuple(one for one in option.grants if one[1].outcome not in refused)
    return [replace(option, grants=left)] if left and not (option.rule.all_or_nothing and left != option.grants) else []


def _may_shadow(first: Option, second: Option, facts: Facts, on: date) -> bool:
    """Two rules that count shadow each other only where both count the same records in the same way."""
    if first.rule.id == second.rule.id:
        return False
    ways = [_way(option.rule, facts, on) for option in (first, second)]
    return None in ways or ways[0] == ways[1]


def _way(rule: Rule, facts: Facts, on: date) -> Any:
    """How a rule counts: for each part how many, how much, and which records each leaf knows; None for a rule that does not count."""
    parts = list(_parts(rule.lhs))
    if any(part is None for part in parts) or not any(part.kind in {"n_of", "credits_of"} for part in parts):
        return None
    usable = [record for record in facts.records if _is_open(record, rule, facts, on)]
    asking = [(part, [part.leaf] if part.leaf else [child.leaf for child in part.children]) for part in parts if part.kind != "not"]
    for record in usable:  # one that counts by credits and stands for another part as well: such sets are listed
        about = [part for part, leaves in asking if any(_is(leaf, record) for leaf in leaves)]
        if len(about) > 1 and any(part.kind == "credits_of" for part in about):
            return None
    found = []
    for part, leaves in asking:
        ids = sorted(tuple(sorted(record.id for record in usable if _is(leaf, record))) for leaf in leaves)
        found.append(
            (part.k if part.kind == "n_of" else 0 if part.kind == "credits_of" else 1, part.credits or 0, [one for one in ids if one])
        )
    return sorted(found), rule.lhs.same_issuer


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
    if node.same_issuer and len({record.issuer for record in records}) > 1:
        return False
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
    return (
        record.outcome == leaf.outcome
        and (leaf.min_score is None or (record.score is not None and record.score >= leaf.min_score))
        and (not leaf.min_grade or GRADES.index(record.grade) >= GRADES.index(leaf.min_grade))
        and (not leaf.max_grade or GRADES.index(record.grade) <= GRADES.index(leaf.max_grade))
    )


def _accepts(leaf: RequirementLeaf, grant: Grant) -> bool:
    if grant.kind == "elective":
        return leaf.elective
    return not leaf.outcomes or grant.outcome in leaf.outcomes


def _seats(grant: Grant, facts: Facts) -> list[tuple[str, ...]]:
    """Every way in which a grant may sit: in one leaf, or in two that share."""
    if not facts.target.leaves:
        return [("pool",)] if grant.kind in POSTING else []
    open_to = [leaf for leaf in facts.target.leaves if _accepts(leaf, grant)]
    pairs = [
        (first.path, second.path) for first, second in combinations(sorted(open_to, key=lambda leaf: leaf.path), 2) if _share(first, second)
    ]
    return [*((leaf.path,) for leaf in open_to), *pairs]


def _share(first: RequirementLeaf, second: RequirementLeaf) -> bool:
    if first.exclusive and first.exclusive == second.exclusive:
        return False
    return bool((first.share_with and first.share_with == second.exclusive) or (second.share_with and second.share_with == first.exclusive))


def _choices(found: list[Option], facts: Facts, limits: tuple[Limit, ...]) -> Iterator[tuple[tuple[Option, ...], Answer]]:
    for size in range(len(found) + 1):
        for taken in combinations(found, size):
            if _are_free(taken):
                yield from ((taken, rows) for rows in _placements(taken, facts, limits))


def _are_free(taken: tuple[Option, ...]) -> bool:
    """No record is used up more than once, no class by two records, nothing given twice."""
    records = {record.id: record for option in taken for record in option.records}
    for ident, record in records.items():
        used = [option.consumed if option.consumed is not None else int(record.credits) for option in taken if ident in option.ids]
        if sum(used) > record.credits or (len(used) > 1 and any(option.consumed is None for option in taken if ident in option.ids)):
            return False
    keys = [(option.rule.id, option.ids, option.offer) for option in taken]
    return len(set(keys)) == len(keys) and len({record.class_key for record in records.values()}) == len(records)


def _placements(taken: tuple[Option, ...], facts: Facts, limits: tuple[Limit, ...]) -> Iterator[Answer]:
    grants = [(option, number, grant) for option in taken for number, grant in option.grants if grant.kind != "waiver"]
    waivers = tuple(Placed(option, number, grant, (), 0) for option in taken for number, grant in option.grants if grant.kind == "waiver")
    free = {id(row.option) for row in waivers}
    for where in product(*([(), *_seats(grant, facts)] for _option, _number, grant in grants)):
        placed = [(*row, paths) for row, paths in zip(grants, where, strict=True) if paths]
        if {id(row[0]) for row in placed} | free != {id(option) for option in taken}:
            continue
        if any(option.rule.all_or_nothing and not paths for (option, _n, _g), paths in zip(grants, where, strict=True)):
            continue
        for posted in product(*(_amounts(option, grant, limits) for option, _number, grant, _paths in placed)):
            rows = tuple(
                Placed(option, number, grant, paths, amount) for (option, number, grant, paths), amount in zip(placed, posted, strict=True)
            )
            if _allowed((*rows, *waivers), limits):  # a waiver posts nothing, and is a grant that takes records
                yield from _counted(rows, facts, limits)


def _counted(rows: Answer, facts: Facts, limits: tuple[Limit, ...]) -> Iterator[Answer]:
    """What counts of each grant in its second leaf, within what is shared at most."""
    twice = [at for at, row in enumerate(rows) if len(row.paths) > 1]
    leaves = {leaf.path: leaf for leaf in facts.target.leaves}
    if not any(leaf.share_max is not None for leaf in leaves.values()):
        yield tuple(replace(row, counted=_fill(row, limits)) for row in rows)
        return
    for amounts in product(*(range(_fill(rows[at], limits) + 1) for at in twice)):
        used: dict[tuple[str, str], int] = {}
        for at, amount in zip(twice, amounts, strict=True):
            first, second = (leaves[path] for path in rows[at].paths)
            for declaring, partner in ((first, second), (second, first)):
                if declaring.share_with and declaring.share_with == partner.exclusive and declaring.share_max is not None:
                    key = declaring.path, declaring.share_with
                    used[key] = used.get(key, 0) + amount
        if all(amount <= leaves[path].share_max for (path, _set), amount in used.items()):
            of = dict(zip(twice, amounts, strict=True))
            yield tuple(replace(row, counted=of.get(at, 0)) for at, row in enumerate(rows))


def _fill(row: Placed, limits: tuple[Limit, ...]) -> int:
    if row.grant.kind not in POSTING or _overflow(row.option, limits) == "subject_only":
        return int(row.grant.amount)
    return row.posted


def _covering(option: Option, limits: tuple[Limit, ...]) -> list[Limit]:
    return [limit for limit in limits if all(option.lead.source_type in values for _name, values in limit.selector)]


def _overflow(option: Option, limits: tuple[Limit, ...]) -> str:
    order = ["reject_whole", "truncate", "subject_only"]
    return min((limit.overflow for limit in _covering(option, limits) if limit.measure == "credits"), key=order.index, default=order[0])


def _amounts(option: Option, grant: Grant, limits: tuple[Limit, ...]) -> range:
    full = int(grant.amount) if grant.kind in POSTING else 0
    return range(full, full + 1) if _overflow(option, limits) == "reject_whole" else range(full + 1)


def _bucket(limit: Limit, option: Option) -> str:
    return {"institution": option.lead.issuer, "year": str(option.lead.earned_on.year)}.get(limit.per, "")


def _used(limit: Limit, rows: Answer) -> dict[str, int]:
    buckets: dict[str, list[Placed]] = {}
    for row in rows:
        if limit in _covering(row.option, (limit,)):
            buckets.setdefault(_bucket(limit, row.option), []).append(row)
    if limit.measure == "credits":
        return {name: sum(row.posted for row in covered) for name, covered in buckets.items()}
    if limit.measure == "grants":
        return {name: len(covered) for name, covered in buckets.items()}
    return {name: len({record.id for row in covered for record in row.option.records}) for name, covered in buckets.items()}


def _allowed(rows: Answer, limits: tuple[Limit, ...]) -> bool:
    holds = {limit.id: all(used <= limit.bound for used in _used(limit, rows).values()) for limit in limits}
    if not all(holds[limit.id] for limit in limits if not limit.group):
        return False
    if any(not any(holds[limit.id] for limit in limits if limit.group == group) for group in {limit.group for limit in limits} - {""}):
        return False
    for row in rows:
        if row.grant.kind in POSTING and row.posted < int(row.grant.amount):
            cutters = [limit for limit in _covering(row.option, limits) if limit.measure == "credits"]
            if not any(_used(limit, rows)[_bucket(limit, row.option)] >= limit.bound for limit in cutters):
                return False
    return True


def _values(
    taken: tuple[Option, ...], rows: Answer, ranks: list[Any], facts: Facts, limits: tuple[Limit, ...], on: date
) -> tuple[int, ...]:
    records = {record.id: record for option in taken for record in option.records}
    minutes = sum(
        (option.consumed if option.consumed is not None else int(sum(record.credits for record in option.records))) * 960
        for option in taken
    )
    days = sum((record.valid_until - on).days if record.valid_until else 36_500 for record in records.values())
    cost = minutes, days, sum(ranks.index(option.rank) for option in taken)
    waived = {grant.outcome for option in taken for _number, grant in option.grants if grant.kind == "waiver"}
    return max((_worth(rows, facts, selected, limits, waived) for selected in _selections(facts)), default=(0, 0, 0)) + cost


def _selections(facts: Facts) -> list[set[str]]:
    """Sets of leaves that count: below an ANY one child, below an N_OF k of them."""
    paths = {leaf.path for leaf in facts.target.seats()}
    choices = [
        [set(node.children) - set(kept) for kept in combinations(node.children, 1 if node.kind == "any" else node.k)]
        for node in facts.target.nodes
        if node.kind != "all"
    ]
    return [paths - set().union(*dropped) for dropped in product(*choices)]


def _worth(rows: Answer, facts: Facts, selected: set[str], limits: tuple[Limit, ...], waived: set[str]) -> tuple[int, int, int]:
    done, needed, credit = set(), 0, 0
    for leaf in facts.target.seats():
        if leaf.path not in selected:
            continue
        reached, part, posted = _leaf(leaf, [row for row in rows if leaf.path in row.paths], limits)
        done |= {leaf.path} if reached or leaf.path in waived else set()
        needed += 0 if leaf.elective else part
        credit += posted
    return _requirements(facts, done, waived), needed, credit


def _leaf(leaf: RequirementLeaf, here: list[Placed], limits: tuple[Limit, ...]) -> tuple[bool, int, int]:
    """Whether a leaf is done, what counts as needed, and what as posted; of a grant in two leaves the posted credit counts in the first."""
    fills = [_fill(row, limits) if row.paths[0] == leaf.path else row.counted for row in here]
    posted = [row.posted if row.grant.kind in POSTING and row.paths[0] == leaf.path else 0 for row in here]
    if leaf.need_courses is not None:
        whole = [
            (min(fill, int(row.grant.amount)), amount)
            for row, fill, amount in zip(here, fills, posted, strict=True)
            if row.grant.kind not in POSTING or _overflow(row.option, limits) == "subject_only" or row.posted == int(row.grant.amount)
        ]
        tops = [
            (sum(fill for fill, _amount in some), sum(amount for _fill_here, amount in some))
            for some in combinations(whole, min(leaf.need_courses, len(whole)))
        ]
        top = max(tops, default=(0, 0))
        return len(whole) >= leaf.need_courses, top[0], top[1]
    if leaf.need_credits is None:
        return False, sum(fills), sum(posted)
    need = int(leaf.need_credits)
    return sum(fills) >= need, min(need, sum(fills)), min(need, sum(posted))


def _requirements(facts: Facts, done: set[str], waived: set[str]) -> int:
    inner = {child for node in facts.target.nodes for child in node.children}
    needy = {leaf.path for leaf in facts.target.leaves if leaf.need_credits is not None or leaf.need_courses is not None}
    own = sum(1 for path in done & needy if path not in inner)
    for node in facts.target.nodes:
        reached = sum(child in done for child in node.children)
        own += node.path in waived or reached >= {"all": len(node.children), "any": 1, "n_of": node.k}[node.kind]
    return own
