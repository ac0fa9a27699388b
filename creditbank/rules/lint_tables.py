"""Lint of limits, programmes, the reference archive and signatures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.findings import Finding
from creditbank.rules.leaves import names_record
from creditbank.rules.lint_ground import Ground, chosen, given_by
from creditbank.rules.lint_pairs import neighbours
from creditbank.rules.lint_rules import on_step, worth_of
from creditbank.rules.matches import MATCH_CAP
from creditbank.rules.types import Leaf, Limit, Node, Outcome, RecordFacts, RequirementLeaf, Rule, Target

MOST_ESTIMATES = 2_000_000
"""Rules looked at to tell whether limits can bind; a bank has few limits. What is beyond is not reported as idle."""
NAMING = frozenset({"course", "exemption", "subject_only"})
"""Kinds of grant that name an outcome of the catalogue."""
KNOWN_OF_OUTCOMES = ("source_type", "category", "subject", "level")


def table_findings(ground: Ground) -> Iterator[Finding]:
    """Findings that need the tables beside the rules."""
    yield from _limit_values(ground)
    yield from _contradictions(ground.limits)
    yield from _nowhere(ground)
    yield from _idle_limits(ground)
    for target in ground.targets:
        yield from _unreachable(target, ground)
    yield from _units(ground)
    yield from _explosions(ground)
    yield from (
        Finding("L21", (ident,), place="signatures") for ident, author, publisher in ground.signatures if author and author == publisher
    )


def _limit_values(ground: Ground) -> Iterator[Finding]:
    """L10 and L13 of limits: calendars and institutions that are not known, bounds off the step, overflow that cannot be."""
    for limit in ground.limits:
        if limit.calendar and ground.base.calendar(limit.calendar) is None:
            yield Finding("L10", (limit.id,), (("what", limit.calendar),), place="limit")
        for name, values in (*limit.selector, *limit.exempt):
            if name == "institution" and ground.institutions is not None:
                for value in sorted(set(values) - ground.institutions):
                    yield Finding("L10", (limit.id,), (("what", value),), place="limit")
        yield from _off_step(limit, ground)
        if limit.measure in {"records", "grants"} and limit.overflow != "reject_whole":
            yield Finding("L13", (limit.id,), (("amount", limit.overflow), ("unit", limit.measure)), place="limit")


def _off_step(limit: Limit, ground: Ground) -> Iterator[Finding]:
    if limit.bound is None or limit.measure == "gpa":
        return
    if limit.measure != "credits":
        wrong = Fraction(limit.bound).denominator != 1
    else:
        units = {target.system for target in ground.targets} or {system.code for system in ground.base.systems}
        wrong = bool(units) and not any(on_step(Fraction(limit.bound), unit, ground) for unit in units)
    if wrong:
        yield Finding("L13", (limit.id,), (("amount", str(limit.bound)), ("unit", limit.measure)), place="limit")


def _contradictions(limits: Collection[Limit]) -> Iterator[Finding]:
    """L17: a bound below zero, or a minimum above the maximum for the same selector or group."""
    for limit in limits:
        if limit.bound is not None and limit.bound < 0:
            yield Finding("L17", (limit.id,), (("why", f"{limit.bound} < 0"),), place="limit")
    tightest = _tightest(limit for limit in limits if limit.op == "<=" and limit.per in {"none", "target"} and not _is_optional(limit))
    for limit in limits:
        value = _value(limit)
        if limit.op != ">=" or value is None or _is_optional(limit):
            continue
        found = (tightest[key] for key in _alike(limit) if key in tightest)
        most = next((other for other in found if (_value(other) or Fraction(0)) < value), None)
        if most is not None:
            yield Finding("L17", (limit.id, most.id), (("why", f"{value} > {_value(most)}"),), place="limit")


def _tightest(limits: Iterable[Limit]) -> dict[tuple[object, ...], Limit]:
    """The smallest maximum among limits that can be compared."""
    found: dict[tuple[object, ...], Limit] = {}
    for limit in limits:
        value = _value(limit)
        for key in _alike(limit) if value is not None else ():
            if key not in found or (_value(found[key]) or Fraction(0)) > (value or Fraction(0)):
                found[key] = limit
    return found


def _is_optional(limit: Limit) -> bool:
    """Whether another member of its group may hold instead."""
    return bool(limit.group) and limit.group_op == "any"


def _value(limit: Limit) -> Fraction | None:
    return limit.share if limit.share is not None else None if limit.bound is None else Fraction(limit.bound)


def _alike(limit: Limit) -> list[tuple[object, ...]]:
    """What limits must share to be compared: measure and unit of the bound, with the selector or with the group."""
    of = limit.share_of if limit.share is not None else ""
    alike: list[tuple[object, ...]] = [(limit.measure, of, limit.selector, limit.exempt, limit.last_n)]
    return [*alike, (limit.measure, of, limit.group)] if limit.group else alike


def _nowhere(ground: Ground) -> Iterator[Finding]:
    """L18: what becomes elective needs an elective leaf; two limits that both make one grant elective have no order."""
    moving = [limit for limit in ground.limits if limit.overflow == "to_elective" and limit.op == "<="]
    by_code = {target.code: target for target in ground.targets}
    for limit in moving:
        scope = [by_code[limit.owner]] if limit.owner in by_code else ground.targets
        if scope and not any(leaf.elective for target in scope for leaf in target.seats()):
            yield Finding("L18", (limit.id,), (("why", "no_elective"),), place="limit")
    said: set[str] = set()
    for first, second in neighbours(moving, lambda limit: limit.id):
        if first.id not in said and _can_meet(first, second):
            said.add(first.id)
            yield Finding("L18", tuple(sorted((first.id, second.id))), (("why", "both_elective"),), "E", "limit")


def _can_meet(first: Limit, second: Limit) -> bool:
    """Whether one grant may fall under both selectors, as far as these say."""
    one, other = dict(first.selector), dict(second.selector)
    if any(not set(one[name]) & set(other[name]) for name in one.keys() & other.keys() - {"subject"}):
        return False
    return not any(_is_exempt(dict(limit.exempt), chosen_by) for limit, chosen_by in ((first, other), (second, one)))


def _is_exempt(exempt: dict[str, tuple[str, ...]], selected: dict[str, tuple[str, ...]]) -> bool:
    """Whether everything that a selector names is exempt."""
    return bool(exempt) and all(name in selected and set(selected[name]) <= set(values) for name, values in exempt.items())


def _idle_limits(ground: Ground) -> Iterator[Finding]:
    """L16: more than all rules together can give under a limit, or nothing falls under it, or another limit is tighter."""
    left = MOST_ESTIMATES
    most: dict[tuple[object, ...], Fraction | None] = {}
    tighter: dict[tuple[object, ...], tuple[Fraction, str]] = {}
    for limit in sorted(ground.limits, key=lambda limit: (_value(limit) or Fraction(0), limit.id)):
        if limit.op != "<=" or limit.measure == "gpa" or limit.bound is None or _is_optional(limit):
            continue
        key = (
            limit.measure,
            limit.selector,
            limit.exempt,
            limit.owner if limit.owner in {target.code for target in ground.targets} else "",
        )
        same = (*key, limit.per, limit.calendar, limit.year_start, limit.overflow)
        if same in tighter:
            why = f"{limit.bound} ≥ {tighter[same][0]} ({tighter[same][1]})"
            yield Finding("L16", (limit.id, tighter[same][1]), (("why", why),), place="limit")
            continue
        tighter[same] = Fraction(limit.bound), limit.id
        if key not in most:
            left -= len(ground.rules)
            if left < 0:
                return
            most[key] = _most_under(limit, ground)
        total = most[key]
        if total is not None and Fraction(limit.bound) >= total:
            why = "uncovered" if total == 0 else f"{limit.bound} ≥ {total}"
            yield Finding("L16", (limit.id,), (("why", why),), place="limit")


def _most_under(limit: Limit, ground: Ground) -> Fraction | None:
    """What all rules together can give under a limit; None where a rule may match any number of records."""
    total = Fraction(0)
    for rule in ground.rules:
        if limit.owner in rule.programmes or not rule.programmes or limit.owner not in {target.code for target in ground.targets}:
            found = _under(limit, rule, ground)
            if found is None:
                return None
            total += found
    return total


def _under(limit: Limit, rule: Rule, ground: Ground) -> Fraction | None:
    """The most that one rule can give under a limit; None: without end, because its leaves name no outcome or amounts are not known."""
    kinds = dict(limit.selector).get("kind")
    grants = [grant for grant in rule.grants if kinds is None or grant.kind in kinds]
    leaves = rule.lhs.wanted()
    if not grants or not any(_may_cover(limit, leaf, ground) for leaf in leaves):
        return Fraction(0)
    if any(not leaf.outcome for leaf in leaves) or rule.lhs.kind in {"any", "n_of", "credits_of"}:
        return None
    if any(about.repeatable for leaf in leaves if (about := ground.base.outcome(leaf.outcome))):
        return None
    if limit.measure == "records":
        return Fraction(len(leaves))
    if limit.measure == "grants":
        return Fraction(len(grants))
    unit = min((unit for grant in grants for unit in ground.units_of(rule, grant)), default="")
    given = given_by(rule, ground.base, worth_of(rule.lhs, unit, ground))
    return None if given is None else given[1]


def _may_cover(limit: Limit, leaf: Leaf, ground: Ground) -> bool:
    """Whether a record of a leaf may fall under a limit; what the catalogue does not say may be anything."""
    about = ground.base.outcome(leaf.outcome)
    for name, values in limit.selector:
        has = _known(name, leaf, about)
        if has and not has & set(values):
            return False
    if not limit.exempt:
        return True
    return not all((has := _known(name, leaf, about)) and has <= set(values) for name, values in limit.exempt)


def _known(name: str, leaf: Leaf, about: Outcome | None) -> set[str]:
    if name not in KNOWN_OF_OUTCOMES:
        return {leaf.issuer} - {""} if name == "institution" else set()
    if about is None:
        return {getattr(leaf, name, "") or ""} - {""} if name != "level" else set()
    if name == "subject":
        return set(about.subjects) | ({leaf.subject} - {""})
    value = getattr(about, name)
    return {str(value)} if value not in {None, ""} else set()


def _unreachable(target: Target, ground: Ground) -> Iterator[Finding]:
    """L19: a need above everything that a leaf accepts, or a choice of more children than there are."""
    for node in target.nodes:
        if node.kind == "n_of" and node.k > len(node.children):
            data = (("what", node.path), ("need", str(node.k)), ("most", str(len(node.children))))
            yield Finding("L19", (target.code,), data, place=f"programme {node.path}")
    for leaf in target.leaves:
        need = leaf.need_courses if leaf.need_courses is not None else leaf.need_credits
        conditional = [value for _pairs, value in leaf.need_if]
        least = min([*([] if need is None else [Decimal(need)]), *conditional], default=None)
        if least is None or least <= 0:
            continue
        most = _most_accepted(leaf, target, ground)
        if most is not None and most < Fraction(least):
            data = (("what", leaf.path), ("need", str(least)), ("most", str(most)))
            yield Finding("L19", (target.code,), data, place=f"programme {leaf.path}")


def _most_accepted(leaf: RequirementLeaf, target: Target, ground: Ground) -> Fraction | None:
    """Courses or credits of all outcomes that a leaf accepts; None where there may be any number."""
    open_ended = leaf.elective or (not leaf.outcomes and not leaf.subjects) or (leaf.kinds and not set(leaf.kinds) & NAMING)
    if open_ended or not ground.base.outcomes or (not leaf.outcomes and ground.loose_subjects & set(leaf.subjects)):
        return None
    both = leaf.outcomes and (leaf.all_keys or not leaf.subjects)
    codes = leaf.outcomes if both else (*leaf.outcomes, *ground.codes_of_subjects(leaf.subjects))
    worth = [_worth_in(leaf, code, target, ground) for code in dict.fromkeys(codes)]
    return None if None in worth else sum((one for one in worth if one is not None), Fraction(0))


def _worth_in(leaf: RequirementLeaf, code: str, target: Target, ground: Ground) -> Fraction | None:
    """What one outcome may fill of a leaf: a course, or credits by the catalogue or the most generous rule; None where neither says."""
    about = ground.base.outcome(code)
    if (about is None and code not in (ground.known or ())) or (about is not None and not _fits(leaf, about)):
        return Fraction(0)
    if leaf.need_courses is not None:
        return Fraction(1)
    ratio = ground.ratio(about.system, target.system) if about is not None else None
    if about is None or about.credits is None or ratio is None:
        return None
    return max(Fraction(about.credits) * ratio, ground.dearest.get(code, Fraction(0)))


def _fits(leaf: RequirementLeaf, about: Outcome) -> bool:
    level = leaf.level is None or (about.level is not None and about.level >= leaf.level)
    subject = not (leaf.subjects and leaf.outcomes and leaf.all_keys) or bool(set(leaf.subjects) & set(about.subjects))
    return level and subject and (not leaf.category or about.category == leaf.category)


def _units(ground: Ground) -> Iterator[Finding]:
    """L10 of units: rates, outcomes and programmes in a unit that is not in the table."""
    known = {system.code for system in ground.base.systems}
    if not known:
        return
    used: list[tuple[str, tuple[str, ...], str]] = [
        (unit, (rate.source, rate.target), "rates") for rate in ground.base.rates for unit in (rate.source, rate.target)
    ]
    used += [(target.system, (target.code,), "programme") for target in ground.targets if target.system]
    strange: dict[str, list[str]] = defaultdict(list)
    for outcome in ground.base.outcomes:
        if outcome.system and outcome.system not in known:
            strange[outcome.system].append(outcome.code)
    used += [(unit, chosen(codes), "rule") for unit, codes in strange.items()]
    yield from (Finding("L10", ids, (("what", unit),), place=place) for unit, ids, place in used if unit not in known)


def _explosions(ground: Ground) -> Iterator[Finding]:
    """L23: more matches than a tenth of the cap for somebody of the reference archive. Equal records are one group; counted sets are not listed."""
    archive = [_grouped(records) for records in ground.archive]
    if not archive:
        return
    most = MATCH_CAP // 10
    longest = max(len(records) for records in archive)
    by_outcome: Counter[str] = Counter()
    for records in archive:
        for code, number in Counter(record.outcome for record in records).items():
            by_outcome[code] = max(by_outcome[code], number)

    def bound(leaf: Leaf) -> int:
        return by_outcome[leaf.outcome] if leaf.outcome else longest

    for rule in ground.rules:
        if _estimate(rule.lhs, bound) <= most:
            continue
        found = max(_estimate(rule.lhs, lambda leaf, own=records: sum(names_record(one, leaf) for one in own)) for records in archive)  # type: ignore[misc]
        if found > most:
            yield Finding("L23", (rule.id,), (("matches", str(found)), ("most", str(most))), place="from")


def _grouped(records: Sequence[RecordFacts]) -> list[RecordFacts]:
    """One record of each group that nothing tells apart."""
    seen = {tuple(value for name, value in vars(record).items() if name != "id"): record for record in records}
    return list(seen.values())


def _estimate(node: Node, count: object) -> int:
    """How many sets a left side has where a leaf has so many records. Counting nodes are variables of the program: one."""
    if node.kind == "leaf" and node.leaf is not None:
        return int(count(node.leaf))  # type: ignore[operator]
    if node.kind in {"not", "n_of", "credits_of"}:
        return 1
    parts = [_estimate(child, count) for child in node.children]
    if node.kind == "any":
        return sum(parts)
    product = 1
    for part in parts:
        product = min(product * part, 10**12)
    return product
