"""The cheapest next courses: which of a catalogue's courses complete one or more programmes under the rules. Pure; proved by the solver.

All targets are one program: each keeps its own records, limits and requirements (a record may serve several targets, each of which is a
domain of its own), and a course that is planned counts in all of them once it is chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.amounts import round_to_step
from creditbank.rules.candidates import sieve
from creditbank.rules.decide import decide
from creditbank.rules.earlier import without_filled
from creditbank.rules.individual import with_own_needs
from creditbank.rules.leaves import names_record
from creditbank.rules.limits import covers
from creditbank.rules.model import Model, steps
from creditbank.rules.objective import requirements
from creditbank.rules.optimum import build
from creditbank.rules.slots import plan_slots
from creditbank.rules.solver import Program
from creditbank.rules.titles import with_title_classes
from creditbank.rules.types import Decision, Facts, Limit, Proof, RecordFacts, RuleBase

PREFIX = "plan:"
LEVELS = ("targets", "cost", "courses", "institutions", "end", "ids")
NEEDED, ALL_OF_IT = 1, 3
"""Of a decision's objective: credit that requirements need comes second, all credit third."""
Row = dict[int, int]


@dataclass(frozen=True)
class PlannedCourse:
    """A course that could be taken: what record it would leave, when it ends, and what it costs (money or hours, the caller's choice).

    ``requires`` are outcomes that must be there before it starts, from records or from other planned courses.
    """

    id: str
    record: RecordFacts
    cost: Decimal
    starts: date | None = None
    requires: tuple[str, ...] = ()

    @property
    def ends(self) -> date:
        """The day on which the record would be earned."""
        return self.record.earned_on

    def planned(self) -> RecordFacts:
        """The record as it enters a decision; its id can be no other record's."""
        return replace(self.record, id=f"{PREFIX}{self.id}")


@dataclass(frozen=True)
class Wish:
    """What is to be complete: a person's facts for one target, under a rule base and its limits."""

    facts: Facts
    base: RuleBase
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Courses to take, what they cost, and which targets they complete.

    ``unchecked`` are minima and rules that are no linear condition: minima over the last credits, averages or distinct records, which hold
    as the decisions say, and rules that forbid an offered course, which count as barred.

    ``decisions`` are what ``decide`` says on the day of the finish if all courses are passed as assumed: hypothetical, never to be stored.
    """

    courses: tuple[str, ...]
    cost: Decimal
    complete: tuple[str, ...]
    missing: tuple[str, ...]
    proof: Proof
    decisions: tuple[Decision, ...]
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fill:
    """The few courses that fill most of one target, and what ``decide`` would say with them: hypothetical, never to be stored."""

    courses: tuple[str, ...]
    proof: Proof
    decision: Decision


def filling_courses(wish: Wish, courses: Sequence[PlannedCourse], *, finish: date, most: int) -> Fill:
    """At most so many courses that fill most credit of a target's requirements by a day, whether or not that completes it.

    Most credit that requirements need first, then most credit in all, least cost, fewest courses, fewest institutions, earliest end,
    smallest ids. Courses that would change nothing are never named.
    """
    offered = sorted((course for course in courses if course.ends <= finish), key=lambda course: course.id)
    program = Program()
    taken = {course.id: program.variable() for course in offered}
    _order_courses(program, offered, taken, [wish])
    added = _add_wish(program, wish, offered, taken, finish)
    program.at_most(dict.fromkeys(taken.values(), 1), most)
    wanted = added.objective[NEEDED:ALL_OF_IT]
    values, _reached = program.solve([*wanted, *_levels(program, offered, taken)], names=[taken[course.id] for course in offered])
    chosen = [course for course in offered if values[taken[course.id]] == 1]
    proof = _proof(program) if added.whole else Proof("gap", LEVELS[0])
    return Fill(tuple(course.id for course in chosen), proof, _decided(wish, chosen, finish))


def next_courses(wishes: Sequence[Wish], courses: Sequence[PlannedCourse], *, finish: date, at_least: int | None = None) -> Plan:
    """The courses that complete all wishes (or any ``at_least`` of them) by a day.

    Fewest missing targets first, then least cost, fewest courses, fewest institutions, earliest end, smallest ids. Records and ages are
    judged on ``finish``; courses that end later are left out.
    """
    offered = sorted((course for course in courses if course.ends <= finish), key=lambda course: course.id)
    program = Program()
    taken = {course.id: program.variable() for course in offered}
    _order_courses(program, offered, taken, wishes)
    complete: list[int] = []
    unchecked: set[str] = set()
    whole = True
    for wish in wishes:
        added = _add_wish(program, wish, offered, taken, finish)
        complete.append(added.complete)
        unchecked |= added.unchecked
        whole = whole and added.whole
    levels = [(_wanted(program, complete, at_least), True), *_levels(program, offered, taken)]
    values, _reached = program.solve(levels, names=[taken[course.id] for course in offered])
    chosen = [course for course in offered if values[taken[course.id]] == 1]
    named = [wish.facts.target.code for wish in wishes]
    done_codes = tuple(code for code, variable in zip(named, complete, strict=True) if values[variable] == 1)
    return Plan(
        tuple(course.id for course in chosen), sum((course.cost for course in chosen), Decimal(0)), done_codes,
        tuple(code for code in named if code not in done_codes), _proof(program) if whole else Proof("gap", LEVELS[0]),
        tuple(_decided(wish, chosen, finish) for wish in wishes), tuple(sorted(unchecked)),
    )  # fmt: skip


def _proof(program: Program) -> Proof:
    return Proof("optimal") if program.proved else Proof("gap", LEVELS[min(program.level, len(LEVELS)) - 1], program.bound)


def _decided(wish: Wish, chosen: Iterable[PlannedCourse], finish: date) -> Decision:
    return decide(_with(wish.facts, chosen, finish), wish.base, wish.limits, finish)


def _with(facts: Facts, courses: Iterable[PlannedCourse], finish: date) -> Facts:
    return replace(facts, records=(*facts.records, *(course.planned() for course in courses)), applied_on=finish)


def _order_courses(program: Program, offered: Sequence[PlannedCourse], taken: dict[str, int], wishes: Sequence[Wish]) -> None:
    """A course needs what it requires: a record that is there, or a planned course that ends before it starts."""
    there = {record.outcome for wish in wishes for record in wish.facts.records}
    for course in offered:
        for outcome in sorted(set(course.requires) - there):
            before = [one for one in offered if one.record.outcome == outcome and (course.starts is None or one.ends < course.starts)]
            program.at_most({taken[course.id]: 1, **{taken[one.id]: -1 for one in before if one.id != course.id}}, 0)


@dataclass(frozen=True)
class Added:
    """One target in the program: the variable that says that it is complete, what could not be a condition, whether no rule was left out,
    and the levels of a decision's own objective."""

    complete: int
    unchecked: set[str]
    whole: bool
    objective: list[tuple[Row, bool]]


def _add_wish(program: Program, wish: Wish, offered: Sequence[PlannedCourse], taken: dict[str, int], finish: date) -> Added:
    """The part of one target."""
    facts = without_filled(with_own_needs(with_title_classes(_with(wish.facts, offered, finish), wish.base.titles)))
    complete = program.variable()
    system = wish.base.system(facts.target.system)
    sieved = sieve(facts, wish.base, on=finish)
    if system is None:
        program.at_most({complete: 1}, 0)
        return Added(complete, set(), True, [])
    limits = tuple(sorted(wish.limits, key=lambda limit: limit.id))
    plans, left_out = plan_slots(sieved.counted, facts, wish.base, limits)
    sieved.leave_out(left_out)
    everything = [*sieved.candidates, *(candidate for plan in plans for candidate, _slot in plan.slots)]
    model = Model(facts, wish.base, limits, system.step, everything, program, ranks=frozenset(one.rank_key for one in sieved.counted))
    tree, objective = build(model, finish, plans)
    for variable, record, _credits in model.uses():
        if record.id.startswith(PREFIX):
            program.at_most({variable: 1, taken[record.id.removeprefix(PREFIX)]: -program.upper[variable]}, 0)
    for path in requirements(model):
        program.at_most({complete: 1, tree.done[path]: -1}, 0)
    return Added(complete, _add_minima(model, complete) | _forbidding(wish.base, offered), sieved.complete, objective)


def _forbidding(base: RuleBase, offered: Sequence[PlannedCourse]) -> set[str]:
    """Rules that an offered course would bar by NOT. They count as barred even where the course is not chosen, so a plan may miss something."""
    return {
        rule.id
        for rule in base.rules
        for leaf in rule.lhs.forbidden()
        if any(names_record(course.record, leaf) for course in offered)
    }  # fmt: skip


def _add_minima(model: Model, complete: int) -> set[str]:
    """Minima as conditions of completeness; gives the ids of those that are no linear condition."""
    unchecked: set[str] = set()
    groups: dict[str, Row] = defaultdict(dict)
    for limit in model.limits:
        if limit.op != ">=":
            continue
        row = _minimum_row(model, limit)
        if row is None:
            unchecked.add(limit.id)
            continue
        expression, need = row
        holds = complete
        if limit.group and limit.group_op == "any":
            holds = model.program.variable()
            groups[limit.group][holds] = 1
        lowest = sum(value * model.program.upper[variable] for variable, value in expression.items() if value < 0)
        model.program.at_least({**expression, holds: lowest - need}, lowest)
    for members in groups.values():
        model.program.at_least({**members, complete: -1}, 0)
    return unchecked


def _minimum_row(model: Model, limit: Limit) -> tuple[Row, int] | None:
    """A sum and what it must reach; None for what is no sum (last credits, averages, distinct records)."""
    if limit.last_n is not None or limit.measure not in {"credits", "grants"}:
        return None
    inside: Row = defaultdict(int)
    everything: Row = defaultdict(int)
    for part, unit in model.part.items():
        counted = model.posted[part] if limit.measure == "credits" else {unit: 1}
        covered = covers(limit, model.candidates[part[0]].lead, model.given(part).grant)
        for variable, value in counted.items():
            everything[variable] += value
            inside[variable] += value if covered else 0
    if limit.share is None:
        bound = limit.bound or Decimal(0)
        return dict(inside), steps(bound, model.step) if limit.measure == "credits" else int(bound)
    if limit.share_of == "recognised":
        share = limit.share
        return {name: share.denominator * inside[name] - share.numerator * value for name, value in everything.items()}, 0
    whole = Fraction(model.facts.target.total or 0) * limit.share
    return dict(inside), steps(-round_to_step(-whole, model.step, "down"), model.step)


def _wanted(program: Program, complete: Sequence[int], at_least: int | None) -> Row:
    """How many targets are complete; beyond the number that is asked for none counts."""
    if at_least is None or at_least >= len(complete):
        return dict.fromkeys(complete, 1)
    reached = program.variable(max(at_least, 0))
    program.at_most({reached: 1, **dict.fromkeys(complete, -1)}, 0)
    return {reached: 1}


def _levels(program: Program, offered: Sequence[PlannedCourse], taken: dict[str, int]) -> list[tuple[Row, bool]]:
    """Cost, number of courses, number of institutions, and the day on which the last one ends; each as small as possible."""
    unit = max((-int(course.cost.normalize().as_tuple().exponent) for course in offered), default=0)
    scale = Decimal(10) ** max(unit, 0)
    by_institution: dict[str, list[int]] = defaultdict(list)
    for course in offered:
        by_institution[course.record.issuer].append(taken[course.id])
    institutions: Row = {}
    for variables in by_institution.values():
        used = program.variable()
        institutions[used] = 1
        for variable in variables:
            program.at_most({variable: 1, used: -1}, 0)
    days = sorted({course.ends for course in offered})
    latest = program.variable(len(days))
    for course in offered:
        program.at_most({taken[course.id]: days.index(course.ends) + 1, latest: -1}, 0)
    return [
        ({taken[course.id]: int(course.cost * scale) for course in offered}, False),
        (dict.fromkeys(taken.values(), 1), False),
        (institutions, False),
        ({latest: 1}, False),
    ]


def greedy_courses(wishes: Sequence[Wish], courses: Sequence[PlannedCourse], *, finish: date) -> tuple[str, ...]:
    """For comparison: always the course that closes most requirements next (ties: more credit, cheaper, smaller id), until none helps."""
    left = sorted((course for course in courses if course.ends <= finish), key=lambda course: (course.cost, course.id))
    chosen: list[PlannedCourse] = []
    reached = _reached(wishes, chosen, finish)
    while left:
        ranked = [(_reached(wishes, [*chosen, course], finish), course) for course in left]
        best = max(ranked, key=lambda pair: pair[0])
        if best[0] <= reached:
            break
        reached = best[0]
        chosen.append(best[1])
        left.remove(best[1])
    return tuple(course.id for course in chosen)


def _reached(wishes: Sequence[Wish], chosen: Sequence[PlannedCourse], finish: date) -> tuple[int, int]:
    found = [_decided(wish, chosen, finish).objective for wish in wishes]
    return sum(objective[0] for objective in found), sum(objective[1] for objective in found)
