"""What is optimised: requirements met, needed credit, credit in all leaves, time and validity spent, rank, and a name for the rest."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from creditbank.rules.amounts import consumed_minutes
from creditbank.rules.giving import Candidate
from creditbank.rules.model import Model, Part, Row, Seat, may_share, steps
from creditbank.rules.plans import Pool
from creditbank.rules.scope import all_hold
from creditbank.rules.types import RecordFacts, RequirementLeaf, RequirementNode, Target

NO_EXPIRY_DAYS = 36_500


@dataclass
class Tree:
    """Variables of a programme's tree: which nodes are selected and done."""

    selected: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    counted: Row = field(default_factory=dict)
    in_all: Row = field(default_factory=dict)


def levels(model: Model, tree: Tree, on: date) -> list[tuple[Row, bool]]:
    """V1 … V7 as (expression, maximise)."""
    split = _split_records(model)
    minutes, days, ranks = (dict(zip(model.take, row, strict=True)) for row in costs(model, on))
    for pool in model.pools:
        for records in pool.kinds.values():
            for record in (one for one in records if one.id in pool.takes):
                _add(minutes, {pool.takes[record.id]: consumed_minutes(model.base, record)})
                _add(days, {pool.takes[record.id]: 0 if record.id in split else _days_left(record, on)})
    for record in (one for one in model.facts.records if one.id in split):
        _add(days, {variable: _days_left(record, on) for variable in model.touched[record.id]})
    return [
        ({tree.done[path]: 1 for path in requirements(model) if path in tree.done}, True),
        (tree.counted, True),
        (tree.in_all, True),
        (minutes, False),
        (days, False),
        (ranks, False),
        (_weights(model), True),
        *([(_slot_weights(model), True)] if model.pools else []),
    ]


def _slot_weights(model: Model) -> Row:
    """Which counting candidates take the records that V7 has chosen: every pair of a slot and a kind of record weighs by its own name."""
    row: Row = {}
    for pool in model.pools:
        first = {kind: records[0].id for kind, records in pool.kinds.items()}
        for (place, kind), variable in pool.counts.items():
            one = model.candidates[place]
            row[variable] = key_weight((one.rule.id, [one.lead.id, first[kind]], one.offer, one.slot[-1], "".join(one.given[0].seats[:1])))
    return row


def _add(row: Row, more: Row) -> None:
    for variable, amount in more.items():
        row[variable] = row.get(variable, 0) + amount


def costs(model: Model, on: date) -> list[list[int]]:
    """What taking each candidate costs: minutes consumed (V4), days of validity (V5), rank (V6).

    A counting candidate costs its rank alone, and a record that some rule may split no days: these are counted by themselves.
    """
    split = _split_records(model)
    order = sorted({candidate.rank_key for candidate in model.candidates} | model.ranks)
    return [
        [_minutes(model, candidate) for candidate in model.candidates],
        [
            0 if candidate.slot else sum(_days_left(record, on) for record in candidate.match.records if record.id not in split)
            for candidate in model.candidates
        ],
        [order.index(candidate.rank_key) for candidate in model.candidates],
    ]


def _split_records(model: Model) -> set[str]:
    return {record.id for candidate in model.candidates if candidate.consumed is not None for record in candidate.match.records}


def _minutes(model: Model, candidate: Candidate) -> int:
    if candidate.slot:
        return 0
    parts = [record if candidate.consumed is None else replace(record, credits=candidate.consumed) for record in candidate.match.records]
    return sum(consumed_minutes(model.base, record) for record in parts)


def _days_left(record: RecordFacts, on: date) -> int:
    return (record.valid_until - on).days if record.valid_until else NO_EXPIRY_DAYS


def need_of(leaf: RequirementLeaf, attributes: dict[str, str]) -> Decimal | None:
    """The credits that a leaf needs of this learner: the first condition that holds decides, else its own need."""
    return next((need for condition, need in leaf.need_if if all_hold(condition, attributes)), leaf.need_credits)


def has_need(leaf: RequirementLeaf) -> bool:
    """Whether anything has to be reached here."""
    return leaf.need_credits is not None or leaf.need_courses is not None or bool(leaf.need_if)


def requirements(model: Model) -> list[str]:
    """Paths that count in V1, of a model's target."""
    return required_of(model.facts.target)


def required_of(target: Target) -> list[str]:
    """Paths that count in V1: those that say so; where none says anything, the children of the root (or a root that is a leaf)."""
    rows: list[RequirementLeaf | RequirementNode] = [*target.leaves, *target.nodes]
    if any(row.requirement is not None for row in rows):
        chosen = {row.path for row in rows if row.requirement}
    else:
        children = {child for node in target.nodes for child in node.children}
        roots = [node for node in target.nodes if node.path not in children]
        if len(roots) == 1 and not [leaf for leaf in target.leaves if leaf.path not in children]:
            chosen = set(roots[0].children)
        else:
            chosen = {row.path for row in rows if row.path not in children}
    needless = {leaf.path for leaf in target.leaves if not has_need(leaf)}
    return sorted(chosen - needless)


def build_tree(model: Model) -> Tree:
    """Selection and completion of nodes, and what counts in each leaf."""
    tree, target, program = Tree(), model.facts.target, model.program
    everything: list[RequirementLeaf | RequirementNode] = [*target.seats(), *target.nodes]
    for one in everything:
        tree.selected[one.path] = program.variable()
        tree.done[one.path] = program.variable()
        program.at_most({tree.done[one.path]: 1, tree.selected[one.path]: -1}, 0)
    waiving = _waiving(model)
    for number, leaf in enumerate(target.seats(), start=1):
        program.block = number
        _count_leaf(model, tree, leaf)
        _finish_leaf(model, tree, leaf, waiving[leaf.path])
    program.block = 0
    for node in target.nodes:
        _select(model, tree, node)
        _finish_node(model, tree, node, waiving[node.path])
    for (declaring, _set), row in model.shared.items():
        program.at_most(row, steps(model.leaf(declaring).share_max or Decimal(0), model.step))
    return tree


def _waiving(model: Model) -> dict[str, Row]:
    """For each path the candidates that waive it when taken; an exception's waiver is a variable that may always be one."""
    found: dict[str, Row] = defaultdict(dict)
    for take, candidate in zip(model.take, model.candidates, strict=True):
        for given in candidate.given:
            if given.waives:
                found[given.waives][take] = 1
    for exception in model.facts.exceptions:
        if exception.kind == "waive":
            found[exception.path][model.program.variable()] = 1
    return found


def _select(model: Model, tree: Tree, node: RequirementNode) -> None:
    own, program = tree.selected[node.path], model.program
    children = [tree.selected[path] for path in node.children]
    for child in children:
        program.at_most({child: 1, own: -1}, 0)
    if node.kind != "all":
        program.at_most({**dict.fromkeys(children, 1), own: -(node.k if node.kind == "n_of" else 1)}, 0)


def _finish_node(model: Model, tree: Tree, node: RequirementNode, waiving: Row) -> None:
    own, program = tree.done[node.path], model.program
    waived = dict.fromkeys(waiving, -1)
    children = [tree.done[path] for path in node.children]
    if node.kind == "all":
        for child in children:
            program.at_most({own: 1, child: -1, **waived}, 0)
    else:
        wanted = node.k if node.kind == "n_of" else 1
        program.at_most({own: wanted, **dict.fromkeys(children, -1), **dict.fromkeys(waiving, -wanted)}, 0)
    if node.children_min is not None or node.children_max is not None:
        _bound_children(model, tree, node, waived)


def _bound_children(model: Model, tree: Tree, node: RequirementNode, waived: Row) -> None:
    """How many distinct children may and must fill the node."""
    program, filling = model.program, []
    for path in node.children:
        filled = program.variable()
        seats = [variable for _seat, variable in model.seats_in(path)]
        program.at_most({filled: 1, **dict.fromkeys(seats, -1)}, 0)
        for seat in seats:
            program.at_most({seat: 1, filled: -1}, 0)
        filling.append(filled)
    if node.children_max is not None:
        program.at_most(dict.fromkeys(filling, 1), node.children_max)
    if node.children_min is not None:
        least = node.children_min
        program.at_most(
            {tree.done[node.path]: least, **dict.fromkeys(filling, -1), **{variable: least * value for variable, value in waived.items()}},
            0,
        )


def _count_leaf(model: Model, tree: Tree, leaf: RequirementLeaf) -> None:
    """What of a leaf counts in V2 (if it is not elective) and in V3: at most the need, nothing where it is not selected."""
    if leaf.need_courses is not None:
        _count_courses(model, tree, leaf)
        return
    filled: Row = defaultdict(int)
    posted: Row = defaultdict(int)
    for seat, _variable in model.seats_in(leaf.path):
        for variable, amount in _fill(model, seat).items():
            filled[variable] += amount
        for variable, amount in _posted_here(model, seat).items():
            posted[variable] += amount
    need = need_of(leaf, dict(model.facts.attributes))
    top = max(_most(model, filled), _most(model, posted)) if need is None else steps(need, model.step)
    counted = [] if leaf.elective else [tree.counted]
    parts = [(posted, [tree.in_all, *counted])] if filled == posted else [(posted, [tree.in_all]), *((filled, [one]) for one in counted)]
    for row, levels_of in parts:
        counts = row if need is None and not model.facts.target.nodes else _capped_part(model, tree, leaf, row, max(top, 0))
        for level in levels_of:
            level.update(counts)


def _capped_part(model: Model, tree: Tree, leaf: RequirementLeaf, row: Row, top: int) -> Row:
    """A variable for what counts of a row: at most ``top``, and nothing where the leaf is not selected."""
    part = model.program.variable(top)
    model.program.at_most({part: 1, **{variable: -amount for variable, amount in row.items()}}, 0)
    model.program.at_most({part: 1, tree.selected[leaf.path]: -top}, 0)
    return {part: 1}


def _most(model: Model, row: Row) -> int:
    return sum(amount * model.program.upper[variable] for variable, amount in row.items())


def _count_courses(model: Model, tree: Tree, leaf: RequirementLeaf) -> None:
    """The best ``need`` courses: a grant that a limit has cut counts none, a block as many as it lists."""
    whole: Row = {}
    for seat, effective in _uncut(model, leaf):
        part, amount = seat[:3], model.amount(seat[:3])
        counts = model.program.variable()
        model.program.at_most({counts: 1, effective: -1}, 0)
        whole[counts] = courses_in(model, part)
        if not leaf.elective:
            tree.counted[_capped(model, seat, {counts: amount})] = 1
        for variable, value in _posted_here(model, seat, counts).items():
            tree.in_all[variable] = tree.in_all.get(variable, 0) + value
    model.program.at_most({**whole, tree.selected[leaf.path]: -(leaf.need_courses or 0)}, 0)


def courses_in(model: Model, part: Part) -> int:
    """How many courses a grant counts as: a block the length of its list, everything else one."""
    grant = model.given(part).grant
    return len(grant.outcome.split(";")) if grant.kind == "block" else 1


def _uncut(model: Model, leaf: RequirementLeaf) -> list[tuple[Seat, int]]:
    """Seats of a courses-leaf, each with a variable that is one only where the grant sits there in full (or keeps its fill)."""
    found = []
    for seat, variable in model.seats_in(leaf.path):
        part = seat[:3]
        if part in model.cut and part not in model.keeps_fill:
            effective = model.program.variable()
            model.program.at_most({effective: 1, variable: -1}, 0)
            model.program.at_most({effective: 1, model.cut[part]: 1}, 1)
            found.append((seat, effective))
        else:
            found.append((seat, variable))
    return found


def _fill(model: Model, seat: Seat) -> Row:
    """What a grant fills where it sits: what is posted if a limit cuts it, else its amount; at most the shared part in a second leaf."""
    if seat not in model.fills:
        model.fills[seat] = _new_fill(model, seat)
    return model.fills[seat]


def _new_fill(model: Model, seat: Seat) -> Row:
    part, variable = seat[:3], model.seat[seat]
    row: Row = {variable: model.amount(part)}
    if part in model.cut and part not in model.keeps_fill:
        filled = model.program.variable(model.amount(part))
        model.program.at_most({filled: 1, variable: -model.amount(part)}, 0)
        model.program.at_most({filled: 1, **{at: -value for at, value in model.posted[part].items()}}, 0)
        row = {filled: 1}
    if _shares(model, seat):
        return {_capped(model, seat, row): 1}
    return row


def _shares(model: Model, seat: Seat) -> list[Seat]:
    """Seats of the same grant with a smaller path that it may share with: where it sits there too, this one is the second."""
    own = model.leaf(seat[3])
    return [other for other, _variable in model.seats_of(seat[:3]) if other[3] < seat[3] and may_share(model.leaf(other[3]), own)]


def _capped(model: Model, seat: Seat, row: Row) -> int:
    """A variable for what counts of a seat; of second seats it counts at most what the declared share allows in all."""
    top = model.amount(seat[:3])
    counted = model.program.variable(top)
    model.program.at_most({counted: 1, **{variable: -value for variable, value in row.items()}}, 0)
    own = model.leaf(seat[3])
    for other in _shares(model, seat):
        first = model.leaf(other[3])
        for declaring, partner in ((own, first), (first, own)):
            if declaring.share_with and declaring.share_with == partner.exclusive and declaring.share_max is not None:
                shared = model.program.variable(top)
                model.program.at_least({shared: 1, counted: -1, model.seat[other]: -top}, -top)
                model.shared[declaring.path, declaring.share_with][shared] = 1
    return counted


def _posted_here(model: Model, seat: Seat, counts: int | None = None) -> Row:
    """Posted steps that count in this leaf: all of them, unless the grant sits in an earlier leaf too, or counts as no course."""
    part, amount = seat[:3], model.amount(seat[:3])
    if not model.given(part).posts:
        return {}
    gate = model.seat[seat] if counts is None else counts
    earlier = _shares(model, seat)
    if not earlier and part not in model.cut:
        return {gate: amount}
    here = model.program.variable(amount)
    model.program.at_most({here: 1, gate: -amount}, 0)
    model.program.at_most({here: 1, **{variable: -value for variable, value in model.posted[part].items()}}, 0)
    for other in earlier:
        model.program.at_most({here: 1, model.seat[other]: amount}, amount)
    return {here: 1}


def _finish_leaf(model: Model, tree: Tree, leaf: RequirementLeaf, waiving: Row) -> None:
    """The leaf may be done where its need is filled, or something waives it."""
    done, program = tree.done[leaf.path], model.program
    if leaf.need_courses is not None:
        row = {effective: courses_in(model, seat[:3]) for seat, effective in _uncut(model, leaf)}
        _reach(model, done, row, leaf.need_courses, waiving)
    need = need_of(leaf, dict(model.facts.attributes))
    if need is not None:
        _reach(model, done, _filled(model, leaf, 0), steps(need, model.step), waiving)
    for level, credits in leaf.level_credits:
        _reach(model, done, _filled(model, leaf, level), steps(credits, model.step), waiving)
    if leaf.path == "pool" and not model.facts.target.leaves:
        program.at_most({done: 1}, 0)


def _filled(model: Model, leaf: RequirementLeaf, level: int) -> Row:
    row: Row = defaultdict(int)
    for seat, _variable in model.seats_in(leaf.path):
        grant = model.given(seat[:3]).grant
        about = model.base.outcome(grant.outcome)
        reached = grant.level if grant.level is not None else about.level if about and about.level is not None else 0
        if reached >= level:
            for variable, amount in _fill(model, seat).items():
                row[variable] += amount
    return row


def _reach(model: Model, done: int, row: Row, need: int, waiving: Row) -> None:
    program = model.program
    program.at_most({done: need, **{variable: -amount for variable, amount in row.items()}, **dict.fromkeys(waiving, -need)}, 0)


def _weights(model: Model) -> Row:
    """V7: a number from each choice's own name, so that equals are told apart the same way everywhere and for ever.

    Where a rule counts, each record that is taken weighs by its own name, for its grant and leaf; where it gives several grants, or one of
    them may sit in several leaves, for all its grants, and each seat weighs by the record that could lead.
    """
    row: Row = defaultdict(int)
    together = {place for pool in model.pools if _is_plain(model, pool) for place in pool.places}
    for part, variable in model.part.items():
        if not model.candidates[part[0]].slot:
            row[variable] += key_weight(key_of(model, part, ""))
    for seat, variable in model.seat.items():
        if seat[0] not in together:
            row[variable] += key_weight(key_of(model, seat[:3], seat[3]))
    for pool in model.pools:
        _weigh_records(model, pool, row)
    return row


def _is_plain(model: Model, pool: Pool) -> bool:
    """Whether every slot of a pool gives one grant in one and the same leaf."""
    return all(len(model.candidates[place].given) == 1 and len(model.seats_of((place, model.candidates[place].given[0].number, False))) == 1
               and (place, model.candidates[place].given[0].number, True) not in model.part for place in pool.places)  # fmt: skip


def _weigh_records(model: Model, pool: Pool, row: Row) -> None:
    first = model.candidates[pool.places[0]]
    paths = ["", *(first.given[0].seats if _is_plain(model, pool) else ())]
    for records in pool.kinds.values():
        for record in (one for one in records if one.id in pool.takes):
            keys = [(first.rule.id, [record.id], first.offer, given.number, path) for given in first.given for path in paths]
            row[pool.takes[record.id]] += sum(map(key_weight, keys))


def key_of(model: Model, part: Part, path: str) -> tuple[str, list[str], int, int, str]:
    """(rule, sorted records, offer, grant, leaf path), the path empty for the grant itself."""
    candidate = model.candidates[part[0]]
    return candidate.rule.id, list(candidate.match.ids), candidate.offer, part[1], path


def key_weight(key: tuple[str, list[str], int, int, str]) -> int:
    """1 + (first 8 bytes of SHA-256 over the canonical key, modulo 8,192)."""
    canonical = json.dumps(list(key), ensure_ascii=False, separators=(",", ":"))
    return 1 + int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "big") % 8192
