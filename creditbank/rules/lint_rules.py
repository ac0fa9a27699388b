"""Lint of one rule at a time against the tables it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from creditbank.rules.findings import Finding
from creditbank.rules.lint_ground import Ground, given_by, leaf_implies, placed, said
from creditbank.rules.types import POSTING, Grant, Leaf, Node, Outcome, Rule, Target

STALE_AFTER = 180
"""Days after which a pending rule is stale (a proposal of this bank; nobody publishes a number)."""
MOST_BRANCHES = 64
"""Branches of one ANY that are compared with each other."""
REFUSING = frozenset({"deny", "pending"})


def rule_findings(rule: Rule, ground: Ground) -> Iterator[Finding]:
    """Everything that one rule says wrongly by itself."""
    yield from _sources(rule, ground)
    yield from _grants(rule, ground)
    yield from _words_and_days(rule, ground)
    yield from _created(rule, ground)
    yield from _outside(rule, ground)
    why = _never(rule, ground)
    if why:
        yield Finding("L06", (rule.id,), (("why", why[0]),), place=why[1])


def _sources(rule: Rule, ground: Ground) -> Iterator[Finding]:
    for path, node in placed(rule.lhs):
        place = f"from {path}"
        if node.kind == "n_of" and node.k > len(node.children):
            data = (("what", f"n_of {path}"), ("need", str(node.k)), ("most", str(len(node.children))))
            yield Finding("L19", (rule.id,), data, place=place)
        if node.kind == "any":
            yield from _subsumed(rule, node, path, ground)
        if node.leaf is not None:
            yield from _missing(rule, node.leaf, place, ground)
            yield from _grade_bounds(rule, node.leaf, place, ground)
            yield from _inactive_source(rule, node.leaf, place, ground)


def _missing(rule: Rule, leaf: Leaf, place: str, ground: Ground) -> Iterator[Finding]:
    """L10 of a leaf: outcome, class, common id, institution, unit."""
    missing = []
    if ground.known is not None:
        if leaf.outcome and leaf.outcome not in ground.known and leaf.outcome not in ground.versions:
            missing.append(leaf.outcome)
        missing += [name for name in (leaf.dup_class, leaf.common_id) if name and ground.base.outcomes and name not in ground.classes]
    if leaf.issuer and ground.institutions is not None and leaf.issuer not in ground.institutions:
        missing.append(leaf.issuer)
    if leaf.system and ground.base.systems and ground.base.system(leaf.system) is None:
        missing.append(leaf.system)
    if leaf.framework and ground.base.levels and leaf.framework not in {level.framework for level in ground.base.levels}:
        missing.append(leaf.framework)
    for name in missing:
        yield Finding("L10", (rule.id,), (("what", name),), place=place)


def _grade_bounds(rule: Rule, leaf: Leaf, place: str, ground: Ground) -> Iterator[Finding]:
    for grade in (leaf.min_grade, leaf.max_grade):
        if not grade:
            continue
        if ground.scale_of(leaf, grade) is None:
            yield Finding("L11", (rule.id,), (("grade", grade), ("outcome", leaf.outcome)), place=place)
        elif ground.rank(leaf, grade) is None:
            yield Finding("L10", (rule.id,), (("what", grade),), place=place)


def _inactive_source(rule: Rule, leaf: Leaf, place: str, ground: Ground) -> Iterator[Finding]:
    versions = ground.versions.get(leaf.outcome, [])
    if versions and not _is_empty(rule) and not any(_meets(version, rule.window_from, rule.window_to) for version in versions):
        yield Finding("L04", (rule.id,), (("outcome", leaf.outcome),), place=place)


def _is_empty(rule: Rule) -> bool:
    """Whether the rule's window holds no day at all (L06)."""
    return bool(rule.window_from and rule.window_to and rule.window_from > rule.window_to)


def _meets(outcome: Outcome, first: date | None, last: date | None) -> bool:
    return max(outcome.active_from or date.min, first or date.min) <= min(outcome.active_to or date.max, last or date.max)


def _subsumed(rule: Rule, node: Node, path: str, ground: Ground) -> Iterator[Finding]:
    """L27: a branch that holds only where another holds as well adds nothing; of two equal ones the second."""
    branches = node.children[:MOST_BRANCHES]
    for at, branch in enumerate(branches):
        for other_at, other in enumerate(branches):
            both = implies(branch, other, ground)
            if at != other_at and both and not (at < other_at and implies(other, branch, ground)):
                data = (("branch", f"{path}.{at + 1}"), ("other", f"{path}.{other_at + 1}"))
                yield Finding("L27", (rule.id,), data, place=f"from {path}.{at + 1}")
                break


def implies(strict: Node, loose: Node, ground: Ground) -> bool:
    """Whether whatever satisfies one left side satisfies the other; false where that is not evident."""
    if strict == loose:
        return True
    if strict.kind == "any":
        return all(implies(child, loose, ground) for child in strict.children)
    if loose.kind == "any":
        return any(implies(strict, child, ground) for child in loose.children)
    if loose.kind == "all":
        return strict.kind == "all" and _covered(list(strict.children), list(loose.children), ground)
    if strict.kind == "all":
        return any(implies(child, loose, ground) for child in strict.children)
    if strict.kind == "leaf" and loose.kind == "leaf" and strict.leaf and loose.leaf:
        return leaf_implies(strict.leaf, loose.leaf, ground)
    same = (strict.kind, strict.children, strict.same_issuer) == (loose.kind, loose.children, loose.same_issuer)
    return same and strict.kind in {"n_of", "credits_of"} and (strict.k, strict.credits or 0) >= (loose.k, loose.credits or 0)


def _covered(own: list[Node], asked: list[Node], ground: Ground) -> bool:
    """Whether each part that is asked has a part of its own that implies it (taken in order; a record serves one)."""
    for part in asked:
        found = next((one for one in own if implies(one, part, ground)), None)
        if found is None:
            return False
        own.remove(found)
    return True


def _grants(rule: Rule, ground: Ground) -> Iterator[Finding]:
    for at, grant in enumerate(rule.grants, start=1):
        place = f"to {at}"
        yield from _unknown_grant(rule, grant, place, ground)
        yield from _off_step(rule, grant, place, ground)
        yield from _unusable(rule, grant, place, ground)
        yield from _level_below(rule, grant, place, ground)
        steps = grant.steps
        if any(one[0] >= two[0] or one[1] > two[1] for one, two in pairwise(steps)):
            listed = "; ".join(f"{score}:{amount}" for score, amount in steps)
            yield Finding("L09", (rule.id,), (("steps", listed),), place=place)
    if sum(grant.credits == "rate" and grant.kind in POSTING for grant in rule.grants) > 1 and rule.offer != "any":
        yield Finding("L03", (rule.id,), (("source", "rate"), ("granted", "rate + rate"), ("created", "rate")), "E", "to")
    yield from _split(rule, ground)


def codes_of(grant: Grant, ground: Ground) -> tuple[str, ...]:
    """Outcomes that a grant names; a waiver names a node, and a block may name a year instead of a list."""
    if grant.kind == "waiver" or not grant.outcome or grant.kind in {"elective", "unassigned"}:
        return ()
    codes = tuple(code for code in grant.outcome.split(";") if code)
    is_year = grant.kind == "block" and len(codes) == 1 and codes[0] not in ground.versions
    return () if is_year else codes


def _unknown_grant(rule: Rule, grant: Grant, place: str, ground: Ground) -> Iterator[Finding]:
    if ground.known is None:
        return
    for code in codes_of(grant, ground):
        if code not in ground.known and code not in ground.versions:
            yield Finding("L10", (rule.id,), (("what", code),), place=place)


def _off_step(rule: Rule, grant: Grant, place: str, ground: Ground) -> Iterator[Finding]:
    """L13 of fixed amounts and steps, and of a rate whose unit rounds nothing."""
    units = sorted(ground.units_of(rule, grant))
    for amount in _fixed(grant):
        wrong = [unit for unit in units if not on_step(Fraction(amount), unit, ground)]
        nowhere = (
            not units and bool(ground.base.systems) and not any(on_step(Fraction(amount), one.code, ground) for one in ground.base.systems)
        )
        if wrong or nowhere:
            yield Finding("L13", (rule.id,), (("amount", str(amount)), ("unit", wrong[0] if wrong else "unknown")), place=place)
            return
    if grant.credits == "rate":
        for unit in units:
            system, worth = ground.base.system(unit), worth_of(rule.lhs, unit, ground)
            if system is not None and system.rounding == "none" and worth is not None and not on_step(worth, unit, ground):
                yield Finding("L13", (rule.id,), (("amount", said(worth)), ("unit", unit)), place=place)


def _fixed(grant: Grant) -> list[Decimal]:
    if grant.kind in {*REFUSING, "waiver"}:
        return []
    if grant.credits == "fixed":
        return [grant.amount]
    return [amount for _score, amount in grant.steps] if grant.credits == "steps" else []


def on_step(amount: Fraction, unit: str, ground: Ground) -> bool:
    """Whether an amount is a whole number of steps of a unit; one that is not known has no step."""
    step = ground.steps.get(unit)
    return step is None or (amount * step.denominator) % step.numerator == 0


def worth_of(node: Node, unit: str, ground: Ground) -> Fraction | None:
    """What the cheapest way through a left side is worth in a unit, by the catalogue; None where it does not say."""
    if node.kind == "not":
        return Fraction(0)
    if node.kind == "leaf" and node.leaf is not None:
        return _leaf_worth(node.leaf, unit, ground)
    if node.kind == "credits_of":
        return None if node.credits is None else Fraction(node.credits)
    parts = [worth_of(child, unit, ground) for child in node.children]
    known = sorted(part for part in parts if part is not None)
    if len(known) < len(parts) or not known:
        return None
    if node.kind == "any":
        return known[0]
    return sum(known[: node.k] if node.kind == "n_of" else known, Fraction(0))


def _leaf_worth(leaf: Leaf, unit: str, ground: Ground) -> Fraction | None:
    about = ground.base.outcome(leaf.outcome)
    if about is None or about.credits is None:
        return None
    ratio = ground.ratio(about.system, unit)
    if ratio is None or ratio == 1:
        return None if ratio is None else Fraction(about.credits)
    return Fraction(about.credits) * ratio


def _unusable(rule: Rule, grant: Grant, place: str, ground: Ground) -> Iterator[Finding]:
    """L05: an outcome that is not active, or that no programme in scope accepts; a waived node that none has."""
    if grant.kind in REFUSING or _is_empty(rule):
        return
    for code in codes_of(grant, ground):
        versions = ground.versions.get(code, [])
        start = max(rule.window_from or date.min, ground.on or date.min) if rule.window_date == "earned" else rule.window_from
        last = None if rule.window_date == "earned" else rule.window_to
        if versions and not any(_meets(version, start, last) for version in versions):
            yield Finding("L05", (rule.id,), (("what", code), ("why", "inactive")), place=place)
            return
    scope = ground.in_scope(rule)
    if not scope:
        return
    if grant.kind == "waiver":
        if not any(grant.outcome in paths_of(target) for target in scope):
            yield Finding("L05", (rule.id,), (("what", grant.outcome), ("why", "no_node")), place=place)
    elif codes_of(grant, ground) and next(ground.seats_for(grant, rule), None) is None:
        yield Finding("L05", (rule.id,), (("what", grant.outcome), ("why", "no_programme")), place=place)


def paths_of(target: Target) -> set[str]:
    """Positions of all nodes of a programme."""
    return {leaf.path for leaf in target.leaves} | {node.path for node in target.nodes}


def _level_below(rule: Rule, grant: Grant, place: str, ground: Ground) -> Iterator[Finding]:
    about = ground.base.outcome(grant.outcome)
    level = grant.level if grant.level is not None else about.level if about else None
    if level is None or grant.kind in {*REFUSING, "waiver"} or not ground.targets:
        return
    asked = [leaf.level for leaf in ground.seats_for(grant, rule)]
    lowest = min((one for one in asked if one is not None), default=None)
    if lowest is not None and None not in asked and level < lowest:
        data = (("level", str(level)), ("lowest", str(lowest)), ("what", grant.outcome or grant.subject))
        yield Finding("L28", (rule.id,), data, place=place)


def _split(rule: Rule, ground: Ground) -> Iterator[Finding]:
    """L12: where records may be split, a step of the source must be whole steps of the target."""
    if rule.consume != "splittable":
        return
    sources = {leaf.system or (about.system if (about := ground.base.outcome(leaf.outcome)) else "") for leaf in rule.lhs.wanted()}
    targets = {unit for grant in rule.grants for unit in ground.units_of(rule, grant)}
    for first, second in sorted((first, second) for first in sources - {""} for second in targets):
        own, other, ratio = ground.base.system(first), ground.base.system(second), ground.ratio(first, second)
        if own is None or other is None or ratio is None:
            continue
        steps = ratio * Fraction(own.step) / Fraction(other.step)
        if steps.denominator != 1:
            yield Finding("L12", (rule.id,), (("source", first), ("target", second), ("ratio", said(steps))), place="rule")


def _words_and_days(rule: Rule, ground: Ground) -> Iterator[Finding]:
    if bool(rule.reason_zh) != bool(rule.reason_en):
        yield Finding("L22", (rule.id,), (("language", "en" if rule.reason_zh else "zh"),), place="reason")
    why = ["NOT"] * bool(rule.lhs.forbidden()) + [name for name, _value in (*rule.learner, *rule.not_learner)]
    if why:
        yield Finding("L25", (rule.id,), (("why", ", ".join(why)),), place="rule")
    if ground.on is None:
        return
    waiting = (ground.on - rule.since).days if rule.since else 0
    if waiting > STALE_AFTER and any(grant.kind == "pending" for grant in rule.grants):
        yield Finding("L24", (rule.id,), (("days", str(waiting)), ("since", str(rule.since))), place="rule")
    if rule.window_to is not None and rule.window_to < ground.on:
        yield Finding("L26", (rule.id,), (("last", rule.window_to.isoformat()),), place="window")


def _created(rule: Rule, ground: Ground) -> Iterator[Finding]:
    """L03: more posted than the cheapest sources are worth, at any grade that the rule allows."""
    units = {unit for grant in rule.grants for unit in ground.units_of(rule, grant)}
    scores = [leaf.max_score for leaf in rule.lhs.wanted()]
    best = None if not scores or None in scores else max(score for score in scores if score is not None)
    for unit in sorted(units) or [""]:
        worth = worth_of(rule.lhs, unit, ground)
        given = given_by(rule, ground.base, worth, best) if worth is not None else None
        if worth is not None and given is not None and given[1] > worth:
            agreement = ground.agreements.get(rule.agreement)
            data = (("source", said(worth)), ("granted", said(given[1])), ("created", said(given[1] - worth)))
            yield Finding("L03", (rule.id,), data, "E" if agreement and agreement.conserve else "W", "to")
            return


def _outside(rule: Rule, ground: Ground) -> Iterator[Finding]:
    """L10 and L20 of the agreement: there is none, it is not in force, or the rule holds longer."""
    if not rule.agreement or not ground.base.agreements:
        return
    agreement = ground.agreements.get(rule.agreement)
    if agreement is None:
        yield Finding("L10", (rule.id,), (("what", rule.agreement),), place="agreement")
        return
    state = {"draft": "unsigned", "suspended": "suspended", "ended": "ended"}.get(agreement.status)
    if state:
        yield Finding("L20", (rule.id, agreement.code), (("window", state),), place="agreement")
    early = agreement.window_from and rule.window_from and rule.window_from < agreement.window_from
    late = agreement.window_to and rule.window_to and rule.window_to > agreement.window_to
    if early or late:
        window = f"{rule.window_from or '…'} – {rule.window_to or '…'}"
        yield Finding("L20", (rule.id, agreement.code), (("window", window),), place="window")


def _never(rule: Rule, ground: Ground) -> tuple[str, str] | None:
    """Why a rule can never match, and where."""
    if _is_empty(rule):
        return f"{rule.window_from} > {rule.window_to}", "window"
    wanted, forbidden = set(rule.lhs.wanted()), rule.lhs.forbidden()
    for path, node in placed(rule.lhs):
        leaf = node.leaf
        if leaf is None:
            continue
        if leaf.min_score is not None and leaf.max_score is not None and leaf.min_score > leaf.max_score:
            return f"{leaf.min_score} > {leaf.max_score}", f"from {path}"
        low, high = (ground.rank(leaf, label) if label else None for label in (leaf.min_grade, leaf.max_grade))
        same = ground.scale_of(leaf, leaf.min_grade) == ground.scale_of(leaf, leaf.max_grade)
        if low is not None and high is not None and same and low > high:
            return f"{leaf.min_grade} > {leaf.max_grade}", f"from {path}"
    for leaf in forbidden:
        if leaf in wanted or any(leaf_implies(one, leaf, ground) for one in wanted if rule.lhs.kind in {"leaf", "all"}):
            return f"NOT {leaf.outcome or leaf.subject or leaf.common_id}", "from"
    return _denied_category(rule, ground)


def _denied_category(rule: Rule, ground: Ground) -> tuple[str, str] | None:
    """A left side whose categories are known and may never become that of anything given."""
    base = ground.base
    own = {leaf.category or (about.category if (about := base.outcome(leaf.outcome)) else "") for leaf in rule.lhs.wanted()}
    if len(own) != 1 or "" in own:
        return None
    source = own.pop()
    named = all(leaf.outcome for leaf in rule.lhs.wanted())
    for grant in rule.grants:
        if grant.kind in {*REFUSING, "waiver"}:
            continue
        about = base.outcome(grant.outcome)
        into = {about.category} if about and about.category else {target.category for target in ground.in_scope(rule)}
        allowed = {
            one
            for one in into
            if one == source or (source, one) in base.convertible or (named and (source, one) in base.partly_convertible)
        }
        if into and not allowed:
            return f"{source} → {', '.join(sorted(into))}", "to"
    return None
