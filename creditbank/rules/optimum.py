"""The best choice among candidates, as a program in whole numbers of steps: taken records, seats in leaves, limits."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from creditbank.rules.amounts import consumed_minutes, round_to_step
from creditbank.rules.candidates import Candidate, Given
from creditbank.rules.dates import year_of
from creditbank.rules.solver import Program
from creditbank.rules.types import Facts, Grant, Limit, LimitUse, RecordFacts, RequirementLeaf, RuleBase

NO_EXPIRY_DAYS = 36_500

Seat = tuple[int, int, str]
"""(candidate, grant number, leaf path)."""


@dataclass
class Choice:
    """What was chosen: posted steps by seat, the objective V1 … V6, and whether it is proved."""

    posted: dict[Seat, int]
    objective: tuple[int, ...]
    proved: bool
    candidates: list[Candidate]

    def taken(self) -> set[int]:
        return {seat[0] for seat in self.posted}


@dataclass
class _Model:
    """The program while it is being built."""

    facts: Facts
    base: RuleBase
    limits: tuple[Limit, ...]
    step: Decimal
    candidates: list[Candidate]
    program: Program = field(default_factory=Program)
    take: list[int] = field(default_factory=list)
    seat: dict[Seat, int] = field(default_factory=dict)
    post: dict[Seat, dict[int, int]] = field(default_factory=dict)


def choose(candidates: list[Candidate], facts: Facts, base: RuleBase, limits: tuple[Limit, ...], *, on: date) -> Choice:
    """The choice that is best on V1, then V2, … V6, and unique by V7."""
    system = base.system(facts.target.system)
    if not candidates or system is None:
        return Choice({}, (0, 0, 0, 0, 0, 0), proved=True, candidates=candidates)
    model = _Model(facts, base, limits, system.step, candidates)
    _add_candidates(model)
    _add_exclusivity(model)
    for limit in limits:
        _add_limit(model, limit)
    levels = _levels(model, on)
    values, reached = model.program.solve(levels)
    posted = {
        seat: sum(coefficient * values[variable] for variable, coefficient in model.post[seat].items())
        for seat, chosen in model.seat.items()
        if values[chosen] == 1
    }
    return Choice(posted, tuple(reached[:6]), proved=model.program.proved, candidates=candidates)


def steps(amount: Decimal, step: Decimal) -> int:
    """An amount as a whole number of steps."""
    return int(Fraction(amount) / Fraction(step))


def limit_bound(limit: Limit, facts: Facts, step: Decimal) -> Decimal | None:
    """The bound of a limit: its own, or its share of the target's total, floored onto the step; None where there is no total."""
    if limit.share is None:
        return limit.bound
    return None if facts.target.total is None else round_to_step(Fraction(facts.target.total) * limit.share, step, "down")


def covers(limit: Limit, record: RecordFacts, grant: Grant) -> bool:
    """Whether a limit counts a grant: every named property of the lead record or the grant agrees, and no exemption does."""
    return all(_has(record, grant, name, values) for name, values in limit.selector) and not (
        limit.exempt and all(_has(record, grant, name, values) for name, values in limit.exempt)
    )


def _has(record: RecordFacts, grant: Grant, name: str, values: tuple[str, ...]) -> bool:
    found: dict[str, tuple[str, ...]] = {
        "source_type": (record.source_type,),
        "category": (record.category,),
        "subject": record.subjects,
        "institution": (record.issuer,),
        "trust": (record.trust,),
        "kind": (grant.kind,),
    }
    return bool(set(found[name]) & set(values))


def bucket_of(limit: Limit, record: RecordFacts) -> str:
    """Where a limit counts a grant: everything together, or apart by year or institution of the lead record."""
    if limit.per == "year":
        return str(year_of(record.earned_on, limit.year_start))
    return record.issuer if limit.per == "institution" else ""


def _add_candidates(model: _Model) -> None:
    for index, candidate in enumerate(model.candidates):
        take = model.program.variable()
        model.take.append(take)
        all_seats: dict[int, int] = {}
        for given in candidate.given:
            own = {}
            for path in given.seats:
                own[model.program.variable()] = path
            model.seat |= {(index, given.number, path): variable for variable, path in own.items()}
            if own:
                model.program.at_most({**dict.fromkeys(own, 1), take: -1}, 0)
                all_seats |= dict.fromkeys(own, 1)
            for variable, path in own.items():
                model.post[index, given.number, path] = _posting(model, index, given, path, variable)
        model.program.at_most({take: 1, **dict.fromkeys(all_seats, -1)}, 0)


def _posting(model: _Model, index: int, given: Given, path: str, seat: int) -> dict[int, int]:
    """Posted steps of a seated grant: all of them, or a variable where a limit may cut it (never in a leaf that counts courses)."""
    amount = steps(given.amount, model.step)
    lead = model.candidates[index].lead
    counts_courses = any(leaf.path == path and leaf.need_courses is not None for leaf in model.facts.target.leaves)
    cuts = any(limit.overflow == "truncate" and limit.measure == "credits" and covers(limit, lead, given.grant) for limit in model.limits)
    if not cuts or counts_courses:
        return {seat: amount}
    variable = model.program.variable(amount)
    model.program.at_most({variable: 1, seat: -amount}, 0)
    return {variable: 1}


def _add_exclusivity(model: _Model) -> None:
    """A record is used once; of a class of equal records one is used."""
    by_record: dict[str, dict[int, int]] = defaultdict(dict)
    by_class: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for take, candidate in zip(model.take, model.candidates, strict=True):
        for record in candidate.match.records:
            by_record[record.id][take] = 1
            by_class[record.class_key][take] += 1
    for row in [*by_record.values(), *by_class.values()]:
        model.program.at_most(row, 1)


def _add_limit(model: _Model, limit: Limit) -> None:
    bound = limit_bound(limit, model.facts, model.step)
    if bound is None:
        return
    buckets: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (index, number, path), seat in model.seat.items():
        candidate = model.candidates[index]
        grant = candidate.given[number - 1].grant
        if not covers(limit, candidate.lead, grant):
            continue
        row = buckets[bucket_of(limit, candidate.lead)]
        if limit.measure == "credits":
            for variable, coefficient in model.post[index, number, path].items():
                row[variable] += coefficient
        elif limit.measure == "grants":
            row[seat] += 1
        else:
            row[model.take[index]] = len(candidate.match.records)
    whole = steps(bound, model.step) if limit.measure == "credits" else int(bound)
    for row in buckets.values():
        model.program.at_most(row, whole)


def _levels(model: _Model, on: date) -> list[tuple[dict[int, int], bool]]:
    done: dict[int, int] = {}
    needed: dict[int, int] = {}
    counted: dict[int, int] = {}
    for leaf in model.facts.target.seats():
        fill = _fill_of(model, leaf)
        if not leaf.elective:
            done |= _done(model, leaf, fill)
        part = _counted(model, leaf, fill)
        counted |= part
        if not leaf.elective:
            needed |= part
    total: dict[int, int] = defaultdict(int)
    for posting in model.post.values():
        for variable, coefficient in posting.items():
            total[variable] += coefficient
    return [
        (done, True),
        (needed, True),
        (counted, True),
        (_sum_over(model, lambda record: consumed_minutes(model.base, record)), False),
        (_sum_over(model, lambda record: (record.valid_until - on).days if record.valid_until else NO_EXPIRY_DAYS), False),
        (_ranks(model), False),
        (dict(total), True),
        (_weights(model), True),
    ]


def _fill_of(model: _Model, leaf: RequirementLeaf) -> dict[int, int]:
    fill: dict[int, int] = defaultdict(int)
    for (_index, _number, path), posting in ((seat, model.post[seat]) for seat in model.seat):
        if path == leaf.path:
            for variable, coefficient in posting.items():
                fill[variable] += coefficient
    return fill


def _seats_of(model: _Model, leaf: RequirementLeaf) -> dict[int, int]:
    """Seats of a leaf with the amount of the grant that may sit there."""
    return {
        variable: steps(model.candidates[index].given[number - 1].amount, model.step)
        for (index, number, path), variable in model.seat.items()
        if path == leaf.path
    }


def _done(model: _Model, leaf: RequirementLeaf, fill: dict[int, int]) -> dict[int, int]:
    """A variable that may be one only if the leaf's need is reached."""
    if leaf.need_credits is None and leaf.need_courses is None:
        return {}
    reached = model.program.variable()
    if leaf.need_courses is not None:
        model.program.at_least({**dict.fromkeys(_seats_of(model, leaf), 1), reached: -leaf.need_courses}, 0)
    else:
        model.program.at_least({**fill, reached: -steps(leaf.need_credits or Decimal(0), model.step)}, 0)
    return {reached: 1}


def _counted(model: _Model, leaf: RequirementLeaf, fill: dict[int, int]) -> dict[int, int]:
    """What of the fill counts: all where nothing limits it, else at most the need (of the best courses where courses are needed)."""
    if leaf.need_courses is not None:
        seats = _seats_of(model, leaf)
        counting = {variable: model.program.variable() for variable in seats}
        for seat, count in counting.items():
            model.program.at_most({count: 1, seat: -1}, 0)
        model.program.at_most(dict.fromkeys(counting.values(), 1), leaf.need_courses)
        return {counting[seat]: amount for seat, amount in seats.items()}
    if leaf.need_credits is None:
        return dict(fill)
    part = model.program.variable(steps(leaf.need_credits, model.step))
    model.program.at_most({part: 1, **{variable: -coefficient for variable, coefficient in fill.items()}}, 0)
    return {part: 1}


def _sum_over(model: _Model, value: Any) -> dict[int, int]:
    return {
        take: sum(value(record) for record in candidate.match.records) for take, candidate in zip(model.take, model.candidates, strict=True)
    }


def _ranks(model: _Model) -> dict[int, int]:
    order = sorted({candidate.rank_key for candidate in model.candidates})
    return {take: order.index(candidate.rank_key) for take, candidate in zip(model.take, model.candidates, strict=True)}


def _weights(model: _Model) -> dict[int, int]:
    """V7: a number from each choice's own name, so that equals are told apart the same way everywhere and for ever."""
    return {variable: key_weight(model.candidates[index], number, path) for (index, number, path), variable in model.seat.items()}


def key_weight(candidate: Candidate, number: int, path: str) -> int:
    """1 + (first 8 bytes of SHA-256 over the canonical key, modulo 8,192)."""
    key = [candidate.rule.id, list(candidate.match.ids), 1, number, path]
    canonical = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
    return 1 + int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "big") % 8192


def limit_uses(choice: Choice, facts: Facts, limits: tuple[Limit, ...], step: Decimal) -> tuple[LimitUse, ...]:
    """How full every bucket is that the choice touches, sorted."""
    uses = []
    for limit in limits:
        bound = limit_bound(limit, facts, step)
        if bound is None:
            continue
        used: dict[str, Decimal] = defaultdict(Decimal)
        counted: set[int] = set()
        for (index, number, _path), amount in choice.posted.items():
            candidate = choice.candidates[index]
            if not covers(limit, candidate.lead, candidate.given[number - 1].grant):
                continue
            bucket = bucket_of(limit, candidate.lead)
            if limit.measure == "credits":
                used[bucket] += amount * step
            elif limit.measure == "grants":
                used[bucket] += 1
            elif index not in counted:
                used[bucket] += len(candidate.match.records)
                counted.add(index)
        uses += [LimitUse(limit.id, bucket, bound, amount) for bucket, amount in used.items()]
    return tuple(sorted(uses, key=lambda use: (use.limit, use.bucket)))
