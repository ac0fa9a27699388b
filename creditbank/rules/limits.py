"""Limits: what they count, in which buckets, up to which bound, and what may be cut when they are full."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.amounts import round_to_step
from creditbank.rules.dates import bucket_of_day, year_of
from creditbank.rules.giving import Candidate, lead_of
from creditbank.rules.model import Model, Part, Row, steps
from creditbank.rules.types import Earlier, Facts, Grant, Limit, RecordFacts, RuleBase

STRICTNESS = ("reject_whole", "truncate", "subject_only", "to_elective")


def is_constraint(limit: Limit) -> bool:
    """Whether a limit bounds what may be chosen; "at least" and averages are reported at the end instead."""
    return limit.op == "<=" and limit.measure != "gpa"


def limit_bound(limit: Limit, facts: Facts, step: Decimal) -> Decimal | None:
    """The bound of a limit: its own, or its share of the target's total, floored onto the step; None where there is no total."""
    if limit.share is None:
        return limit.bound
    if limit.share_of == "recognised":
        return None
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
        "level": (str(record.level),),
        "kind": (grant.kind,),
    }
    return bool(set(found[name]) & set(values))


def buckets_of(limit: Limit, record: RecordFacts, base: RuleBase) -> tuple[str, ...]:
    """Where a limit counts a grant: everything together, or apart by year, term, institution or subject of the lead record."""
    if limit.per in {"year", "term"}:
        calendar = base.calendar(limit.calendar)
        if calendar is None:
            return (str(year_of(record.earned_on, limit.year_start)),)
        return (bucket_of_day(record.earned_on, year_start=calendar.year_start, terms=calendar.terms, by_term=limit.per == "term"),)
    if limit.per == "subject":
        return record.subjects or ("",)
    return (record.issuer if limit.per == "institution" else "",)


def occupied(limit: Limit, grants: Iterable[Earlier], base: RuleBase) -> dict[str, Decimal]:
    """What grants that were awarded take up of a limit, by bucket: credits, grants, or distinct records."""
    used: dict[str, Decimal] = defaultdict(Decimal)
    seen: set[tuple[str, object]] = set()
    for one in grants:
        lead = lead_of(one.records, base)
        if not covers(limit, lead, Grant(one.kind)) or (one.made_elective and limit.overflow == "to_elective"):
            continue
        for bucket in buckets_of(limit, lead, base):
            if limit.measure == "credits":
                used[bucket] += one.posted
                continue
            names = [one.key] if limit.measure == "grants" else [record.id for record in one.records]
            used[bucket] += len({(bucket, name) for name in names} - seen)
            seen |= {(bucket, name) for name in names}
    return used


def counted_grant(model: Model, part: Part) -> Grant:
    """The grant as limits see it: one that a limit has made elective is elective credit."""
    grant = model.given(part).grant
    return replace(grant, kind="elective") if part[2] else grant


def is_counted(model: Model, limit: Limit, part: Part) -> bool:
    """Whether a limit counts a part; a grant made elective is outside of the limit that made it so."""
    lead = model.candidates[part[0]].lead
    if part[2] and limit.overflow == "to_elective" and covers(limit, lead, model.given(part).grant):
        return False
    return covers(limit, lead, counted_grant(model, part))


def allowed_overflow(limits: Iterable[Limit], candidate: Candidate, grant: Grant) -> str:
    """What may happen to a grant that does not fit: the strictest of all limits on credits that count it."""
    found = [
        limit.overflow for limit in limits if is_constraint(limit) and limit.measure == "credits" and covers(limit, candidate.lead, grant)
    ]
    return min(found, key=STRICTNESS.index, default="reject_whole")


def made_elective(candidates: list[Candidate], limits: tuple[Limit, ...]) -> set[tuple[int, int]]:
    """Grants that a limit may make elective, as (candidate, grant number)."""
    return {
        (index, given.number)
        for index, candidate in enumerate(candidates)
        for given in candidate.given
        if given.posts and allowed_overflow(limits, candidate, given.grant) == "to_elective"
    }


def add_posting(model: Model) -> None:
    """Posted steps of every part: all of them, or a variable where limits may cut it."""
    for part, unit in model.part.items():
        given, amount = model.given(part), model.amount(part)
        if not given.posts:
            model.posted[part] = {}
            continue
        overflow = allowed_overflow(model.limits, model.candidates[part[0]], given.grant)
        if part[2] or overflow not in {"truncate", "subject_only"}:
            model.posted[part] = {unit: amount}
            continue
        variable, cut = model.program.variable(amount), model.program.variable()
        model.program.at_most({variable: 1, unit: -amount}, 0)
        model.program.at_least({variable: 1, unit: -amount, cut: amount}, 0)
        model.program.at_most({cut: 1, unit: -1}, 0)
        model.posted[part], model.cut[part] = {variable: 1}, cut
        if overflow == "subject_only":
            model.keeps_fill.add(part)


def add_limits(model: Model) -> None:
    """A row for every bucket of every limit; of a group with "any" one member holds; nothing is cut where no limit is full."""
    full: dict[Part, Row] = defaultdict(dict)
    groups: dict[str, Row] = defaultdict(dict)
    for limit in model.limits:
        if is_constraint(limit):
            relaxed = None
            if limit.group and limit.group_op == "any":
                relaxed = model.program.variable()
                groups[limit.group][relaxed] = 1
            _add_limit(model, limit, relaxed, full)
    for row in groups.values():
        model.program.at_least(row, 1)
    for part, cut in model.cut.items():
        model.program.at_most({cut: 1, **dict.fromkeys(full[part], -1)}, 0)


def _add_limit(model: Model, limit: Limit, holds: int | None, full: dict[Part, Row]) -> None:
    whole = limit_bound(limit, model.facts, model.step)
    taken = occupied(limit, model.facts.earlier, model.base)
    for bucket, parts in _buckets(model, limit).items():
        row = _measured(model, limit, parts)
        bound = None if whole is None else max(whole - taken.get(bucket, Decimal(0)), Decimal(0))
        if limit.share is not None and limit.share_of == "recognised":
            _add_share(model, row, limit.share, taken.get(bucket, Decimal(0)))
        elif bound is not None:
            _bound_row(model, row, steps(bound, model.step) if limit.measure == "credits" else int(bound), holds)
            if limit.measure == "credits":
                _note_full(model, row, steps(bound, model.step), [part for part in parts if part in model.cut], full)


def _buckets(model: Model, limit: Limit) -> dict[str, list[Part]]:
    buckets: dict[str, list[Part]] = defaultdict(list)
    for part in model.part:
        if is_counted(model, limit, part):
            for bucket in buckets_of(limit, model.candidates[part[0]].lead, model.base):
                buckets[bucket].append(part)
    return buckets


def _bound_row(model: Model, row: Row, bound: int, holds: int | None) -> None:
    """The row itself, or one that binds only where ``holds`` is one (a member of a group of which any may hold)."""
    if holds is None:
        model.program.at_most(row, bound)
        return
    slack = sum(coefficient * model.program.upper[variable] for variable, coefficient in row.items())
    model.program.at_most({**row, holds: slack}, bound + slack)


def _note_full(model: Model, row: Row, bound: int, cuttable: list[Part], full: dict[Part, Row]) -> None:
    """A variable that may be one only where the bucket is exactly full, for the grants that it may cut."""
    if cuttable:
        reached = model.program.variable()
        model.program.at_least({**row, reached: -bound}, 0)
        for part in cuttable:
            full[part][reached] = 1


def _add_share(model: Model, row: Row, share: Fraction, taken: Decimal) -> None:
    """The bucket is at most its share of everything; earlier awards stand on both sides, and a bucket that has too much gets nothing more."""
    earlier = sum((one.posted for one in model.facts.earlier), Decimal(0))
    room = steps(earlier, model.step) * share.numerator - steps(taken, model.step) * share.denominator
    if room < 0:
        model.program.at_most(row, 0)
        return
    everything: Row = defaultdict(int)
    for posted in model.posted.values():
        for variable, coefficient in posted.items():
            everything[variable] -= coefficient * share.numerator
    for variable, coefficient in row.items():
        everything[variable] += coefficient * share.denominator
    model.program.at_most(everything, room)


def _count_records(model: Model, parts: list[Part]) -> Row:
    """Distinct records consumed: of a counting candidate as many as it takes, and a record of which several rules use a part once."""
    row: Row = {}
    split: dict[str, int] = {}
    for index in sorted({part[0] for part in parts}):
        candidate = model.candidates[index]
        if candidate.consumed is None:
            touched = model.program.variable()
        else:
            touched = split[candidate.lead.id] = split.get(candidate.lead.id) or model.program.variable()
        for part in (part for part in parts if part[0] == index):
            model.program.at_least({touched: 1, model.part[part]: -1}, 0)
        if candidate.slot:
            row[_slot_size(model, index, touched)] = 1
        else:
            row[touched] = len(set(candidate.match.ids))
    return row


def _slot_size(model: Model, index: int, touched: int) -> int:
    """A variable for how many records a counting candidate takes where it is touched."""
    sizes = next(pool.size_of(index) for pool in model.pools if index in pool.places)
    most = sum(model.program.upper[variable] for variable in sizes)
    size = model.program.variable(most)
    model.program.at_least({size: 1, touched: -most, **dict.fromkeys(sizes, -1)}, -most)
    return size


def _measured(model: Model, limit: Limit, parts: list[Part]) -> Row:
    """What a bucket holds, as an expression: posted steps, grants, or distinct records consumed."""
    row: Row = defaultdict(int)
    if limit.measure == "grants":
        return Counter(model.part[part] for part in parts)
    if limit.measure == "records":
        return _count_records(model, parts)
    for part in parts:
        for variable, coefficient in model.posted[part].items():
            row[variable] += coefficient
    return row
