"""The best choice among candidates: by inspection where nothing competes, else as a program in whole numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from creditbank.rules.counting import Counted
from creditbank.rules.giving import Candidate
from creditbank.rules.highs import value_of
from creditbank.rules.limits import add_limits, add_posting, buckets_of, covers, is_constraint, limit_bound, made_elective, occupied
from creditbank.rules.model import Model, Part, Row, Seat, add_candidates, add_exclusivity, steps
from creditbank.rules.objective import Tree, build_tree, costs, has_need, levels, need_of, requirements
from creditbank.rules.plans import Plan
from creditbank.rules.pools import add_pools, resolved
from creditbank.rules.types import Facts, Grant, Limit, LimitUse, RequirementLeaf, RuleBase

NOTHING = (0, 0, 0, 0, 0, 0)


@dataclass
class Choice:
    """What was chosen: posted steps by grant, where each grant sits, the objective V1 … V6, and whether it is proved.

    ``solved`` says whether the solver was asked; ``keeps_fill`` are grants that a limit has cut without taking their place in a leaf.
    """

    posted: dict[Part, int]
    seats: list[Seat]
    objective: tuple[int, ...]
    candidates: list[Candidate]
    waiving: set[int] = field(default_factory=set)
    done: tuple[str, ...] = ()
    keeps_fill: set[Part] = field(default_factory=set)
    level: int = 0
    bound: int | None = None
    solved: bool = False

    def taken(self) -> set[int]:
        """Numbers of the candidates that were taken."""
        return {part[0] for part in self.posted} | self.waiving


def choose(
    candidates: list[Candidate], facts: Facts, base: RuleBase, limits: tuple[Limit, ...], *, on: date, plans: Sequence[Plan] = (),
    counted: Sequence[Counted] = (),
) -> Choice:  # fmt: skip
    """The choice that is best on V1, then V2, … V6, and unique by V7. ``counted`` are the rules that count, ``plans`` their slots."""
    system = base.system(facts.target.system)
    everything = [*candidates, *(candidate for plan in plans for candidate, _slot in plan.slots)]
    if system is None:
        return Choice({}, [], NOTHING, candidates)
    model = Model(facts, base, limits, system.step, everything, ranks=frozenset(one.rank_key for one in counted))
    return (None if plans else _by_inspection(model, on)) or _by_solver(model, on, plans)


def build(model: Model, on: date, plans: Sequence[Plan] = ()) -> tuple[Tree, list[tuple[Row, bool]]]:
    """All variables and rows of a model's program; the variables of the tree, and the levels V1 … V7."""
    add_candidates(model, made_elective(model.candidates, model.limits))
    add_pools(model, plans, len(model.candidates) - sum(len(plan.slots) for plan in plans))
    add_exclusivity(model)
    add_posting(model)
    add_limits(model)
    tree = build_tree(model)
    return tree, levels(model, tree, on)


def _by_solver(model: Model, on: date, plans: Sequence[Plan] = ()) -> Choice:
    tree, objective = build(model, on, plans)
    counted = [pool.takes[ident] for pool in model.pools for ident in sorted(pool.takes) if model.program.upper[pool.takes[ident]] == 1]
    names = list(dict.fromkeys([*_in_key_order(model, model.part), *_in_key_order(model, model.seat), *counted]))
    vector = [model.posted[part] for part in sorted(model.part, key=lambda part: _key(model, part)) if model.posted[part]]
    values, reached = model.program.solve(objective, names=names, vector=vector)
    chosen = [part for part, unit in model.part.items() if values[unit] == 1]
    wanted = set(requirements(model))
    return Choice(
        posted={part: value_of(model.posted[part], values) for part in chosen},
        seats=[seat for seat, variable in model.seat.items() if values[variable] == 1],
        objective=tuple(reached[:6]),
        candidates=resolved(model, values, on),
        waiving={
            index
            for index, take in enumerate(model.take)
            if values[take] == 1 and any(given.waives for given in model.candidates[index].given)
        },
        done=tuple(sorted(path for path, variable in tree.done.items() if path in wanted and values[variable] == 1)),
        keeps_fill=model.keeps_fill,
        level=model.program.level,
        bound=model.program.bound,
        solved=model.program.asked,
    )


def _key(model: Model, name: Part | Seat) -> tuple[object, ...]:
    candidate = model.candidates[name[0]]
    path = name[3] if len(name) > 3 else ""  # noqa: PLR2004  a seat, not a part
    who = candidate.rule.id, list(candidate.match.ids), candidate.offer, candidate.slot, candidate.consumed or Decimal(0)
    return *who, name[1], path, name[2]


def _in_key_order(model: Model, variables: dict[Part, int] | dict[Seat, int]) -> list[int]:
    return [variables[name] for name in sorted(variables, key=lambda name: _key(model, name))]  # type: ignore[index]


def _by_inspection(model: Model, on: date) -> Choice | None:
    """Take everything, where that is plainly best: every record and class once, every grant one leaf, no need or limit exceeded."""
    target = model.facts.target
    if (
        not model.candidates
        or target.nodes
        or model.facts.exceptions
        or any(candidate.consumed is not None for candidate in model.candidates)
        or any(leaf.share_with or leaf.level_credits for leaf in target.leaves)
    ):
        return None
    seats = _only_seats(model)
    if seats is None or _compete(model):
        return None
    posted = {(index, number, False): model.amount((index, number, False)) for index, number, _elective, _path in seats}
    if _limit_exceeded(model, posted) or any(_overfilled(model, leaf, seats, posted) for leaf in target.seats()):
        return None
    done = tuple(path for path in requirements(model) if _is_reached(model, model.leaf(path), seats, posted))
    everything = sum(posted.values())
    needed = sum(posted[seat[:3]] for seat in seats if not model.leaf(seat[3]).elective)
    cost = [sum(row) for row in costs(model, on)]
    return Choice(posted, seats, (len(done), needed, everything, *cost), model.candidates, done=done)


def _only_seats(model: Model) -> list[Seat] | None:
    seats: list[Seat] = []
    for index, candidate in enumerate(model.candidates):
        for given in candidate.given:
            if len(given.seats) != 1 or not given.posts or given.amount <= 0:
                return None
            seats.append((index, given.number, False, given.seats[0]))
    return seats


def _compete(model: Model) -> bool:
    """Whether two candidates want one record, or one class has two records."""
    records = [record for candidate in model.candidates for record in candidate.match.records]
    return max(Counter(record.id for record in records).values()) > 1 or max(Counter(record.class_key for record in records).values()) > 1


def _overfilled(model: Model, leaf: RequirementLeaf, seats: list[Seat], posted: dict[Part, int]) -> bool:
    here = [posted[seat[:3]] for seat in seats if seat[3] == leaf.path]
    if leaf.need_courses is not None:
        return len(here) > leaf.need_courses or any(model.given(seat[:3]).grant.kind == "block" for seat in seats if seat[3] == leaf.path)
    need = need_of(leaf, dict(model.facts.attributes))
    return need is not None and sum(here) > steps(need, model.step)


def _is_reached(model: Model, leaf: RequirementLeaf, seats: list[Seat], posted: dict[Part, int]) -> bool:
    here = [posted[seat[:3]] for seat in seats if seat[3] == leaf.path]
    if not has_need(leaf):
        return False
    if leaf.need_courses is not None and len(here) < leaf.need_courses:
        return False
    need = need_of(leaf, dict(model.facts.attributes))
    return need is None or sum(here) >= steps(need, model.step)


def _limit_exceeded(model: Model, posted: dict[Part, int]) -> bool:
    if any(is_constraint(limit) and limit.share_of == "recognised" and limit.share is not None for limit in model.limits):
        return True
    choice = Choice(posted, [], NOTHING, model.candidates)
    return any(use.used > use.bound for use in limit_uses(choice, model.facts, model.base, model.limits, model.step))


def limit_uses(choice: Choice, facts: Facts, base: RuleBase, limits: tuple[Limit, ...], step: Decimal) -> tuple[LimitUse, ...]:
    """How full every bucket is that the choice touches, earlier awards with it, sorted."""
    uses = []
    for limit in limits:
        bound = limit_bound(limit, facts, step)
        if bound is None or not is_constraint(limit):
            continue
        used: dict[str, Decimal] = defaultdict(Decimal)
        counted: set[tuple[int | str, str]] = set()
        taken = occupied(limit, facts.earlier, base)
        for part, amount in choice.posted.items():
            candidate = choice.candidates[part[0]]
            if not covers(limit, candidate.lead, grant_of(candidate, part)) or (part[2] and limit.overflow == "to_elective"):
                continue
            for bucket in buckets_of(limit, candidate.lead, base):
                used[bucket] += _weight(limit, part[0], bucket, amount * step, candidate, counted)
        uses += [LimitUse(limit.id, bucket, bound, amount + taken.get(bucket, Decimal(0))) for bucket, amount in used.items()]
    return tuple(sorted(uses, key=lambda use: (use.limit, use.bucket)))


def _weight(limit: Limit, index: int, bucket: str, amount: Decimal, candidate: Candidate, counted: set[tuple[int | str, str]]) -> Decimal:
    if limit.measure == "credits":
        return amount
    if limit.measure == "grants":
        return Decimal(1)
    once = index if candidate.consumed is None else candidate.lead.id
    if (once, bucket) in counted:
        return Decimal(0)
    counted.add((once, bucket))
    return Decimal(len(set(candidate.match.ids)))


def grant_of(candidate: Candidate, part: Part) -> Grant:
    """The grant of a part, as it is written in the rule."""
    return next(given.grant for given in candidate.given if given.number == part[1])
