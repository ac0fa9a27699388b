"""From records and rules to candidates: who may be used, what each rule would give, and why the others give nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from creditbank.rules.amounts import consumed_minutes, grant_amount, ratio_between
from creditbank.rules.dates import in_window
from creditbank.rules.exceptions import NoRate
from creditbank.rules.leaves import judge_leaf, names_record
from creditbank.rules.matches import MATCH_CAP, Judge, Match, TooManyMatches, find_matches
from creditbank.rules.snapshot import plain
from creditbank.rules.types import KIND_ORDER, TRUST_RANK, Condition, Facts, Grant, Leaf, Reason, RecordFacts, Rule, RuleBase


@dataclass(frozen=True)
class Given:
    """One grant of a candidate with its amount on the step, the exact value, and the seats (leaf paths) that accept it."""

    number: int
    grant: Grant
    amount: Decimal
    exact: Fraction
    seats: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """A rule, a match, and what it would give."""

    rule: Rule
    match: Match
    given: tuple[Given, ...]
    lead: RecordFacts
    ratio: Fraction | None

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        return self.rule.id, self.match.ids

    @property
    def rank_key(self) -> tuple[int, int, int]:
        """Precedence first (higher wins), then priority, then the kind of the first grant."""
        return -self.rule.precedence, self.rule.priority, KIND_ORDER.index(self.rule.grants[0].kind)


@dataclass
class Sieve:
    """What came through, and a reason for everything that did not."""

    candidates: list[Candidate] = field(default_factory=list)
    reasons: dict[str, list[Reason]] = field(default_factory=lambda: defaultdict(list))
    complete: bool = True


def sieve(facts: Facts, base: RuleBase, *, on: date) -> Sieve:
    """Candidates of all rules, after eligibility, windows, conditions, convertibility, denial and shadowing."""
    result = Sieve()
    eligible = [record for record in facts.records if _is_eligible(record, facts, on, result)]
    known = [record for record in facts.records if TRUST_RANK[record.trust] >= TRUST_RANK["verified"]]
    for rule in sorted(base.rules, key=lambda rule: rule.id):
        _apply_rule(rule, eligible, known, facts, base, on=on, result=result)
    _deny(result)
    _shadow(result)
    return result


def _is_eligible(record: RecordFacts, facts: Facts, on: date, result: Sieve) -> bool:
    reason = None
    used, held = dict(facts.used), dict(facts.held)
    if record.id in held:
        reason = Reason("not_available", data=(("state", "held"), ("application", held[record.id])))
    elif record.state != "available":
        reason = Reason("not_available", data=(("state", record.state), ("application", "")))
    elif record.id in used:
        reason = Reason("already_used", data=(("decision", used[record.id]),))
    elif record.valid_until is not None and record.valid_until < on:
        reason = Reason("expired", data=(("valid_until", record.valid_until.isoformat()), ("on", on.isoformat())))
    if reason is not None:
        result.reasons[record.id].append(reason)
    return reason is None


def _apply_rule(
    rule: Rule, eligible: list[RecordFacts], known: list[RecordFacts], facts: Facts, base: RuleBase, *, on: date, result: Sieve
) -> None:
    if rule.programmes and facts.target.code not in rule.programmes:
        _note(result, _named_by(rule, eligible), Reason("out_of_scope", rule.id, (("condition", "programme"), ("has", facts.target.code))))
        return

    def judge(record: RecordFacts, leaf: Leaf) -> tuple[Condition, ...] | None:
        return judge_leaf(record, leaf, base, on=on, applied_on=facts.applied_on) if names_record(record, leaf) else None

    usable = [record for record in eligible if _passes_gates(record, rule, facts, base, result)]
    failed = _note_failures(rule, usable, judge, result)
    try:
        matches = find_matches(rule.lhs, usable, known, judge)
    except TooManyMatches:
        _note(result, _named_by(rule, usable), Reason("too_many_matches", rule.id, (("cap", str(MATCH_CAP)),)))
        result.complete = False
        return
    _note_incomplete(rule, [record for record in usable if record.id not in failed], known, matches, judge, result)
    for match in matches:
        _add_candidate(rule, match, facts, base, result)


def _named_by(rule: Rule, records: Iterable[RecordFacts]) -> list[RecordFacts]:
    return [record for record in records if _is_named(record, rule)]


def _is_named(record: RecordFacts, rule: Rule) -> bool:
    return any(names_record(record, leaf) for leaf in rule.lhs.wanted())


def _note(result: Sieve, records: Iterable[RecordFacts], reason: Reason) -> None:
    for record in records:
        result.reasons[record.id].append(reason)


def _passes_gates(record: RecordFacts, rule: Rule, facts: Facts, base: RuleBase, result: Sieve) -> bool:
    """Convertibility and window, which hold for a record before any leaf is asked."""
    if not _is_named(record, rule):
        return False
    pair = (record.category, facts.target.category)
    if pair[0] != pair[1] and pair not in base.convertible and rule.grants[0].kind != "deny":
        result.reasons[record.id].append(Reason("not_convertible", rule.id, (("from", pair[0]), ("to", pair[1]))))
        return False
    day = record.earned_on if rule.window_date == "earned" else facts.applied_on
    if not in_window(day, rule.window_from, rule.window_to):
        data = (
            ("date_kind", rule.window_date), ("date", day.isoformat()),
            ("from", rule.window_from.isoformat() if rule.window_from else "…"), ("to", rule.window_to.isoformat() if rule.window_to else "…"),
        )  # fmt: skip
        result.reasons[record.id].append(Reason("outside_window", rule.id, data))
        return False
    return True


def _note_failures(rule: Rule, records: list[RecordFacts], judge: Judge, result: Sieve) -> set[str]:
    """A record named by leaves that it does not satisfy hears which conditions failed; an age that is over has a code of its own."""
    failed = set()
    for record in records:
        judged = [judge(record, leaf) for leaf in rule.lhs.wanted()]
        about = [conditions for conditions in judged if conditions is not None]
        if any(all(condition.ok for condition in conditions) for conditions in about):
            continue
        failed.add(record.id)
        for condition in about[0]:
            if not condition.ok:
                code = "too_old" if condition.name == "age" else "rule_failed"
                data = (("field", condition.name), ("has", _text(condition.has)), ("needs", _text(condition.needs)))
                result.reasons[record.id].append(Reason(code, rule.id, data))
    return failed


def _note_incomplete(
    rule: Rule, records: list[RecordFacts], known: list[RecordFacts], matches: list[Match], judge: Judge, result: Sieve
) -> None:
    """A record that satisfies its leaf of a larger left side misses the others, or meets one that excludes it."""
    matched = {record.id for match in matches for record in match.records}
    forbidding = sorted(record.outcome for record in known if any(_satisfies(record, leaf, judge) for leaf in rule.lhs.forbidden()))
    missing = [leaf.outcome for leaf in rule.lhs.wanted() if leaf.outcome and not any(_satisfies(one, leaf, judge) for one in records)]
    for record in records:
        if record.id in matched:
            continue
        if missing or not forbidding:
            data = (("field", "missing_record"), ("has", record.outcome), ("needs", ", ".join(missing) or "—"))
        else:
            data = (("field", "forbidden_record"), ("has", ", ".join(forbidding)), ("needs", "—"))
        result.reasons[record.id].append(Reason("rule_failed", rule.id, data))


def _satisfies(record: RecordFacts, leaf: Leaf, judge: Judge) -> bool:
    conditions = judge(record, leaf)
    return conditions is not None and all(condition.ok for condition in conditions)


def _add_candidate(rule: Rule, match: Match, facts: Facts, base: RuleBase, result: Sieve) -> None:
    system = base.system(facts.target.system)
    if rule.grants[0].kind == "pending":
        _note(result, match.records, Reason("pending", rule.id, (("since", rule.since.isoformat() if rule.since else "…"),)))
        return
    if system is None or not match.records:
        return
    lead = min(match.records, key=lambda record: (-consumed_minutes(base, record), -record.earned_on.toordinal(), record.id))
    try:
        given = tuple(_give(number, grant, match, facts, base) for number, grant in enumerate(rule.grants, start=1))
        ratio = ratio_between(base, lead.system, facts.target.system) if rule.grants[0].credits == "rate" and lead.system else None
    except NoRate as error:
        _note(result, match.records, Reason("no_rate", rule.id, (("from", error.source), ("to", error.target))))
        return
    result.candidates.append(Candidate(rule, match, given, lead, ratio))


def _give(number: int, grant: Grant, match: Match, facts: Facts, base: RuleBase) -> Given:
    system = base.system(facts.target.system)
    assert system is not None  # noqa: S101  the caller has asked
    if grant.kind == "deny":
        return Given(number, grant, Decimal(0), Fraction(0), ())
    amount, exact = grant_amount(base, grant, match.records, system)
    seats = tuple(seat.path for seat in facts.target.seats() if seat.accepts(grant) or not facts.target.leaves)
    return Given(number, grant, amount, exact, seats if amount > 0 else ())


def _deny(result: Sieve) -> None:
    """A denial strikes candidates with its records whose precedence and priority are equal or lower; a higher grant survives.

    A denial of one outcome takes away the grants of that outcome, and the candidate where nothing is left.
    """
    denials = [candidate for candidate in result.candidates if candidate.rule.grants[0].kind == "deny"]
    kept = []
    for candidate in result.candidates:
        if candidate.rule.grants[0].kind == "deny":
            continue
        struck = [denial for denial in denials if _strikes(denial, candidate)]
        refused = {denial.rule.grants[0].outcome for denial in struck}
        left = () if "" in refused else tuple(given for given in candidate.given if given.grant.outcome not in refused)
        if left:
            kept.append(replace(candidate, given=left))
        else:
            data = (("by_rule", struck[0].rule.id), ("outcome", struck[0].rule.grants[0].outcome))
            _note(result, candidate.match.records, Reason("denied", candidate.rule.id, data))
    result.candidates = kept


def _strikes(denial: Candidate, candidate: Candidate) -> bool:
    outcome = denial.rule.grants[0].outcome
    stronger = denial.rank_key[:2] <= candidate.rank_key[:2]
    about = not outcome or any(given.grant.outcome == outcome for given in candidate.given)
    return stronger and about and set(denial.match.ids) <= set(candidate.match.ids)


def _shadow(result: Sieve) -> None:
    """Among candidates over the same records that could be placed, only the best by precedence, priority and kind stay."""
    placeable = [candidate for candidate in result.candidates if any(given.seats for given in candidate.given)]
    best: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for candidate in placeable:
        ids = candidate.match.ids
        best[ids] = min(best.get(ids, candidate.rank_key), candidate.rank_key)
    kept = []
    for candidate in result.candidates:
        strongest = best.get(candidate.match.ids)
        if strongest is not None and candidate.rank_key > strongest:
            winner = next(other for other in placeable if other.match.ids == candidate.match.ids and other.rank_key == strongest)
            _note(result, candidate.match.records, Reason("shadowed", candidate.rule.id, (("by_rule", winner.rule.id),)))
        else:
            kept.append(candidate)
    result.candidates = sorted(kept, key=lambda candidate: candidate.key)


def _text(value: object) -> str:
    if value is None:
        return "—"
    return str(plain(value))
